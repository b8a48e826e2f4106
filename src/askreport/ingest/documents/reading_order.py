"""runs of words on a sheet -> regions in the order in which a person reads them.

Rows are gathered into bands: rows that the same gutters run through. A band is a table,
whose rows are read across, or columns, each read down and taken apart in the same way.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from operator import attrgetter
from statistics import median

from askreport.ingest.documents import bands
from askreport.ingest.documents import rows as across
from askreport.ingest.documents.bands import Band, Gap
from askreport.ingest.documents.rows import Cell, Row
from askreport.ingest.documents.sheets import Run

DEEPEST = 4
"""Columns within columns; more is a drawing."""

NUMERIC = 0.4
"""Side by side with so large a share of figures are cells, not columns of prose."""

CELL_WORDS = 4
"""Columns of prose have more words in a line than this; cells have as few."""

FACING = 4
"""Times the least width of a gutter: what parts two pages on one sheet."""

ACROSS = 0.6
"""Where this share of neighbours were drawn one after the other, they were drawn row by
row."""

LINES = 6
"""Fewer say nothing of what a column is."""

DRAWN = 0.8
"""The share of a column's lines that were drawn one after the other."""

LEVEL = 0.15
"""Of its height: as far as baselines of one row lie apart."""

EVEN = 0.5
"""The share of cells level with a column's lines from which they belong to them."""

FIGURE = re.compile(
    r"[-–—(+]?\s*(?:[A-Z]{0,2}[$£€¥])?\s*[-–(]?\d[\d,.\s]*(?:%|bps|x|pts?)?\s*\)?[*†‡%]?"
    r"|[-–—]+|n/?[am]"
)


@dataclass(slots=True)
class Line:
    """A line of prose."""

    runs: list[Run]
    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float
    bold: bool
    room: float = 0.0
    """Width of the column it stands in."""


@dataclass(slots=True)
class Prose:
    """Lines to be made paragraphs of."""

    lines: list[Line]


@dataclass(slots=True)
class Table:
    """Rows to be read across. A row's cells may hold the runs of several lines."""

    rows: list[Row]


Region = Prose | Table


def regions(runs: Sequence[Run]) -> list[Region]:
    """The regions of a sheet, or of some of its runs, in reading order.

    What is not level comes last, as it was drawn.
    """
    found = list(_merged(_regions([run for run in runs if run.level], 0)))
    aside = [run for run in runs if not run.level]
    if aside:
        found.append(Prose([_line([run]) for run in aside]))
    return found


def _merged(found: Iterator[Region]) -> Iterator[Region]:
    """Prose after prose as one, so that sentences run on from column to column."""
    held: Prose | None = None
    for region in found:
        if isinstance(region, Prose):
            if not region.lines:
                continue
            held = Prose(held.lines + region.lines) if held else region
            continue
        if held:
            yield held
            held = None
        yield region
    if held:
        yield held


def _regions(runs: Sequence[Run], depth: int) -> Iterator[Region]:
    if not runs:
        return
    room = max(run.right for run in runs) - min(run.left for run in runs)
    for band in bands.of(across.of(runs)):
        facing = _parted(band) if band.gutters and depth < DEEPEST else None
        kind = "columns" if facing else _kind(band) if depth < DEEPEST else "prose"
        if kind == "columns":
            for column in _columns(facing or band):
                yield from _regions(column, depth + 1)
        elif kind == "prose":
            yield _prose(band.rows, room)
        elif kind == "cells":
            yield Table(_by_cells(band))
        else:
            above, rows, below = _trimmed(band.rows)
            yield _prose(above, room)
            yield Table(rows)
            yield _prose(below, room)


def _trimmed(rows: Sequence[Row]) -> tuple[list[Row], list[Row], list[Row]]:
    """Rows of one cell at either end stand around the table, not in it."""
    wide = [i for i, row in enumerate(rows) if len(row.cells) > 1]
    first, last = wide[0], wide[-1] + 1
    return list(rows[:first]), list(rows[first:last]), list(rows[last:])


def _prose(rows: Sequence[Row], room: float) -> Prose:
    lines = []
    for row in rows:
        cells = row.cells
        runs = cells[0].runs if len(cells) == 1 else [r for c in cells for r in c.runs]
        line = _line(runs)
        line.room = room
        lines.append(line)
    return Prose(lines)


def prose(runs: Sequence[Run]) -> Prose:
    """Runs that are lines already, in their order."""
    room = max(run.right for run in runs) - min(run.left for run in runs)
    lines = [_line([run]) for run in runs]
    for line in lines:
        line.room = room
    return Prose(lines)


def _line(runs: list[Run]) -> Line:
    if len(runs) == 1:
        (run,) = runs
        edges = (run.left, run.right, run.top, run.bottom)
        return Line(runs, run.text, *edges, run.size, run.bold)
    longest = max(runs, key=lambda run: run.right - run.left)
    return Line(
        runs,
        " ".join(run.text for run in runs),
        min(run.left for run in runs),
        max(run.right for run in runs),
        min(run.top for run in runs),
        longest.bottom,
        longest.size,
        longest.bold and all(run.bold for run in runs),
    )


