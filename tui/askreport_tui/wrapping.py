"""text, a width in cells -> rows: where each begins and ends in the text."""

import re
from collections.abc import Iterator

from rich.cells import cell_len

from askreport.types import Span

_WORD = re.compile(r"\S+\s*|\s+")


def wrap(text: str, width: int) -> tuple[Span, ...]:
    """Rows of at most `width` cells, broken between words where that is possible.

    A row leaves out the blanks at its end; an empty line is an empty row.
    """
    rows: list[Span] = []
    start = 0
    for line in text.split("\n"):
        if cell_len(line) <= width:
            rows.append(Span(start, start + len(line)))
        else:
            rows += _broken(line, start, max(width, 2))
        start += len(line) + 1
    return tuple(rows)


def _broken(line: str, offset: int, width: int) -> Iterator[Span]:
    start = end = cells = 0
    for word in _words(line, width):
        taken = cell_len(word.rstrip())
        if cells + taken > width and end > start:
            yield _row(line, start, end, offset)
            start, cells = end, 0
        end += len(word)
        cells += cell_len(word)
    yield _row(line, start, end, offset)


def _words(line: str, width: int) -> Iterator[str]:
    """The words with the blanks behind them; those wider than a row come in pieces."""
    for word in _WORD.findall(line):
        if cell_len(word.rstrip()) <= width:
            yield word
        else:
            yield from _pieces(word, width)


def _pieces(word: str, width: int) -> Iterator[str]:
    start = cells = 0
    for at, character in enumerate(word):
        wide = cell_len(character)
        if cells + wide > width and not character.isspace():
            yield word[start:at]
            start, cells = at, 0
        cells += wide
    yield word[start:]


def _row(line: str, start: int, end: int, offset: int) -> Span:
    return Span(offset + start, offset + start + len(line[start:end].rstrip()))
