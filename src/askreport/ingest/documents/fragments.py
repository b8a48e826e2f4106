"""clean HTML, as converters and mail programs write it -> blocks, all of it kept.

Unlike a web page, which is mostly what surrounds its content, such HTML is content.
"""

from collections.abc import Iterator

import lxml.html
from lxml.etree import LxmlError
from lxml.html import HtmlElement

from askreport.ingest.documents import grids
from askreport.ingest.documents.blocks import Block

MOST_NESTED = 100
"""Elements within elements; deeper ones are read as one line."""

BREAK = "\u2028"
"""Stands for a break that is seen, until lines are made: a blank to everything else."""

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_PARAGRAPHS = frozenset("p div section article blockquote pre address dd dt li".split())
_UNREAD = frozenset("script style head title template noscript".split())
_HOLDERS = frozenset("html body ul ol dl table tbody thead tr td th center".split())


def blocks(text: str) -> Iterator[Block]:
    """Headings, paragraphs, list items and rows, in order."""
    parser = lxml.html.HTMLParser(
        no_network=True, huge_tree=False, remove_comments=True
    )
    try:
        root = lxml.html.document_fromstring(text, parser=parser)
    except (LxmlError, ValueError):
        return
    for line in root.iter("br"):
        line.tail = BREAK + (line.tail or "")
    for code in root.iter("pre"):
        for part in code.iter():
            part.text = _kept(part.text)
            if part is not code:
                part.tail = _kept(part.tail)
    yield from _blocks(root, 0)


def _kept(text: str | None) -> str | None:
    return text and text.strip("\n").replace("\n", BREAK)


def _blocks(element: HtmlElement, depth: int) -> Iterator[Block]:
    tag = element.tag
    if not isinstance(tag, str) or tag in _UNREAD:
        return
    if tag in _HEADINGS:
        yield Block(element.text_content(), level=_HEADINGS[tag])
    elif tag == "table" and not _lays_out(element):
        yield from _table(element)
    elif depth < MOST_NESTED and _holds(element):
        held = _held(element, depth)
        yield from _marked(held) if tag == "li" else held
    else:
        yield from _lines(element.text_content(), item=tag == "li")


def _holds(element: HtmlElement) -> bool:
    """Whether there are blocks in it, so that it is none itself."""
    inner = (*_HEADINGS, *_PARAGRAPHS, "table", "ul", "ol")
    return any(
        child is not element and (child.tag != "pre" or _blocky(child))
        for child in element.iter(*inner)
    )


def _held(element: HtmlElement, depth: int) -> Iterator[Block]:
    """The blocks in an element, and the words that stand between them."""
    loose = element.text or ""
    for child in element:
        if isinstance(child.tag, str) and not _blocky(child):
            loose += child.text_content() if child.tag not in _UNREAD else ""
        else:
            yield from _lines(loose)
            loose = ""
            yield from _blocks(child, depth + 1)
        loose += child.tail or ""
    yield from _lines(loose)


def _marked(held: Iterator[Block]) -> Iterator[Block]:
    """The blocks of a list item, the first one after a mark."""
    for i, block in enumerate(held):
        if i or block.level or block.row or block.text.startswith("- "):
            yield block
        else:
            yield Block(f"- {block.text.strip()}", tight=True)


def _blocky(element: HtmlElement) -> bool:
    tag = element.tag
    if tag == "pre":
        return BREAK in element.text_content()  # else it is code within a sentence
    return tag in _HEADINGS or tag in _PARAGRAPHS or tag in _HOLDERS or _holds(element)


def _lines(text: str, *, item: bool = False) -> Iterator[Block]:
    """Lines parted by breaks; each of a list item after a mark."""
    for i, line in enumerate(part for part in text.split(BREAK) if part.strip()):
        yield Block(f"- {line}" if item and not i else line, tight=item or i > 0)


def _lays_out(table: HtmlElement) -> bool:
    """Whether a table only puts things beside each other, as those of mails do."""
    return any(True for _ in table.iter("table") if _ is not table) or all(
        len(row) < 2 for row in table.iter("tr")
    )


def _table(table: HtmlElement) -> Iterator[Block]:
    grid = []
    bold = None
    for row in table.iter("tr"):
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        texts = []
        for cell in cells:
            texts.append(" ".join(cell.text_content().split()))
            texts += [""] * (_span(cell) - 1)
        grid.append(texts)
        if len(grid) == 1 and cells:
            bold = all(_bold(cell) for cell in cells if cell.text_content().strip())
    yield from grids.lines(grid, bold=bold or None)


def _span(cell: HtmlElement) -> int:
    said = cell.get("colspan") or "1"
    return min(int(said), 100) if said.isascii() and said.isdigit() else 1


def _bold(cell: HtmlElement) -> bool:
    if cell.tag == "th":
        return True
    strong = "".join(one.text_content() for one in cell.iter("strong", "b"))
    return bool(strong.split() == cell.text_content().split())
