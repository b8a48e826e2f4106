"""rows of a sheet -> bands: rows below each other that the same gutters run through."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from askreport.ingest.documents.rows import Row

GUTTER = 0.5
"""Columns stand at least this many line heights apart along all their length; in one
line it takes `WIDE` to part them."""

MOSTLY = 0.6
"""The share of a gutter that lines above it must leave free to stand over its table."""

Gap = tuple[float, float]

FAR = 1e6
"""Points; off any sheet."""


@dataclass(slots=True)
class Band:
    """Rows, and what none of them stands in."""

    rows: list[Row]
    free: list[Gap]
    left: float
    right: float
    least: float
    """Width of the narrowest gutter."""

    @property
    def gutters(self) -> list[Gap]:
        """What is free between two of its sides, from left to right."""
        return _inner(self.free, self.left, self.right)

    def takes(self, row: Row) -> bool:
        """Add a row of one cell below others without a gutter, as most of prose is."""
        if len(row.cells) != 1 or len(self.free) != 2:
            return False
        cell = row.cells[0]
        (_, left), (right, _) = self.free
        if (left, right) != (self.left, self.right):
            return False
        if not (cell.left < right and left < cell.right):
            return False  # beside them: what parts it from them is a gutter
        self.rows.append(row)
        self.left, self.right = min(left, cell.left), max(right, cell.right)
        self.free = [(-FAR, self.left), (self.right, FAR)]
        return True


def of(rows: Sequence[Row]) -> Iterator[Band]:
    """The bands of rows that go from top to bottom."""
    if not rows:
        return
    least = GUTTER * median(row.bottom - row.top for row in rows)
    held = _alone(rows[0], least)
    had = held.gutters
    for row in rows[1:]:
        if held.takes(row):
            continue
        own = _alone(row, least)
        free = _meet(held.free, own.free, least)
        left, right = min(held.left, own.left), max(held.right, own.right)
        inner = _inner(free, left, right)
        if not _goes_on(inner, had, own.gutters, least):
            yield held
            held, had = own, own.gutters
        else:
            held.rows.append(row)
            held.free, held.left, held.right = free, left, right
            had = inner
    yield held


def _alone(row: Row, least: float) -> Band:
    return Band([row], _free(row), row.cells[0].left, row.cells[-1].right, least)


def _goes_on(
    inner: Sequence[Gap], had: Sequence[Gap], own: Sequence[Gap], least: float
) -> bool:
    """Whether the gutters that were there go on, or those of a row were free above."""
    if had:
        return bool(_meet(inner, had, least))
    left = _meet(inner, own, least)
    return not own or any(
        b - a >= MOSTLY * (d - c) for a, b in left for c, d in own if c <= a and b <= d
    )


def _free(row: Row) -> list[Gap]:
    edges = [-FAR]
    for cell in row.cells:
        edges += [cell.left, cell.right]
    edges.append(FAR)
    return [(edges[i], edges[i + 1]) for i in range(0, len(edges), 2)]


def _meet(one: Sequence[Gap], other: Sequence[Gap], least: float) -> list[Gap]:
    found = []
    for a, b in one:
        for c, d in other:
            # In half the time of max() and min().
            low = a if a > c else c  # noqa: FURB136
            high = b if b < d else d  # noqa: FURB136
            if high - low >= least:
                found.append((low, high))
    return found


def _inner(free: Sequence[Gap], left: float, right: float) -> list[Gap]:
    return [(a, b) for a, b in free if a > left and b < right]
