"""a PDF with a text layer -> its pages, each with its number and its printed label.

pypdfium2 (Apache-2.0 or BSD-3-Clause). Lines are joined into paragraphs by the gaps
between them, their length and their punctuation. A heading is a line that the
document's outline names, or one set clearly larger than the text around it.
"""

import ctypes
import math
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pypdfium2
from pypdfium2 import raw

from askreport import errors
from askreport import text as texts
from askreport.ingest.documents import blocks
from askreport.types import Page, Unread

SHORT = 0.75
"""A line this much shorter than the page's longest, ending a sentence, ends a
paragraph; one this much shorter than the line after it did not end because the column
did."""

LARGER = 1.15
"""A line this much larger than the page's median is a heading: 12 points above 10."""

LARGEST = 1.6
"""A heading this much larger than the page's median is one of the first level."""

HEADING_WORDS = 20
"""Large text of more words is a pull quote, whatever its size."""

LEAST_LETTERS = 2
"""A heading has more letters than this."""

EDGE = 9
"""Points by which a baseline may lie off the sheet while its letters show on it."""

APART = 1.8
"""Headings whose baselines are this many times their size apart are two headings."""

GAP = 1.4
"""Lines this much farther apart than the page's usual leading are two paragraphs."""

_PROGRAM = re.compile(
    r"^(?:Microsoft (?:Word|PowerPoint|Excel) - )+|^untitled$", re.IGNORECASE
)
_FILE_NAME = re.compile(r"\.(?:pdf|docx?|pptx?|xlsx?|indd|qxp|rtf|tmp)$", re.IGNORECASE)
_ENDS = re.compile(r"[.!?…][\"”’)]*$")
_HYPHENS = re.compile("[\u00ad\u2010](?=\\s|$)")
_HYPHEN = re.compile(r"(?<=\w)-$")

BROKEN = "\x02\ufffe"
"""What PDFium puts for a hyphen and the line end after it."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages read, the ones that hold no text, and the title the file states."""

    pages: tuple[Page, ...]
    unread: tuple[Unread, ...]
    title: str | None


def read(path: Path, *, source: str) -> Pages:
    """Every page of the file. Raises SourceUnreadable if it does not open."""
    try:
        opened = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise errors.SourceUnreadable(
            f"{path.name} does not open as a PDF: {_reason(error)}",
            hint="open it in a viewer; if it is damaged or locked, export it afresh",
        ) from error
    with opened:
        return _pages(opened, source)


def _reason(error: pypdfium2.PdfiumError) -> str:
    locked = "password" in str(error).lower()
    return "it needs a password" if locked else "the file is damaged or no PDF"


def _pages(opened: pypdfium2.PdfDocument, source: str) -> Pages:
    outline = _outline(opened)
    pages = []
    unread = []
    for i in range(len(opened)):
        number = i + 1
        try:
            lines = _lines(opened[i])
        except pypdfium2.PdfiumError:
            unread.append(Unread(source, number, "the page is damaged"))
            continue
        if not any(line.text for line in lines):
            unread.append(Unread(source, number, "no text layer (a scan or a picture)"))
            continue
        label = texts.question(opened.get_page_label(i)) or None
        found = _blocks(lines, outline.get(i, {}))
        pages.append(blocks.page(found, number=number, label=label))
    return Pages(tuple(pages), tuple(unread), _title(opened))


def _title(opened: pypdfium2.PdfDocument) -> str | None:
    """The title the file states, unless a program put its name or number there."""
    stated = texts.question(opened.get_metadata_dict().get("Title", ""))
    stated = _PROGRAM.sub("", stated)
    named = re.search(r"[^\W\d_]{3}", stated) and not _FILE_NAME.search(stated)
    return stated if named else None


def _outline(opened: pypdfium2.PdfDocument) -> dict[int, dict[str, int]]:
    """For each page index, its outline entries and their levels."""
    found: dict[int, dict[str, int]] = {}
    for mark in opened.get_toc(max_depth=6):
        place = mark.get_dest()
        index = None if place is None else place.get_index()
        title = _folded(mark.get_title())
        if index is not None and title:
            found.setdefault(index, {})[title] = mark.level + 1
    return found


