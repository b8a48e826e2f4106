"""Office files, tables and messages: what is read of each, where it is cited from, and
those that are refused.
"""

import zipfile
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import odfdo
import openpyxl
import pptx
import pytest
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from askreport import errors
from askreport.ingest.documents import archives, reader, workers
from askreport.ingest.documents.workers import Job, Limits
from askreport.types import Document, Page, Source

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>
</Types>"""  # noqa: E501
LINKS = """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>
</Relationships>"""  # noqa: E501
CORE = """<x:p xmlns:x="urn:x" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>Board paper 7</dc:title><dc:creator>The secretary</dc:creator>
<dc:created>2021-03-04T10:00:00Z</dc:created></x:p>"""


def read(path: Path) -> Document:
    """The document in a file."""
    source = Source(id="s", title="From the name", path=path.name, digest="0" * 64)
    return reader.read(source, path, titled=False)


def refused(path: Path) -> errors.SourceUnreadable:
    """Why it is not read."""
    with pytest.raises(errors.SourceUnreadable) as caught:
        read(path)
    assert path.name in caught.value.message
    return caught.value


def lines(page: Page) -> list[str]:
    """The lines that hold something."""
    return [line for line in page.text.split("\n") if line]


def paragraph(text: str, style: str = "") -> str:
    """A paragraph of a Word document."""
    set_ = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{set_}<w:r><w:t>{text}</w:t></w:r></w:p>"


def word(path: Path, body: str, *, before: str = "", core: str = CORE) -> Path:
    """A Word document of that body."""
    whole = f'{before}<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("_rels/.rels", LINKS)
        archive.writestr("word/document.xml", whole)
        archive.writestr("docProps/core.xml", core)
    return path


def cells(*rows: tuple[str, ...]) -> str:
    """A table of a Word document."""
    told = "".join(
        "<w:tr>"
        + "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row)
        + "</w:tr>"
        for row in rows
    )
    return f"<w:tbl>{told}</w:tbl>"


def test_a_word_document_keeps_its_headings_and_names_the_cells_of_its_tables(
    tmp_path: Path,
) -> None:
    table = cells(("Ward", "Beds"), ("Ash", "12"), ("Elm", "14"))
    body = paragraph("Beds", "Heading1") + paragraph("Two wards.") + table
    found = read(word(tmp_path / "a.docx", body))
    (page,) = found.pages
    assert lines(page) == [
        "Beds",
        "Two wards.",
        "Ward: Ash; Beds: 12",
        "Ward: Elm; Beds: 14",
    ]
    assert [(h.level, h.text) for h in page.headings] == [(1, "Beds")]
    assert [span.of(page.text) for span in page.tables] == [
        "Ward: Ash; Beds: 12\nWard: Elm; Beds: 14"
    ]
    said = found.source
    assert (said.title, said.author, said.date) == (
        "Board paper 7",
        "The secretary",
        "2021-03",
    )
    assert page.number is None


def test_a_word_document_without_a_title_takes_its_first_heading(
    tmp_path: Path,
) -> None:
    body = paragraph("Beds in winter", "Heading1") + paragraph("Two wards.")
    found = read(word(tmp_path / "a.docx", body, core="<x/>"))
    assert found.source.title == "Beds in winter"


def test_a_presentation_is_cited_by_its_slides(tmp_path: Path) -> None:
    show: Any = pptx.Presentation()
    first = show.slides.add_slide(show.slide_layouts[1])
    first.shapes.title.text = "Wards"
    first.placeholders[1].text = "Two wards opened.\nOne closed."
    first.notes_slide.notes_text_frame.text = "Thank the builders."
    show.slides.add_slide(show.slide_layouts[6])
    last = show.slides.add_slide(show.slide_layouts[6])
    box = (Inches(1), Inches(2), Inches(4), Inches(1))
    table = last.shapes.add_table(2, 2, *box).table
    for i, text in enumerate(("Ward", "Beds", "Ash", "12")):
        table.cell(i // 2, i % 2).text = text
    data: Any = CategoryChartData
    drawn = data()
    drawn.categories = ["2019", "2020"]
    drawn.add_series("Beds", (10, 12))
    kind = XL_CHART_TYPE.COLUMN_CLUSTERED
    last.shapes.add_chart(kind, Inches(1), Inches(4), Inches(3), Inches(2), drawn)
    path = tmp_path / "a.pptx"
    show.save(str(path))
    found = read(path)
    assert [(p.number, p.label, p.unit) for p in found.pages] == [
        (1, "slide 1", "slide"),
        (3, "slide 3", "slide"),
    ]
    assert lines(found.pages[0]) == [
        "Wards",
        "- Two wards opened.",
        "- One closed.",
        "Notes",
        "Thank the builders.",
    ]
    assert lines(found.pages[1]) == [
        "Ward: Ash; Beds: 12",
        "2019; Beds: 10",
        "2020; Beds: 12",
    ]
    (missed,) = found.unread
    assert (missed.page, missed.reason) == (2, "the slide holds no text (a picture)")


def test_a_workbook_is_cited_by_sheet_and_rows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = "Costs"
    sheet.append(["Costs of the trust"])
    sheet.append([None])
    sheet.append([None, "Ward", "2019", "Share"])
    for i in range(40):
        sheet.append([None, f"Ward {i}", 1000.5 + i, 0.125])
        sheet.cell(row=sheet.max_row, column=4).number_format = "0.0%"
    book.create_sheet("Staff").append(["Nurses", 12])
    path = tmp_path / "a.xlsx"
    book.save(path)
    found = read(path)
    first, *rest, last = found.pages
    assert lines(first)[:3] == [
        "Costs",
        "Costs of the trust",
        "Ward: Ward 0; 2019: 1000.5; Share: 12.5%",
    ]
    assert rest
    assert (last.label, last.unit, last.text) == (
        "Staff, row 1",
        "rows",
        "Staff\n\nNurses; 12",
    )
    assert [page.number for page in found.pages] == list(range(1, len(rest) + 3))
    for page in (first, *rest):
        assert page.label is not None
        start, _, end = page.label.removeprefix("Costs, rows ").partition("–")
        told = [line for line in lines(page) if line.startswith("Ward")]
        assert len(told) == int(end) - int(start) + 1
        assert told[0].startswith(f"Ward: Ward {int(start) - 4};")


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_separated_values_name_their_columns_whatever_parts_them(
    tmp_path: Path, mark: str
) -> None:
    path = tmp_path / "a.csv"
    rows = (("Ward", "Beds"), ("Ash", "12"), ("Elm", "14"))
    path.write_text("\n".join(mark.join(row) for row in rows), "utf-8")
    (page,) = read(path).pages
    assert page.text == "Ward: Ash; Beds: 12\nWard: Elm; Beds: 14"
    assert (page.number, page.label, page.unit) == (1, "rows 2–3", "rows")


def test_quoted_values_may_hold_marks_and_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('Ward,Note\nAsh,"closed, then\nopened"\n', "utf-8")
    assert read(path).pages[0].text == "Ward: Ash; Note: closed, then opened"


def test_an_open_document_keeps_headings_items_and_rows(tmp_path: Path) -> None:
    document = odfdo.Document("text")
    body = document.body
    body.clear()
    body.append(odfdo.Header(2, "Beds"))
    body.append(odfdo.Paragraph("Two wards."))
    body.append(odfdo.List(["Ash", "Elm"]))
    table = odfdo.Table("T", width=2, height=3)
    table.set_values([["Ward", "Beds"], ["Ash", 12], ["Elm", 14]])
    body.append(table)
    path = tmp_path / "a.odt"
    document.save(path)
    (page,) = read(path).pages
    assert lines(page)[:4] == ["Beds", "Two wards.", "- Ash", "- Elm"]
    assert [(h.level, h.text) for h in page.headings] == [(2, "Beds")]


def test_a_message_is_read_in_its_parts(tmp_path: Path) -> None:
    inner = EmailMessage()
    inner["Subject"] = "The older one"
    inner.set_content("It rained.")
    message = EmailMessage()
    message["Subject"] = "Beds for winter"
    message["From"] = "Ward office <ward@example.org>"
    message["Date"] = "Tue, 05 Jan 2021 10:00:00 +0000"
    message.set_content("We need 12 beds.")
    message.add_alternative("<p>We need <b>12</b> beds.</p>", subtype="html")
    message.add_attachment("Ash has 14.", filename="note.txt")
    message.add_attachment(b"\x00", "image", "png", filename="plan.png")
    message.add_attachment(inner)
    path = tmp_path / "a.eml"
    path.write_bytes(message.as_bytes())
    found = read(path)
    assert [(p.number, p.label, p.unit) for p in found.pages] == [
        (1, "message", "part"),
        (2, "attachment note.txt", "part"),
        (3, "attached message The older one", "part"),
    ]
    assert lines(found.pages[0])[-1] == "We need 12 beds."
    assert found.pages[1].text == "Ash has 14."
    assert "It rained." in found.pages[2].text
    assert (found.source.title, found.source.date) == ("Beds for winter", "2021-01-05")
    (missed,) = found.unread
    assert "plan.png (image/png)" in missed.reason


def test_a_message_in_html_is_kept_whole(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "Beds"
    message.set_content("<p>One<br>two</p><table><tr><td>a</td></tr></table>", "html")
    path = tmp_path / "a.eml"
    path.write_bytes(message.as_bytes())
    assert lines(read(path).pages[0]) == ["Subject: Beds", "One", "two", "a"]


# Files that are refused, and files made to do harm.


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("a.doc", "save it as .docx"),
        ("a.xls", "save it as .xlsx"),
        ("a.ppt", "save it as .pptx"),
        ("a.msg", "save it as .eml"),
        ("a.zip", "unpack it"),
        ("a.tiff", "PDF"),
        ("a.xml", "convert it"),
    ],
)
def test_formats_without_a_reader_are_refused_with_what_to_do(
    tmp_path: Path, name: str, advice: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b"whatever it holds")
    assert advice in refused(path).hint


@pytest.mark.parametrize("ending", ["docx", "xlsx", "pptx", "odt"])
def test_a_locked_or_broken_office_file_is_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    path.write_bytes(archives.OLE + bytes(5000))
    assert "is locked with a password" in refused(path).message
    path.write_bytes(b"PK\x03\x04 and nothing that follows")
    assert "is damaged" in refused(path).message


def test_an_archive_that_unpacks_to_too_much_is_never_unpacked(tmp_path: Path) -> None:
    path = word(tmp_path / "a.docx", paragraph("Text."))
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/media/bomb.png", "w", force_zip64=True) as file,
    ):
        for _ in range(archives.MOST_BYTES // 2**24 + 1):
            file.write(bytes(2**24))
    assert path.stat().st_size < 2**20
    assert "unpacks to" in refused(path).message


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    many = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "bed ">{many}]>'
    path = word(tmp_path / "a.docx", paragraph("&e11;"), before=bomb)
    source = Source(id="s", title="A", path=path.name, digest="0" * 64)
    (outcome,) = workers.read([Job(source, path, titled=True)], Limits(seconds=30))
    if isinstance(outcome.found, Document):
        assert len(outcome.found.pages[0].text) < 1000
    else:
        assert "a.docx is damaged" in outcome.found.message


def test_a_file_beside_the_shelf_is_not_read_through_an_entity(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("open sesame", "utf-8")
    bomb = f'<!DOCTYPE x [<!ENTITY s SYSTEM "file://{secret}">]>'
    core = f'{bomb}<x xmlns:d="urn:d"><d:title>A &s; title</d:title></x>'
    path = word(tmp_path / "a.docx", paragraph("Text."), core=core)
    found = read(path)
    assert "sesame" not in repr(found)


def test_names_that_leave_the_archive_lead_nowhere(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    path = word(inside / "a.docx", paragraph("Text."))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../escaped.txt", "out")
        archive.writestr("/tmp/askreport-escaped.txt", "out")  # noqa: S108
    assert read(path).pages[0].text == "Text."
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.docx", "in"]
