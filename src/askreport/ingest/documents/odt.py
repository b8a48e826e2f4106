"""a text in OpenDocument format -> one page of plain text: headings, items, rows.

odfdo (Apache-2.0) opens the format.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import odfdo

from askreport import text as texts
from askreport.ingest.documents import archives, blocks, grids
from askreport.ingest.documents.blocks import Block
from askreport.ingest.documents.found import Described, Found

DEEPEST = 50
"""Lists within lists; more is no text."""


def read(path: Path) -> Found:
    """One unnumbered page: a file in this format does not know its pages."""
    archives.check(path)
    document = odfdo.Document(path)
    page = blocks.page(_blocks(document.body, 0))
    meta = document.meta
    date = str(meta.creation_date or "")[:7]
    said = Described(
        texts.question(meta.title or "") or None,
        None,
        date or None,
        texts.question(meta.creator or "") or None,
    )
    return Found((page,), said=said)


def _blocks(element: Any, depth: int, *, item: bool = False) -> Iterator[Block]:  # noqa: ANN401
    for child in element.children:
        tag = child.tag
        if tag == "text:h":
            level = child.get_attribute("text:outline-level") or 1
            yield Block(child.inner_text, level=min(6, max(1, int(level))))
        elif tag == "text:p":
            text = child.inner_text
            yield Block(f"- {text}" if item and text else text, tight=item)
        elif tag == "table:table":
            yield from grids.lines(_grid(child))
        elif depth < DEEPEST and tag not in ("text:tracked-changes", "office:forms"):
            within = item or tag == "text:list-item"
            yield from _blocks(child, depth + 1, item=within)


def _grid(table: Any) -> list[list[str]]:  # noqa: ANN401
    return [
        [
            " ".join(cell.inner_text.split())
            for cell in row.get_elements("table:table-cell")
        ]
        for row in table.get_elements("descendant::table:table-row")
    ]
