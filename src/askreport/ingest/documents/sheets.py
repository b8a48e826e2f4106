"""a page of a PDF -> its words, each where it stands on the sheet, in runs of a line.

PDFium gives characters in the order in which a program drew them. What they say is
taken here; in which order they are read is `reading_order`'s business.
"""

import ctypes
import math
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from itertools import repeat
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

_BOLD = re.compile(rb"bold|black|heavy|demi|semibd", re.IGNORECASE)
_LIGATURES = {
    0xFB00 + i: letters
    for i, letters in enumerate(("ff", "fi", "fl", "ffi", "ffl", "st", "st"))
}
_HYPHENS = re.compile("[\u00ad\u2010]$")

_DECLARED = """
typedef struct { float left, top, right, bottom; } RECT;
typedef struct { float a, b, c, d, e, f; } MATRIX;
typedef struct { char said[64]; } NAME;
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
Whole = NDArray[np.int64]


@dataclass(slots=True)
class Run:
    """Words that follow each other on one line with no wide gap between them.

    Not frozen: pages are read at the pace of plain extraction, and there are a hundred
    runs on one.
    """

    first: int
    last: int
    """The words: `Sheet.words[first:last]`."""
    text: str
    """The words with blanks between them."""
    left: float
    top: float
    right: float
    bottom: float
    size: float
    """Height of the type in points, after every scaling; 0 where that is unknown."""
    bold: bool
    level: bool = True
    """Whether it goes from left to right rather than up, down or aslant."""

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
class _Type:
    """Of some characters: their sizes as shown, weights, and which way they go."""

    size: Floats
    bold: NDArray[np.bool_]
    across: Floats
    up: Floats


@dataclass(frozen=True, slots=True)
class _Letters:
    """What words are made of."""

    words: Sequence[str]
    lines: Whole
    """The number of the line that each stands on."""
    starts: Whole
    """The first character of each."""
    type_: Callable[[Whole], _Type]
    """How characters are set."""


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
    edges = _shown(measured, box, turned)
    kept = _kept(words, edges, wide, tall)
    if not kept.all():
        places = np.flatnonzero(kept).tolist()
        words, spans = [words[i] for i in places], spans[kept]
        edges, lines = edges[:, kept], lines[kept]
    letters = _Letters(words, lines, spans[:, 0], partial(_type, layer))
    runs = _runs(edges, letters, turned)
    if sum(run.last - run.first for run in runs if not run.level) * 2 > len(words):
        # A wide table on an upright sheet, to be read with the sheet turned.
        set_ = letters.type_(letters.starts[len(words) // 2 :][:1])
        rise = math.atan2(set_.up[0], set_.across[0])
        more = round(math.degrees(rise) / 90) * 90 % 360
        runs = _runs(_shown(measured[:, kept], box, more), letters, more)
    return Sheet(wide, tall, words, edges.T, runs)


def _words(text: str) -> tuple[list[str], Whole, Whole]:
    """The words, the characters of each, and the number of the line it stands on.

    A word ends at a blank or after a hyphen that breaks it.
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    said = _inked().take(codes, mode="clip")
    cut = (codes == 0x02) | (codes == 0xFFFE) if _broken(text) else None
    ended = ~said if cut is None else ~said | cut
    edge = np.ones(1, dtype=bool)
    firsts = np.flatnonzero(said & np.concatenate([edge, ended[:-1]]))
    after = np.concatenate([~said[1:], edge])
    lasts = np.flatnonzero(said & (after if cut is None else after | cut)) + 1
    spans = np.stack([firsts, lasts], axis=1)
    breaks = np.flatnonzero(codes == ord("\n"))
    if cut is None:
        words = text.split()
    else:
        words = [text[start:end] for start, end in spans.tolist()]
        halves = np.flatnonzero(cut[lasts - 1])
        spans[halves, 1] = np.maximum(firsts[halves] + 1, lasts[halves] - 1)
        breaks = np.sort(np.concatenate([breaks, lasts[halves] - 1]))
        for i in halves.tolist():
            words[i] = words[i][:-1] + "-"
    if not text.isascii():
        words = [word if word.isascii() else _clean(word) for word in words]
    return words, spans, np.searchsorted(breaks, firsts)


def _broken(text: str) -> bool:
    return any(mark in text for mark in BROKEN)


@cache
def _inked() -> NDArray[np.bool_]:
    """Which characters do not part words; all later ones are like the last."""
    return np.array([not chr(code).isspace() for code in range(0x3002)])


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


def _measured(layer: pypdfium2.PdfTextPage, spans: Whole) -> Floats:
    """Left, bottom, right and top of the words, as the page counts them: a row each."""
    calls, handle = _calls(), _handle(layer)
    count = len(spans)
    at: list[int] = np.concatenate([spans[:, 0], spans[:, 1] - 1]).tolist()
    found, places = _room("RECT", len(at))
    # The loop over a thousand letters runs in C.
    tell = calls.FPDFText_GetLooseCharBox
    deque(map(tell, repeat(handle), at, places), maxlen=0)
    raw_ = np.frombuffer(calls.ffi.buffer(found, 16 * len(at)), np.float32)
    ends = raw_.reshape(-1, 4).T[[0, 3, 2, 1]].astype(np.float64)
    high = ends[3] - ends[1]
    usual = (high > 0) & (high < TALLEST) & (ends[2] >= ends[0])
    if not usual.all():
        for i in np.flatnonzero(~usual).tolist():
            ends[:, i] = _tight(layer, at[i])
    first, last = ends[:, :count], ends[:, count:]
    low, top = np.minimum(first[:2], last[:2]), np.maximum(first[2:], last[2:])
    return np.concatenate([low, top])


