"""a workbook or a file of separated values -> pages of some rows, each named by them.

openpyxl (MIT) reads workbooks, Python's own csv the rest. A page holds as many rows as
a passage does, so that its label says which rows a quote is from.
"""

import csv
import datetime
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl

from askreport.ingest.documents import archives, blocks, docx, grids
from askreport.ingest.documents.blocks import Block
from askreport.ingest.documents.found import Found
from askreport.types import Page

ROOM = 700
"""Characters of a page: about as many as a passage has."""

MOST_CELLS = 2_000_000
"""Of a file: a sheet may claim to have a million rows of nothing."""

SAMPLE = 2**14
"""Characters by which the separator is told."""

Numbered = tuple[int, Sequence[str]]
"""A row by its number in the sheet, from 1."""

Rows = Iterable[Numbered]


def workbook(path: Path) -> Found:
    """The sheets of a workbook in order, hidden ones too."""
    archives.check(path)
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        pages: list[Page] = []
        for sheet in book.worksheets:
            pages += _pages(_cells(sheet), sheet.title, first=len(pages) + 1)
    finally:
        book.close()
    return Found(tuple(pages), said=docx.described(path))


def separated(text: str) -> Found:
    """The rows of a file of separated values, whatever separates them."""
    csv.field_size_limit(2**24)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    told = enumerate(islice(table, MOST_CELLS), start=1)
    return Found(tuple(_pages(told, "", first=1)))


def _separator(text: str) -> str:
    """What parts the first lines into equally many cells, the more the likelier."""
    lines = [line for line in text[:SAMPLE].splitlines() if line.strip()][:20]
    counts = {mark: [line.count(mark) for line in lines] for mark in ",;\t|"}
    steady = {m: min(c) for m, c in counts.items() if c and min(c) > 0}
    return max(steady or {",": 1}, key=lambda mark: (steady or {",": 1})[mark])


def _cells(sheet: Any) -> Iterator[tuple[int, list[str]]]:  # noqa: ANN401
    left = MOST_CELLS
    for number, row in enumerate(sheet.iter_rows(), start=1):
        left -= len(row)
        if left < 0:
            return
        cells = [_said(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield number, cells


def _said(cell: Any) -> str:  # noqa: ANN401
    """What a cell shows, near enough."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, float):
        if "%" in (cell.number_format or ""):
            return f"{value * 100:.10g}%"
        return f"{value:.12g}"
    return " ".join(str(value).split())


def _pages(table: Rows, sheet: str, *, first: int) -> list[Page]:
    named = f"{sheet}, " if sheet else ""
    lines = [Block(sheet, level=1)] if sheet else []
    found: list[Page] = []
    for part in _parts(_narrowed(table)):
        lines += part.above
        for group in _grouped(part.rows, part.names):
            held = [*lines, *blocks.rows(part.names, [row for _, row in group])]
            lines = []
            label = f"{named}{_span(group[0][0], group[-1][0])}"
            number = first + len(found)
            page = blocks.page(held, number=number, label=label, unit="rows")
            found.append(page)
    return found


def _narrowed(table: Rows) -> list[Numbered]:
    """The rows that hold something, without the columns that hold nothing."""
    rows = [(number, row) for number, row in table if any(c.strip() for c in row)]
    used = {i for _, row in rows for i, cell in enumerate(row) if cell.strip()}
    if not used:
        return []
    kept = sorted(used)
    return [(n, [row[i] if i < len(row) else "" for i in kept]) for n, row in rows]


@dataclass(frozen=True, slots=True)
class _Part:
    """A table of a sheet."""

    above: list[Block]
    names: Sequence[str]
    rows: list[Numbered]


def _parts(rows: Sequence[Numbered]) -> Iterator[_Part]:
    """The tables of a sheet, parted by rows of nothing, each with its headings.

    One without headings of its own goes on under those before it.
    """
    names: Sequence[str] = ()
    held: list[Numbered] = []
    notes: list[Numbered] = []
    for i, (number, row) in enumerate(rows):
        held.append((number, row))
        if i + 1 < len(rows) and rows[i + 1][0] == number + 1:
            continue
        last = i + 1 == len(rows)
        if not last and all(sum(map(bool, cells)) == 1 for _, cells in held):
            notes += held  # titles and notes, which stand over what follows
            held = []
            continue
        if not last and _only_names([cells for _, cells in held]):
            # A blank row parts the headings from their table.
            notes += held[:-1]
            names, held = held[-1][1], []
            continue
        head, own = _headed([cells for _, cells in held])
        if own and len(held) > 1:
            names = own
        above, below = held[:head], held[head:]
        if not below:
            above, below = [], above
        told = [*notes, *(above[:-1] if own and above else above)]
        notes = []
        blocks_ = [Block(" ".join(filter(None, cells))) for _, cells in told]
        yield _Part(blocks_, names if own or names else (), below)
        held = []


def _span(first: int, last: int) -> str:
    return f"row {first}" if first == last else f"rows {first}–{last}"


def _only_names(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the last row names columns, and those before it are titles."""
    *titles, names = ([cell for cell in row if cell] for row in rows)
    wide = any(len(title) > max(2, len(names) // 2) for title in titles)
    figures = any(grids.FIGURE.fullmatch(cell) for cell in names)
    return len(names) > 2 and not wide and not figures


def _headed(rows: Sequence[Sequence[str]]) -> tuple[int, Sequence[str]]:
    """How many of a table's rows stand over its first row of values, and its headings.

    Titles and notes above a table fill one or two cells of its width.
    """
    wide = max((sum(bool(c) for c in row) for row in rows[:50]), default=0)
    for i, row in enumerate(rows[:20]):
        if sum(bool(cell) for cell in row) >= max(1, 0.6 * wide):
            below = [list(row), *map(list, rows[i + 1 : i + 2])]
            return (i + 1, row) if grids.names(below) else (i, ())
    return 0, ()


def _grouped(
    rows: Sequence[Numbered], names: Sequence[str]
) -> Iterator[list[Numbered]]:
    """Rows together while there is room."""
    held: list[Numbered] = []
    size = 0
    for number, row in rows:
        long = len(blocks.row(names, row))
        if held and size + long > ROOM:
            yield held
            held, size = [], 0
        held.append((number, row))
        size += long
    if held:
        yield held
