"""a saved web page -> one page of plain text: main content only, headings kept.

trafilatura finds the content; nothing the page refers to is ever fetched.
"""

import trafilatura
from trafilatura.settings import use_config

from askreport import text as texts
from askreport.ingest.documents import markdown
from askreport.ingest.documents.found import Described, Found
from askreport.types import Page

BRIEF = 1000
"""Characters. Where trafilatura finds little it takes the whole page, menus and all; on
a page this brief little is what there is, so what it found first is preferred."""


def read(text: str) -> Found:
    """One unnumbered page; none where the file has no main content."""
    return Found(_pages(text), said=described(text))


def _pages(text: str) -> tuple[Page, ...]:
    found = _extracted(text)
    if len(found) < BRIEF:
        found = _extracted(text, least=1) or found
    return markdown.pages(found, written=False) if found else ()


def _extracted(text: str, least: int = 250) -> str:
    """The content as Markdown; less than `least` characters of it are not believed."""
    config = use_config()
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", str(least))
    found = trafilatura.extract(
        text,
        output_format="markdown",
        include_comments=False,
        include_tables=True,
        include_formatting=True,
        favor_recall=True,
        config=config,
    )
    return found or ""


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