def _room(kind: str, count: int) -> tuple[Any, list[Any]]:
    """Room for so many structures or more, and where each goes; used again for page
    after page, which PDFium lets only one thread read at a time.
    """
    return _rooms(kind, (count | 0x3FF).bit_length())


@lru_cache(maxsize=6)
def _rooms(kind: str, bits: int) -> tuple[Any, list[Any]]:
    found = _calls().ffi.new(f"{kind}[]", 1 << bits)
    return found, [found + i for i in range(1 << bits)]


def _tight(layer: pypdfium2.PdfTextPage, i: int) -> tuple[float, ...]:
    calls = _calls()
    a, b, c, d = (calls.ffi.new("double*") for _ in range(4))
    calls.FPDFText_GetCharBox(_handle(layer), i, a, c, b, d)
    return a[0], b[0], c[0], d[0]


def _shown(measured: Floats, box: Sequence[float], turned: int) -> Floats:
    """Left, top, right and bottom as the page is shown: from its top left, after it was
    turned.
    """
    left, bottom, right, top = box
    a, b, c, d = measured
    if turned == 90:
        return np.array((b - bottom, a - left, d - bottom, c - left))
    if turned == 180:
        return np.array((right - c, b - bottom, right - a, d - bottom))
    if turned == 270:
        return np.array((top - d, right - c, top - b, right - a))
    return np.array((a - left, top - d, c - left, top - b))


def _kept(
    words: Sequence[str], edges: Floats, wide: float, tall: float
) -> NDArray[np.bool_]:
    """Which words say something and lie on the sheet."""
    a, b, c, d = edges
    there = (c > -EDGE) & (d > -EDGE) & (a < wide + EDGE) & (b < tall + EDGE)
    if all(words):
        return np.asarray(there)
    return np.asarray(there & np.array([bool(word) for word in words], dtype=bool))


def _runs(edges: Floats, letters: _Letters, turned: int) -> tuple[Run, ...]:
    words, lines = letters.words, letters.lines
    if not words:
        return ()
    left, top, right, bottom = edges
    high = bottom - top
    gap = left[1:] - right[:-1]
    far = WIDE * np.minimum(high[1:], high[:-1])
    middle = (top + bottom) / 2
    off = np.abs(middle[1:] - middle[:-1]) > np.maximum(high[1:], high[:-1]) / 2
    cut = (lines[1:] != lines[:-1]) | (gap > far) | (gap < -high[1:]) | off
    firsts = np.concatenate([[0], np.flatnonzero(cut) + 1])
    lasts = np.concatenate([firsts[1:], [len(words)]])
    low = np.minimum.reduceat(edges[:2], firsts, axis=1)
    most = np.maximum.reduceat(edges[2:], firsts, axis=1)
    set_ = letters.type_(letters.starts[(firsts + lasts) // 2])
    along, rise = _direction(set_, turned)
    level = np.abs(rise) <= ASLANT * along
    first, last, *more = (
        column.tolist()
        for column in (firsts, lasts, *low, *most, set_.size, set_.bold, level)
    )
    texts_ = [" ".join(words[a:b]) for a, b in zip(first, last, strict=True)]
    return tuple(map(Run, first, last, texts_, *more))


def _direction(set_: _Type, turned: int) -> tuple[Floats, Floats]:
    """How far to the right and how far up text goes, once the page is turned."""
    upright = turned % 180 == 0
    along, rise = (set_.across, set_.up) if upright else (set_.up, set_.across)
    return (along, rise) if turned < 180 else (-along, rise)


def _type(layer: pypdfium2.PdfTextPage, letters: Whole) -> _Type:
    """How some characters are set, in their order."""
    calls, handle = _calls(), _handle(layer)
    these: list[int] = letters.tolist()
    held, places = _room("MATRIX", len(these))
    told = map(calls.FPDFText_GetMatrix, repeat(handle), these, places)
    known = np.fromiter(told, bool, len(these))
    raw_ = np.frombuffer(calls.ffi.buffer(held, 24 * len(these)), np.float32)
    a, b, c, d = raw_.reshape(-1, 6).astype(np.float64).T[:4]
    size, weight = (
        np.fromiter(map(call, repeat(handle), these), np.float64, len(these))
        for call in (calls.FPDFText_GetFontSize, calls.FPDFText_GetFontWeight)
    )
    # Type of a negative size is upright where its matrix turns it upside down.
    way = np.where(size < 0, -1.0, 1.0)
    return _Type(
        np.where(known, np.abs(size) * np.hypot(c, d), 0.0),
        known & ((weight >= HEAVY) | _bold_by_name(layer, these)),
        np.where(known, a * way, 1.0),
        np.where(known, b * way, 0.0),
    )


def _bold_by_name(
    layer: pypdfium2.PdfTextPage, letters: Sequence[int]
) -> NDArray[np.bool_]:
    """Whether what characters are set in is called bold."""
    calls, handle = _calls(), _handle(layer)
    held, places = _room("NAME", len(letters))
    said = np.frombuffer(calls.ffi.buffer(held, 64 * len(letters)), "S64")
    said.fill(b"")
    rest = (letters, places, repeat(63), repeat(calls.ffi.new("int*")))
    deque(map(calls.FPDFText_GetFontInfo, repeat(handle), *rest), maxlen=0)
    return np.array([_called_bold(name) for name in said.tolist()], dtype=bool)


@lru_cache(maxsize=512)
def _called_bold(name: bytes) -> bool:
    return bool(_BOLD.search(name))


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
