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
from askreport.types import Coverage, Filter, Source
from askreport_tui import aside, reading
from askreport_tui.reading import Reading

if TYPE_CHECKING:
    from askreport.library import Built, Library, Tell

T = TypeVar("T")


class Unexpected(AskreportError):
    """A bug met in a worker, shown like a failure so that the screen survives."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What an open shelf holds."""

    name: str
    sources: tuple[Source, ...]
    passages: int
    model: str
    headings: tuple[str, ...] = ()


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
        return await aside.call(
            lambda: known_errors(lambda: reading.read(self._known(), question, among))
        )

    async def coverage(self, among: Filter) -> Coverage:
        """What a filter leaves. Raises FilterWrong, NotFound and what `open` does."""
        return await aside.call(
            lambda: known_errors(lambda: self._known().coverage(among))
        )

    async def build(self, tell: "Tell") -> "Built":
        """Bring the index up to date; `tell` is called from another thread."""
        return await aside.call(lambda: known_errors(lambda: self._known().build(tell)))

    def relative(self, message: str) -> str:
        """A message with paths as seen from the shelf, which the reader knows."""
        if self._library is None:
            return message
        return message.replace(f"{self._library.shelf.root}/", "")

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
            tuple(sorted(generation.rows_under)),
        )

    def _changed(self) -> Opened | None:
        return None if self._known().generation.id == self._shown else self._opened()

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
        raise Unexpected(
            f"unexpected {type(error).__name__}: {error}",
            hint="this is a bug in askreport; ask again, or report it with these words",
        ) from error
