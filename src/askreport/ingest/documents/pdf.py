"""a PDF -> its pages: number, printed label, text and where its words stand.

pypdfium2 (Apache-2.0 or BSD-3-Clause). Each page is read as the words on its sheet, put
into reading order and composed; what repeats on the edges of the sheets is left out.
"""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pypdfium2
from pypdfium2 import raw

from askreport import errors
from askreport import text as texts
from askreport.ingest.documents import (
    composed,
    furniture,
    ocr,
    reading_order,
    sheets,
)
from askreport.ingest.documents.composed import Known
from askreport.ingest.documents.found import Described, Found, Missed
from askreport.ingest.documents.sheets import Sheet
from askreport.types import Page

TOGETHER = 64
"""Pages looked at together for what repeats on them: enough for any running head, few
enough that a long report takes no more memory than a short one."""

STAMP_WORDS = 8
"""A page of fewer words may be a scan that was stamped or numbered."""

PICTURED = 0.5
"""A picture that covers more of a page than this is a scan of one."""

LOCKED = (
    "give it with --password, name a variable that holds it in the catalogue "
    "(password_env), or export it afresh without one"
)
"""What to do about a file that wants a password."""

NOBODY = ("anonymous", "unknown", "unspecified", "user", "administrator", "admin")
"""What programs put where they were told no author."""

_PROGRAM = re.compile(
    r"^(?:Microsoft (?:Word|PowerPoint|Excel) - )+|^untitled$", re.IGNORECASE
)
_FILE_NAME = re.compile(r"\.(?:pdf|docx?|pptx?|xlsx?|indd|qxp|rtf|tmp)$", re.IGNORECASE)
_DATE = re.compile(r"D?:?\s*((?:19|20)\d\d)(0[1-9]|1[0-2])?")

Tell = Callable[[int, int], None]
"""Told how many pages are done, of how many."""


def read(
    path: Path,
    *,
    passwords: Sequence[str] = (),
    scans: bool = True,
    tell: Tell = lambda done, total: None,
) -> Found:
    """Every page of the file; `scans`: those without text too, where they can be read.

    Raises SourceUnreadable if it does not open.
    """
    with opened(path, passwords) as document:
        return _pages(document, scans, tell)


def opened(path: Path, passwords: Sequence[str] = ()) -> pypdfium2.PdfDocument:
    """The open file. Raises SourceUnreadable, saying so if it wants a password."""
    for password in (None, *passwords):
        try:
            return pypdfium2.PdfDocument(path, password=password)
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower():
                continue
            raise errors.SourceUnreadable(
                f"{path.name} does not open as a PDF: the file is damaged or no PDF",
                hint="open it in a viewer; if it is damaged or locked, export it "
                "afresh",
            ) from error
    if passwords:
        raise errors.SourceUnreadable(
            f"{path.name} does not open as a PDF: the password given for it is wrong",
            hint="check the password, or export it afresh without one",
        )
    raise errors.SourceUnreadable(
        f"{path.name} does not open as a PDF: it needs a password", hint=LOCKED
    )


def _pages(document: pypdfium2.PdfDocument, scans: bool, tell: Tell) -> Found:
    outline = _outline(document)
    total = len(document)
    pages: list[Page] = []
    missed: list[Missed] = []
    for first in range(0, total, TOGETHER):
        together = range(first, min(first + TOGETHER, total))
        found: dict[int, Sheet] = {}
        for i in together:
            try:
                found[i] = _sheet(document, i)
            except pypdfium2.PdfiumError:
                missed.append(Missed(i + 1, "the page is damaged"))
            tell(i + 1, total)
        for i, composed_ in _composed(found, outline):
            page: Page | Missed = composed_
            if scans and (not composed_.text or _pictured(document, i, composed_)):
                page = _recognised(document, i, composed_)
                tell(i + 1, total)
            if isinstance(page, Missed):
                missed.append(page)
            elif page.text:
                label = page.label or _label(document, i)
                pages.append(replace(page, label=label))
    missed.sort(key=lambda item: item.page or 0)
    return Found(tuple(pages), tuple(missed), _stated(document))


