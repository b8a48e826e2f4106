"""rows of cells -> lines that repeat their column headings, where there are any.

For tables that are given as rows: of a sheet, a document, a slide.
"""

import re
from collections.abc import Iterator, Sequence

from askreport.ingest.documents import blocks

LONGEST_NAME = 80
"""Characters; a longer cell is no column heading."""

FIGURE = re.compile(r"[-–+(]?\s*[$£€¥]?\s*[-–]?\d[\d,.\s]*(?:%|\s?\w{1,3})?\)?")
"""A cell that states a number."""

YEAR = re.compile(r"(?:FY\s?)?(?:19|20)\d\d(?:[/–-]\d\d(?:\d\d)?)?")
"""A number that may head a column."""

Grid = Sequence[Sequence[str]]


def lines(grid: Grid, *, bold: bool | None = None) -> Iterator[blocks.Block]:
    """The table as lines; `bold` says whether its first row is set as a heading."""
    rows = [row for row in grid if any(cell.strip() for cell in row)]
    if not rows:
        return
    headed = names(rows, least=3) if bold is None else bold and len(rows) > 1
    if headed:
        yield from blocks.rows(rows[0], rows[1:])
    else:
        yield from blocks.rows((), rows)


def names(rows: Grid, *, least: int = 2) -> bool:
    """Whether the first of `least` rows or more names the columns."""
    if len(rows) < least:
        return False
    first = [cell.strip() for cell in rows[0]]
    told = [cell for cell in first if cell]
    if len(told) < max(len(first), 1) - 1 or len(first) > 1 > len(told) - 1:
        return False
    figures = [c for c in told if FIGURE.fullmatch(c) and not YEAR.fullmatch(c)]
    return not figures and all(len(cell) <= LONGEST_NAME for cell in told)
