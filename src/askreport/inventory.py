"""sources/ and a generation -> how every document of the one stands to the other."""

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from askreport import answering, errors
from askreport.answering import Stamp
from askreport.generation.opened import Generation
from askreport.ingest import catalogue, paths
from askreport.ingest.stamps import Stamps
from askreport.query import scope as scopes
from askreport.types import Document, Filter, Shelved, SourceStatus

MANY = 2000
"""Files from which on the folder is not looked at for every question: that would take
longer than the answer..."""

AGAIN = 2.0
"""...but every so many seconds."""


class Inventory:
    """The documents of a folder; a file is read again only if it was touched."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read before it is asked for."""
        self._folder = folder
        self._lock = threading.Lock()
        self._listed: tuple[Stamp, tuple[catalogue.Listed, ...]] | None = None
        self._stamps = Stamps(None)
        self._until = 0.0
        self._pending: _Pending | None = None

    def listed(self) -> tuple[catalogue.Listed, ...]:
        """What is in the folder. Raises CatalogueWrong."""
        with self._lock:
            if self._listed is not None and time.monotonic() < self._until:
                return self._listed[1]
        files = paths.of(self._folder)
        stamp = answering.stamp(*(file.at(self._folder) for file in files))
        with self._lock:
            many = len(files) > MANY
            self._until = time.monotonic() + AGAIN if many else 0.0
            if self._listed is None or self._listed[0] != stamp:
                found = catalogue.read(self._folder, digest=self._stamps.digest)
                self._listed = (stamp, found)
            return self._listed[1]

    def against(self, generation: Generation | None) -> tuple[Shelved, ...]:
        """Every document of the folder and of the index. Raises CatalogueWrong."""
        listed = self.listed()
        if generation is None:
            return tuple(Shelved(item.source, "new") for item in listed)
        known = _known(generation)
        over = scopes.replaced(generation)
        found = []
        for item in listed:
            document = known.pop(item.source.id, None)
            status = _status(item, document)
            if document is None:
                found.append(Shelved(item.source, status))
            else:
                found.append(_stands(generation, document, status, over))
        gone = [d for d in known.values() if d.pages]
        found += [_stands(generation, d, "removed", over) for d in gone]
        return tuple(found)

    def pending(self, generation: Generation, among: Filter) -> tuple[str, ...]:
        """Paths that the index does not hold as they are now, as far as a filter lets
        them answer.
        """
        try:
            listed = self.listed()
        except errors.CatalogueWrong as error:
            told = error.message.replace(f"{self._folder}{os.sep}", "")
            return (f"unknown: {told}",)  # an answer goes to readers who need no paths
        asked = _Pending(generation.folder, listed, among, ())
        before = self._pending
        if before is None or not before.same(asked):
            known = _known(generation)
            found = tuple(
                item.source.path
                for item in listed
                if _status(item, known.get(item.source.id)) in ("new", "changed")
                and scopes.may_hold(item.source, among)
            )
            before = self._pending = replace(asked, paths=found)
        return before.paths


@dataclass(frozen=True, slots=True)
class _Pending:
    """What was found pending the last time: most questions follow one of their kind."""

    generation: Path
    """Its folder."""
    listed: tuple[catalogue.Listed, ...]
    among: Filter
    paths: tuple[str, ...]

    def same(self, other: "_Pending") -> bool:
        """Whether it is asked of the very same things."""
        alike = self.generation == other.generation and self.listed is other.listed
        return alike and self.among == other.among


def _known(generation: Generation) -> dict[str, Document]:
    """What the index knows of, by id; what it could not read has no pages."""
    return {d.source.id: d for d in (*generation.documents, *generation.unreadable)}


def _status(item: catalogue.Listed, document: Document | None) -> SourceStatus:
    if document is None:
        return "new"
    if document.source.digest != item.source.digest:
        return "changed"
    return "indexed" if document.pages else "failed"


def _stands(
    generation: Generation,
    document: Document,
    status: SourceStatus,
    over: Mapping[str, str],
) -> Shelved:
    numbered, recognised = generation.counted(document.source.id)
    return Shelved(
        document.source,
        status,
        pages=numbered + sum(item.page is not None for item in document.unread),
        passages=len(generation.rows_of.get(document.source.id, ())),
        unread=document.unread,
        superseded_by=over.get(document.source.id),
        recognised=recognised,
    )
