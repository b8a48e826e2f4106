"""documents and passages <-> arrays: what is asked for is decoded, nothing else.

Texts stand once, as the pages have them; a passage is a place in its page. Passages
stand in the order of their documents, so those of a document are a run. What is said of
a document is read when a shelf is opened, all else when somebody asks for it: an open
shelf of a million passages is as small as its list of documents.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from askreport import arrays
from askreport.generation import files
from askreport.types import Page, Passage, Source, Unread

NAME = "documents.jsonl"
"""The file of what is said of each document."""

FILES = (
    *("texts", "text_ends", "details", "detail_ends", "numbers", "pages", "rows"),
    *("homes", "spans", "places", "paths", "path_ends", "sections", "ids", "order"),
)
"""The arrays on disk, each `<name>.npy`."""

KEPT_PASSAGES = 4096
KEPT_PAGES = 64
"""How many stay decoded: what one question looks at, the next often does too."""

NONE = -1
"""Stands for the number of a page that has none."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The documents of a shelf, their pages and their passages."""

    sources: tuple[Source, ...]
    unread: tuple[tuple[Unread, ...], ...]
    """Of each document."""
    texts: NDArray[np.uint8]
    """The texts of all pages as UTF-8, one after another."""
    text_ends: NDArray[np.int64]
    """Shape (pages,): where each ends."""
    details: NDArray[np.uint8]
    """What else pages hold, as JSON, two values each: one that passages repeat, one
    that they do not."""
    detail_ends: NDArray[np.int64]
    """Shape (pages, 2): where each ends."""
    numbers: NDArray[np.int32]
    """Shape (pages,): the number of each; NONE where it has none."""
    pages: NDArray[np.int64]
    """Shape (documents + 1,): document i owns pages `pages[i]:pages[i + 1]`."""
    rows: NDArray[np.int64]
    """Shape (documents + 1,): likewise passages."""
    homes: NDArray[np.int32]
    """Shape (passages,): the page of each."""
    spans: NDArray[np.int32]
    """Shape (passages, 2): characters of its text."""
    places: NDArray[np.int64]
    """Shape (passages, 2): the same as bytes of `texts`."""
    paths: NDArray[np.uint8]
    """Section paths as JSON, each once, as they are met."""
    path_ends: NDArray[np.int64]
    """Shape (paths,): where each ends."""
    sections: NDArray[np.int32]
    """Shape (passages,): the path of each."""
    ids: NDArray[np.uint8]
    """Shape (passages, width): the id of each, filled up with zeros."""
    order: NDArray[np.int32]
    """Shape (passages,): rows in the order of their ids."""

    def __len__(self) -> int:
        """How many passages there are."""
        return len(self.homes)

    def passage(self, row: int) -> Passage:
        """The passage of a row."""
        home = int(self.homes[row])
        document = int(np.searchsorted(self.pages, home, side="right")) - 1
        label, unit, ocr = self._detail(home, 0)
        start, end = self.spans[row].tolist()
        place = self.places[row].tolist()
        return Passage(
            id=self.id(row),
            source=self.sources[document],
            page=_number(self.numbers[home]),
            label=label,
            start=start,
            end=end,
            section=self.path(int(self.sections[row])),
            text=_text(self.texts[place[0] : place[1]]),
            unit=unit,
            ocr=ocr,
        )

    def id(self, row: int) -> str:
        """The id of a row."""
        return _text(self.ids[row]).rstrip("\0")

    def row(self, name: str) -> int | None:
        """The row of that id; None if there is none."""
        sought = name.encode("utf-8", "surrogatepass").ljust(self.ids.shape[1], b"\0")
        low, high = 0, len(self.order)
        while low < high:
            middle = (low + high) // 2
            if self.ids[int(self.order[middle])].tobytes() < sought:
                low = middle + 1
            else:
                high = middle
        if low == len(self.order):
            return None
        row = int(self.order[low])
        return row if self.ids[row].tobytes() == sought else None

    def path(self, number: int) -> tuple[str, ...]:
        """The section path of that number."""
        return tuple(json.loads(self.raw_path(number)))

    def raw_path(self, number: int) -> bytes:
        """The same as JSON."""
        start = int(self.path_ends[number - 1]) if number else 0
        return self.paths[start : int(self.path_ends[number])].tobytes()

    def page(self, number: int) -> Page:
        """The page of that place among all."""
        start = int(self.text_ends[number - 1]) if number else 0
        label, unit, ocr = self._detail(number, 0)
        more = self._detail(number, 1)
        return files.page(
            {
                "number": _number(self.numbers[number]),
                "label": label,
                "unit": unit,
                "ocr": ocr,
                "text": _text(self.texts[start : int(self.text_ends[number])]),
                **more,
            }
        )

    def counted(self, document: int) -> tuple[int, int]:
        """How many pages of a document have a number, and how many were recognised
        from pictures.
        """
        own = range(*self.pages[document : document + 2].tolist())
        numbered = int(np.count_nonzero(self.numbers[own.start : own.stop] != NONE))
        return numbered, sum(self._detail(page, 0)[2] is not None for page in own)

    def _detail(self, page: int, which: int) -> Any:  # noqa: ANN401 - what JSON holds
        first, second = self.detail_ends[page].tolist()
        start = first
        if not which:
            start = int(self.detail_ends[page - 1][1]) if page else 0
            second = first
        return json.loads(self.details[start:second].tobytes())


class Pages(Sequence[Page]):
    """The pages of a document, decoded when they are asked for."""

    def __init__(
        self, stored: Stored, places: range, page: Callable[[int], Page] | None = None
    ) -> None:
        """Those of these places; `page` decodes one."""
        self._stored, self._page = stored, page or stored.page
        self.places = places

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, at: Any) -> Any:  # noqa: ANN401 - as a tuple has it
        if isinstance(at, slice):
            return tuple(self._stored.page(place) for place in self.places[at])
        return self._page(self.places[at])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def numbered(self, number: int | None) -> Page | None:
        """The first page of that number; None if there is none."""
        held = self._stored.numbers[self.places.start : self.places.stop].tolist()
        sought = NONE if number is None else number
        if sought not in held or number == NONE:
            return None
        return self._page(self.places[held.index(sought)])


class Passages(Sequence[Passage]):
    """All passages, decoded when they are asked for."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self._passage = lru_cache(KEPT_PASSAGES)(stored.passage)

    def __len__(self) -> int:
        return len(self._stored)

    def __getitem__(self, at: Any) -> Any:  # noqa: ANN401 - as a tuple has it
        rows = range(len(self))[at]
        if isinstance(rows, range):
            return tuple(map(self._stored.passage, rows))
        return self._passage(rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


def _number(found: Any) -> int | None:  # noqa: ANN401 - a number of numpy
    return None if found == NONE else int(found)


def _text(raw: NDArray[np.uint8]) -> str:
    return raw.tobytes().decode("utf-8", "surrogatepass")


def read(
    folder: Path, said: Path, mapped: Callable[[Path], arrays.Array] = arrays.mapped
) -> Stored:
    """What is stored in `folder`, and in the file `said` of the documents."""
    rows = files.read_lines(said)
    each: dict[str, Any] = {name: mapped(folder / f"{name}.npy") for name in FILES}
    # As long as the list of documents, and wanted whole.
    each |= {name: np.asarray(each[name]) for name in ("pages", "rows")}
    return Stored(
        tuple(Source(**row["source"]) for row in rows),
        tuple(tuple(Unread(**one) for one in row["unread"]) for row in rows),
        **each,
    )
