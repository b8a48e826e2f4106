"""regions of a sheet -> a page: paragraphs, headings, rows; each word with its place.

Lines are joined into paragraphs by the gaps between them, their length and their
punctuation. A heading is a line that the document's outline names, one set clearly
larger than the text around it, or a short bold one that stands alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

import numpy as np

from askreport import rectangles
from askreport import text as texts
from askreport.ingest.documents import blocks, tables
from askreport.ingest.documents.reading_order import Line, Prose, Region, Table
from askreport.ingest.documents.sheets import Sheet
from askreport.types import Heading, Layout, Page, Span

SHORT = 0.75
"""A line this much shorter than the page's longest, ending a sentence, ends a
paragraph; one this much shorter than the line after it did not end because the column
did."""

LARGER = 1.15
"""A line this much larger than the usual type is a heading: 12 points above 10."""

LARGEST = 1.6
"""A heading this much larger than the usual type is one of the first level."""

HEADING_WORDS = 20
"""Large text of more words is a pull quote, whatever its size."""

BOLD_WORDS = 14
"""A bold line of more words is a sentence that shouts."""

MOST_BOLD = 0.4
"""Where more of a page than this is bold, bold marks nothing."""

LEAST_LETTERS = 2
"""A heading has more letters than this."""

APART = 1.8
"""Headings whose baselines are this many times their size apart are two headings."""

GAP = 1.4
"""Lines this much farther apart than the page's usual leading are two paragraphs."""

_ENDS = re.compile(r"[.!?…][\"”’)]*$")
_LAST = frozenset('.!?…"”’)')
"""What stands last where a sentence ends: looked at first, since most lines do not."""

_HYPHEN = re.compile(r"(?<=\w)-$")


@dataclass(frozen=True, slots=True)
class Known:
    """What the document says of the page, and of the type it is set in."""

    outline: Mapping[str, int]
    """Folded entries of the outline and their levels."""
    usual: float
    """The size of most of the type around the page; 0 where that is unknown."""


def page(sheet: Sheet, found: Sequence[Region], known: Known, *, number: int) -> Page:
    """The regions as a page without a label; its text is empty if they hold none."""
    typed = _Typed(sheet)
    bold = _bold_means_something(found)
    for region in found:
        if isinstance(region, Prose):
            for part in _parts(region.lines, known, bold=bold):
                typed.paragraph(part.lines, part.level)
        else:
            typed.table(region)
    return typed.done(number)


def folded(title: str) -> str:
    """A heading as it is compared with the outline."""
    return " ".join(texts.words(texts.normalise(title).lower()))


@dataclass(slots=True)
class _Typed:
    """A page's text while it is put together, each token with the word it came from.

    Places are counted in tokens; how many characters those are is known when all are.
    """

    sheet: Sheet
    tokens: list[str] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    gaps: dict[int, str] = field(default_factory=dict)
    """What stands after a token, in their order, where it is no blank."""
    headings: list[tuple[int, int, int]] = field(default_factory=list)
    """First token, the one after the last, and the level."""
    tables: list[tuple[int, int]] = field(default_factory=list)
    """First token, and the one after the last."""

    def part(self, gap: str) -> int:
        """Begin a block; its first token."""
        count = len(self.tokens)
        if count:
            self.gaps[count - 1] = gap
        return count

    def paragraph(self, lines: Sequence[Line], level: int) -> None:
        """Lines as one paragraph, words cut by a hyphen made whole."""
        start = self.part("\n\n")
        said, tokens, words = self.sheet.words, self.tokens, self.words
        more = len(lines)
        for i, line in enumerate(lines, start=1):
            for run in line.runs:
                tokens += said[run.first : run.last]
                words += range(run.first, run.last)
            if i < more and tokens[-1].endswith("-"):
                self._mend(lines[i].text)
        if level:
            self.headings.append((start, len(tokens), level))

    def _mend(self, after: str) -> None:
        """Join a word cut at the end of a line with its rest."""
        held = self.tokens[-1]
        if not _HYPHEN.search(held):
            return
        self.gaps[len(self.tokens) - 1] = ""
        if after[:1].islower() and held[-2:-1].islower():
            self.tokens[-1] = held[:-1]

    def table(self, table: Table) -> None:
        """Rows that repeat their column headings; what stands around them as lines."""
        start = None
        for line in tables.lines(self.sheet, table):
            at = self.part("\n" if line.row and start is not None else "\n\n")
            self.tokens += line.tokens
            self.words += line.words
            if not line.row:
                start = None
                continue
            if start is None:
                start = at
            else:
                self.tables.pop()
            self.tables.append((start, len(self.tokens)))

    def done(self, number: int) -> Page:
        """The page, which knows where its words stand."""
        sheet, count = self.sheet, len(self.tokens)
        if not count:
            return Page(number, None, "", layout=Layout(sheet.width, sheet.height, ""))
        self.part("")
        text = "".join(self._blocks())
        long = np.fromiter(map(len, self.tokens), np.int64, count)
        steps = long + 1
        steps[[*self.gaps]] += [len(gap) - 1 for gap in self.gaps.values()]
        placed = np.empty((6, count))
        starts = np.cumsum(steps) - steps
        placed[0], placed[1] = starts, starts + long
        at = np.fromiter(self.words, np.int64, count)
        sheet.boxes.T.take(at, axis=1, out=placed[2:])

        def span(first: int, after: int) -> Span:
            return Span(int(placed[0, first]), int(placed[1, after - 1]))

        spans = [(span(a, b), level) for a, b, level in self.headings]
        return Page(
            number,
            None,
            text,
            tuple(Heading(at, level, at.of(text)) for at, level in spans),
            tables=tuple(span(a, b) for a, b in self.tables),
            layout=rectangles.pack(sheet.width, sheet.height, placed.T),
        )

    def _blocks(self) -> Iterator[str]:
        """Tokens with blanks between them, and what else stands between them."""
        at = 0
        for last, gap in self.gaps.items():
            yield " ".join(self.tokens[at : last + 1])
            yield gap
            at = last + 1


