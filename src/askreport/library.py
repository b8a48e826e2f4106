"""a shelf on disk -> the open Library a process holds: generation, encoder, reload.

It keeps what is expensive (an encoder, a generation) and hands it to the acts; how a
question is answered is `query.ask`'s business, how a build is made `ingest.assemble`'s.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from askreport import (
    agreement,
    arguments,
    calibration,
    embedding,
    errors,
    reranking,
    saved,
    settings,
)
from askreport.answering import Answering
from askreport.calibration import Calibration
from askreport.generation.opened import Generation
from askreport.ingest import assemble, indexed, planned
from askreport.ingest.assemble import Built
from askreport.ingest.passwords import Reading
from askreport.ingest.planned import Plan
from askreport.ingest.steps import Step, Tell
from askreport.inventory import Inventory
from askreport.query import ask as asking
from askreport.query import scope as scopes
from askreport.query.reranked import Reranking
from askreport.query.scope import Scope
from askreport.saved import Drift
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
    Source,
)

if TYPE_CHECKING:
    from askreport.ingest import downloads as fetched
    from askreport.ingest.shelving import Added

log = logging.getLogger("askreport")

__all__ = ["Built", "Library", "Plan", "Step", "Tell"]


class Library:
    """A shelf, open for questions. Safe to use from several threads.

    >>> library = Library.open(".")
    >>> answer = library.ask("How many passengers does each ferry carry?")
    >>> answer.citations[0].quote
    'Each ferry carries 410 passengers and 62 cars.'
    """

    def __init__(self, shelf: settings.Shelf, version: str) -> None:
        """Hold a shelf; nothing is read before it is needed."""
        self._flags: dict[str, Any] = {}
        self.shelf = shelf
        self.version = version
        self._lock = threading.RLock()
        self._encoding = threading.Lock()
        self._answering = Answering(
            shelf.index, model=lambda: self._model().digest, ready=self._ready
        )
        self._inventory = Inventory(shelf.sources)
        self._agreed: set[str] = set()
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
        found = cls(settings.open_shelf(start, flags=flags), __version__)
        found._flags = dict(flags or {})  # for settings that are read again
        return found

    @property
    def generation(self) -> Generation:
        """The generation that answers now; a newer one is picked up between questions.

        Raises IndexMissing, IndexDamaged, IndexForeign.
        """
        return self._answering.now()

    def following(self) -> AbstractContextManager[None]:
        """Meanwhile newer generations are opened in the background within a second."""
        return self._answering.following()

    @property
    def encoder(self) -> embedding.Encoder:
        """The encoder that settings name. Raises ModelMissing, ModelChanged."""
        with self._lock:
            if self._encoder is None:
                self._encoder = embedding.Remembering(self._model().open())
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

        def look(generation: Generation) -> Answer:
            asked = self._asked(generation, question, among)
            calibration.check(limits.calibration, generation.manifest.model_digest)
            asked = replace(asked, earlier=tuple(earlier), explain=explain)
            coverage = self._covered(generation, asked.scope)
            with self._encoding:
                return asking.ask(asked, limits, coverage, version=self.version)

        return self._answering.looked(look)

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

        def look(generation: Generation) -> Found:
            asked = self._asked(generation, question, among)
            asked = replace(asked, earlier=tuple(earlier), explain=explain)
            with self._encoding:
                return asking.find(asked, self.limits(top))

        return self._answering.looked(look)

    def embed(self, texts: Sequence[str], *, first: int = 0) -> embedding.Floats:
        """Vectors of the shelf's encoder, one a text, of unit length.

        Raises QuestionRefused for a text of which it would read only a part; texts are
        counted from `first` then.
        """
        encoder = self.encoder
        with self._encoding:
            for place, text in enumerate(texts, first):
                if encoder.length(text) > encoder.most_tokens:
                    raise errors.QuestionRefused(
                        f"text {place} is longer than the {encoder.most_tokens} tokens "
                        f"that the encoder reads",
                        hint="send it in parts",
                    )
            return encoder.encode(texts).vectors

    def build(
        self,
        tell: Tell = lambda step: None,
        *,
        full: bool = False,
        wait: float = 0.0,
        passwords: Sequence[str] = (),
    ) -> Built:
        """Bring the index up to date with `sources/`; raises as `assemble.build`.

        `full` uses nothing of earlier builds; `wait` is how many seconds another build
        may take to end; `passwords` are tried on files that want one, and kept nowhere.
        """
        built = assemble.build(
            self.shelf.sources,
            self.shelf.index,
            recipe=self.recipe(),
            running=arguments.running(self.shelf.settings, full=full, wait=wait),
            reading=self.reading(passwords),
            tell=tell,
        )
        return replace(built, drift=self._drifted()) if built.fresh else built

    def drift(self) -> tuple[Drift, ...]:
        """Ask the saved questions again; those that are answered otherwise now.

        Raises SavedWrong.
        """
        found = []
        for known in saved.read(self.shelf.root):
            try:
                now = self.ask(known.question, among=known.among)
            except errors.AskreportError as error:
                found.append(saved.refused(known, error))
            else:
                found += filter(None, [saved.compare(known, now)])
        return tuple(found)

    def _drifted(self) -> tuple[Drift, ...]:
        """The drift after a build, which a damaged saved.json does not spoil."""
        try:
            if not saved.read(self.shelf.root):
                return ()  # and the new generation is opened when somebody asks
            self._answering.renew()
            return self.drift()
        except errors.SavedWrong as error:
            log.warning("%s (%s)", error.message, error.hint)
            return ()

    def add(
        self,
        given: Sequence[str],
        *,
        stated: Mapping[str, str] | None = None,
        passwords: Sequence[str] = (),
        downloads: "fetched.Limits | None" = None,
    ) -> "tuple[Added, ...]":
        """Put files, the files of folders and of addresses into `sources/` and its
        catalogue. What became of each; a build then has them answer.

        `stated` are keys of the catalogue that override what documents say of
        themselves; `downloads` bounds what addresses may give.

        Raises CatalogueWrong, or BuildFailed where the folder does not take the files;
        nothing is changed then.
        """
        from askreport.ingest import downloads as fetched
        from askreport.ingest import shelving

        there: tuple[shelving.Known, ...] = ()
        with suppress(errors.AskreportError):  # without an index nothing is compared
            there = shelving.known(self.generation.documents)
        return shelving.add(
            given,
            self.shelf.sources,
            stated=stated or {},
            there=there,
            reading=self.reading(passwords),
            limits=downloads or fetched.Limits(),
        )

    def plan(self, passwords: Sequence[str] = ()) -> Plan:
        """What a build would change. Raises as `planned.plan`."""
        return planned.plan(
            self.shelf.sources,
            self.shelf.index,
            recipe=self.recipe(),
            reading=self.reading(passwords),
        )

    def reading(self, passwords: Sequence[str] = ()) -> Reading:
        """How settings have documents read, and what opens locked ones."""
        return arguments.reading(self.shelf.settings, passwords)

    def recipe(self) -> indexed.Recipe:
        """How settings have an index made. Raises ModelMissing, ModelChanged."""
        return arguments.recipe(self.shelf)

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
        generation = None
        with suppress(errors.IndexMissing):
            generation = self.generation
        return self._inventory.against(generation)

    def sources(self) -> tuple[Source, ...]:
        """What is in `sources/` now, indexed or not. Raises CatalogueWrong."""
        return tuple(item.source for item in self._inventory.listed())

    def coverage(self, among: Filter = Filter()) -> Coverage:
        """What a question is asked of, and what it does not reach. Raises as `ask`."""
        generation = self.generation
        return self._covered(generation, scopes.of(generation, among))

    def _covered(self, generation: Generation, scope: Scope) -> Coverage:
        return Coverage(
            documents=len(scope.documents),
            passages=scope.passages,
            unread=scope.unread,
            pending=self._inventory.pending(generation, scope.among),
            superseded=scope.superseded,
            undated=scope.undated,
        )

    def _asked(
        self, generation: Generation, question: str, among: Filter
    ) -> asking.Asked:
        made = generation.manifest
        # Compared before it is loaded, which takes seconds.
        agreement.files(self._encoder or self._model(), made)
        agreement.words(made)
        scope = scopes.of(generation, among)
        encoder = self.encoder
        agreement.files(encoder, made)  # it may have been exchanged meanwhile
        self._agree(generation, encoder)
        return asking.Asked(question, generation, encoder, scope, self.reranking)

    def _agree(self, generation: Generation, encoder: embedding.Encoder) -> None:
        """Refuse an encoder that reads otherwise now, once a generation."""
        if generation.id not in self._agreed:
            with self._encoding:
                agreement.read(encoder, generation)
            self._agreed.add(generation.id)

    def limits(self, top: int | None = None) -> asking.Limits:
        """The settings that bound an answer; SettingsWrong for a `top` below 1."""
        return arguments.limits(self.shelf.settings, top, self.calibration)

    def _ready(self, newer: Generation) -> Callable[[], None] | None:
        """What makes the open encoder the one that a newer generation needs; None while
        settings name another model.
        """
        wanted = newer.manifest.model_digest
        if self._encoder is None or self._encoder.digest == wanted:
            return lambda: None
        try:
            shelf = settings.open_shelf(self.shelf.root, flags=self._flags)
            model = arguments.model(shelf)
            fits = model.digest == wanted
            encoder = embedding.Remembering(model.open()) if fits else None
        except errors.AskreportError:
            return None
        return None if encoder is None else partial(self._exchange, shelf, encoder)

    def _exchange(self, shelf: settings.Shelf, encoder: embedding.Encoder) -> None:
        """Answer with another model, and as settings say now, from here on."""
        with self._lock:
            self.shelf, self._encoder, self._reranker = shelf, encoder, None
            self.__dict__.pop("calibration", None)

    def _model(self) -> embedding.Model:
        return arguments.model(self.shelf)
