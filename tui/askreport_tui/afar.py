"""a service elsewhere -> what the screens ask of it, in place of a shelf here."""

import threading
import time
from contextlib import suppress
from pathlib import Path
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
from askreport_tui import aside, building, place, shelving
from askreport_tui.desk import MOST_HITS, Desk, Opened
from askreport_tui.place import Place
from askreport_tui.reading import Reading

if TYPE_CHECKING:
    from askreport.library import Built
    from askreport.serve.client import Service
    from askreport.upkeep import jobs
    from askreport.upkeep.generations import Listed

TRIES = 3
"""How often a question is asked again because a build was published in between."""

WARMING_SECONDS = 60
"""How long a service that has just started is waited for."""

MOST_PAGES = 400
"""Pages fetched of one document for its outline."""

NEAR = 5
"""Pages that may be unread between two that can be turned to."""


LOOK_SECONDS = 5.0
"""Between two looks whether the service answers from another index."""

PICK_UP_SECONDS = 20.0
"""How long a service is given to answer from what it has built; it promises two."""


class Afar(Desk):
    """The desk of a shelf that another process serves."""

    def __init__(self, service: "Service") -> None:
        """The service that `askreport tui --server` names."""
        super().__init__()
        self._service = service
        self._looked = 0.0
        self._job = ""
        """The build that is being followed; empty while there is none."""
        self._expected = ""
        """The generation that is to answer there."""
        self._stops = False
        """Whether the reader wants it ended."""
        self._unstopped: AskreportError | None = None
        """Why it could not be ended."""

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

    async def newer(self) -> Opened | None:
        """What the service has, if a build has changed it since it was last looked at;
        it is asked every few seconds only.
        """
        due = time.monotonic() - self._looked >= LOOK_SECONDS
        if not due or not self._settled.is_set() or self._failure is not None:
            return None
        self._looked = time.monotonic()
        return await self._aside(self._newer)

    async def build(self, tell: building.Tell) -> "Built":
        """Have the service build; `tell` is called from another thread."""
        self._stops, self._unstopped = False, None
        return await self._aside(lambda: self._built(tell))

    def stop_building(self) -> None:
        """Have the service end the build; whoever follows it is told of the end."""
        self._stops, job = True, self._job
        if job:
            threading.Thread(
                target=self._stopped, args=(job,), name=aside.NAME, daemon=True
            ).start()

    def leave(self) -> None:
        """The service goes on with what it builds: others may have asked for it."""

    async def add(self, given: str) -> shelving.Added:
        """Send a file, or the readable files below a folder, of this machine."""
        return await self._aside(lambda: self._sent(given.strip()))

    async def remove(self, one: Shelved) -> None:
        """Have the service take a document out of its sources."""
        await self._aside(lambda: self._service.remove(one.source.id))

    async def generations(self) -> "tuple[Listed, ...]":
        """What stands in the index there, newest first."""
        return await self._aside(self._service.generations)

    async def use(self, generation: str) -> None:
        """Have the service go to a generation. Raises what it refuses with."""
        await self._aside(lambda: self._used(generation))

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

    def _built(self, tell: building.Tell) -> "Built":
        from askreport.library import Built

        job = asked = self._service.rebuild()
        self._job = asked.id
        if self._stops:  # while the service was being asked
            self._stopped(asked.id)
        try:
            for job in self._service.follow(asked.id):
                if self._unstopped is not None:
                    raise self._unstopped
                if job.step is not None:
                    tell(_step(job.step))
        finally:
            self._job = ""
        made = job.result
        if made is None:
            raise building.raised(job.failure)
        self._await_generation(made.generation)
        return Built(made.generation, made.fresh, made.documents, made.passages, ())

    def _stopped(self, job: str) -> None:
        try:
            self._service.stop(job)
        except AskreportError as error:
            self._unstopped = error

    def _used(self, name: str) -> None:
        used = self._service.use(name)
        if used.id is not None:
            self._await_generation(used.id)

    def _await_generation(self, name: str) -> None:
        """Until the service answers from it, so that what is listed next is of it."""
        until = time.monotonic() + PICK_UP_SECONDS
        self._expected = name  # who goes to another meanwhile waits for that one
        while self._expected == name and time.monotonic() < until:
            if self._service.ready().generation == name:
                return
            time.sleep(0.1)

    def _sent(self, given: str) -> shelving.Added:
        if "://" in given:
            raise NotFound(
                "a service takes files of this machine, not addresses",
                hint="download it, then add the file",
            )
        at = Path(given).expanduser()
        shelving.check(at)
        names: list[str] = []
        refused: dict[str, AskreportError] = {}
        for path in _readable(at):
            try:
                names.append(self._service.upload(path))
            except AskreportError as error:
                refused[path.name] = error
        if refused and not names:
            raise next(iter(refused.values()))
        lines = (f"{name}: {error.message}" for name, error in refused.items())
        return shelving.Added(tuple(names), tuple(lines))

    def _newer(self) -> Opened | None:
        now = self._service.ready().generation
        if now == self._shown:
            return None
        self._shown = now
        return self._held()

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
                self._shown = self._service.ready().generation
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


def _step(told: "jobs.Step") -> building.Step:
    return building.Step(told.doing, told.done, told.total, told.rate, told.left)


def _readable(at: Path) -> list[Path]:
    """The file, or what `askreport add` would take of the folder."""
    from askreport.ingest.shelving import readable

    return [at] if at.is_file() else readable(at)
