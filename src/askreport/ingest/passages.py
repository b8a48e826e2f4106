"""a document -> the passages it is searched and quoted by.

Cut along headings and sentences, never across a page or a heading. What is encoded
carries the title and the section path in front; what is stored and quoted does not.
"""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from askreport import errors, tokens
from askreport import text as texts
from askreport.types import Document, Heading, Page, Passage, Source, Span

TITLE_TOKENS = 24
"""A title longer than this is clipped where it stands in front of a passage."""

SECTION_TOKENS = 32
"""Likewise the section path, which gives up its outermost headings first."""

FRONT_CHARS = 4
"""Most characters a token of the front, on average: a ruled line of two hundred dashes
is three tokens here and two hundred to an encoder, which would leave no room for the
text. English has nearly five, so only a front near its limit loses a word by this."""

CARRIED = 0.25
"""A sentence is repeated in the next passage only if it takes at most this share of the
budget: overlap is for context, not to index everything twice."""


ID_LENGTH = 16
"""Hexadecimal digits of an id: among a million passages two collide once in 10^7
shelves."""


@dataclass(frozen=True, slots=True)
class Cutting:
    """How passages are cut. Part of a generation's identity."""

    budget: int = 200
    """Most tokens (tiktoken) of a passage's own text."""
    overlap: int = 1
    """Most sentences that a passage repeats from the one before it in its section."""


def cut(
    document: Document, cutting: Cutting, *, fits: Callable[[str], bool]
) -> tuple[Passage, ...]:
    """The document's passages in reading order.

    `fits` says whether the encoder reads a text whole; no passage is made whose encoded
    form does not. Every word of a page stands in a passage or in a heading above one.
    Raises BuildFailed if title and section path alone fill the encoder.
    """
    open_: tuple[Heading, ...] = ()
    seen: Counter[str] = Counter()
    found: list[Passage] = []
    known = document.source.title if document.source.titled else None
    for page in document.pages:
        bodies, open_ = _bodies(page, open_)
        for above, body in bodies:
            # A heading that repeats the title says nothing more about where this is.
            section = tuple(name for name in above if name != known)
            prefix = front(document.source, section)
            if not fits(prefix + "a"):
                raise _too_small(document.source)

            def room(text: str, prefix: str = prefix) -> bool:
                return tokens.count(text) <= cutting.budget and fits(prefix + text)

            found += [
                placed(document.source, page, section, span, seen)
                for span in _spans(page.text, body, cutting, room)
            ]
    return tuple(found)


def _too_small(source: Source) -> errors.BuildFailed:
    return errors.BuildFailed(
        f"the model reads so little at once that the title and section path of "
        f"{source.id} leave no room for its text",
        hint="set model to one that reads 256 tokens or more",
    )


def encoded(passage: Passage) -> str:
    """What the encoder reads: title and section path, then the passage's text."""
    return front(passage.source, passage.section) + passage.text


def front(source: Source, section: Sequence[str]) -> str:
    """What is put before a passage's text when it is encoded.

    A title that merely repeats the file's name is not: a file may then be renamed at no
    cost.
    """
    title = f"{_clipped(source.title, TITLE_TOKENS)}\n" if source.titled else ""
    path = _clipped(section[-1], SECTION_TOKENS) if section else ""
    for name in reversed(section[:-1]):
        longer = f"{name} > {path}"
        if longer != _clipped(longer, SECTION_TOKENS):
            break
        path = longer
    return f"{title}{path}\n" if path else title


def _clipped(text: str, most: int) -> str:
    return tokens.clip(text[: most * FRONT_CHARS], most)


def _bodies(
    page: Page, above: tuple[Heading, ...]
) -> tuple[list[tuple[tuple[str, ...], Span]], tuple[Heading, ...]]:
    """Runs of the page between headings, each with its section path.

    `above` are the headings still open when the page begins; the second value those
    still open when it ends. A heading with nothing under it is a body of its own.
    """
    bodies = []
    ends = [h.span.start for h in page.headings[1:]] + [len(page.text)]
    first = page.headings[0].span.start if page.headings else len(page.text)
    if page.text[:first].strip():
        bodies.append((_names(above), Span(0, first)))
    for i, (heading, end) in enumerate(zip(page.headings, ends, strict=False)):
        above = (*(h for h in above if h.level < heading.level), heading)
        body = Span(heading.span.end, end)
        if page.text[body.start : body.end].strip():
            bodies.append((_names(above), body))
        elif not _deeper(page.headings, i):
            bodies.append((_names(above[:-1]), heading.span))
    return bodies, above


