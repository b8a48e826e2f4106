"""a shelf -> what the screens ask of it, off the event loop.

Knows the Library and nothing of widgets. The Library is only ever touched from a
thread: its locks are held for seconds while an encoder loads. It is imported there too:
it brings numpy and FAISS along, and the first paint should not wait for them.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from askreport.errors import AskreportError
from askreport.types import (
    Coverage,
    Document,
    Explained,
    Filter,
    Page,
    Passage,
    Shelved,
    Source,
)
from askreport_tui import (
    aside,
    building,
    faults,
    kept,
    opening,
    place,
    reading,
    shelving,
)
from askreport_tui.kept import Kept
from askreport_tui.place import Place
from askreport_tui.reading import Reading

if TYPE_CHECKING:
    from askreport.library import Built, Library
    from askreport.upkeep.generations import Listed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Opened:
    """What an open shelf holds."""

    name: str
    sources: tuple[Source, ...]
    passages: int
    model: str
    headings: tuple[str, ...] = ()


MOST_HITS = 30
"""Passages that a search lists."""


class Desk:
    """Where questions wait until the shelf can answer them."""

    def __init__(
        self, shelf: Path | None = None, *, library: "Library | None" = None
    ) -> None:
        """The shelf at `shelf` (or found from here upwards), or an open library."""
        self._start = shelf
        self._library = library
        self._settled = asyncio.Event()
        self._shown = ""
        self._failure: AskreportError | None = None
        self._build: building.Build | None = None

    async def open(self) -> Opened:
        """Open the shelf and its index. Raises ShelfMissing, IndexMissing and kin."""
        self._settled.clear()
        self._failure = None
        return await self._or_settle(self._opened)

    async def newer(self) -> Opened | None:
        """What the shelf holds, if a build elsewhere has changed it since `open`.

        Raises what `open` does.
        """
        if not self._settled.is_set() or self._failure is not None or not self._shown:
            return None
        return await aside.call(lambda: known_errors(self._changed))

    async def warm(self) -> None:
        """Load the encoder. Raises ModelMissing, ModelChanged."""
        await self._or_settle(lambda: self._known().encoder)
        self._settled.set()

    async def ask(self, question: str, among: Filter) -> Reading:
        """The answer, once shelf and encoder are there. Raises why they are not."""
        await self._settled.wait()
        if self._failure is not None:
            raise self._failure
        return await self._aside(lambda: reading.read(self._known(), question, among))

    async def coverage(self, among: Filter) -> Coverage:
        """What a filter leaves. Raises FilterWrong, NotFound and what `open` does."""
        return await self._aside(lambda: self._known().coverage(among))

    async def build(self, tell: building.Tell) -> "Built":
        """Bring the index up to date; `tell` is called from another thread."""

        def work() -> "Built":
            self._build = building.Build(self._known().shelf.root)
            try:
                return self._build.run(tell)
            finally:
                self._build = None

        return await self._aside(work)

    def stop_building(self) -> None:
        """End the build, if there is one."""
        build = self._build
        if build is not None:
            build.stop()

    def leave(self) -> None:
        """The program ends: no build goes on that nobody sees."""
        self.stop_building()

    async def search(self, words: str, among: Filter) -> tuple[Place, ...]:
        """Passages that bear on the words, best first. Raises as `ask` does."""
        await self._settled.wait()
        if self._failure is not None:
            raise self._failure
        return await self._aside(lambda: self._searched(words, among))

    async def explained(
        self, question: str, among: Filter
    ) -> tuple[tuple[Explained, ...], float]:
        """What became of every candidate, and the confidence."""
        return await self._aside(lambda: self._explained(question, among))

    async def shelved(self) -> tuple[Shelved, ...]:
        """Every document and how it stands. Raises CatalogueWrong and kin."""
        return await self._aside(lambda: self._known().shelved())

    async def document(self, name: str) -> Document:
        """A document with its pages. Raises NotFound."""
        return await self._aside(lambda: self._document(name))

    async def at(self, passage: str, *, marked: str = "") -> Place:
        """Where a passage stands. Raises NotFound."""
        return await self._aside(lambda: self._place(self._passage(passage), marked))

    async def turned(self, here: Place, by: int) -> Place | None:
        """The page so many pages on; None at either end."""
        return await self._aside(lambda: self._turned(here, by))

    async def add(self, given: str) -> shelving.Added:
        """Copy a file or folder into the sources. Raises NotFound."""
        return await self._aside(lambda: shelving.add(self._known(), given))

    async def remove(self, one: Shelved) -> None:
        """Take a document out of the sources."""
        await self._aside(lambda: shelving.remove(self._known(), one))

    async def generations(self) -> "tuple[Listed, ...]":
        """What stands in the index, newest first."""
        return await self._aside(lambda: shelving.generations(self._known()))

    async def use(self, generation: str) -> None:
        """Go to a generation. Raises as `standing.use`."""
        await self._aside(lambda: shelving.use(self._known(), generation))

    async def history(self) -> tuple[Kept, ...]:
        """What was asked of this shelf before, newest first. Raises SavedWrong."""
        return await self._aside(lambda: self._history().read())

    async def keep(self, one: Kept) -> None:
        """Keep an answer. Raises SavedWrong."""
        await self._aside(lambda: self._history().add(one))

    async def forget(self, ids: tuple[str, ...]) -> None:
        """Keep those no longer. Raises SavedWrong."""
        await self._aside(lambda: self._history().forget(ids))

    def address(self, here: Place) -> str:
        """What a viewer opens to show a place's document."""
        if self._library is None:
            return here.source.url or ""
        return opening.address(self._library.shelf.sources, here)

    def relative(self, message: str) -> str:
        """A message with paths as seen from the shelf, which the reader knows."""
        if self._library is None:
            return message
        return message.replace(f"{self._library.shelf.root}/", "")

    async def _aside(self, work: Callable[[], T]) -> T:
        return await aside.call(lambda: known_errors(work))

    async def _or_settle(self, work: Callable[[], T]) -> T:
        try:
            return await aside.call(lambda: known_errors(work))
        except AskreportError as error:
            self._failure = error
            self._settled.set()
            raise

    def _opened(self) -> Opened:
        library = self._known()
        generation = library.generation
        self._shown = generation.id
        return Opened(
            library.shelf.root.name,
            tuple(document.source for document in generation.documents),
            len(generation.passages),
            Path(generation.manifest.model).name,
            tuple(sorted(generation.headings)),
        )

    def _changed(self) -> Opened | None:
        return None if self._known().generation.id == self._shown else self._opened()

    def _history(self) -> kept.History:
        return kept.History(kept.place(self._named()))

    def _named(self) -> str:
        """By what the reader's own history is kept apart from that of other shelves."""
        return str(self._known().shelf.root)

    def _searched(self, words: str, among: Filter) -> tuple[Place, ...]:
        hits = self._known().search(words, top=MOST_HITS, among=among)
        return tuple(self._place(h.passage, f"{h.rank}.") for h in hits)

    def _explained(
        self, question: str, among: Filter
    ) -> tuple[tuple[Explained, ...], float]:
        found = self._known().ask(question, among=among, explain=True)
        return found.explained, found.confidence

    def _document(self, name: str) -> Document:
        return self._known().document(name)

    def _passage(self, name: str) -> Passage:
        return self._known().passage(name)

    def _page(self, source: Source, number: int | None) -> Page:
        return self._known().page(source.id, number)

    def _place(self, passage: Passage, marked: str) -> Place:
        page = self._page(passage.source, passage.page)
        return place.of_passage(passage, page, marked=marked)

    def _turned(self, here: Place, by: int) -> Place | None:
        found = self._document(here.source.id)
        numbers = [page.number for page in found.pages]
        at = numbers.index(here.page.number) + by
        if not 0 <= at < len(numbers):
            return None
        return place.of_page(found.source, found.pages[at])

    def _known(self) -> "Library":
        from askreport.library import Library

        if self._library is None:
            self._library = Library.open(self._start)
        return self._library


def known_errors(work: Callable[[], T]) -> T:
    """The result; a bug is turned into an error that the screen can show."""
    try:
        return work()
    except AskreportError:
        raise
    except Exception as error:
        raise faults.met(error) from error
