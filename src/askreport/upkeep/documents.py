"""bytes and a name -> a document of sources/, whole or not at all; and its removal.

Names come from outside: nothing but a plain file name of a format that has a reader is
taken, so that no upload can leave the folder, hide in it, or change the catalogue.
"""

import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath

from askreport import errors
from askreport import text as texts
from askreport.ingest import catalogue, entries
from askreport.ingest.documents import reader
from askreport.types import Source

MOST_BYTES = reader.MOST_BYTES
"""Longer files would not be read."""

PARTIAL = ".upload-"
"""Before the name of a file that is arriving: a hidden one, which no build reads."""

FORGOTTEN = 24 * 3600.0
"""Seconds after which no upload is still under way."""

MOST_NAME = 200
"""Bytes; file systems take 255, and a temporary name is longer."""

_WRONG = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]")


class NameRefused(errors.AskreportError):
    """A name that no document of a shelf may have."""


class DocumentThere(errors.AskreportError):
    """There is a document of that name already, and nobody said to replace it."""


class DocumentLong(errors.AskreportError):
    """The bytes are more than any reader takes."""


class Unwritable(errors.AskreportError):
    """`sources/` does not take what is written."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A document that was put into `sources/`."""

    path: str
    bytes: int
    digest: str
    """sha256, in hexadecimal."""
    replaced: bool


def checked(name: str) -> str:
    """The name, if a document may have it. Raises NameRefused."""
    seen = name.translate(texts.INVISIBLE)
    plain = seen == name == PurePath(name).name and not _WRONG.search(name)
    hidden = name.startswith((".", "~$", "#")) or name.endswith(("~", " ", "."))
    if not plain or hidden or len(name.encode("utf-8", "replace")) > MOST_NAME:
        raise NameRefused(
            "that is no plain file name", hint="send a name such as report-2024.pdf"
        )
    ending = PurePath(name).suffix.lower()
    if ending not in reader.ENDINGS:
        known = ", ".join(sorted(reader.ENDINGS))
        raise NameRefused(
            f"no reader for {ending or 'files without an ending'}",
            hint=f"endings that are read: {known}",
        )
    return name


class Arriving:
    """A file that is being received, aside; nobody sees it before it is whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bytes = 0
        self._file = path.open("xb")
        self._hash = hashlib.sha256()

    def add(self, part: bytes) -> None:
        """Take the next bytes. Raises DocumentLong, OSError."""
        self.bytes += len(part)
        if self.bytes > MOST_BYTES:
            raise DocumentLong(
                f"the document is longer than {MOST_BYTES // 2**20} MiB",
                hint="split it into parts",
            )
        self._hash.update(part)
        self._file.write(part)

    def placed(self, path: Path, *, replace: bool) -> Stored:
        """Put it in place, at once. Raises DocumentThere, OSError."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        there = path.exists()
        if replace:
            self.path.replace(path)
        else:
            try:
                os.link(self.path, path)
            except FileExistsError:
                raise DocumentThere(
                    f"there is a document {path.name!r} already",
                    hint="choose another name, or say replace=true",
                ) from None
        return Stored(path.name, self.bytes, self._hash.hexdigest(), there and replace)

    def close(self) -> None:
        """Forget what has arrived, unless it was placed."""
        self._file.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


@contextmanager
def arriving(folder: Path) -> Iterator[Arriving]:
    """A place for a file that is on its way. Raises Unwritable."""
    try:
        found = Arriving(folder / f"{PARTIAL}{secrets.token_hex(8)}")
    except OSError as error:
        raise _unwritable(error) from error
    try:
        yield found
    except OSError as error:
        raise _unwritable(error) from error
    finally:
        found.close()


def swept(folder: Path) -> None:
    """Remove what uploads left that were cut off with their process, long ago."""
    for path in folder.glob(f"{PARTIAL}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > FORGOTTEN:
                path.unlink()


def put(
    folder: Path,
    arrived: Arriving,
    name: str,
    *,
    stated: Mapping[str, str],
    replace: bool,
) -> tuple[Source, Stored]:
    """Put a document that has arrived in place under that name, and have the catalogue
    say what is `stated` of it, by its keys. If the catalogue does not take that, the
    folder is as it was: a new document is gone, a replaced one is back.

    Raises DocumentThere, Unwritable, or CatalogueWrong where the catalogue is or would
    become wrong.
    """
    path = folder / name
    try:
        with entries.edited(folder) as whole, _undone(path):
            placed = arrived.placed(path, replace=replace)
            source = _listed(folder, name)
            entries.describe(whole, source, stated)
            entries.write(folder, whole)
    except OSError as error:
        raise _unwritable(error) from error
    return source, placed


@contextmanager
def _undone(path: Path) -> Iterator[None]:
    """What stands at a path stands there again, or nothing does, if this fails.

    A process that dies meanwhile leaves the new document, whole, and the copy of the
    old one, which no build reads and `swept` removes.
    """
    kept = path.with_name(f"{PARTIAL}{secrets.token_hex(8)}")
    there = path.exists()
    if there:
        os.link(path, kept, follow_symlinks=False)
    try:
        yield
    except DocumentThere:
        raise  # nothing was placed
    except BaseException:
        with suppress(OSError):
            if there:
                kept.replace(path)
            else:
                path.unlink(missing_ok=True)
        raise
    finally:
        with suppress(OSError):
            kept.unlink(missing_ok=True)


def _listed(folder: Path, name: str) -> Source:
    """The document of that path, as the folder is now; its digest is not asked for."""
    listed = catalogue.read(folder, digest=lambda path: "")
    return next(one.source for one in listed if one.source.path == name)


def remove(folder: Path, path: str, document: str) -> None:
    """Take a document out of `sources/` and out of its catalogue.

    The catalogue goes first: a file that it no longer names is a sound shelf too.
    Raises Unwritable, CatalogueWrong.
    """
    try:
        with entries.edited(folder) as whole:
            entries.strike(whole, document)
        (folder / path).unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(error) from error


def _unwritable(error: OSError) -> Unwritable:
    reason = error.strerror or str(error)
    return Unwritable(
        f"sources/ does not take it: {reason}",
        hint="free some space there, or allow writing",
    )