def _folded(title: str) -> str:
    return " ".join(texts.words(texts.normalise(title).lower()))


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as the page shows it."""

    text: str
    size: float
    """Height of its type in points, after every scaling; 0 where that is unknown."""
    y: float
    """Height of its baseline above the foot of the page."""


def _lines(page: pypdfium2.PdfPage) -> list[_Line]:
    """The lines of a page in the order of its text, without those off the sheet."""
    layer = page.get_textpage()
    left, bottom, right, top = page.get_bbox()
    left, bottom, right, top = left - EDGE, bottom - EDGE, right + EDGE, top + EDGE
    found = []
    for first, text in _runs(layer):
        kept = [i for i, c in enumerate(text) if not c.isspace()]
        if not kept:
            continue
        sampled = [first + i for i in (kept[0], kept[len(kept) // 2], kept[-1])]
        places = [_origin(layer, i) for i in sampled]
        if not any(left <= x <= right and bottom <= y <= top for x, y in places):
            continue
        size = statistics.median(_size(layer, i) for i in sampled)
        clean = texts.question(_HYPHENS.sub("-", text))
        found.append(_Line(clean, size, places[0][1]))
    return found


def _runs(layer: pypdfium2.PdfTextPage) -> Iterator[tuple[int, str]]:
    """Each line with the index of its first character."""
    line: list[str] = []
    count = layer.count_chars()
    for i in range(count):
        code = raw.FPDFText_GetUnicode(layer, i)
        char = chr(code) if code < 0x110000 else "\ufffd"
        if char in "\r\n" or char in BROKEN:
            yield i - len(line), "".join(line) + "-" * (char in BROKEN)
            line = []
        else:
            line.append(char)
    yield count - len(line), "".join(line)


def _origin(layer: pypdfium2.PdfTextPage, i: int) -> tuple[float, float]:
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(layer, i, x, y)
    return x.value, y.value


def _size(layer: pypdfium2.PdfTextPage, i: int) -> float:
    """The size of a character's font times what the text's matrix scales it by."""
    matrix = raw.FS_MATRIX()
    if not raw.FPDFText_GetMatrix(layer, i, matrix):
        return 0.0
    return float(raw.FPDFText_GetFontSize(layer, i) * math.hypot(matrix.c, matrix.d))


def _blocks(lines: Sequence[_Line], outline: dict[str, int]) -> Iterator[blocks.Block]:
    usual = statistics.median(line.size for line in lines for _ in line.text)
    runs = list(_alike(lines, LARGER * usual))
    if runs[-1][0].size > LARGER * usual and runs[-1][0].y >= max(x.y for x in lines):
        runs = runs[-1:] + runs[:-1]  # drawn last, but it stands on top of the page
    for run in runs:
        text = " ".join(line.text for line in run)
        if run[0].size <= LARGER * usual:
            yield from _paragraphs(run, outline)
        elif len(texts.words(text)) <= HEADING_WORDS:
            large = 1 if run[0].size >= LARGEST * usual else 2
            yield blocks.Block(text, outline.get(_folded(text), large))
        else:
            yield blocks.Block(text)


def _alike(lines: Sequence[_Line], limit: float) -> Iterator[list[_Line]]:
    """Runs of ordinary lines, and of large ones that are one heading together."""
    run: list[_Line] = []
    for line in lines:
        # A large initial or a large figure is no heading.
        letters = sum(c.isalpha() for c in line.text)
        size = line.size if letters > LEAST_LETTERS else min(line.size, limit)
        line = _Line(line.text, size, line.y)
        if run and not _belongs(line, run[-1], limit):
            yield run
            run = []
        run.append(line)
    yield run


def _belongs(line: _Line, before: _Line, limit: float) -> bool:
    if max(line.size, before.size) <= limit:
        return True
    near = abs(before.y - line.y) < APART * line.size
    return near and math.isclose(line.size, before.size, rel_tol=0.02)


def _paragraphs(
    lines: Sequence[_Line], outline: dict[str, int]
) -> Iterator[blocks.Block]:
    gaps = [a.y - b.y for a, b in pairwise(lines) if a.y - b.y > 1]
    far = GAP * statistics.median(gaps) if gaps else math.inf
    longest = max(len(line.text) for line in lines)
    held = ""
    for i, line in enumerate(lines):
        level = outline.get(_folded(line.text), 0)
        parted = i > 0 and lines[i - 1].y - line.y > far
        if held and (level or _starts(line.text, held, parted=parted)):
            yield blocks.Block(held)
            held = ""
        after = lines[i + 1].text if i + 1 < len(lines) else ""
        alone = not held and _titles(line.text, after)
        held = _appended(held, line.text)
        if level or alone or _closes(line.text, longest):
            yield blocks.Block(held, level)
            held = ""
    if held:
        yield blocks.Block(held)


def _starts(line: str, held: str, *, parted: bool) -> bool:
    """Whether a line begins a paragraph: an item, or parted from a whole sentence."""
    goes_on = line[:1].islower() and not _ENDS.search(held)
    return blocks.is_item(line) or (parted and not goes_on)


def _titles(line: str, after: str) -> bool:
    """Whether a line stands over the next one rather than running on into it."""
    short = len(line) < SHORT * len(after)
    return short and not after[:1].islower() and blocks.heading_level(line) > 0


def _closes(line: str, longest: int) -> bool:
    return bool(_ENDS.search(line)) and len(line) < SHORT * longest


def _appended(held: str, line: str) -> str:
    """The next line put after what is held, a word cut by a hyphen made whole."""
    if not _HYPHEN.search(held):
        return f"{held} {line}".strip()
    cut = line[:1].islower() and held[-2].islower()
    return (held[:-1] if cut else held) + line
