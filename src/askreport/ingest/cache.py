"""a key -> what an earlier build made for it, kept in index/cache; bounded in size.

Keys are digests of all that a value was made of, so nothing here is ever out of date. A
value that is not what was put is forgotten and made anew; so is one whose file cannot
be read. Whatever befalls this folder, an index can be built without it.
"""

import hashlib
import os
import shutil
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from askreport.generation import publish

FOLDER = "cache"
"""The folder's name, inside `index/`."""

RECENT = 3600.0
"""Seconds within which a value's use is noted once: a build that changes nothing then
writes nothing."""

SIZE = hashlib.sha256().digest_size

MOST_BYTES = 10**9
"""What is kept unless settings say otherwise."""


def key(*parts: object) -> str:
    """The digest of everything that a value is made of."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()


class Cache:
    """A folder of values by kind and key."""

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
        """Nothing is made before something is put."""
        self._folder = folder
        self._at = os.fspath(folder)
        self._most = most_bytes
        self._written = 0

    def get(self, kind: str, name: str) -> bytes | None:
        """The value; None if there is none. It counts as used now."""
        path = f"{self._at}/{kind}/{name[:2]}/{name}"  # a Path takes longer than a read
        try:
            with open(path, "rb") as file:  # noqa: PTH123
                raw = file.read()
                used = os.fstat(file.fileno()).st_mtime
        except OSError:
            return None
        packed = raw[SIZE:]
        if _digest(kind, name, packed) != raw[:SIZE]:
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108
            return None
        if abs(time.time() - used) > RECENT:
            with suppress(OSError):
                os.utime(path)
        return zlib.decompress(packed)

    def put(self, kind: str, name: str, value: bytes, *, packed: int = 1) -> None:
        """Keep a value, if there is room for it on the disk; `packed` 0 to 9."""
        path = self._path(kind, name)
        self._written += 1
        aside = self._folder / f"{publish.NEW}{os.getpid()}-{self._written}"
        small = zlib.compress(value, packed)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            aside.write_bytes(_digest(kind, name, small) + small)
            aside.replace(path)
        except OSError:
            with suppress(OSError):
                aside.unlink(missing_ok=True)

    def names(self, kind: str) -> tuple[str, ...]:
        """The keys of all values of a kind."""
        return tuple(sorted(entry.name for entry in _files(f"{self._at}/{kind}")))

    def forget(self, kind: str) -> None:
        """Remove every value of a kind."""
        shutil.rmtree(self._folder / kind, ignore_errors=True)

    def trim(self) -> None:
        """Remove what was not used for longest until the rest is within the bound."""
        found = []
        for entry in _files(self._at):
            with suppress(OSError):
                known = entry.stat()
                found.append((known.st_mtime_ns, known.st_size, entry.path))
        over = sum(size for _, size, _ in found) - self._most
        for _, size, path in sorted(found):
            if over <= 0:
                return
            with suppress(OSError):
                Path(path).unlink()
                over -= size

    def _path(self, kind: str, name: str) -> Path:
        return self._folder / kind / name[:2] / name


def _files(folder: str) -> Iterator["os.DirEntry[str]"]:
    entries: list[os.DirEntry[str]] = []
    with suppress(OSError), os.scandir(folder) as inside:
        entries = list(inside)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path)
        else:
            yield entry


def _digest(kind: str, name: str, packed: bytes) -> bytes:
    return hashlib.sha256(f"{kind} {name} ".encode() + packed).digest()