def _names(headings: Sequence[Heading]) -> tuple[str, ...]:
    return tuple(heading.text for heading in headings)


def _deeper(headings: Sequence[Heading], i: int) -> bool:
    """Whether heading `i` is followed by one below it, which then carries it."""
    return i + 1 < len(headings) and headings[i + 1].level > headings[i].level


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence, or a part of one that has no room whole."""

    span: Span
    size: int
    """In tokens."""
    whole: bool


def _spans(
    text: str, body: Span, cutting: Cutting, room: Callable[[str], bool]
) -> Iterator[Span]:
    """Spans of whole sentences, about equally long, each with room."""

    def joined(first: int, last: int) -> Span:
        return Span(pieces[first].span.start, pieces[last].span.end)

    def together(first: int, last: int) -> bool:
        span = joined(first, last)
        return room(text[span.start : span.end])

    pieces = list(_pieces(text, body, room))
    total = sum(piece.size for piece in pieces)
    aim = total / max(1, -(-total // cutting.budget))
    first = 0
    while first < len(pieces):
        last = first
        size = pieces[first].size
        while last + 1 < len(pieces) and size < aim and together(first, last + 1):
            last += 1
            size += pieces[last].size
        yield joined(first, last)
        after = last + 1
        back = _carried(pieces[first:after], cutting)
        while back and not together(after - back, min(after, len(pieces) - 1)):
            back -= 1
        first = after if after == len(pieces) else after - back


def _carried(pieces: Sequence[_Piece], cutting: Cutting) -> int:
    """How many of a passage's last sentences the next one may repeat: never all."""
    size = 0
    most = min(cutting.overlap, len(pieces) - 1)
    for back, piece in enumerate(pieces[::-1][:most]):
        size += piece.size
        if not piece.whole or size > CARRIED * cutting.budget:
            return back
    return most


def _pieces(text: str, body: Span, room: Callable[[str], bool]) -> Iterator[_Piece]:
    for found in texts.sentences(text[body.start : body.end]):
        whole = Span(body.start + found.start, body.start + found.end)
        parts = list(_parts(text, whole, room))
        for part in parts:
            size = tokens.count(text[part.start : part.end])
            yield _Piece(part, size, whole=len(parts) == 1)


def _parts(text: str, span: Span, room: Callable[[str], bool]) -> Iterator[Span]:
    """The span, halved until each half has room."""
    whole = text[span.start : span.end]
    if len(whole) == 1 or room(whole):
        yield span
        return
    at = _middle(whole)
    yield from _parts(text, Span(span.start, span.start + at), room)
    after = at + len(whole[at:]) - len(whole[at:].lstrip())
    yield from _parts(text, Span(span.start + after, span.end), room)


def _middle(text: str) -> int:
    """Where to halve a text: at a blank, else beside a word, else within the word.

    So a word is cut only if it has no room alone. Nothing is cut before an accent.
    """
    placed = texts.placed_words(text)
    edges = {at for word, start in placed for at in (start, start + len(word))}
    wanted = (
        [i for i, c in enumerate(text) if c.isspace()],
        [at for at in edges if 0 < at < len(text)],
        [i for i, c in enumerate(text) if i and not unicodedata.combining(c)],
    )
    half = len(text) // 2
    for places in wanted:
        if places:
            return min(places, key=lambda at: (abs(at - half), at))
    return max(1, half)


def placed(
    source: Source,
    page: Page,
    section: tuple[str, ...],
    span: Span,
    seen: Counter[str],
) -> Passage:
    """The passage at a span. Its id follows from where it belongs and what it says.

    Its offset is no part of the id, so that an edit elsewhere on the page leaves it
    alone; equal passages of one page are told apart by their order.
    """
    text = page.text[span.start : span.end]
    key = "\x1f".join((source.id, str(page.number), *section, text))
    seen[key] += 1
    digest = hashlib.sha256(f"{key}\x1f{seen[key]}".encode()).hexdigest()
    return Passage(
        id=digest[:ID_LENGTH],
        source=source,
        page=page.number,
        label=page.label,
        start=span.start,
        end=span.end,
        section=section,
        text=text,
        unit=page.unit,
        ocr=page.ocr,
    )
