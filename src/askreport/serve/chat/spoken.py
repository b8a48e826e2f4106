"""a library's answer or failure -> what a chat bot says of it, not yet laid out."""

from dataclasses import dataclass

from askreport.serve import render
from askreport.serve.api import errors as told
from askreport.serve.api.links import Links
from askreport.serve.chat import inert
from askreport.types import Answer, Citation

ASK = 'Ask a question, for example "What did the report say about staffing?"'
NEAREST = "Nearest passages, which do not answer it:"
MOST_SHOWN = 10
"""Sources shown in a message of a chat; more would not be read, nor fit."""


@dataclass(frozen=True, slots=True)
class Source:
    """A citation as it is shown below a message; `marker` is empty for one that does
    not answer.
    """

    marker: str
    title: str
    place: str
    quote: str
    url: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """Lines of plain words; nothing in them is a mark of any chat tool."""

    question: str
    lines: tuple[str, ...]
    heading: str = ""
    """Above the sources, where they need one."""
    sources: tuple[Source, ...] = ()
    note: str = ""


def answered(answer: Answer, links: Links) -> Spoken:
    """An answer, or a decline that says it is one."""
    looked_up = render.looked_up(answer)
    shown = answer.citations or answer.nearest
    more = len(shown) - MOST_SHOWN
    notes = [f"And {more} more sources."] if more > 0 else []
    notes += [f"Dropped: {reason}" for reason in answer.dropped]
    notes.append(render.coverage(answer.coverage))
    return Spoken(
        inert.line(answer.question),
        tuple(inert.line(part) for part in (looked_up, answer.text) if part),
        "" if answer.citations or not shown else NEAREST,
        tuple(_source(c, answer, links) for c in shown[:MOST_SHOWN]),
        inert.line(" ".join(notes)),
    )


def failed(question: str, error: Exception) -> Spoken:
    """Why there is no answer, in the words that HTTP has for it."""
    failure = told.refusal(error).failure
    why = f"askreport could not answer: {failure.message} ({failure.hint})."
    return Spoken(inert.line(question)[:200], (inert.line(why),))


def _source(citation: Citation, answer: Answer, links: Links) -> Source:
    return Source(
        f"[{citation.marker}]" if answer.citations else "",
        inert.line(render.title(citation.title, citation.words)),
        inert.line(render.place(citation)),
        inert.line(citation.quote),
        links.words(citation.passage),
    )
