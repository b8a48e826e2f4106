"""a listed file -> a Document by the reader of its format, or the reason why not.

Files are hostile until read: sizes are bounded, nothing is executed or fetched, and
every failure is a SourceUnreadable that names the file, so that one bad file costs
itself only.
"""

import codecs
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from charset_normalizer import from_bytes

from askreport import errors
from askreport.ingest.documents import html, markdown, pdf, plain
from askreport.types import Document, Page, Source

MOST_BYTES = 256 * 2**20
"""A larger file is refused: a report of a thousand pages takes a tenth of it."""

MARKS = (
    (
        codecs.BOM_UTF32_LE,
        "utf-32",
    ),  # begins like the mark of UTF-16, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
"""Byte order marks and what they stand for."""

SAMPLE = 2**16
"""As much of a file as is looked at to tell what it is."""

FEW_HIGH = 0.2
"""Fewer bytes above ASCII than this is text in Latin letters: French has 0.05."""

MOST_CONTROL = 0.01
"""More control characters than this is no text; a stray one happens."""

_DECLARED = re.compile(
    rb"<meta[^>]+charset\s*=\s*[\"']?([A-Za-z0-9_-]+)", re.IGNORECASE
)

TEXTS: dict[str, Callable[[str], tuple[Page, ...]]] = {
    ".md": markdown.read,
    ".markdown": markdown.read,
    ".txt": plain.read,
    ".text": plain.read,
    ".html": html.read,
    ".htm": html.read,
}
"""Formats that are text underneath, by file ending."""

ENDINGS = frozenset([*TEXTS, ".pdf"])
"""Every file ending that has a reader."""


def read(source: Source, path: Path, *, titled: bool) -> Document:
    """The document in `path`, described by itself where the catalogue is silent.

    Raises SourceUnreadable if the file yields no text at all.
    """
    _check(path)
    if path.suffix.lower() == ".pdf":
        found = pdf.read(path, source=source.id)
        if not titled and found.title:
            source = replace(source, title=found.title)
        return _document(Document(source, found.pages, found.unread), path)
    text = _decoded(path)
    pages = tuple(TEXTS[path.suffix.lower()](text))
    said = _described(path, text, pages)
    source = replace(
        source,
        title=source.title if titled else said.title or source.title,
        publisher=source.publisher or said.publisher,
        date=source.date or said.date,
    )
    return _document(Document(source, pages), path)


def _document(document: Document, path: Path) -> Document:
    pages = tuple(page for page in document.pages if page.text)
    if not pages:
        raise errors.SourceUnreadable(
            f"{path.name} holds no text that can be read",
            hint="scans need a text layer (OCR); otherwise check the file is not empty",
        )
    return replace(document, pages=pages)


def _check(path: Path) -> None:
    if path.suffix.lower() not in ENDINGS:
        raise errors.SourceUnreadable(
            f"{path.name}: no reader for {path.suffix or 'files without an ending'}",
            hint="convert it to PDF, Markdown, HTML or plain text",
        )
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise errors.SourceUnreadable(
            f"{path.name} cannot be opened: {error.strerror}",
            hint="check that the file exists and that you may read it",
        ) from error
    if size == 0:
        raise errors.SourceUnreadable(
            f"{path.name} is empty", hint="put the document back or remove the file"
        )
    if size > MOST_BYTES:
        raise errors.SourceUnreadable(
            f"{path.name} is larger than {MOST_BYTES // 2**20} MiB",
            hint="split it into parts",
        )


def _decoded(path: Path) -> str:
    """The file's text: as its first bytes say, else UTF-8, else the likeliest encoding.

    A short text tells a statistical guesser nothing (it reads a pound sign as Polish or
    Arabic), so mostly plain letters with a few others are taken for Windows-1252 first.
    """
    raw = path.read_bytes()
    marked = next((name for mark, name in MARKS if raw.startswith(mark)), None)
    if marked is None and b"\x00" in raw:
        marked = _unmarked_wide(raw)
    for encoding in [marked] if marked else ["utf-8", *_likely(raw)]:
        try:
            return _text(raw.decode(encoding), path)
        except (UnicodeError, LookupError):
            continue
    best = None if marked else from_bytes(raw).best()
    if best is None:
        raise errors.SourceUnreadable(
            f"{path.name} is in no known text encoding", hint="save it as UTF-8"
        )
    return _text(str(best), path)


def _unmarked_wide(raw: bytes) -> str | None:
    """UTF-16 without a mark: in European text every other byte is zero."""
    first, second = raw[:SAMPLE:2].count(0), raw[1:SAMPLE:2].count(0)
    if min(first, second) > 0 or first + second < len(raw[:SAMPLE]) / 4:
        return None
    return "utf-16-be" if first else "utf-16-le"


def _likely(raw: bytes) -> list[str]:
    """The encoding a web page declares, and Windows-1252 where few bytes are high."""
    declared = _DECLARED.search(raw[:2048])
    found = [declared.group(1).decode("ascii").lower()] if declared else []
    if found and found[0] in ("iso-8859-1", "latin1", "ascii", "us-ascii"):
        found = ["cp1252"]  # as browsers do: https://encoding.spec.whatwg.org
    high = sum(byte >= 0x80 for byte in raw[:SAMPLE])
    if high < FEW_HIGH * len(raw[:SAMPLE]):
        found.append("cp1252")
    return found


def _text(text: str, path: Path) -> str:
    """The text, unless it is full of control characters, as no text is."""
    sample = text[:SAMPLE]
    odd = sum(ord(c) < 0x20 and c not in "\t\n\v\f\r" for c in sample)
    if sample.startswith("%PDF-") or odd > MOST_CONTROL * len(sample):
        raise errors.SourceUnreadable(
            f"{path.name} is binary, not text",
            hint="give it the ending of its real format",
        )
    return text


def _described(path: Path, text: str, pages: tuple[Page, ...]) -> html.Described:
    """What the file says of itself: a web page's metadata, else its first heading.

    In plain text headings are guesses, and only one that stands alone is a title.
    """
    ending = path.suffix.lower()
    if ending in (".html", ".htm"):
        return html.described(text)
    tops = [h.text for page in pages for h in page.headings if h.level == 1]
    plainly = ending in (".md", ".markdown") or len(tops) == 1
    return html.Described(tops[0] if tops and plainly else None, None, None)
