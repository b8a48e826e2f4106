"""PDF: pages and their labels, lines joined, headings found, and files refused."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from reportlab.lib import pdfencrypt
from reportlab.pdfgen.canvas import Canvas

from askreport import errors
from askreport.ingest.documents import pdf, reader
from askreport.types import Document, Page, Source


def read(path: Path, *, titled: bool = False) -> Document:
    """The document in a PDF."""
    name = "From the file name"
    source = Source(id="s", title=name, path=path.name, digest="0" * 64)
    return reader.read(source, path, titled=titled)


def refused(path: Path) -> errors.SourceUnreadable:
    """The reason why a file is not read."""
    with pytest.raises(errors.SourceUnreadable) as caught:
        read(path)
    assert path.name in caught.value.message
    assert caught.value.hint
    return caught.value


def headings(pages: Sequence[Page]) -> list[tuple[int, str]]:
    """Levels and texts of all headings, each proven to stand where it says."""
    for page in pages:
        for h in page.headings:
            assert page.text[h.span.start : h.span.end] == h.text
    return [(h.level, h.text) for page in pages for h in page.headings]


def lines(page: Page) -> list[str]:
    """The lines of a page that hold something."""
    return [line for line in page.text.split("\n") if line]


Draw = Callable[[Canvas], None]


def draw(path: Path, *pages: Draw) -> Path:
    """A PDF with those pages."""
    sheet = Canvas(str(path), pagesize=(595, 842))
    for page in pages:
        page(sheet)
        sheet.showPage()
    sheet.save()
    return path


def typed(*text: str, size: float = 11, top: float = 780, leading: float = 14) -> Draw:
    """A page that puts lines under one another."""

    def page(sheet: Canvas) -> None:
        sheet.setFont("Helvetica", size)
        for i, line in enumerate(text):
            sheet.drawString(72, top - leading * i, line)

    return page


BODY = (
    "The stone bridge was closed to lorries in 1998 after cracks were found in it.",
    "Engineer Paulo Lindt measured a crack of 14 millimetres in the second of the",
    "arches.",
    "Masons replaced 77 blocks with sandstone that came from the old quarry nearby.",
)


def test_pdf_pages_are_numbered_from_one_and_carry_their_printed_labels(
    tmp_path: Path,
) -> None:
    def labelled(sheet: Canvas) -> None:
        sheet.addPageLabel(0, style="ROMAN_LOWER", start=1)
        sheet.addPageLabel(2, style="ARABIC", start=1)
        typed("Preface.")(sheet)

    path = draw(tmp_path / "a.pdf", labelled, typed("Thanks."), typed("Begin."))
    assert [(p.number, p.label, p.text) for p in read(path).pages] == [
        (1, "i", "Preface."),
        (2, "ii", "Thanks."),
        (3, "1", "Begin."),
    ]


def test_a_pdf_without_labels_has_none(tmp_path: Path) -> None:
    (page,) = read(draw(tmp_path / "a.pdf", typed("Text."))).pages
    assert (page.number, page.label) == (1, None)


def test_lines_of_a_pdf_are_joined_and_a_short_last_one_ends_the_paragraph(
    tmp_path: Path,
) -> None:
    (page,) = read(draw(tmp_path / "a.pdf", typed(*BODY))).pages
    assert lines(page) == [" ".join(BODY[:3]), BODY[3]]


def test_a_gap_parts_paragraphs_but_not_a_sentence(tmp_path: Path) -> None:
    def page(sheet: Canvas) -> None:
        typed(BODY[0], BODY[3], BODY[0])(sheet)
        typed(BODY[1], top=700)(sheet)
        typed("arches, which are old.", top=640)(sheet)

    (found,) = read(draw(tmp_path / "a.pdf", page)).pages
    assert lines(found) == [
        " ".join((BODY[0], BODY[3], BODY[0])),
        f"{BODY[1]} arches, which are old.",
    ]


def test_a_word_cut_at_the_end_of_a_line_is_made_whole(tmp_path: Path) -> None:
    path = draw(
        tmp_path / "a.pdf",
        typed(
            "The crack was mea-", "sured in the Anglo-", "Saxon arch in 1998-", "99."
        ),
    )
    assert read(path).pages[0].text == (
        "The crack was measured in the Anglo-Saxon arch in 1998-99."
    )


def test_a_title_over_text_of_its_size_is_a_line_of_its_own(tmp_path: Path) -> None:
    path = draw(tmp_path / "a.pdf", typed("Bridges of the valley", *BODY))
    (page,) = read(path).pages
    assert lines(page)[0] == "Bridges of the valley"
    assert page.headings == ()


def test_a_line_that_only_wraps_early_is_no_title(tmp_path: Path) -> None:
    path = draw(tmp_path / "a.pdf", typed("The engineer", "of the bridge came at ten."))
    assert lines(read(path).pages[0]) == ["The engineer of the bridge came at ten."]


def test_larger_lines_are_headings_and_those_that_wrap_are_one(tmp_path: Path) -> None:
    def page(sheet: Canvas) -> None:
        typed("Bridges of the valley", "and their masons", size=22, leading=26)(sheet)
        typed("What was found", size=14, top=710)(sheet)
        typed(*BODY, top=690)(sheet)
        typed("7.5", size=30, top=600)(sheet)
        typed("A sentence set in large type to be seen, as", size=16, top=540)(sheet)
        typed(
            "pull quotes are, runs on for longer than any heading does, over lines.",
            size=16,
            top=522,
        )(sheet)

    pages = read(draw(tmp_path / "a.pdf", page)).pages
    assert headings(pages) == [
        (1, "Bridges of the valley and their masons"),
        (2, "What was found"),
    ]


def test_type_scaled_by_the_page_counts_by_the_size_that_is_seen(
    tmp_path: Path,
) -> None:
    def page(sheet: Canvas) -> None:
        sheet.saveState()
        sheet.scale(2, 2)
        typed("What was found", size=11, top=390)(sheet)
        sheet.restoreState()
        typed(*BODY, top=740)(sheet)

    pages = read(draw(tmp_path / "a.pdf", page)).pages
    assert headings(pages) == [(1, "What was found")]


def test_a_heading_drawn_last_but_standing_on_top_comes_first(tmp_path: Path) -> None:
    def page(sheet: Canvas) -> None:
        typed(*BODY, top=700)(sheet)
        typed("What was found", size=20, top=780)(sheet)

    (found,) = read(draw(tmp_path / "a.pdf", page)).pages
    assert lines(found)[0] == "What was found"


def test_entries_of_the_outline_are_headings_whatever_their_size(
    tmp_path: Path,
) -> None:
    def page(sheet: Canvas) -> None:
        entries = (("The cracks", 0), ("Their  causes", 1), ("Not on the page", 1))
        for name, level in entries:
            sheet.bookmarkPage(name)
            sheet.addOutlineEntry(name, name, level=level)
        typed("The cracks", *BODY, "Their causes", "Frost.")(sheet)

    pages = read(draw(tmp_path / "a.pdf", page)).pages
    assert headings(pages) == [(1, "The cracks"), (2, "Their causes")]


def test_a_page_without_text_is_reported_and_the_others_keep_their_numbers(
    tmp_path: Path,
) -> None:
    def picture(sheet: Canvas) -> None:
        sheet.rect(100, 100, 300, 300, fill=1)

    document = read(draw(tmp_path / "a.pdf", typed("One."), picture, typed("Three.")))
    assert [page.number for page in document.pages] == [1, 3]
    (unread,) = document.unread
    assert (unread.source, unread.page) == ("s", 2)
    assert "no text layer" in unread.reason


def test_a_pdf_of_pictures_only_is_refused_with_advice(tmp_path: Path) -> None:
    path = draw(tmp_path / "scan.pdf", lambda sheet: sheet.rect(1, 1, 9, 9))
    error = refused(path)
    assert "holds no text that can be read" in error.message
    assert "OCR" in error.hint


def test_text_off_the_sheet_is_not_read(tmp_path: Path) -> None:
    def page(sheet: Canvas) -> None:
        typed("On the sheet.")(sheet)
        typed("Printer's marks.", top=900)(sheet)

    assert read(draw(tmp_path / "a.pdf", page)).pages[0].text == "On the sheet."


def _titled(path: Path, title: str) -> Path:
    def page(sheet: Canvas) -> None:
        sheet.setTitle(title)
        typed("Text.")(sheet)

    return draw(path, page)


def test_the_title_a_pdf_states_is_used_where_the_catalogue_gives_none(
    tmp_path: Path,
) -> None:
    path = _titled(tmp_path / "a.pdf", "Bridges of the\u202e valley")
    assert read(path).source.title == "Bridges of the valley"
    assert read(path, titled=True).source.title == "From the file name"


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("Microsoft Word - Bridges of the valley", "Bridges of the valley"),
        ("Microsoft Word - final_v3.docx", "From the file name"),
        ("Untitled", "From the file name"),
        ("0000078003-23-000088", "From the file name"),
        ("Binder1.pdf", "From the file name"),
        ("  ", "From the file name"),
    ],
)
def test_a_title_that_a_program_put_there_is_not_used(
    tmp_path: Path, stated: str, expected: str
) -> None:
    assert read(_titled(tmp_path / "a.pdf", stated)).source.title == expected


def test_an_encrypted_pdf_is_refused_as_such(tmp_path: Path) -> None:
    path = tmp_path / "locked.pdf"
    lock = pdfencrypt.StandardEncryption("secret", ownerPassword="owner")
    sheet = Canvas(str(path), encrypt=lock)
    typed("Hidden.")(sheet)
    sheet.save()
    error = refused(path)
    assert "it needs a password" in error.message
    assert "export it afresh" in error.hint


def test_a_pdf_locked_against_change_only_is_read(tmp_path: Path) -> None:
    path = tmp_path / "open.pdf"
    lock = pdfencrypt.StandardEncryption("", ownerPassword="owner")
    sheet = Canvas(str(path), encrypt=lock)
    typed("Open to all.")(sheet)
    sheet.save()
    assert read(path).pages[0].text == "Open to all."


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_truncated_pdf_is_refused_as_damaged(tmp_path: Path, share: float) -> None:
    whole = draw(tmp_path / "whole.pdf", typed(*BODY), typed(*BODY)).read_bytes()
    path = tmp_path / "cut.pdf"
    path.write_bytes(whole[: int(len(whole) * share)])
    error = refused(path)
    assert "does not open as a PDF: the file is damaged or no PDF" in error.message
    assert "damaged or locked" in error.hint


def test_a_file_only_called_pdf_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_text("These are words.", "utf-8")
    error = refused(path)
    assert "damaged or no PDF" in error.message


def test_reading_a_pdf_leaves_nothing_open(tmp_path: Path) -> None:
    path = draw(tmp_path / "a.pdf", typed(*BODY))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(20):
            pdf.read(path)
    open_files = Path("/proc/self/fd")
    if open_files.exists():
        names = [str(fd.readlink()) for fd in open_files.iterdir() if fd.exists()]
        assert str(path) not in names
