"""Markdown -> one page of plain text: marks removed, headings, items and rows kept."""

import html
import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.common.html_blocks import block_names
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from askreport.ingest.documents import blocks
from askreport.ingest.documents.found import Found
from askreport.types import Page

MOST_NESTED = 100
"""Deeper lists and quotes are cut off by the parser, which recurses; its own limit of
20 is reached by ten levels of bullets."""

GLUED = frozenset(
    "a abbr b code del em font i ins kbd mark s small span strong u".split()
)
"""Tags that may stand within a word; any other parts two words."""

TAGS = frozenset(
    "audio bdi bdo big br button canvas cite data dfn embed hr img input label map "
    "meta object output picture pre q rp rt ruby samp script select source strike "
    "style sub sup svg template textarea time tt var video wbr".split()
).union(GLUED, block_names)
"""What HTML knows. `List<String>` and `<your name>` are words in angle brackets."""

_TAG = re.compile(
    r"<!--.*?-->|<(?P<unread>script|style)\b.*?</(?P=unread)\s*>"
    r"|</?(?P<name>[A-Za-z][A-Za-z0-9]*)[^>]*>",
    re.DOTALL | re.IGNORECASE,
)


def read(text: str) -> Found:
    """One unnumbered page. Raw HTML loses its tags and keeps its words."""
    return Found(pages(text))


def pages(text: str, *, written: bool = True) -> tuple[Page, ...]:
    """The page of `read`.

    What was not `written` as Markdown but turned into it has neither HTML nor front
    matter: what looks like them is text.
    """
    options = {"html": written, "maxNesting": MOST_NESTED}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    if written:
        parser.use(front_matter_plugin)
    tokens = parser.parse(text)
    return (blocks.page(_blocks(tokens), number=None, label=None),)


def _blocks(tokens: Sequence[Token]) -> Iterator[blocks.Block]:
    items = 0
    i = 0
    while i < len(tokens):
        token = tokens[i]
        if token.type == "table_open":
            end = _closing(tokens, i)
            yield from _rows(tokens[i:end])
            i = end
        elif token.type in ("list_item_open", "list_item_close"):
            items += 1 if token.type == "list_item_open" else -1
        elif token.type == "inline":
            yield _block(tokens[i - 1], _plain(token), within_item=items > 0)
        elif token.type in ("fence", "code_block", "html_block"):
            yield from _lines(token)
        i += 1


def _lines(token: Token) -> Iterator[blocks.Block]:
    """The lines of code as they are, of HTML without its tags."""
    content = token.content
    if token.type == "html_block":
        content = html.unescape(_untagged(content))
    for i, line in enumerate(content.strip().splitlines()):
        yield blocks.Block(line, tight=i > 0)


def _block(opening: Token, text: str, *, within_item: bool) -> blocks.Block:
    if opening.type == "heading_open":
        return blocks.Block(text, level=int(opening.tag[1:]))
    if within_item:
        return blocks.Block(f"- {text}", tight=True)
    return blocks.Block(text)


def _closing(tokens: Sequence[Token], start: int) -> int:
    return next(i for i in range(start, len(tokens)) if tokens[i].type == "table_close")


def _rows(table: Sequence[Token]) -> Iterator[blocks.Block]:
    """The rows, each repeating its column headings; the headings if there is no row."""
    rows: list[list[str]] = []
    for token in table:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_plain(token))
    names, *others = rows
    yield from blocks.rows(names, others)
    if not others:
        yield blocks.Block("; ".join(filter(None, names)))


def _plain(inline: Token) -> str:
    return "".join(_piece(child) for child in inline.children or [])


def _piece(child: Token) -> str:
    if child.type in ("softbreak", "hardbreak"):
        return " "
    if child.type == "image":
        return _plain(child)
    if child.type == "html_inline":
        return _untagged(child.content)
    return child.content


def _untagged(content: str) -> str:
    return _TAG.sub(_instead, content)


def _instead(tag: re.Match[str]) -> str:
    """What stands for a tag: nothing, a blank, or itself where HTML knows no such."""
    name = (tag.group("name") or "br").lower()
    if name in GLUED:
        return ""
    return " " if name in TAGS else tag.group()
