"""where the words of a page stand <-> a few bytes a word, and back to rectangles.

A page of a report has some five hundred words. Their places are kept as small steps
from one word to the next, compressed, in letters that JSON takes as they are: about
five bytes a word, where plain numbers would be thirty.
"""

import base64
import zlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from askreport.types import Layout, Rectangle

UNITS = 8
"""Steps to a point: an eighth of a point is finer than any eye."""

LEVEL = 1
"""Of zlib: 6 took four times as long for a tenth of the size."""

WIDTHS = {"s": "<i2", "l": "<i4"}
"""What the packed form begins with: whether its steps are short or long."""


class Place(NamedTuple):
    """Where a run of a page's text stands on the sheet: points from the top left.

    A named tuple since a report has hundreds of thousands of them: it is made in a
    third of the time of a frozen dataclass.
    """

    start: int
    end: int
    left: float
    top: float
    right: float
    bottom: float


def pack(
    width: float, height: float, places: Sequence[Place] | NDArray[np.float64]
) -> Layout:
    """A page's layout; the places are in the order of the text, without overlap.

    As an array: the fields of a `Place` in columns.
    """
    columns = np.asarray(places, dtype=np.float64).reshape(-1, 6).T
    if not columns.size:
        return Layout(width, height, "")
    whole = np.empty(columns.shape, dtype=np.int64)
    whole[:2] = columns[:2]
    whole[1] -= whole[0]
    # Outwards, so that rounding cuts no letter.
    whole[2:4] = np.floor(columns[2:4] * UNITS)
    whole[4:] = np.ceil(columns[4:] * UNITS)
    whole[4:] -= whole[2:4]
    for steps in (whole[0], whole[2], whole[3]):
        steps[1:] -= steps[:-1].copy()
    form = "s" if max(whole.max(), -whole.min()) < 2**15 else "l"
    raw = whole.astype(WIDTHS[form]).tobytes()
    packed = base64.b64encode(zlib.compress(raw, LEVEL)).decode()
    return Layout(round(width, 2), round(height, 2), form + packed)


def places(layout: Layout) -> tuple[Place, ...]:
    """What `pack` was given, to an eighth of a point."""
    rows = _rows(layout)
    box = rows[:, 2:] / UNITS
    return tuple(
        Place(int(row[0]), int(row[1]), *map(float, at))
        for row, at in zip(rows, box, strict=True)
    )


def _rows(layout: Layout) -> NDArray[np.int64]:
    """Start, end, left, top, right, bottom of each word, in eighths of a point."""
    if not layout.words:
        return np.empty((0, 6), dtype=np.int64)
    steps = zlib.decompress(base64.b64decode(layout.words[1:]))
    form = WIDTHS[layout.words[0]]
    whole = np.frombuffer(steps, form).reshape(6, -1).T.astype(np.int64)
    whole[:, [0, 2, 3]] = np.cumsum(whole[:, [0, 2, 3]], axis=0)
    whole[:, 1] += whole[:, 0]
    whole[:, 4:] += whole[:, 2:4]
    return whole


def of(layout: Layout | None, start: int, end: int) -> tuple[Rectangle, ...]:
    """The rectangles to light up for a span of the page's text, a line each.

    Words of which a part lies in the span are lit whole. Empty where the page has no
    layout.
    """
    if layout is None:
        return ()
    rows = _rows(layout)
    lit = rows[(rows[:, 0] < end) & (rows[:, 1] > start)]
    return tuple(_joined(tuple(map(int, row[2:])) for row in lit))


def _joined(boxes: Iterable[tuple[int, ...]]) -> Iterable[Rectangle]:
    """Neighbours on one line as one rectangle."""
    held: tuple[int, int, int, int] | None = None
    for left, top, right, bottom in boxes:
        if held is not None and _neighbours(held, (left, top, right, bottom)):
            a, b, c, d = held
            held = (min(a, left), min(b, top), max(c, right), max(d, bottom))
            continue
        if held is not None:
            yield _rectangle(held)
        held = (left, top, right, bottom)
    if held is not None:
        yield _rectangle(held)


def _neighbours(one: tuple[int, int, int, int], two: tuple[int, int, int, int]) -> bool:
    tall = min(one[3] - one[1], two[3] - two[1])
    level = min(one[3], two[3]) - max(one[1], two[1])
    return level > tall / 2 and -tall / 2 < two[0] - one[2] < tall


def _rectangle(box: tuple[int, int, int, int]) -> Rectangle:
    left, top, right, bottom = (value / UNITS for value in box)
    return Rectangle(left, top, right, bottom)