def _kind(band: Band) -> str:
    """What the gutters of a band part: cells of a table, columns, or nothing much."""
    sided = [row for row in band.rows if len(row.cells) > 1]
    if not band.gutters:
        return "prose"
    if len(sided) < 2:
        return "columns" if _beside(band) else "prose"
    cells = [cell for row in sided for cell in row.cells[1:]]
    figures = sum(bool(FIGURE.fullmatch(cell.text)) for cell in cells) / len(cells)
    if figures >= NUMERIC:
        return "table"
    words = median(cell.text.count(" ") + 1 for row in sided for cell in row.cells)
    pairs = [pair for row in sided for pair in pairwise(row.cells)]
    across = sum(a.runs[-1].last == b.runs[0].first for a, b in pairs) / len(pairs)
    if words <= CELL_WORDS and (across >= ACROSS or len(pairs) >= 2 * len(sided)):
        return "table"
    if _cellwise(band):
        return "cells"
    return "columns"


def _parted(band: Band) -> Band | None:
    """The band with only the gutter that parts it into sides read by themselves."""
    facing = _facing(band)
    if facing is not None:
        return facing
    cells = [cell for row in band.rows for cell in row.cells]
    runs = [run for cell in cells for run in cell.runs]
    words = {
        cell.runs[0].first: cell.text.count(" ") + 1
        for cell in cells
        if len(cell.runs) == 1
    }
    for gutter in band.gutters:
        if _beside_prose(gutter, runs, words):
            return replace(band, free=[gutter])
    return None


def _beside_prose(gutter: Gap, runs: Sequence[Run], words: Mapping[int, int]) -> bool:
    """Whether a gutter has a column of prose on one side, and on the other what has
    lines of its own: a chart, a box, a list.

    Prose is drawn line by line; cells stand level with the words that they go with.
    """
    left, right = gutter
    before = [run for run in runs if run.right <= left + 1]
    after = [run for run in runs if run.left >= right - 1]
    return any(
        _is_prose(column, words) and _askew(column, other)
        for column, other in ((before, after), (after, before))
    )


def _is_prose(column: Sequence[Run], words: Mapping[int, int]) -> bool:
    if len(column) < LINES:
        return False
    drawn = sorted(column, key=attrgetter("first"))
    after = sum(a.last == b.first for a, b in pairwise(drawn)) / (len(drawn) - 1)
    wordy = sum(words.get(run.first, 0) for run in column) / len(column)
    return after >= DRAWN and wordy > CELL_WORDS


def _askew(column: Sequence[Run], other: Sequence[Run]) -> bool:
    """Whether what stands beside a column mostly stands on no line of it."""
    top, bottom = min(r.top for r in column), max(r.bottom for r in column)
    beside = [run for run in other if top < run.middle < bottom]
    lines = sorted(line.bottom for line in column)
    level = 0
    for run in beside:
        at = bisect_left(lines, run.bottom)
        near = min(abs(run.bottom - line) for line in lines[max(0, at - 1) : at + 1])
        level += near < LEVEL * run.height
    return len(beside) >= LINES and level < EVEN * len(beside)


def _facing(band: Band) -> Band | None:
    """The band with its widest gutter only, where that parts two pages of prose."""
    left, right = max(band.gutters, key=lambda gutter: gutter[1] - gutter[0])
    if right - left < FACING * band.least:
        return None
    apart = replace(band, free=[(left, right)])
    cells = [cell for row in band.rows for cell in row.cells]
    sides = (
        [cell.text.count(" ") + 1 for cell in cells if cell.right <= left + 1],
        [cell.text.count(" ") + 1 for cell in cells if cell.left >= right - 1],
    )
    wordy = all(len(s) >= 6 and sum(s) / len(s) > CELL_WORDS for s in sides)
    return apart if wordy else None


def _beside(band: Band) -> bool:
    """Whether two bodies of text stand beside each other on different baselines."""
    sides = [len(column) for column in _columns(band)]
    return len(sides) > 1 and min(sides) >= 2 and len(band.rows) >= 4


def _columns(band: Band) -> list[list[Run]]:
    """The runs between the gutters, from left to right."""
    starts = [a for a, _ in band.gutters]
    found: list[list[Run]] = [[] for _ in range(len(starts) + 1)]
    for row in band.rows:
        for cell in row.cells:
            at = sum(cell.left > a for a in starts)
            found[at] += cell.runs
    return [column for column in found if column]


def _in_columns(band: Band) -> list[tuple[int, Run]]:
    """Every run with the number of its column, in the order of drawing."""
    parted = [(i, run) for i, runs in enumerate(_columns(band)) for run in runs]
    return sorted(parted, key=lambda pair: pair[1].first)


def _cellwise(band: Band) -> bool:
    """Whether cells of several lines were drawn one after the other, row by row."""
    drawn = _in_columns(band)
    columns = 1 + max(i for i, _ in drawn)
    changes = sum(a != b for (a, _), (b, _) in pairwise(drawn))
    rows = changes / max(1, columns)
    return rows >= 2 and changes < 0.7 * len(drawn)


def _by_cells(band: Band) -> list[Row]:
    """Rows whose cells run over several lines, told by the order of drawing."""
    found: list[Row] = []
    column = 10**6
    for at, group in groupby(_in_columns(band), key=lambda pair: pair[0]):
        runs = [run for _, run in group]
        text = " ".join(run.text for run in runs)
        cell = Cell(runs, min(r.left for r in runs), max(r.right for r in runs), text)
        top, bottom = min(r.top for r in runs), max(r.bottom for r in runs)
        # What was drawn far below is a row of its own, even if it lacks a first cell.
        if at <= column or top >= found[-1].bottom:
            found.append(Row([cell], top, bottom))
        else:
            found[-1].cells.append(cell)
            found[-1].bottom = max(found[-1].bottom, bottom)
        column = at
    return found
