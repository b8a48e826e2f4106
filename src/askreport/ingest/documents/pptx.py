"""a presentation -> one page a slide: title, text from top to bottom, tables, notes.

python-pptx (MIT) reads the format.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pptx

from askreport.ingest.documents import archives, blocks, docx, grids
from askreport.ingest.documents.blocks import Block
from askreport.ingest.documents.found import Found, Missed

DEEPEST = 20
"""Groups within groups; more is a drawing."""


def read(path: Path) -> Found:
    """A page a slide, with the slide's number; slides without words are missed."""
    archives.check(path)
    pages = []
    missed = []
    for number, slide in enumerate(pptx.Presentation(str(path)).slides, start=1):
        page = blocks.page(
            _slide(slide), number=number, label=f"slide {number}", unit="slide"
        )
        if page.text:
            pages.append(page)
        else:
            missed.append(Missed(number, "the slide holds no text (a picture)"))
    return Found(tuple(pages), tuple(missed), docx.described(path))


def _slide(slide: Any) -> Iterator[Block]:  # noqa: ANN401
    title = slide.shapes.title
    if title is not None and title.has_text_frame:
        yield Block(title.text_frame.text, level=1)
    others = [s for s in slide.shapes if title is None or s.shape_id != title.shape_id]
    for shape in sorted(others, key=lambda s: (s.top or 0, s.left or 0)):
        yield from _shape(shape, 0)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = slide.notes_slide.notes_text_frame.text.strip()
        if notes:
            yield Block("Notes", level=2)
            yield from (Block(line) for line in notes.splitlines())


def _shape(shape: Any, depth: int) -> Iterator[Block]:  # noqa: ANN401
    if hasattr(shape, "shapes"):
        if depth < DEEPEST:
            for inner in shape.shapes:
                yield from _shape(inner, depth + 1)
    elif getattr(shape, "has_table", False):
        grid = [[cell.text for cell in row.cells] for row in shape.table.rows]
        bold = True if shape.table.first_row else None
        yield from grids.lines(grid, bold=bold)
    elif getattr(shape, "has_chart", False):
        yield from _chart(shape.chart)
    elif shape.has_text_frame:
        lines = [p for p in shape.text_frame.paragraphs if p.text.strip()]
        for i, paragraph in enumerate(lines):
            item = len(lines) > 1 and not blocks.is_item(paragraph.text)
            text = paragraph.text
            yield Block(f"- {text}" if item else text, tight=i > 0)


def _chart(chart: Any) -> Iterator[Block]:  # noqa: ANN401
    """The figures that a chart draws, a category a row."""
    if chart.has_title and chart.chart_title.has_text_frame:
        yield Block(chart.chart_title.text_frame.text)
    series = chart._chartSpace.xpath(".//*[local-name()='ser']")
    if not series:
        return
    names = ["", *(" ".join(_points(one, "tx")) for one in series)]
    columns = [_points(one, "val") or _points(one, "yVal") for one in series]
    first = _points(series[0], "cat") or _points(series[0], "xVal")
    length = range(max(len(first), *map(len, columns)))
    rows = [[*(_at(column, i) for column in (first, *columns))] for i in length]
    yield from grids.lines([names, *rows], bold=True)


def _points(series: Any, what: str) -> list[str]:  # noqa: ANN401
    """The cached names or values of a series, whatever kind of chart draws it.

    python-pptx knows no plots in three dimensions, and all kinds keep them alike.
    """
    path = f"./*[local-name()='{what}']//*[local-name()='v']"
    return [" ".join((found.text or "").split()) for found in series.xpath(path)]


def _at(column: list[str], i: int) -> str:
    return column[i] if i < len(column) else ""
