"""a page of a PDF -> its words, each where it stands on the sheet, in runs of a line.

PDFium gives characters in the order in which a program drew them. What they say is
taken here; in which order they are read is `reading_order`'s business.
"""

import ctypes
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

import cffi
import numpy as np
import pypdfium2
from numpy.typing import NDArray
from pypdfium2 import raw

from askreport import text as texts

BROKEN = "\x02\ufffe"
"""What PDFium puts for a hyphen and the line end after it."""

EDGE = 9
"""Points by which a word may lie off the sheet while its letters show on it."""

TALLEST = 600
"""Points. Fonts state heights that no letter has; the letter is then measured."""

WIDE = 0.9
"""Words that stand this much of their height apart belong to two runs."""

HEAVY = 600
"""The weight from which type is bold."""

ASLANT = 0.1
"""Text that rises by more than this share of its length is not level."""

_WORD = re.compile(rf"[^\s{BROKEN}]+[{BROKEN}]?|[{BROKEN}]")
_LINE = re.compile("\n")
_BOLD = re.compile(rb"bold|black|heavy|demi|semibd", re.IGNORECASE)
_LIGATURES = {
    0xFB00 + i: letters
    for i, letters in enumerate(("ff", "fi", "fl", "ffi", "ffl", "st", "st"))
}
_HYPHENS = re.compile("[\u00ad\u2010]$")

_DECLARED = """
typedef struct { float left, top, right, bottom; } RECT;
typedef struct { float a, b, c, d, e, f; } MATRIX;
"""
_KINDS = {
    "FPDFText_GetLooseCharBox": "int(*)(void*, int, RECT*)",
    "FPDFText_GetCharBox": "int(*)(void*, int, double*, double*, double*, double*)",
    "FPDFText_GetFontSize": "double(*)(void*, int)",
    "FPDFText_GetFontWeight": "int(*)(void*, int)",
    "FPDFText_GetMatrix": "int(*)(void*, int, MATRIX*)",
    "FPDFText_GetFontInfo": "unsigned long(*)(void*, int, void*, unsigned long, int*)",
    "FPDFText_GetUnicode": "unsigned int(*)(void*, int)",
}
"""The calls made a thousand times a page: cffi makes one in a third of the time of
ctypes."""

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Run:
    """Words that follow each other on one line with no wide gap between them.

    Not frozen: pages are read at the pace of plain extraction, and there are a hundred
    runs on one.
    """

    first: int
    last: int
    """The words: `Sheet.words[first:last]`."""
    left: float
    top: float
    right: float
    bottom: float
    size: float
    """Height of the type in points, after every scaling; 0 where that is unknown."""
    bold: bool
    level: bool = True
    """Whether it goes from left to right rather than up, down or aslant."""
    glued: bool = False
    """What follows belongs to its last word: an initial set large."""

    @property
    def height(self) -> float:
        """Of the tallest word."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """Half way down."""
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page's size, its words and their runs, in the order in which they were drawn.

    Points count from the top left corner of the sheet as it is shown.
    """

    width: float
    height: float
    words: Sequence[str]
    """A word broken at the end of a line ends in a hyphen."""
    boxes: Floats
    """Left, top, right and bottom of each word."""
    runs: tuple[Run, ...]
    """Placed as if the sheet were turned so that most of its text is level."""


@dataclass(frozen=True, slots=True)
class _Font:
    """Of a character: its size as shown, its weight, and which way it goes."""

    size: float
    bold: bool
    across: float = 1.0
    up: float = 0.0


