"""a service elsewhere -> what the screens ask of it, in place of a shelf here."""

import time
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from askreport.errors import AskreportError, NotFound, ServiceFailed
from askreport.types import (
    Answer,
    Coverage,
    Document,
    Explained,
    Filter,
    Page,
    Passage,
    Shelved,
    Source,
)
from askreport_tui import building, place, shelving
from askreport_tui.desk import MOST_HITS, Desk, Opened
from askreport_tui.place import Place
from askreport_tui.reading import Reading

if TYPE_CHECKING:
    from askreport.generation.standing import Standing
    from askreport.library import Built
    from askreport.serve.client import Service

TRIES = 3
"""How often a question is asked again because a build was published in between."""

WARMING_SECONDS = 60
"""How long a service that has just started is waited for."""

MOST_PAGES = 400
"""Pages fetched of one document for its outline."""

NEAR = 5
"""Pages that may be unread between two that can be turned to."""


def _elsewhere(hint: str) -> ServiceFailed:
    return ServiceFailed("the shelf is on another machine", hint=hint)


class Afar(Desk):
    """The desk of a shelf that another process serves."""

    def __init__(self, service: "Service") -> None:
        """The service that `askreport tui --server` names."""
        super().__init__()
        self._service = service

    async def open(self) -> Opened:
        """What the service has. Raises ServiceFailed and what it refuses with."""
        self._settled.clear()
        self._failure = None
        return await self._or_settle(self._held)

    async def warm(self) -> None:
        """Wait until the service answers. Raises ServiceFailed if it does not."""
        await self._or_settle(self._awaited)
        self._settled.set()

    async def ask(self, question: str, among: Filter) -> Reading:
        """The answer and the pages that it cites."""
        await self._settled.wait()
        if self._failure is not None:
            raise self._failure
        return await self._aside(lambda: self._read(question, among))

    async def coverage(self, among: Filter) -> Coverage:
        """What a filter leaves. Raises FilterWrong, NotFound."""
        return await self._aside(lambda: self._service.coverage(among))

    async def build(self, tell: building.Tell) -> "Built":
        """Not from here."""
        raise _elsewhere("run askreport build there")

    async def add(self, given: str) -> shelving.Added:
        """Not from here."""
        raise _elsewhere("put files on the shelf there")

    async def remove(self, one: Shelved) -> None:
        """Not from here."""
        raise _elsewhere("remove it there")

    async def generations(self) -> "tuple[Standing, ...]":
        """Not from here."""
        raise _elsewhere("askreport generations lists them there")

    async def use(self, generation: str) -> None:
        """Not from here."""
        raise _elsewhere("askreport generations use goes back there")

    async def shelved(self) -> tuple[Shelved, ...]:
        """Every document and how it stands."""
        return await self._aside(self._service.shelved)

    def address(self, here: Place) -> str:
        """The service's own page of a passage, or where the document came from."""
        if here.passage_id:
            return self._service.permalink(here.passage_id)
        return here.source.url or ""

    def _named(self) -> str:
        return self._service.address

    def _searched(self, words: str, among: Filter) -> tuple[Place, ...]:
        hits = self._service.find(words, top=MOST_HITS, among=among).hits
        return tuple(self._place(h.passage, f"{h.rank}.") for h in hits)

    def _explained(
        self, question: str, among: Filter
    ) -> tuple[tuple[Explained, ...], float]:
        found = self._service.ask(question, among=among, explain=True)
        return found.explained, found.confidence

    def _document(self, name: str) -> Document:
        """Every page of it, one request a page; those that were not read are missing.

        Raises NotFound.
        """
        shelved = next(
            (o for o in self._service.shelved() if o.source.id == name), None
        )
        if shelved is None or not shelved.passages:
            raise NotFound(
                f"no document {name!r} in this index", hint="the shelf lists them (s)"
            )
        pages = []
        for number in range(1, min(shelved.pages or 1, MOST_PAGES) + 1):
            with suppress(NotFound):
                pages.append(self._service.page(name, number))
        return Document(shelved.source, tuple(pages), shelved.unread)

    def _passage(self, name: str) -> Passage:
        return self._service.passage(name)

    def _page(self, source: Source, number: int | None) -> Page:
        return self._service.page(source.id, number)

    def _turned(self, here: Place, by: int) -> Place | None:
        """The next page that was read, looked for a few pages further on."""
        number = here.page.number
        for step in range(1, NEAR + 1) if number is not None else ():
            with suppress(NotFound):
                there = (number or 0) + by * step
                if there >= 1:
                    return place.of_page(here.source, self._page(here.source, there))
        return None

    def _held(self) -> Opened:
        shelved = [one for one in self._service.shelved() if one.passages]
        return Opened(
            urlsplit(self._service.address).netloc,
            tuple(one.source for one in shelved),
            sum(one.passages for one in shelved),
            "the service",
        )

    def _awaited(self) -> None:
        until = time.monotonic() + WARMING_SECONDS
        while True:
            try:
                self._service.ready()
            except ServiceFailed:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)
            else:
                return

    def _read(self, question: str, among: Filter) -> Reading:
        for _ in range(TRIES):
            answer = self._service.ask(question, among=among)
            try:
                found = self._cited(answer)
            except NotFound:
                continue  # a build was published in between: ask what is there now
            if all(found.page(c).text[c.start : c.end] == c.quote for c in found.cited):
                return found
        raise AskreportError(
            "the service's index changes faster than its pages can be read",
            hint="ask again in a moment",
        )

    def _cited(self, answer: Answer) -> Reading:
        cited = answer.citations or answer.nearest
        passages = {c.passage: self._service.passage(c.passage) for c in cited}
        pages = {(c.document, c.page): passages[c.passage].source for c in cited}
        documents: dict[str, Document] = {}
        for (name, number), source in pages.items():
            held = documents.get(name, Document(source, ()))
            page = self._service.page(name, number)
            documents[name] = Document(source, (*held.pages, page))
        return Reading(answer, documents, passages)