@dataclass(frozen=True, slots=True)
class _Part:
    lines: list[Line]
    level: int


def _bold_means_something(found: Sequence[Region]) -> bool:
    lines = [line for r in found if isinstance(r, Prose) for line in r.lines]
    letters = sum(len(line.text) for line in lines)
    bold = sum(len(line.text) for line in lines if line.bold)
    return bold < MOST_BOLD * letters


def _parts(lines: Sequence[Line], known: Known, *, bold: bool) -> Iterator[_Part]:
    """Paragraphs and headings of prose, in order."""
    usual = known.usual
    for run in _alike(lines, LARGER * usual):
        if run[0].size <= LARGER * usual:
            yield from _paragraphs(run, known.outline, bold=bold)
            continue
        text = " ".join(line.text for line in run)
        level = 0
        if len(texts.words(text)) <= HEADING_WORDS:
            large = 1 if run[0].size >= LARGEST * usual else 2
            level = known.outline.get(folded(text), large)
        yield _Part(run, level)


def _alike(lines: Sequence[Line], limit: float) -> Iterator[list[Line]]:
    """Runs of ordinary lines, and of large ones that are one heading together."""
    run: list[Line] = []
    for line in lines:
        # A large initial or a large figure is no heading.
        if line.size > limit and sum(c.isalpha() for c in line.text) <= LEAST_LETTERS:
            line.size = limit
        if run and not _belongs(line, run[-1], limit):
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _belongs(line: Line, before: Line, limit: float) -> bool:
    if max(line.size, before.size) <= limit:
        return True
    near = abs(before.bottom - line.bottom) < APART * line.size
    return near and abs(line.size - before.size) <= 0.02 * line.size


def _paragraphs(
    lines: Sequence[Line], outline: Mapping[str, int], *, bold: bool
) -> Iterator[_Part]:
    gaps = [b.bottom - a.bottom for a, b in pairwise(lines) if b.bottom - a.bottom > 1]
    far = GAP * median(gaps) if gaps else float("inf")
    longest = max(line.right - line.left for line in lines)
    held: list[Line] = []
    text = ""
    for i, line in enumerate(lines):
        before = lines[i - 1] if i else None
        after = lines[i + 1] if i + 1 < len(lines) else None
        level = outline.get(folded(line.text), 0) if outline else 0
        if not level and bold and line.bold:
            level = _shouted(line, before, after, far)
        parted = before is not None and line.bottom - before.bottom > far
        if held and (level or _starts(line, held[-1], text, parted=parted)):
            yield _Part(held, 0)
            held, text = [], ""
        alone = not held and _titles(line, after)
        held.append(line)
        text = line.text
        wide = min(longest, line.room) if line.room else longest
        if level or alone or _closes(line, wide):
            yield _Part(held, level)
            held, text = [], ""
    if held:
        yield _Part(held, 0)


def _shouted(line: Line, before: Line | None, after: Line | None, far: float) -> int:
    """Level 3 for a short bold line between lines that are not bold."""
    if len(texts.words(line.text)) > BOLD_WORDS or line.text[-1:] in ",;":
        return 0
    letters = sum(c.isalpha() for c in line.text)
    if letters <= LEAST_LETTERS or blocks.is_item(line.text) or line.text[0].islower():
        return 0
    if after is None or after.bold:
        return 0  # a heading that wraps would be cut in two
    close = before is not None and 0 < line.bottom - before.bottom < far
    if before is not None and close and (before.bold or not _ended(before.text)):
        return 0
    return 0 if _ended(line.text) else 3


def _starts(line: Line, last: Line, held: str, *, parted: bool) -> bool:
    """Whether a line begins a paragraph: an item, or parted from a whole sentence."""
    open_ = not _ended(held)
    goes_on = line.text[:1].islower() and open_
    if blocks.is_item(line.text):
        # A dash in the middle of a sentence may come to stand first on its line.
        filled = last.right - last.left > 0.85 * last.room
        return not (open_ and filled and line.text[0] in "-–" and not parted)
    indented = line.left > last.left + line.size and abs(line.right - last.right) < 99
    new = indented and not open_ and line.text[:1].isupper()
    return (parted or new) and not goes_on


def _titles(line: Line, after: Line | None) -> bool:
    """Whether a line stands over the next one rather than running on into it."""
    if after is None:
        return blocks.heading_level(line.text) > 0
    short = len(line.text) < SHORT * len(after.text)
    runs_on = after.text[:1].islower()
    return short and not runs_on and blocks.heading_level(line.text) > 0


def _closes(line: Line, longest: float) -> bool:
    return line.right - line.left < SHORT * longest and _ended(line.text)


def _ended(text: str) -> bool:
    """Whether a line ends a sentence."""
    return text[-1:] in _LAST and _ENDS.search(text) is not None
