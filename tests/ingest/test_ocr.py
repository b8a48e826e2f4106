"""Scans: read by Tesseract where it is installed, told as unread where it is not."""

import shutil
from pathlib import Path

import pypdfium2
import pytest
from reportlab.pdfgen.canvas import Canvas
from tests.ingest.test_pdf import draw, typed

from askreport import Library, rectangles
from askreport.ingest.documents import ocr, pdf
from askreport.serve import render
from askreport_tui import standing

reads = pytest.mark.skipif(
    shutil.which(ocr.PROGRAM) is None, reason="Tesseract is not installed"
)

LINES = (
    "The harbour was dredged in the spring of 2019.",
    "Two new ferries carry 410 passengers each.",
)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """A PDF whose first page has text and whose second is a picture of text."""
    picture = tmp_path / "page.png"
    with pypdfium2.PdfDocument(draw(tmp_path / "t.pdf", typed(*LINES, size=16))) as t:
        t[0].render(scale=3).to_pil().save(picture)

    def page(sheet: Canvas) -> None:
        sheet.drawImage(str(picture), 0, 0, 595, 842)

    return draw(tmp_path / "scan.pdf", typed("A page with text."), page)


@reads
def test_a_scan_is_read_and_says_how_surely(scan: Path) -> None:
    found = pdf.read(scan)
    own, recognised = found.pages
    assert own.ocr is None
    assert recognised.number == 2
    assert recognised.ocr is not None
    assert 0.8 < recognised.ocr <= 1
    assert recognised.text.split() == " ".join(LINES).split()
    assert found.missed == ()


@reads
def test_the_words_of_a_scan_stand_where_they_are_seen(scan: Path) -> None:
    page = pdf.read(scan).pages[1]
    start = page.text.index("ferries")
    (seen,) = rectangles.of(page.layout, start, start + len("ferries"))
    # Drawn in 16 points at (72, 780 - 14) from the foot of a sheet of 842.
    assert 842 - 766 - 16 < seen.top < seen.bottom < 842 - 766 + 8
    assert 72 < seen.left < seen.right < 72 + 16 * 12


@reads
def test_what_was_read_by_ocr_is_cited_as_such(scan: Path, shelf: Path) -> None:
    shutil.copy(scan, shelf / "sources" / "scan.pdf")
    library = Library.open(shelf)
    library.build()
    answer = library.ask("How many passengers do the new ferries carry?", top=20)
    (cited,) = (c for c in answer.citations if c.document == "scan-pdf")
    assert cited.ocr is not None
    assert cited.rectangles
    sure = f"p. 2, read by OCR ({round(cited.ocr * 100)}% sure)"
    assert sure in render.place(cited)
    assert sure in render.plain(answer)
    (stands,) = (one for one in library.shelved() if one.source.id == "scan-pdf")
    assert (stands.pages, stands.recognised) == (2, 1)
    assert standing.status(stands) == "read, 1 page by OCR"
    assert "2 pages, 1 by OCR" in render.shelf([stands])


def test_without_tesseract_a_scan_is_told_as_unread(
    scan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "there", lambda: False)
    found = pdf.read(scan)
    assert [page.number for page in found.pages] == [1]
    (missed,) = found.missed
    assert (missed.page, missed.reason) == (2, ocr.MISSING)


@reads
def test_a_picture_of_no_words_is_told_as_unread(tmp_path: Path) -> None:
    def page(sheet: Canvas) -> None:
        sheet.rect(100, 100, 300, 300, fill=1)

    found = pdf.read(draw(tmp_path / "a.pdf", typed("Text."), page))
    (missed,) = found.missed
    assert (missed.page, missed.reason) == (2, ocr.ILLEGIBLE)


def test_a_blank_page_is_no_failure(tmp_path: Path) -> None:
    found = pdf.read(draw(tmp_path / "a.pdf", typed("Text."), lambda sheet: None))
    assert [page.number for page in found.pages] == [1]
    assert found.missed == ()


@reads
def test_a_page_that_takes_too_long_is_told_as_unread(
    scan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "SECONDS", 0.01)
    monkeypatch.setattr(ocr, "_language", lambda: "eng")
    found = pdf.read(scan)
    (missed,) = found.missed
    assert (missed.page, missed.reason) == (2, ocr.SLOW)


def test_an_index_made_without_tesseract_is_built_anew_with_it(
    scan: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from askreport.ingest.documents import workers

    monkeypatch.setattr(workers, "recognises", lambda: False)
    before = Library.open(shelf).build()
    monkeypatch.setattr(workers, "recognises", lambda: True)
    after = Library.open(shelf).build()
    assert after.fresh
    assert after.generation != before.generation
