"""Pages are read as a person reads them, whatever order a program drew them in."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from askreport.ingest.documents import reader
from askreport.types import Page, Source

Draw = Callable[[Canvas], None]

LEFT = (
    "The northern harbour was dredged for",
    "the first time in eleven years, and",
    "the two boats that did the work were",
    "hired from the port of a neighbour.",
    "Nobody had expected that the work",
    "would be finished before the winter.",
    "Ferries sailed again in November.",
    "The keeper of the lamps was pleased.",
)
RIGHT = (
    "Across the bay a mill was restored",
    "by the families who used to own it,",
    "with a grant that covered one half",
    "of what its wheel alone had cost.",
    "The miller now grinds on Sundays,",
    "when visitors come over by ferry.",
    "Flour is sold at the gate in bags.",
    "There is no bread to be had there.",
)


def pages(path: Path, *drawn: Draw) -> Sequence[Page]:
    """The pages read of a PDF of which each is drawn so."""
    sheet = Canvas(str(path / "page.pdf"), pagesize=(595, 842))
    for draw in drawn:
        draw(sheet)
        sheet.showPage()
    sheet.save()
    source = Source("page", "Page", "page.pdf", "0" * 64)
    return reader.read(source, path / "page.pdf", titled=True).pages


def text(path: Path, draw: Draw) -> str:
    """The only page read, on one line."""
    (page,) = pages(path, draw)
    return " ".join(page.text.split())


def put(sheet: Canvas, x: float, y: float, *lines: str, size: float = 10) -> None:
    """Lines under one another."""
    sheet.setFont("Helvetica", size)
    for i, line in enumerate(lines):
        sheet.drawString(x, y - 1.3 * size * i, line)


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    def draw(sheet: Canvas) -> None:
        put(sheet, 60, 740, *LEFT)
        put(sheet, 320, 740, *RIGHT)

    assert text(tmp_path, draw) == " ".join([*LEFT, *RIGHT])


def test_columns_that_were_drawn_line_by_line_are_too(tmp_path: Path) -> None:
    def draw(sheet: Canvas) -> None:
        for i, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
            put(sheet, 60, 740 - 13 * i, left)
            put(sheet, 320, 740 - 13 * i, right)

    assert text(tmp_path, draw) == " ".join([*LEFT, *RIGHT])


@pytest.mark.parametrize("before", [True, False])
def test_prose_beside_a_chart_is_read_by_itself(
    tmp_path: Path, *, before: bool
) -> None:
    def prose(sheet: Canvas) -> None:
        put(sheet, 60, 740, *LEFT)

    def chart(sheet: Canvas) -> None:
        for i in range(10):
            put(sheet, 330, 736 - 9.1 * i, str(20 - 2 * i), size=6)
            put(sheet, 520, 736 - 9.1 * i, f"{2_000 - 200 * i:,}", size=6)

    def draw(sheet: Canvas) -> None:
        for part in (prose, chart) if before else (chart, prose):
            part(sheet)

    assert " ".join(LEFT) in text(tmp_path, draw)


def test_a_table_with_a_wordy_column_is_read_row_by_row(tmp_path: Path) -> None:
    def draw(sheet: Canvas) -> None:
        put(sheet, 60, 760, "Work done on the harbour of the town")
        put(sheet, 400, 760, "Cost")
        for i, line in enumerate(LEFT):
            put(sheet, 60, 740 - 16 * i, line)
            put(sheet, 400, 740 - 16 * i, f"{(i + 1) * 1_100:,}")

    (page,) = pages(tmp_path, draw)
    assert page.tables
    for i, line in enumerate(LEFT):
        (row,) = [one for one in page.text.splitlines() if line in one]
        assert f"Cost: {(i + 1) * 1_100:,}" in row


def test_a_row_can_be_understood_alone(tmp_path: Path) -> None:
    rows = (("Trust", "Beds", "Staff"), ("Elmwick", "412", "1,903"), ("Oss", "88", "6"))

    def draw(sheet: Canvas) -> None:
        put(sheet, 60, 780, *LEFT)
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                put(sheet, 60 + 120 * j, 600 - 16 * i, cell)

    (page,) = pages(tmp_path, draw)
    assert "Trust: Elmwick; Beds: 412; Staff: 1,903" in page.text.splitlines()
    assert "Trust: Oss; Beds: 88; Staff: 6" in page.text.splitlines()


def test_words_broken_at_line_ends_are_mended_and_hyphens_kept(tmp_path: Path) -> None:
    def draw(sheet: Canvas) -> None:
        put(sheet, 60, 740, "The har-", "bour has a well-known lamp.")

    assert text(tmp_path, draw) == "The harbour has a well-known lamp."


def numbered(lines: Sequence[str], number: str, head: str) -> Draw:
    """A page with a running head and a number at its foot."""

    def draw(sheet: Canvas) -> None:
        put(sheet, 60, 815, head, size=8)
        put(sheet, 60, 740, *lines)
        put(sheet, 290, 30, number, size=8)

    return draw


def test_what_repeats_on_the_edges_is_left_out_and_the_printed_number_kept(
    tmp_path: Path,
) -> None:
    said = [LEFT, RIGHT, LEFT[::-1], RIGHT[::-1], LEFT[2:], RIGHT[2:]]
    drawn = [
        numbered(lines, number, "Annual report of the port")
        for lines, number in zip(
            said, ("iii", "iv", "v", "vi", "vii", "viii"), strict=True
        )
    ]
    found = pages(tmp_path, *drawn)
    assert [page.number for page in found] == [1, 2, 3, 4, 5, 6]
    assert [page.label for page in found] == ["iii", "iv", "v", "vi", "vii", "viii"]
    for page, lines in zip(found, said, strict=True):
        assert " ".join(page.text.split()) == " ".join(lines)
