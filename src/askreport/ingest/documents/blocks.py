"""blocks of text -> a page: joined with known offsets, its headings marked."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from askreport import text as texts
from askreport.types import Heading, Page, Span, Unit


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list item, table row or heading, on one line."""

    text: str
    level: int = 0
    """Depth of a heading, from 1; 0 for anything else."""
    tight: bool = False
    """Stands on the line right after the block before it, as list items and rows do."""
    row: bool = False
    """A row of a table, which repeats its column headings."""


def page(
    blocks: Iterable[Block],
    *,
    number: int | None = None,
    label: str | None = None,
    unit: Unit = "page",
) -> Page:
    """The blocks as one page's text, a blank line between them."""
    parts: list[str] = []
    size = 0
    headings = []
    tables: list[Span] = []
    within = False
    for block in blocks:
        line = " ".join(texts.normalise(block.text).split())
        if not line:
            continue
        if parts:
            parts.append("\n" if block.tight else "\n\n")
            size += len(parts[-1])
        span = Span(size, size + len(line))
        if block.level:
            headings.append(Heading(span, block.level, line))
        if block.row:
            goes_on = within and block.tight
            start = tables.pop().start if goes_on else span.start
            tables.append(Span(start, span.end))
        within = block.row
        parts.append(line)
        size += len(line)
    whole = "".join(parts)
    return Page(number, label, whole, tuple(headings), unit=unit, tables=tuple(tables))


def rows(names: Sequence[str], table: Iterable[Sequence[str]]) -> Iterator[Block]:
    """The rows of a table, each on a line right after the one before it."""
    first = True
    for cells in table:
        text = row(names, cells)
        if text:
            yield Block(text, tight=not first, row=True)
            first = False


def row(names: Sequence[str], cells: Sequence[str]) -> str:
    """A table row that repeats its column headings, so that it can be quoted alone."""
    named = [
        f"{name}: {cell}" if name else cell
        for name, cell in zip(names, cells, strict=False)
        if cell
    ]
    return "; ".join(named + [c for c in cells[len(names) :] if c])


HEADING_WORDS = 12
"""A longer line is a sentence, whatever it looks like."""

_BULLET = re.compile(r"^\s*(?:[-*•–▪◦●○■□►➢✓\uf0a7\uf0b7]|\(?\d{1,2}[.)])\s+")
_ENDS = re.compile(r"[.!?:;,…\"”’]$")


def is_item(line: str) -> bool:
    """Whether a line of plain text begins a list item."""
    return bool(_BULLET.match(line))


def heading_level(line: str) -> int:
    """The level a line standing alone would have as a heading; 0 if it is none.

    Plain text marks no headings: a short line that stands alone, starts with a capital
    and ends without punctuation is taken for one, and one in capitals for an upper one.
    """
    line = line.strip()
    wordy = texts.words(line)
    lone = bool(wordy) and len(wordy) <= HEADING_WORDS and not _ENDS.search(line)
    if not lone or is_item(line) or not line[0].isupper() or "\t" in line:
        return 0
    letters = [c for c in line if c.isalpha()]
    return 1 if len(letters) > 3 and all(c.isupper() for c in letters) else 2
