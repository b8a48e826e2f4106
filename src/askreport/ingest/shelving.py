"""files and addresses -> documents of the shelf: read, copied into sources/, listed.

Everything is read and copied aside first. The files are then moved into place and the
catalogue is replaced last, so that a failure half way leaves both as they were.
"""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from askreport import errors, likeness
from askreport.ingest import catalogue, downloads, entries
from askreport.ingest.documents import workers
from askreport.ingest.documents.reader import ENDINGS
from askreport.ingest.documents.workers import Job
from askreport.ingest.passwords import Reading
from askreport.types import Document, Source

ASIDE = ".adding-"
"""Before the name of the folder in sources/ where files wait; no build looks there."""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of something that was to be added."""

    given: str
    """As it was named."""
    source: Source | None = None
    """None: it is not on the shelf, or was there before."""
    refused: str = ""
    same: str = ""
    """The id of the document that is the very same file."""
    near: tuple[tuple[str, float], ...] = ()
    """Ids of documents that say nearly the same, and how nearly."""


@dataclass(frozen=True, slots=True)
class Known:
    """A document that is on the shelf, as far as it tells repeats."""

    id: str
    digest: str
    runs: frozenset[int]


def known(documents: Sequence[Document]) -> tuple[Known, ...]:
    """What is needed to tell repeats of these documents."""
    return tuple(Known(d.source.id, d.source.digest, runs(d)) for d in documents)


def runs(document: Document) -> frozenset[int]:
    """What a document is compared by."""
    return likeness.runs("\n".join(page.text for page in document.pages))


def add(
    given: Sequence[str],
    folder: Path,
    *,
    stated: Mapping[str, str],
    there: Sequence[Known],
    reading: Reading,
    limits: downloads.Limits,
) -> tuple[Added, ...]:
    """Put files, the files of folders and of addresses on the shelf in `folder`.

    `stated` overrides what they say of themselves. What cannot be read is refused and
    the rest is added. Raises CatalogueWrong, or BuildFailed where the folder does not
    take the files; nothing is changed then.
    """
    listed = catalogue.read(folder)
    digests = {item.source.digest: item.source.id for item in listed}
    taken = {item.source.id for item in listed}
    try:
        aside = Path(tempfile.mkdtemp(prefix=ASIDE, dir=folder))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        found = list(_gathered(given, aside, limits))
        read = _read(found, digests, reading)
        told = _told(read, there, taken, stated)
        placed = _place(folder, told)
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return tuple(one.added for one in placed)


def _unwritable(folder: Path, error: OSError) -> errors.BuildFailed:
    return errors.BuildFailed(
        f"cannot write to {folder}: {error.strerror or error}",
        hint="free some space or allow writing there; nothing was added",
    )


@dataclass(frozen=True, slots=True)
class _Item:
    """Something on its way to the shelf."""

    added: Added
    path: Path | None = None
    """The copy that waits aside."""
    url: str | None = None
    found: Document | None = None
    entry: Mapping[str, Any] | None = None


def _gathered(
    given: Sequence[str], aside: Path, limits: downloads.Limits
) -> Iterator[_Item]:
    """Copies of all that was named, each in a folder of its own."""
    for named in given:
        room = Path(tempfile.mkdtemp(dir=aside))
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", named):
            try:
                path = downloads.fetch(named, room, limits)
                yield _Item(Added(named), path, named)
            except errors.FetchFailed as error:
                yield _Item(Added(named, refused=error.message))
            continue
        at = Path(named).expanduser()
        files = readable(at) if at.is_dir() else [at]
        if not files:
            yield _Item(Added(named, refused="no file in it has a reader"))
        for file in files:
            yield _copied(file, Path(tempfile.mkdtemp(dir=aside)))


def readable(folder: Path) -> list[Path]:
    """The readable files below a folder, without hidden ones and other people's."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not path.is_symlink()
        and path.suffix.lower() in ENDINGS
        and not any(
            part.startswith((".", "~$")) for part in path.relative_to(folder).parts
        )
    )


