"""a shelf on disk -> the open Library a process holds: generation, encoder, reload.

It keeps what is expensive (an encoder, a generation) and hands it to the acts; how a
question is answered is `query.ask`'s business, how a build is made `ingest.assemble`'s.
"""

import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from askreport import calibration, embedding, errors, late, reranking, settings
from askreport.calibration import Calibration
from askreport.generation import opened
from askreport.generation.opened import Generation
from askreport.ingest import assemble, catalogue, passages
from askreport.ingest.assemble import Built, Step, Tell
from askreport.ingest.documents.workers import Limits
from askreport.ingest.passwords import Reading
from askreport.query import ask as asking
from askreport.query import scope as scopes
from askreport.query.reranked import Reranking
from askreport.query.scope import Scope
from askreport.types import (
    Answer,
    Coverage,
    Document,
    Filter,
    Found,
    Hit,
    Page,
    Passage,
    Shelved,
    SourceStatus,
)

__all__ = ["Built", "Library", "Step", "Tell"]

Stamp = tuple[tuple[str, int, int, int, int], ...]
"""Path, inode, size and times of change of files: equal stamps, untouched files."""


class Library:
    """A shelf, open for questions. Safe to use from several threads.

    >>> library = Library.open(".")
    >>> answer = library.ask("How many passengers does each ferry carry?")
    >>> answer.citations[0].quote
    'Each ferry carries 410 passengers and 62 cars.'
    """

    def __init__(self, shelf: settings.Shelf, version: str) -> None:
        """Hold a shelf; nothing is read before it is needed."""
        self.shelf = shelf
        self.version = version
        self._lock = threading.RLock()
        self._encoding = threading.Lock()
        self._generation: Generation | None = None
        self._pointed: Stamp = ()
        self._listed: tuple[Stamp, tuple[catalogue.Listed, ...]] | None = None
        self._encoder: embedding.Encoder | None = None
        self._reranker: reranking.Reranker | None = None

    @classmethod
    def open(
        cls, shelf: str | Path | None = None, *, flags: Mapping[str, Any] | None = None
    ) -> Self:
        """The library of the shelf at `shelf`, or of the one found from here upwards.

        `flags` override the shelf's settings by name. Raises ShelfMissing,
        SettingsWrong.
        """
        from askreport import __version__

        start = None if shelf is None else Path(shelf)
        return cls(settings.open_shelf(start, flags=flags), __version__)

    @property
    def generation(self) -> Generation:
        """The generation that answers now; a newer one is picked up between questions.

        Raises IndexMissing, IndexDamaged, IndexForeign.
        """
        with self._lock:
            pointed = _stamp(self.shelf.index / "CURRENT")
            if self._generation is None:
                self._generation = opened.open_current(self.shelf.index)
            elif pointed != self._pointed:
                # What is open goes on answering while what is new cannot be opened.
                with suppress(errors.AskreportError):
                    newer = opened.open_current(self.shelf.index)
                    if self._reads(newer):
                        self._generation = newer
            self._pointed = pointed
            return self._generation

    @property
    def encoder(self) -> embedding.Encoder:
        """The encoder that settings name. Raises ModelMissing, ModelChanged."""
        with self._lock:
            if self._encoder is None:
                self._encoder = self._model().open()
            return self._encoder

    @property
    def reranking(self) -> Reranking | None:
        """The reranker that settings name, if any, and how much it may do.

        Raises ModelMissing, ModelChanged.
        """
        known = self.shelf.settings
        if known.reranker is None:
            return None
        with self._lock:
            if self._reranker is None:
                self._reranker = reranking.find(known.reranker).open()
            held = self._reranker
        return Reranking(held, known.reranker_candidates, known.reranker_seconds)

    @cached_property
    def calibration(self) -> Calibration | None:
        """What `askreport calibrate` left; None if nothing. Raises CalibrationWrong."""
        return calibration.read(self.shelf.root)

    def ask(
        self,
        question: str,
        *,
        top: int | None = None,
        among: Filter = Filter(),
        earlier: Sequence[str] = (),
        explain: bool = False,
    ) -> Answer:
        """The answer of the shelf, or of the part of it that a filter leaves.

        A follow-up is understood by what was asked `earlier`, oldest first: see
        `Answer.looked_up`. To `explain` is to fill `Answer.explained`. Raises
        FilterWrong for a filter that contradicts itself, NotFound for a name in it that
        the index does not know.
        """
        limits = self.limits(top)
        asked = self._asked(question, among)
        calibration.check(limits.calibration, asked.generation.manifest.model_digest)
        asked = replace(asked, earlier=tuple(earlier), explain=explain)
        coverage = self._covered(asked.generation, asked.scope)
        with self._encoding:
            return asking.ask(asked, limits, coverage, version=self.version)

    def search(
        self,
        question: str,
        *,
        top: int | None = None,
        among: Filter = Filter(),
        earlier: Sequence[str] = (),
    ) -> tuple[Hit, ...]:
        """Passages by score, best first, with their signals. Raises as `ask` does."""
        return self.find(question, top=top, among=among, earlier=earlier).hits

    def find(
        self,
        question: str,
        *,
        top: int | None = None,
        among: Filter = Filter(),
        earlier: Sequence[str] = (),
        explain: bool = False,
    ) -> Found:
        """The passages of `search`, what was looked up, and what became of each."""
        asked = self._asked(question, among)
        asked = replace(asked, earlier=tuple(earlier), explain=explain)
        with self._encoding:
            return asking.find(asked, self.limits(top))

    def build(
        self, tell: Tell = lambda step: None, *, passwords: Sequence[str] = ()
    ) -> Built:
        """Bring the index up to date with `sources/`; raises as `assemble.build`.

        `passwords` are tried on files that want one, and kept nowhere.
        """
        return assemble.build(
            self.shelf.sources,
            self.shelf.index,
            recipe=self.recipe(),
            keep=self.shelf.settings.keep_generations,
            reading=self.reading(passwords),
            tell=tell,
        )

    def reading(self, passwords: Sequence[str] = ()) -> Reading:
        """How settings have documents read, and what opens locked ones."""
        known = self.shelf.settings
        limits = Limits(
            seconds=known.page_seconds,
            megabytes=known.worker_megabytes,
            workers=known.workers,
        )
        return Reading(limits, tuple(passwords))

    def recipe(self) -> assemble.Recipe:
        """How settings have an index made. Raises ModelMissing, ModelChanged."""
        known = self.shelf.settings
        return assemble.Recipe(
            self._model(),
            passages.Cutting(known.passage_tokens, known.overlap_sentences),
            late.Keeping(known.late, known.late_megabytes * 10**6),
        )

    def passage(self, name: str) -> Passage:
        """The passage of that id. Raises NotFound."""
        return self.generation.passage(name)

    def page(self, document: str, number: int | None) -> Page:
        """A page of a document. Raises NotFound."""
        return self.generation.page(document, number)

    def document(self, name: str) -> Document:
        """A document as it was indexed. Raises NotFound."""
        return self.generation.document(name)

    def shelved(self) -> tuple[Shelved, ...]:
        """Every document of the folder and the index, and how each stands."""
        listed = self._sources()
        try:
            generation = self.generation
        except errors.IndexMissing:
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

    def coverage(self, among: Filter = Filter()) -> Coverage:
        """What a question is asked of, and what it does not reach. Raises as `ask`."""
        generation = self.generation
        return self._covered(generation, scopes.of(generation, among))

    def _covered(self, generation: Generation, scope: Scope) -> Coverage:
        return Coverage(
            documents=len(scope.documents),
            passages=scope.passages,
            unread=scope.unread,
            pending=self._pending(generation, scope.among),
            superseded=scope.superseded,
            undated=scope.undated,
        )

    def _pending(self, generation: Generation, among: Filter) -> tuple[str, ...]:
        try:
            listed = self._sources()
        except errors.CatalogueWrong as error:
            told = error.message.replace(f"{self.shelf.sources}{os.sep}", "")
            return (f"unknown: {told}",)  # an answer goes to readers who need no paths
        known = _known(generation)
        return tuple(
            item.source.path
            for item in listed
            if _status(item, known.get(item.source.id)) in ("new", "changed")
            and scopes.may_hold(item.source, among)
        )

    def _sources(self) -> tuple[catalogue.Listed, ...]:
        """What is in the folder; its files are read again only if one was touched."""
        folder = self.shelf.sources
        stamp = _stamp(*sorted(folder.rglob("*")))
        with self._lock:
            if self._listed is None or self._listed[0] != stamp:
                self._listed = (stamp, catalogue.read(folder))
            return self._listed[1]

    def _asked(self, question: str, among: Filter) -> asking.Asked:
        generation = self.generation
        # Compared before it is loaded, which takes seconds.
        model = self._encoder or self._model()
        if model.digest != generation.manifest.model_digest:
            raise errors.ModelChanged(
                f"the index was built with {generation.manifest.model}, "
                f"whose files are not those of {model.name} now",
                hint="run askreport build, or set model back",
            )
        scope = scopes.of(generation, among)
        return asking.Asked(question, generation, self.encoder, scope, self.reranking)

    def limits(self, top: int | None = None) -> asking.Limits:
        """The settings that bound an answer; SettingsWrong for a `top` below 1."""
        known = self.shelf.settings
        if top is not None and top < 1:
            raise errors.SettingsWrong(
                f"top is {top}", hint="ask for one passage at least"
            )
        return asking.Limits(
            candidates=known.candidates,
            top=known.top if top is None else top,
            floor=known.floor,
            question_chars=known.question_chars,
            calibration=self.calibration,
        )

    def _reads(self, newer: Generation) -> bool:
        """Whether the open encoder encodes questions as the newer generation was.

        A process that is open when the shelf changes models goes on with the old
        generation, until it is started again with the settings of now.
        """
        opened_ = self._encoder
        return opened_ is None or opened_.digest == newer.manifest.model_digest

    def _model(self) -> embedding.Model:
        known = self.shelf.settings
        return embedding.find(known.model, digest=known.model_digest)


def _stamp(*paths: Path) -> Stamp:
    found = []
    for path in paths:
        try:
            known = path.stat()
        except OSError:
            continue  # gone, which is a stamp of its own
        times = (known.st_mtime_ns, known.st_ctime_ns)
        found.append((str(path), known.st_ino, known.st_size, *times))
    return tuple(found)


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
    numbered = sum(page.number is not None for page in document.pages)
    return Shelved(
        document.source,
        status,
        pages=numbered + sum(item.page is not None for item in document.unread),
        passages=len(generation.rows_of.get(document.source.id, ())),
        unread=document.unread,
        superseded_by=over.get(document.source.id),
    )
