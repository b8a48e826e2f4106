"""plain text -> pages: paragraphs joined, lone short lines taken for headings."""

import re
from collections.abc import Iterator

from askreport.ingest.documents import blocks
from askreport.ingest.documents.found import Found


def read(text: str) -> Found:
    """One unnumbered page, or numbered ones where form feeds separate them."""
    if "\f" not in text:
        return Found((blocks.page(blocks_of(text), number=None, label=None),))
    parts = enumerate(text.rstrip("\f\n ").split("\f"), start=1)
    return Found(
        tuple(blocks.page(blocks_of(p), number=n, label=None) for n, p in parts)
    )


def blocks_of(text: str) -> Iterator[blocks.Block]:
    """Headings, paragraphs and items of a text."""
    for paragraph in re.split(r"\n[ \t]*\n", "\n".join(text.splitlines())):
        lines = [line for line in paragraph.split("\n") if line.strip()]
        if len(lines) == 1 and (level := blocks.heading_level(lines[0])):
            yield blocks.Block(lines[0], level)
            continue
        for i, line in enumerate(_joined(lines)):
            yield blocks.Block(line, tight=i > 0)


def _joined(lines: list[str]) -> list[str]:
    """Hard-wrapped lines as one; list items and lines with tabs stay apart."""
    out: list[str] = []
    for line in lines:
        apart = blocks.is_item(line) or "\t" in line or (out and "\t" in out[-1])
        if not out or apart:
            out.append(line)
        else:
            out[-1] += " " + line.strip()
    return out
