"""a table on a sheet -> lines of text: each row repeats its column headings.

So a row can be quoted and understood alone. Headings are the rows above the first one
with figures in it, or a first row in bold type.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from askreport.ingest.documents.reading_order import FIGURE, Table
from askreport.ingest.documents.rows import Cell, Row
from askreport.ingest.documents.sheets import Sheet

MOST_HEADINGS = 240
"""Characters that a row's headings may take, or they are left out: they would drown
what the row says."""

MOST_HEADING_ROWS = 6
"""More rows above the first figures are rows of words, not headings."""

CLOSE = 1.5
"""A row without a first cell that is this near continues the one before it."""

_YEAR = re.compile(
    r"(?:FY|CY|Q[1-4]|H[12])?\s*(?:(?:19|20)\d\d|['’]\d\d)(?:[/–-]\d\d(?:\d\d)?)?[AEFPaefp]?"
)
_UNIT = re.compile(r"\(?(?:[A-Z]{0,3}[$£€¥]\w*|%|'?000s?|\w{1,3})\)?")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line of a table as text: tokens, and the word that each came from."""

    tokens: list[str]
    words: list[int]
    row: bool
    """Whether it is a row of the table, not something that stands above or below it."""


def lines(sheet: Sheet, table: Table) -> Iterator[Spoken]:
    """The table's lines from top to bottom; together they hold each of its words."""
    rows = table.rows
    head = _headings(sheet, rows)
    columns = _columns(rows[head:] or rows)
    if len(columns) < 2:
        head = 0
    names = _named(rows[:head], columns)
    said = sum(len(cell.text) for cells in names for cell in cells)
    spoken = head and head < len(rows) and said <= MOST_HEADINGS
    if head and not spoken:
        for row in rows[:head]:
            yield _plain(sheet, row)
    for row in _continued(rows[head:]):
        yield _row(sheet, row, columns, names if spoken else [])


def _plain(sheet: Sheet, row: Row) -> Spoken:
    runs = [run for cell in row.cells for run in cell.runs]
    words = [i for run in runs for i in range(run.first, run.last)]
    return Spoken([sheet.words[i] for i in words], words, row=False)


Column = tuple[float, float]


def _columns(rows: Sequence[Row]) -> list[Column]:
    """Where the columns stand: where the cells of well-filled rows overlap."""
    if not rows:
        return []
    most = max(len(row.cells) for row in rows)
    filled = [row for row in rows if len(row.cells) >= max(2, 0.6 * most)]
    spans = sorted((cell.left, cell.right) for row in filled for cell in row.cells)
    found: list[Column] = []
    for left, right in spans:
        if found and left < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], right))
        else:
            found.append((left, right))
    return found


def _at(cell: Cell, columns: Sequence[Column]) -> list[int]:
    """The columns that a cell stands in or over; the nearest if it stands in none."""
    left, right = cell.left, cell.right
    over = [
        i
        for i, (a, b) in enumerate(columns)
        if a < right and left < b and a < b and left < right
    ]
    if over or not columns:
        return over
    away = [max(a - right, left - b) for a, b in columns]
    return [away.index(min(away))]


def _headings(sheet: Sheet, rows: Sequence[Row]) -> int:
    """How many of the first rows are column headings."""
    first = next((i for i, row in enumerate(rows) if _has_figures(row)), None)
    if first is None:
        bold = [all(_bold(cell) for cell in row.cells) for row in rows]
        return 1 if bold[0] and not any(bold[1:]) else 0
    if first > MOST_HEADING_ROWS:
        return 0
    while first and len(rows[first - 1].cells) == 1 and _labels(rows[first - 1], rows):
        first -= 1  # "Current assets:" stands over the rows below it
    return first


def _labels(row: Row, rows: Sequence[Row]) -> bool:
    """Whether a row's only cell stands in the first column."""
    cell = row.cells[0]
    return cell.left <= min(other.cells[0].left for other in rows) + 2


def _bold(cell: Cell) -> bool:
    return all(run.bold for run in cell.runs)


def _has_figures(row: Row) -> bool:
    """Whether a row states figures: years and units alone are headings."""
    told = [cell.text for cell in row.cells[1:]] or [""]
    figures = [text for text in told if FIGURE.fullmatch(text)]
    years = [text for text in told if _YEAR.fullmatch(text)]
    return len(figures) > len(years) and any(c.isdigit() for c in "".join(figures))


def _named(rows: Sequence[Row], columns: Sequence[Column]) -> list[list[Cell]]:
    """For each column, the cells of the heading rows that stand over it."""
    names: list[list[Cell]] = [[] for _ in columns]
    for row in rows:
        if len(row.cells) == len(columns):
            for i, cell in enumerate(row.cells):
                names[i].append(cell)
            continue
        for cell in row.cells:
            for i in _at(cell, columns):
                names[i].append(cell)
    return names


def _continued(rows: Sequence[Row]) -> Iterator[Row]:
    """Rows whose cells were broken over lines, made whole."""
    if not rows:
        return
    left = min(row.cells[0].left for row in rows)
    high = median(row.bottom - row.top for row in rows)
    held = rows[0]
    for row in rows[1:]:
        inner = row.cells[0].left > left + 3 * high
        near = row.top - held.bottom < (CLOSE - 1) * high
        if inner and near and not any(FIGURE.fullmatch(c.text) for c in row.cells):
            held = Row(held.cells + row.cells, held.top, row.bottom)
        else:
            yield held
            held = row
    yield held


def _row(
    sheet: Sheet, row: Row, columns: Sequence[Column], names: Sequence[list[Cell]]
) -> Spoken:
    placed: dict[int, list[Cell]] = {}
    for cell in row.cells:
        at = _at(cell, columns)
        placed.setdefault(at[0] if at else 0, []).append(cell)
    tokens: list[str] = []
    words: list[int] = []
    between = ";" if names or len(row.cells) > 2 else ""
    for i in sorted(placed):
        if tokens:
            tokens[-1] += between
        if names and names[i]:
            for cell in names[i]:
                _say(sheet, cell, tokens, words)
            tokens[-1] += "" if tokens[-1].endswith(":") else ":"
        for cell in placed[i]:
            _say(sheet, cell, tokens, words)
    return Spoken(tokens, words, row=True)


def _say(sheet: Sheet, cell: Cell, tokens: list[str], words: list[int]) -> None:
    for run in cell.runs:
        tokens += sheet.words[run.first : run.last]
        words += range(run.first, run.last)
