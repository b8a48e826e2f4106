"""an Answer -> a chat message and its sources, in the form that the client shows.

The words are the same everywhere. What differs is how a client is told of sources: in
the text, as annotations of it, or as the events that Open WebUI makes its buttons of.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from askreport.serve import render
from askreport.serve.api.links import Links
from askreport.serve.chat import inert
from askreport.types import Answer, Citation

Form = Literal["text", "annotations", "openwebui"]
"""Sources listed in the text only; in the text and as annotations; as Open WebUI's
events, and then neither, since it would show each twice."""

FORMS: Mapping[str, Form] = {
    "text": "text",
    "annotations": "annotations",
    "openwebui": "openwebui",
}

HEADER = "x-askreport-sources"
"""Names a form for every request of a connection."""

_OPEN_WEBUI = "x-openwebui-"
"""How the headers begin that Open WebUI sends when it forwards who asks."""

NEAREST = "Nearest passages, which do not answer it:"
SOURCES = "Sources:"

_MARKER = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation and the marker in the text that stands for it."""

    citation: Citation
    start: int
    end: int
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Message:
    """What is said, and every citation once, in the order of their numbers."""

    text: str
    cited: tuple[Cited, ...]


def form(asked: Form | None, setting: str, headers: Mapping[str, str]) -> Form:
    """The form to use: the request's own, its connection's, the shelf's, a guess."""
    if asked is not None:
        return asked
    for said in (headers.get(HEADER, "").strip().lower(), setting):
        if said in FORMS:
            return FORMS[said]
    known = any(name.lower().startswith(_OPEN_WEBUI) for name in headers)
    return "openwebui" if known else "annotations"


def message(answer: Answer, links: Links, *, listed: bool) -> Message:
    """The answer as Markdown in which nothing a document says is a mark.

    Only the numbers in brackets are: `Answer.text` has no others. `listed` adds the
    list of sources. A decline says that it is one, lists what came nearest without a
    number, and cites nothing.
    """
    before = render.looked_up(answer)
    parts = [inert.markdown(before)] if before else []
    offset = sum(len(part) + 2 for part in parts)
    said = _said(answer)
    parts.append(said)
    if answer.citations and listed:
        parts.append(SOURCES)
        parts += [f"[{c.marker}] {_line(c, links)}" for c in answer.citations]
    elif not answer.citations and answer.nearest:
        parts.append(NEAREST)
        parts += [f"- {_line(c, links)}" for c in answer.nearest]
    parts += [f"Dropped: {inert.markdown(reason)}" for reason in answer.dropped]
    parts.append(inert.markdown(render.coverage(answer.coverage)))
    return Message("\n\n".join(parts), tuple(_cited(answer, said, offset, links)))


def pieces(text: str) -> list[str]:
    """The text in the pieces it is streamed in: sentences with their markers, lines."""
    return re.findall(r".+?(?:\](?: |\n+)(?!\[)|\n+|$)", text, re.DOTALL)


def titled(citation: Citation) -> str:
    """Title and place of a citation, to name it on a button."""
    title = render.title(citation.title, citation.words)
    page = render.page(citation.page, citation.label, citation.unit, citation.ocr)
    place = page or " ".join(citation.section[-1:])
    return inert.line(", ".join(part for part in (title, place) if part))


def url_citation(cited: Cited) -> dict[str, Any]:
    """A citation as Chat Completions annotates a message."""
    return {
        "type": "url_citation",
        "url_citation": {
            "start_index": cited.start,
            "end_index": cited.end,
            "title": cited.title,
            "url": cited.url,
        },
    }


def event(citation: Citation, links: Links) -> dict[str, Any]:
    """A citation as Open WebUI's `source` event.

    Its buttons are numbered by the order of distinct `metadata.source`, so that is the
    passage's id. An address there, or only in `source`, would be sent to a service of
    icons; `source_url` is not. Pages count from 0, since it adds 1. It appends a text
    fragment to the address, which therefore has none.
    """
    url = links.passage(citation.passage)
    about: dict[str, Any] = {
        "source": citation.passage,
        "name": titled(citation),
        "source_url": url,
    }
    if citation.page is not None:
        about["page"] = citation.page - 1
    return {
        "type": "source",
        "data": {
            "source": {"name": titled(citation), "url": url},
            "document": [inert.markdown(citation.text)],
            "metadata": [about],
            "distances": [round(citation.score, 4)],
        },
    }


def about(answer: Answer) -> dict[str, Any]:
    """What programs want to know besides the text; chat tools ignore it."""
    return {
        "status": answer.status,
        "confidence": round(answer.confidence, 4),
        "looked_up": answer.looked_up,
        "generation": answer.receipt.generation,
        "passages": [c.passage for c in answer.citations],
    }


def _said(answer: Answer) -> str:
    """The answer's own text, everything but its markers escaped."""
    found, at = [], 0
    for marker in _MARKER.finditer(answer.text):
        found += [_piece(answer.text[at : marker.start()]), marker.group()]
        at = marker.end()
    return "".join([*found, _piece(answer.text[at:])])


def _piece(text: str) -> str:
    """A piece of a sentence, with the blanks around it that part it from markers."""
    bare = inert.markdown(text)
    before = " " if text[:1].isspace() and bare else ""
    after = " " if text[-1:].isspace() else ""
    return f"{before}{bare}{after}"


def _line(citation: Citation, links: Links) -> str:
    titled_ = render.title(citation.title, citation.words)
    known = inert.markdown(
        " · ".join([titled_, *filter(None, [render.place(citation)])])
    )
    return f"{known} <{links.words(citation.passage)}>"


def _cited(answer: Answer, said: str, offset: int, links: Links) -> Iterator[Cited]:
    for citation in answer.citations:
        marker = f"[{citation.marker}]"
        start = offset + said.index(marker)
        yield Cited(
            citation,
            start,
            start + len(marker),
            titled(citation),
            links.words(citation.passage),
        )
