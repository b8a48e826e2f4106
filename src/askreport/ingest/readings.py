"""a listed file -> what an earlier build read in it, if its bytes were ever read.

What is kept is what the file says, whoever lists it: a file that is renamed, or that
the catalogue describes otherwise, is not read again. So is the reason why a file cannot
be read, where the file itself is the reason.
"""

import json
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import PurePosixPath
from typing import Any, TypeAlias

from askreport import errors
from askreport.generation import files, manifest
from askreport.ingest import cache
from askreport.ingest.cache import Cache
from askreport.ingest.catalogue import Listed
from askreport.ingest.documents import workers
from askreport.ingest.stamps import Stamps
from askreport.types import Document, Source

KIND = "documents"

UNTITLED = "\x00untitled"
"""A title that no file gives itself."""

Found: TypeAlias = Document | errors.SourceUnreadable
"""What becomes of a file that is to be read."""


def means() -> str:
    """What else decides what can be read of the same bytes: more than READING says."""
    return "ocr" if workers.recognises() else ""


def name(source: Source, by: str) -> str:
    """The digest of all that the reading of a file depends on; `by` what `means`."""
    ending = PurePosixPath(source.path).suffix.lower()
    return cache.key("reading", manifest.READING, by, ending, source.digest)


def bare(source: Source) -> Source:
    """The source as if nothing were known of it, to be read without a title: what is
    said of the document read is then what it says of itself.
    """
    return Source(source.id, UNTITLED, source.path, source.digest)


class Readings:
    """What was read before, and what is read now, under the names of today's shelf."""

    def __init__(self, kept: Cache | None, stamps: Stamps) -> None:
        """Kept in `kept`; None knows nothing and keeps nothing."""
        self._kept = kept
        self._stamps = stamps
        self._means = means()

    def known(self, item: Listed) -> Found | None:
        """The document as it was read before, or why it was not; None if it must be
        read.
        """
        raw = self._kept.get(KIND, self._name(item)) if self._kept else None
        return None if raw is None else _found(item, json.loads(raw))

    def keep(self, item: Listed, found: Found) -> Found:
        """What was read of the `bare` source; kept for later builds, unless it may be
        otherwise the next time though the file is the same.
        """
        if isinstance(found, Document):
            self._keep(item, files.document_row(found))
            return _described(item, found)
        if found.lasting:
            told = {"said": found.message, "hint": found.hint, "name": item.path.name}
            self._keep(item, {"refused": told})
        return found

    def _keep(self, item: Listed, row: dict[str, Any]) -> None:
        with suppress(OSError):
            # What was read is what was listed, or it must not be found by that name.
            sound = self._stamps.digest(item.path) == item.source.digest
            if sound and self._kept is not None:
                self._kept.put(KIND, self._name(item), json.dumps(row).encode())

    def _name(self, item: Listed) -> str:
        """A file that was opened with a password is read again where there is none."""
        return cache.key(name(item.source, self._means), item.tried)


def _found(item: Listed, row: dict[str, Any]) -> Found:
    if "refused" not in row:
        return _described(item, files.document(row))
    told = row["refused"]
    said = told["said"].replace(told["name"], item.path.name, 1)
    return errors.SourceUnreadable(said, hint=told["hint"], lasting=True)


def _described(item: Listed, found: Document) -> Document:
    """The document as the shelf describes it, and as it does itself where the shelf is
    silent.
    """
    said = found.source
    known = {f.name: getattr(item.source, f.name) for f in fields(Source)}
    silent = {n: getattr(said, n) for n, value in known.items() if value is None}
    if not item.titled and said.title != UNTITLED:
        silent |= {"title": said.title, "titled": True}
    source = replace(item.source, **silent)
    unread = tuple(replace(one, source=source.id) for one in found.unread)
    return replace(found, source=source, unread=unread)
