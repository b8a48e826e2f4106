"""documents as they were read -> whether their passages stand where they say.

Text at its span, and for a PDF the text inside its rectangles, extracted anew.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2

from askreport import rectangles
from askreport.ingest import passages
from askreport.ingest.documents import html
from askreport.types import Document, Page, Passage, Rectangle

SAMPLE = 1000
"""Passages whose offsets and rectangles are checked."""


@dataclass(frozen=True, slots=True)
class Read:
    """A file and what was read of it."""

    path: Path
    document: Document
    password: str = ""


@dataclass(frozen=True, slots=True)
class Placing:
    """Of a sample of passages: how many, and how many were not as they must be."""

    passages: int
    moved: int
    """Whose text is not what stands at their span."""
    with_layout: int
    uncovered: int
    """Of those with rectangles, whose words were not all found inside them."""


def check(read: Sequence[Read], most: int = SAMPLE) -> Placing:
    """Check random passages of all formats, alike many of each."""
    by: dict[str, list[tuple[Read, Passage]]] = defaultdict(list)
    for one in read:
        cut = passages.cut(one.document, passages.Cutting(), fits=lambda text: True)
        by[one.path.suffix] += [(one, passage) for passage in cut]
    picked = _picked(by, most)
    moved = placed = uncovered = 0
    for one, passage in picked:
        page = next(p for p in one.document.pages if p.number == passage.page)
        moved += page.text[passage.start : passage.end] != passage.text
        if page.layout is not None and page.ocr is None:
            placed += 1
            uncovered += not _covered(one, page, passage)
    return Placing(len(picked), moved, placed, uncovered)


def _picked(by: Mapping[str, list[Any]], most: int) -> list[Any]:
    chance = random.Random(7)  # noqa: S311
    for held in by.values():
        chance.shuffle(held)
    found: list[Any] = []
    while len(found) < most and any(by.values()):
        for held in by.values():
            if held and len(found) < most:
                found.append(held.pop())
    return found


def _covered(one: Read, page: Page, passage: Passage) -> bool:
    """Whether the text inside a passage's rectangles holds its letters."""
    lit = rectangles.of(page.layout, passage.start, passage.end)
    with pypdfium2.PdfDocument(one.path, password=one.password or None) as document:
        sheet = document[(page.number or 1) - 1]
        layer = sheet.get_textpage()
        inside = "".join(layer.get_text_bounded(*_page_box(sheet, r)) for r in lit)
    found = _letters(inside)
    wanted = _letters(passage.text)
    return (wanted - found).total() <= 0.02 * wanted.total()


def _letters(text: str) -> Counter[str]:
    folded = html._folded(text.translate(_LIGATURES))
    return Counter(c for c in folded if c.isalnum())


_LIGATURES = {0xFB00 + i: t for i, t in enumerate(("ff", "fi", "fl", "ffi", "ffl"))}


def _page_box(
    sheet: pypdfium2.PdfPage, lit: Rectangle
) -> tuple[float, float, float, float]:
    """A rectangle of the page as it is shown, as the page counts it."""
    left, bottom, right, top = sheet.get_bbox()
    a, b, c, d = lit.left, lit.top, lit.right, lit.bottom
    turned = sheet.get_rotation() % 360
    if turned == 90:
        return left + b, bottom + a, left + d, bottom + c
    if turned == 180:
        return right - c, bottom + b, right - a, bottom + d
    if turned == 270:
        return right - d, top - c, right - b, top - a
    return left + a, top - d, left + c, top - b
