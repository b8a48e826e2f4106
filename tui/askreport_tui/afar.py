"""a service elsewhere -> what the screens ask of it, in place of a shelf here."""

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from askreport.errors import AskreportError, NotFound, ServiceFailed
from askreport.types import Answer, Coverage, Document, Filter
from askreport_tui import aside
from askreport_tui.desk import Desk, Opened, known_errors
from askreport_tui.reading import Reading

if TYPE_CHECKING:
    from askreport.library import Built, Tell
    from askreport.serve.client import Service

TRIES = 3
"""How often a question is asked again because a build was published in between."""

WARMING_SECONDS = 60
"""How long a service that has just started is waited for."""


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
        return await aside.call(
            lambda: known_errors(lambda: self._read(question, among))
        )

    async def coverage(self, among: Filter) -> Coverage:
        """What a filter leaves. Raises FilterWrong, NotFound."""
        return await aside.call(
            lambda: known_errors(lambda: self._service.coverage(among))
        )

    async def build(self, tell: "Tell") -> "Built":
        """Not from here."""
        raise ServiceFailed(
            "the shelf is on another machine", hint="run askreport build there"
        )

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