def read(page: pypdfium2.PdfPage) -> Sheet:
    """The words of a page. Raises PdfiumError if it cannot be read."""
    layer = page.get_textpage()
    box = page.get_bbox()
    turned = page.get_rotation() % 360
    wide, tall = box[2] - box[0], box[3] - box[1]
    if turned in (90, 270):
        wide, tall = tall, wide
    words, spans, lines = _words(_characters(layer))
    measured = _measured(layer, spans)
    boxes = _shown(measured, box, turned)
    kept = _kept(words, boxes, wide, tall)
    if not kept.all():
        places = np.flatnonzero(kept).tolist()
        words, spans = [words[i] for i in places], [spans[i] for i in places]
        boxes, lines = boxes[kept], lines[kept]
    fonts = _fonts(layer)
    runs = _runs(boxes, lines, spans, fonts, turned)
    if sum(run.last - run.first for run in runs if not run.level) * 2 > len(words):
        # A wide table on an upright sheet, to be read with the sheet turned.
        set_ = fonts(spans[len(spans) // 2][0])
        more = round(math.degrees(math.atan2(set_.up, set_.across)) / 90) * 90 % 360
        level = _shown(measured[kept], box, more)
        runs = _runs(level, lines, spans, fonts, more)
    return Sheet(wide, tall, words, boxes, runs)


def _words(text: str) -> tuple[list[str], list[tuple[int, int]], NDArray[np.int64]]:
    """The words, the characters of each, and the number of the line it stands on."""
    found = list(_WORD.finditer(text))
    spans = [one.span() for one in found]
    words = [one.group() for one in found]
    breaks = [one.start() for one in _LINE.finditer(text)]
    if not (text.isascii() and "\x02" not in text):
        for i, word in enumerate(words):
            if word[-1] in BROKEN:
                start, end = spans[i]
                spans[i] = (start, max(start + 1, end - 1))
                breaks.append(end - 1)
                words[i] = word[:-1] + "-"
            elif not word.isascii():
                words[i] = _clean(word)
        breaks.sort()
    starts = np.array([start for start, _ in spans], dtype=np.int64)
    return words, spans, np.searchsorted(np.array(breaks, dtype=np.int64), starts)


def _clean(word: str) -> str:
    if any("\ud800" <= c <= "\udfff" for c in word):  # halves of one character
        word = word.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    word = _HYPHENS.sub("-", word.translate(_LIGATURES))
    return "".join(texts.normalise(word).split())


def _characters(layer: pypdfium2.PdfTextPage) -> str:
    """The page's text with exactly one character for each of PDFium's."""
    count = layer.count_chars()
    if count <= 0:
        return ""
    text: str = layer.get_text_range()
    if len(text) == count:
        return text
    get, handle = _calls().FPDFText_GetUnicode, _handle(layer)
    codes = (get(handle, i) for i in range(count))
    return "".join(chr(c) if 0 < c < 0x110000 else " " for c in codes)


def _measured(layer: pypdfium2.PdfTextPage, spans: Sequence[tuple[int, int]]) -> Floats:
    """Left, bottom, right and top of each word, as the page counts them."""
    calls, handle = _calls(), _handle(layer)
    loose = calls.FPDFText_GetLooseCharBox
    found = calls.ffi.new("RECT[]", 2 * len(spans) + 1)
    at = found + 0
    for start, end in spans:
        loose(handle, start, at)
        at += 1
        loose(handle, end - 1, at)
        at += 1
    size = 32 * len(spans)
    raw_ = np.frombuffer(calls.ffi.buffer(found, size), np.float32)
    ends = raw_.reshape(-1, 2, 4).astype(np.float64)[:, :, [0, 3, 2, 1]]
    high = ends[:, :, 3] - ends[:, :, 1]
    odd = ~((high > 0) & (high < TALLEST) & (ends[:, :, 2] >= ends[:, :, 0]))
    for i, which in np.argwhere(odd).tolist():
        ends[i, which] = _tight(layer, spans[i][0] if which == 0 else spans[i][1] - 1)
    low, top = ends[:, :, :2].min(axis=1), ends[:, :, 2:].max(axis=1)
    return np.concatenate([low, top], axis=1)


def _tight(layer: pypdfium2.PdfTextPage, i: int) -> tuple[float, ...]:
    calls = _calls()
    a, b, c, d = (calls.ffi.new("double*") for _ in range(4))
    calls.FPDFText_GetCharBox(_handle(layer), i, a, c, b, d)
    return a[0], b[0], c[0], d[0]


def _shown(boxes: Floats, box: Sequence[float], turned: int) -> Floats:
    """The boxes as the page is shown: from its top left, after it was turned."""
    left, bottom, right, top = box
    a, b, c, d = boxes.T
    if turned == 90:
        columns = (b - bottom, a - left, d - bottom, c - left)
    elif turned == 180:
        columns = (right - c, b - bottom, right - a, d - bottom)
    elif turned == 270:
        columns = (top - d, right - c, top - b, right - a)
    else:
        columns = (a - left, top - d, c - left, top - b)
    return np.stack(columns, axis=1)


def _kept(
    words: Sequence[str], boxes: Floats, wide: float, tall: float
) -> NDArray[np.bool_]:
    """Which words say something and lie on the sheet."""
    a, b, c, d = boxes.T
    there = (c > -EDGE) & (d > -EDGE) & (a < wide + EDGE) & (b < tall + EDGE)
    return np.asarray(there & np.array([bool(word) for word in words], dtype=bool))


def _runs(
    boxes: Floats,
    lines: NDArray[np.int64],
    spans: Sequence[tuple[int, int]],
    font: Callable[[int], _Font],
    turned: int,
) -> tuple[Run, ...]:
    if not len(boxes):
        return ()
    high = boxes[:, 3] - boxes[:, 1]
    gap = boxes[1:, 0] - boxes[:-1, 2]
    far = WIDE * np.minimum(high[1:], high[:-1])
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    off = np.abs(middle[1:] - middle[:-1]) > np.maximum(high[1:], high[:-1]) / 2
    cut = (lines[1:] != lines[:-1]) | (gap > far) | (gap < -high[1:]) | off
    firsts = np.concatenate([[0], np.flatnonzero(cut) + 1])
    low = np.minimum.reduceat(boxes[:, :2], firsts, axis=0).tolist()
    top = np.maximum.reduceat(boxes[:, 2:], firsts, axis=0).tolist()
    places = [*firsts.tolist(), len(boxes)]
    found = []
    for i, ((a, b), (c, d)) in enumerate(zip(low, top, strict=True)):
        first, last = places[i], places[i + 1]
        set_ = font(spans[(first + last) // 2][0])
        along, rise = _direction(set_, turned)
        level = abs(rise) <= ASLANT * along
        found.append(Run(first, last, a, b, c, d, set_.size, set_.bold, level))
    return tuple(found)


def _direction(font: _Font, turned: int) -> tuple[float, float]:
    """How far to the right and how far up text goes, once the page is turned."""
    upright = turned % 180 == 0
    along, rise = (font.across, font.up) if upright else (font.up, font.across)
    return (along, rise) if turned < 180 else (-along, rise)


def _fonts(layer: pypdfium2.PdfTextPage) -> Callable[[int], _Font]:
    """What tells the font of a character."""
    calls, handle = _calls(), _handle(layer)
    matrix = calls.ffi.new("MATRIX*")
    name = calls.ffi.new("char[]", 64)
    flags = calls.ffi.new("int*")
    bold_names: dict[bytes, bool] = {}

    def font(i: int) -> _Font:
        if not calls.FPDFText_GetMatrix(handle, i, matrix):
            return _Font(0.0, bold=False)
        size = calls.FPDFText_GetFontSize(handle, i)
        # Type of a negative size is upright where its matrix turns it upside down.
        way = -1.0 if size < 0 else 1.0
        size = abs(size) * math.hypot(matrix.c, matrix.d)
        across, up = matrix.a * way, matrix.b * way
        if calls.FPDFText_GetFontWeight(handle, i) >= HEAVY:
            return _Font(size, True, across, up)
        calls.FPDFText_GetFontInfo(handle, i, name, 63, flags)
        named = calls.ffi.string(name)
        if named not in bold_names:
            bold_names[named] = bool(_BOLD.search(named))
        return _Font(size, bold_names[named], across, up)

    return font


def _handle(layer: pypdfium2.PdfTextPage) -> Any:  # noqa: ANN401
    """The page's text as cffi's calls take it."""
    address = ctypes.cast(layer.raw, ctypes.c_void_p).value
    return _calls().ffi.cast("void*", address)


@cache
def _calls() -> Any:  # noqa: ANN401
    """PDFium's functions by name, as cffi calls them, and cffi itself as `ffi`."""
    ffi = cffi.FFI()
    ffi.cdef(_DECLARED)
    found = {
        name: ffi.cast(kind, ctypes.cast(getattr(raw, name), ctypes.c_void_p).value)
        for name, kind in _KINDS.items()
    }
    return SimpleNamespace(ffi=ffi, **found)
