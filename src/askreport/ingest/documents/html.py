"""a saved web page -> one page of plain text: main content only, headings kept.

trafilatura finds the content, after what plainly surrounds it was taken away; nothing
the page refers to is ever fetched.
"""

import re
from collections.abc import Iterator, Sequence

import trafilatura
from lxml.html import HtmlElement
from trafilatura.settings import use_config

from askreport import text as texts
from askreport.ingest.documents import blocks, fragments, trimmed
from askreport.ingest.documents.blocks import Block
from askreport.ingest.documents.found import Described, Found
from askreport.types import Page

BRIEF = 1000
"""Characters. Where trafilatura finds little it takes the whole page, menus and all; on
a page this brief little is what there is, so what it found first is preferred."""

LEAST = 0.4
"""Where trimming leaves less than this of what is found without it, it took content."""

LEAD = 60
"""So many characters of a page's description tell its first paragraph."""

LEADS = 600
"""Characters of the longest first paragraph."""

ENDING = 4
"""Last paragraphs that may say when the page was made rather than what it is about."""

_STAMP = re.compile(
    r"^.{0,60}\b(?:last (?:modified|updated|changed)|"
    r"letzte (?:änderung|aktualisierung)|dernière (?:modification|mise à jour)|"
    r"title ?image|titelbild|bildquelle|photo by|foto|image credit|©)\s*:?.{0,80}$",
    re.IGNORECASE,
)
_CAPTION = re.compile(r"^(?!.*[.!?]\s.*[.!?]\s).{0,160}(?:©|\(c\))\s*[A-Z].{0,60}$")


def read(text: str) -> Found:
    """One unnumbered page; none where the file has no main content."""
    said = described(text)
    return Found(_pages(text), said=said)


def _pages(text: str) -> tuple[Page, ...]:
    found = tuple(_content(text))
    return (blocks.page(found),) if found else ()


def _content(text: str) -> list[Block]:
    plain = _extracted(text)
    tree = trafilatura.load_html(text)
    if tree is None:
        return plain
    lead = _lead(tree)
    less = _extracted(trimmed.trim(tree))
    found = less if _size(less) >= LEAST * _size(plain) else plain
    if _size(found) < BRIEF:
        found = _extracted(text, least=1) or found
    return _with(lead, list(_without_stamps(found)))


def _size(found: Sequence[Block]) -> int:
    return sum(len(block.text) for block in found)


def _extracted(page: str | HtmlElement, least: int = 250) -> list[Block]:
    """The content; less than `least` characters of it are not believed."""
    config = use_config()
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", str(least))
    found = trafilatura.extract(
        page,
        output_format="html",
        include_comments=False,
        include_tables=True,
        include_formatting=True,
        favor_precision=True,
        config=config,
    )
    return list(fragments.blocks(found or ""))


def _lead(tree: HtmlElement) -> str:
    """The first paragraph, which stands apart on many pages: where the words that the
    page describes itself with are shown.
    """
    start = _folded(_described_as(tree))[:LEAD]
    if len(start) < LEAD:
        return ""
    for element in tree.iter("p", "div", "h2", "h3", "strong", "span"):
        shown = trimmed.said(element)
        if len(shown) <= LEADS and _folded(shown).startswith(start):
            return shown
    return ""


def _described_as(tree: HtmlElement) -> str:
    for element in tree.iter("meta"):
        name = element.get("name") or element.get("property") or ""
        if name.lower() in ("description", "og:description"):
            return element.get("content") or ""
    return ""


def _with(lead: str, found: list[Block]) -> list[Block]:
    """The content with the lead before it, unless it is there."""
    start = _folded(lead)[:LEAD]
    if not start or not found:
        return found
    if any(start in _folded(block.text) for block in found):
        return found
    at = 1 if found[0].level == 1 else 0
    return [*found[:at], Block(lead), *found[at:]]


def _folded(text: str) -> str:
    return " ".join(texts.words(texts.normalise(text).lower()))


def _without_stamps(found: Sequence[Block]) -> Iterator[Block]:
    """The content without the lines that say whose the pictures are, and when the page
    was changed.
    """
    found = [block for block in found if block.text.strip()]
    for i, block in enumerate(found):
        if i >= len(found) - ENDING and _STAMP.match(block.text):
            return
        if not _CAPTION.match(block.text):
            yield block


def described(text: str) -> Described:
    """What the page's metadata says; None for what it does not."""
    found = trafilatura.extract_metadata(text)
    return Described(
        texts.question(found.title or "") or None,
        texts.question(found.sitename or "") or None,
        found.date or None,
        texts.question(found.author or "") or None,
        texts.question(found.url or "") or None,
    )
