"""an Answer -> the same words as `render.plain`, styled for a terminal.

Text of documents is styled as data, never parsed for markup.
"""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from askreport.serve import explain, render
from askreport.types import Answer, Citation, Explained, Page, Passage, Span

CONTEXT = 700
"""Characters of a page shown on either side of a passage."""


def answer(found: Answer) -> RenderableType:
    """The answer, its citations or what came nearest, and what was searched."""
    declined = found.status == "no-evidence"
    parts: list[RenderableType] = []
    if render.looked_up(found):
        parts.append(Text(f"{render.looked_up(found)}\n", style="dim"))
    parts.append(Text(found.text, style="yellow" if declined else "bold"))
    if declined and found.nearest:
        parts.append(Text("\nNearest passages, which do not answer it:", style="dim"))
    parts += [_citation(c) for c in found.citations or found.nearest]
    parts += [Text(f"\nDropped: {reason}", style="red") for reason in found.dropped]
    parts.append(Text(f"\n{render.coverage(found.coverage)}", style="dim"))
    if found.explained:
        parts.append(explained(found.explained, found.confidence))
    return Group(*parts)


def explained(found: Sequence[Explained], confidence: float) -> RenderableType:
    """What became of every candidate, as tables."""
    chances = Text(f"\n{explain.chances(found, confidence)}")
    return Group(chances, *(_table(grid) for grid in explain.grids(found)))


def _table(grid: explain.Grid) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD)
    for i, head in enumerate(grid.heads):
        right = i < grid.right
        table.add_column(
            Text(head),
            justify="right" if right else "left",
            no_wrap=right,
            overflow="fold",
        )
    for row, style in zip(grid.rows, grid.styles, strict=True):
        table.add_row(*(Text(cell) for cell in row), style=style)
    return Group(Text(f"\n{grid.title}:"), table)


def _citation(citation: Citation) -> Text:
    place = render.place(citation)
    return Text.assemble(
        (f"\n[{citation.marker}] ", "bold cyan"),
        (render.title(citation.title, citation.words), "cyan"),
        f"\n    {place}" if place else "",
        (f"\n    “{citation.quote}”", "green"),
        (f"\n    score {citation.score:.2f} · passage {citation.passage}", "dim"),
        (f"\n    {citation.link}" if citation.link else "", "dim"),
    )


def passage(found: Passage, page: Page, *, whole: bool) -> Text:
    """A passage lit in its page, with some of the page around it or all of it."""
    around = len(page.text) if whole else CONTEXT
    first = max(0, found.start - around)
    last = min(len(page.text), found.end + around)
    where = (
        render.source_line(found.source),
        " > ".join(found.section),
        render.page(page.number, page.label, page.unit, page.ocr),
    )
    return Text.assemble(
        (" · ".join(part for part in where if part) + "\n\n", "cyan"),
        ("… " if first else "") + page.text[first : found.start],
        (found.text, "bold reverse"),
        page.text[found.end : last] + (" …" if last < len(page.text) else ""),
    )


def plain_passage(found: Passage, page: Page, *, whole: bool) -> str:
    """The same without styles: the passage stands between >>> and <<<."""
    lit = passage(found, page, whole=whole)
    span = _lit(lit)
    text = lit.plain
    marked = f">>>{text[span.start : span.end]}<<<"
    return text[: span.start] + marked + text[span.end :]


def _lit(text: Text) -> Span:
    found = next(span for span in text.spans if span.style == "bold reverse")
    return Span(found.start, found.end)
