"""a page of a PDF and words -> where on the sheet they stand.

The words come from an index that mended hyphens, joined lines and left furniture out,
so only letters and digits are compared: first all of them in one run, then sentence by
sentence, for words that a figure or a column's end interrupts.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

LEAST_LETTERS = 8
"""Shorter pieces would be found anywhere."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in points, from the page's lower left corner."""

    left: float
    bottom: float
    right: float
    top: float


def boxes(text_page: Any, words: str) -> tuple[Box, ...]:  # noqa: ANN401 - pypdfium2's
    """A box a line of the words, in the order of the page; none if they are not found.

    `text_page` is what pypdfium2's `get_textpage` gives.
    """
    text = text_page.get_text_range()
    letters, places = _letters(text)
    found = sorted({i for span in _spans(letters, words) for i in places[span]})
    found += [i + 1 for i in found if _closes(text[i : i + 2], words)]
    # What PDFium makes up (spaces, line ends) has a place in the text and no box.
    known = [(i, Box(*text_page.get_charbox(i, loose=True))) for i in sorted(found)]
    return tuple(_lines([(i, box) for i, box in known if box.right > box.left]))


def _closes(two: str, words: str) -> bool:
    """Whether the second character ends a word of the words, as a full stop does."""
    second = two[1:]
    return bool(second.strip()) and not second.isalnum() and two in words


def _letters(text: str) -> tuple[str, list[int]]:
    """Letters and digits only, lower case, each with its place in the text."""
    letters: list[str] = []
    places: list[int] = []
    for i, character in enumerate(text):
        for one in unicodedata.normalize("NFKD", character).casefold():
            if one.isalnum():
                letters.append(one)
                places.append(i)
    return "".join(letters), places


def _spans(letters: str, words: str) -> Iterator[slice]:
    """Where the words stand among the letters, in as few runs as can be."""
    whole = _span(letters, words, 0)
    if whole is not None:
        yield whole
        return
    after = 0
    for piece in re.split(r"(?<=[.!?:;])\s+|\n+", words):
        found = _span(letters, piece, after) or _span(letters, piece, 0)
        if found is not None:
            after = found.stop
            yield found


def _span(letters: str, words: str, after: int) -> slice | None:
    wanted, _ = _letters(words)
    start = letters.find(wanted, after) if len(wanted) >= LEAST_LETTERS else -1
    return None if start < 0 else slice(start, start + len(wanted))


def _lines(known: list[tuple[int, Box]]) -> Iterator[Box]:
    """Boxes of characters that follow each other on a line, as one."""
    line = 0
    marked: list[tuple[int, Box]] = []
    for n, (i, box) in enumerate(known):
        before, last = known[n - 1] if n else (i, box)
        beside = box.left >= last.left and abs(box.bottom - last.bottom) < _height(box)
        line += not (beside and i - before < 4)
        marked.append((line, box))
    for _, group in groupby(marked, key=lambda one: one[0]):
        row = [box for _, box in group]
        yield Box(
            min(box.left for box in row),
            min(box.bottom for box in row),
            max(box.right for box in row),
            max(box.top for box in row),
        )


def _height(box: Box) -> float:
    return max(1.0, (box.top - box.bottom) / 2)
