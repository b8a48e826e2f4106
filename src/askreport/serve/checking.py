"""a Generation -> what each document yielded, and what is worth looking at.

For whoever keeps the shelf: a citation is only as good as the text under it.
"""

import re
import unicodedata
from dataclasses import dataclass

from askreport import likeness
from askreport import text as texts
from askreport.generation.opened import Generation
from askreport.types import Document, Page

MOST_ODD = 0.02
"""Of a page's characters may be none that print: a font without names for its letters
yields nothing else."""

LEAST_VOICED = 0.6
"""Of a page's longer words have a vowel: shifted letters have as many as chance."""

ENOUGH = 20
"""Words from which a page is judged."""

MOST_NAMED = 10
"""Pages that a line names."""

_WORD = re.compile(r"[A-Za-z]{4,}")


@dataclass(frozen=True, slots=True)
class Yield:
    """What a document came to."""

    id: str
    pages: int
    words: int
    tables: int
    ocr: float
    """Share of its pages that were read by OCR."""
    textless: tuple[int, ...]
    """Pages that hold no text."""
    suspicious: tuple[int, ...]
    """Pages whose text looks garbled."""
    near: tuple[str, ...]
    """Documents that say nearly the same."""


def check(generation: Generation) -> tuple[Yield, ...]:
    """Every document of the index, those that could not be read last."""
    runs = {
        d.source.id: likeness.runs("\n".join(p.text for p in d.pages))
        for d in generation.documents
    }
    found = []
    for document in (*generation.documents, *generation.unreadable):
        mine = runs.get(document.source.id, frozenset())
        near = tuple(
            name
            for name, other in runs.items()
            if name != document.source.id
            and likeness.shared(mine, other) >= likeness.ALIKE
        )
        found.append(_yield(document, near))
    return tuple(found)


def _yield(document: Document, near: tuple[str, ...]) -> Yield:
    pages = document.pages
    textless = tuple(u.page for u in document.unread if u.page is not None)
    return Yield(
        document.source.id,
        len(pages) + len(textless),
        sum(len(texts.words(page.text)) for page in pages),
        sum(len(page.tables) for page in pages),
        sum(page.ocr is not None for page in pages) / max(1, len(pages)),
        textless,
        tuple(page.number or i for i, page in enumerate(pages, 1) if garbled(page)),
        near,
    )


def garbled(page: Page) -> bool:
    """Whether a page's text looks as if its letters were mistaken for others."""
    letters = [c for c in page.text if not c.isspace()]
    odd = sum(c == "\ufffd" or unicodedata.category(c) in ("Co", "Cn") for c in letters)
    if odd > MOST_ODD * len(letters):
        return True
    words = _WORD.findall(page.text)
    voiced = sum(bool(re.search("[aeiouyAEIOUY]", word)) for word in words)
    return len(words) >= ENOUGH and voiced < LEAST_VOICED * len(words)


def told(found: tuple[Yield, ...]) -> str:
    """The yields in lines, what is worth looking at below each."""
    return "\n".join(line for one in found for line in _lines(one)) or "no documents"


def _lines(one: Yield) -> list[str]:
    counts = [
        texts.counted(one.pages, "page"),
        texts.counted(one.words, "word"),
        texts.counted(one.tables, "table"),
    ]
    if one.ocr:
        counts.append(f"{one.ocr:.0%} of pages by OCR")
    lines = [f"{one.id}: {', '.join(counts)}"]
    if one.textless:
        lines.append(f"    no text: page {_listed(one.textless)}")
    if one.suspicious:
        lines.append(f"    looks garbled: page {_listed(one.suspicious)}")
    if one.near:
        lines.append(f"    nearly the same: {', '.join(one.near)}")
    return lines


def _listed(pages: tuple[int, ...]) -> str:
    more = len(pages) - MOST_NAMED
    said = ", ".join(map(str, pages[:MOST_NAMED]))
    return f"{said} and {more} more" if more > 0 else said