def _copied(file: Path, room: Path) -> _Item:
    try:
        return _Item(Added(str(file)), Path(shutil.copyfile(file, room / file.name)))
    except (OSError, ValueError, shutil.SpecialFileError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return _Item(Added(str(file), refused=f"it cannot be copied: {why}"))


def _read(
    items: Sequence[_Item], digests: dict[str, str], reading: Reading
) -> list[_Item]:
    """The items with their documents, or with why there is none."""
    found = list(items)
    jobs = []
    places = []
    for i, item in enumerate(items):
        if item.path is None:
            continue
        digest = hashlib.sha256(item.path.read_bytes()).hexdigest()
        if digest in digests:
            found[i] = replace(item, added=replace(item.added, same=digests[digest]))
            continue
        digests[digest] = item.path.name
        title = catalogue.title(item.path)
        source = Source("new", title, item.path.name, digest)
        jobs.append(Job(source, item.path, titled=False, passwords=reading.given))
        places.append(i)
    for outcome in workers.read(jobs, reading.limits) if jobs else ():
        i = places[outcome.job]
        if isinstance(outcome.found, Document):
            found[i] = replace(found[i], found=outcome.found)
        else:
            why = f"{outcome.found.message}: {outcome.found.hint}"
            found[i] = replace(found[i], added=replace(found[i].added, refused=why))
    return found


def _told(
    items: Sequence[_Item],
    there: Sequence[Known],
    taken: set[str],
    stated: Mapping[str, str],
) -> list[_Item]:
    """The items with their catalogue entries, and which documents they resemble."""
    compared = list(there)
    told = []
    for item in items:
        if item.found is None or item.path is None:
            told.append(item)
            continue
        entry = _entry(item, taken, stated)
        mine = runs(item.found)
        alike = [(one.id, likeness.shared(mine, one.runs)) for one in compared]
        near = tuple(pair for pair in alike if pair[1] >= likeness.ALIKE)
        source = replace(item.found.source, id=entry["id"], title=entry["title"])
        compared.append(Known(entry["id"], source.digest, mine))
        added = replace(item.added, source=source, near=near)
        told.append(replace(item, added=added, entry=entry))
    return told


def originals(folder: Path) -> tuple[tuple[str, dict[str, str]], ...]:
    """Addresses of originals that are not on the shelf, each with its entry.

    What is known of a digest's original, the digest says. Raises CatalogueWrong.
    """
    listed = catalogue.entries(folder)
    there = {entry.id for entry in listed}
    found = []
    for entry in listed:
        if entry.original and entry.original not in there and entry.url:
            told = {
                "id": entry.original,
                "title": entry.title,
                "kind": entry.kind,
                "publisher": entry.publisher,
                "date": entry.date,
                "licence": entry.licence,
            }
            kept = {key: value for key, value in told.items() if value}
            found.append((entry.url, kept))
    return tuple(found)


def _entry(item: _Item, taken: set[str], stated: Mapping[str, str]) -> dict[str, str]:
    """What the catalogue is told of a document."""
    said = item.found.source if item.found else Source("", "", "", "")
    told = {
        "id": stated.get("id") or _free(said.title or said.path, taken),
        "title": said.title,
        "kind": "report",
        "publisher": said.publisher,
        "date": said.date,
        "url": item.url or said.url,
        "author": said.author,
    }
    if told["id"] in taken:
        raise errors.CatalogueWrong(
            f"there is a document {told['id']!r} already", hint="choose another --id"
        )
    taken.add(str(told["id"]))
    whole = {**told, **stated}
    return {key: value for key, value in whole.items() if value}


def _free(name: str, taken: set[str]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60].strip("-")
    slug = slug or "document"
    number = 2
    found = slug
    while found in taken:
        found = f"{slug}-{number}"
        number += 1
    return found


def _place(folder: Path, items: Sequence[_Item]) -> list[_Item]:
    """Move the copies into place and list them; undo it all if any of it fails."""
    found: list[_Item] = []
    placed: list[Path] = []
    try:
        with entries.edited(folder) as whole:
            for item in items:
                if item.entry is None or item.path is None:
                    found.append(item)
                    continue
                target = _room(folder, item.path.name)
                item.path.replace(target)
                placed.append(target)
                found.append(_at(item, target.name))
                named = {"id": item.entry["id"], "path": target.name}
                entries.enter(whole, named | dict(item.entry))
    except BaseException:
        for path in placed:
            with suppress(OSError):
                path.unlink()
        raise
    return found


def _at(item: _Item, name: str) -> _Item:
    """The item, whose file has that name in the folder."""
    added = item.added
    source = replace(added.source, path=name) if added.source else None
    return replace(item, added=replace(added, source=source))


def _room(folder: Path, name: str) -> Path:
    """A path of that name that nothing has yet."""
    path = folder / name
    number = 2
    while path.exists() or path.is_symlink():
        path = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
        number += 1
    return path
