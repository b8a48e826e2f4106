"""a listed file -> a Document by the reader of its format, or the reason why not.

Files are hostile until read: sizes are bounded, nothing is executed or fetched, and
every failure is a SourceUnreadable that names the file, so that one bad file costs
itself only.
"""

import codecs
import importlib
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from charset_normalizer import from_bytes

from askreport import errors
from askreport.ingest.documents.found import Described, Found
from askreport.types import Document, Page, Source, Unread

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

TEXTS = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "plain",
    ".text": "plain",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".csv": "cells.separated",
    ".tsv": "cells.separated",
}
"""Formats that are text underneath, by file ending: the module that reads each, and the
function in it if that is not `read`."""

OTHERS = {
    ".docx": "docx",
    ".odt": "odt",
    ".pptx": "pptx",
    ".xlsx": "cells.workbook",
    ".eml": "eml",
}
"""Formats that come as bytes, likewise."""

ENDINGS = frozenset([*TEXTS, *OTHERS, ".pdf"])
"""Every file ending that has a reader."""

INSTEAD = {
    ".doc": "open it in a word processor and save it as .docx or PDF",
    ".rtf": "open it in a word processor and save it as .docx or PDF",
    ".pages": "export it as PDF",
    ".xls": "open it in a spreadsheet program and save it as .xlsx",
    ".ods": "open it in a spreadsheet program and save it as .xlsx",
    ".xlsb": "open it in a spreadsheet program and save it as .xlsx",
    ".ppt": "open it in a presentation program and save it as .pptx or PDF",
    ".odp": "open it in a presentation program and save it as .pptx or PDF",
    ".msg": "open it in a mail program and save it as .eml",
    ".epub": "convert it to PDF or HTML",
    ".zip": "unpack it and put the documents in it into sources/",
    ".png": "put it into a PDF, which is read by OCR",
    ".jpg": "put it into a PDF, which is read by OCR",
    ".jpeg": "put it into a PDF, which is read by OCR",
    ".tif": "put it into a PDF, which is read by OCR",
    ".tiff": "put it into a PDF, which is read by OCR",
}
"""What to do about formats that have no reader."""

Tell = Callable[[int, int], None]
"""Told how many pages are done, of how many."""


def read(
    source: Source,
    path: Path,
    *,
    titled: bool,
    passwords: Sequence[str] = (),
    tell: Tell = lambda done, total: None,
) -> Document:
    """The document in `path`, described by itself where the catalogue is silent.

    `passwords` are tried if it wants one. Raises SourceUnreadable if the file yields no
    text at all.
    """
    _check(path)
    found = _found(path, passwords, tell)
    pages = tuple(page for page in found.pages if page.text)
    if not pages:
        raise errors.SourceUnreadable(
            f"{path.name} holds no text that can be read",
            hint="scans need a text layer (OCR); otherwise check the file is not empty",
        )
    missed = tuple(Unread(source.id, m.page, m.reason) for m in found.missed)
    return Document(_known(source, found.said, titled=titled), pages, missed)


def opened(source: Source, path: Path, passwords: Sequence[str]) -> Document:
    """A document of no pages, with something unread if a password opened the file.

    Raises SourceUnreadable if none does.
    """
    from askreport.ingest.documents import pdf

    _check(path)
    try:
        pdf.opened(path).close()
    except errors.SourceUnreadable:
        pdf.opened(path, passwords).close()
        return Document(source, (), (Unread(source.id, None, "opened"),))
    return Document(source, ())


def _found(path: Path, passwords: Sequence[str], tell: Tell) -> Found:
    """By the module of the format, which is imported when first needed."""
    ending = path.suffix.lower()
    if ending == ".pdf":
        from askreport.ingest.documents import pdf

        return pdf.read(path, passwords=passwords, tell=tell)
    name, _, verb = (TEXTS.get(ending) or OTHERS[ending]).partition(".")
    module = importlib.import_module(f"askreport.ingest.documents.{name}")
    given = _decoded(path) if ending in TEXTS else path
    found: Found = getattr(module, verb or "read")(given)
    if found.said.title is None and name in ("markdown", "plain", "docx", "odt"):
        title = _heading(name, found.pages)
        found = replace(found, said=replace(found.said, title=title))
    return found


def _heading(name: str, pages: Sequence[Page]) -> str | None:
    """The first top-level heading.

    In plain text headings are guesses, and only one that stands alone is a title.
    """
    tops = [h.text for page in pages for h in page.headings if h.level == 1]
    return tops[0] if tops and (name != "plain" or len(tops) == 1) else None


def _known(source: Source, said: Described, *, titled: bool) -> Source:
    """The source with what the file says of itself where the catalogue is silent."""
    return replace(
        source,
        title=source.title if titled else said.title or source.title,
        publisher=source.publisher or said.publisher,
        date=source.date or said.date,
        author=source.author or said.author,
        url=source.url or said.url,
    )


def _check(path: Path) -> None:
    if path.suffix.lower() not in ENDINGS:
        raise errors.SourceUnreadable(
            f"{path.name}: no reader for {path.suffix or 'files without an ending'}",
            hint=INSTEAD.get(
                path.suffix.lower(), "convert it to PDF, Markdown, HTML or plain text"
            ),
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
