"""what a reader of a format found in a file: its pages, and what it says of itself."""

from dataclasses import dataclass

from askreport.types import Page


@dataclass(frozen=True, slots=True)
class Described:
    """What a file says of itself; None for what it does not."""

    title: str | None = None
    publisher: str | None = None
    date: str | None = None
    author: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """A part that could not be read, and why; `page` None: of the whole file."""

    page: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """Pages in order, what was missed, and what the file says of itself."""

    pages: tuple[Page, ...]
    missed: tuple[Missed, ...] = ()
    said: Described = Described()