def _pictured(document: pypdfium2.PdfDocument, i: int, page: Page) -> bool:
    """Whether what text a page has is a stamp upon a scan."""
    if page.text.count(" ") >= STAMP_WORDS:
        return False
    sheet = document[i]
    try:
        wide, tall = sheet.get_size()
        pictures = sheet.get_objects([raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)
        bounds = [picture.get_bounds() for picture in pictures]
    except pypdfium2.PdfiumError:
        return False
    finally:
        sheet.close()
    largest = max(((c - a) * (d - b) for a, b, c, d in bounds), default=0.0)
    return bool(largest > PICTURED * wide * tall)


def _blank(sheet: pypdfium2.PdfPage) -> bool:
    drawn = next(sheet.get_objects(max_depth=1), None) is not None
    return not drawn and raw.FPDFPage_GetAnnotCount(sheet) == 0


def _recognised(document: pypdfium2.PdfDocument, i: int, page: Page) -> Page | Missed:
    """A page without text, or hardly any, read by OCR if it shows anything."""
    sheet = document[i]
    try:
        if not page.text and _blank(sheet):
            return page
        if not ocr.there():
            return page if page.text else Missed(i + 1, ocr.MISSING)
        found = ocr.read(sheet, number=i + 1)
    except subprocess.TimeoutExpired:
        return page if page.text else Missed(i + 1, ocr.SLOW)
    except pypdfium2.PdfiumError:
        return page if page.text else Missed(i + 1, "the page is damaged")
    finally:
        sheet.close()
    if found is not None and len(found.text) > len(page.text):
        return replace(found, label=page.label)
    return page if page.text else Missed(i + 1, ocr.ILLEGIBLE)


def _sheet(document: pypdfium2.PdfDocument, i: int) -> Sheet:
    page = document[i]
    try:
        return sheets.read(page)
    finally:
        page.close()


def _composed(
    found: Mapping[int, Sheet], outline: Mapping[int, Mapping[str, int]]
) -> Iterator[tuple[int, Page]]:
    """The pages of sheets that are looked at together."""
    extras = furniture.find(found)
    usual = _usual(found)
    for i, sheet in found.items():
        kept = furniture.kept(sheet, extras.runs[i])
        regions = reading_order.regions(kept)
        known = Known(outline.get(i, {}), usual)
        page = composed.page(sheet, regions, known, number=i + 1)
        yield i, replace(page, label=extras.labels.get(i))


def _usual(found: Mapping[int, Sheet]) -> float:
    """The size of most of the type."""
    runs = [run for sheet in found.values() for run in sheet.runs]
    sizes = np.repeat([r.size for r in runs], [r.last - r.first for r in runs])
    return float(np.median(sizes)) if len(sizes) else 0.0


def _label(document: pypdfium2.PdfDocument, i: int) -> str | None:
    """What the file says that the page is called."""
    return texts.question(document.get_page_label(i)) or None


def _stated(document: pypdfium2.PdfDocument) -> Described:
    """Title, author and date as the file states them, unless a program put its name or
    number there.
    """
    told = document.get_metadata_dict()
    title = _PROGRAM.sub("", texts.question(told.get("Title", "")))
    named = re.search(r"[^\W\d_]{3}", title) and not _FILE_NAME.search(title)
    author = texts.question(told.get("Author", ""))
    # To the month: a report is out some days before or after its file is made.
    dated = _DATE.match(told.get("CreationDate", ""))
    date = "-".join(part for part in dated.groups() if part) if dated else None
    known = author if author.lower() not in NOBODY else ""
    return Described(title if named else None, None, date, known or None)


def _outline(document: pypdfium2.PdfDocument) -> dict[int, dict[str, int]]:
    """For each page index, its outline entries and their levels."""
    found: dict[int, dict[str, int]] = {}
    for mark in document.get_toc(max_depth=6):
        place = mark.get_dest()
        index = None if place is None else place.get_index()
        title = composed.folded(mark.get_title())
        if index is not None and title:
            found.setdefault(index, {})[title] = mark.level + 1
    return found
