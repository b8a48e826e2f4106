"""an Answer -> its paragraphs and where its markers stand in them.

A document may itself contain "[2]". What stands inside a quote is the document's, so a
marker is only what stands outside every quote and has a citation.
"""

import re
from dataclasses import dataclass

from askreport import text as texts
from askreport.types import Answer, Span

_MARKER = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker in a text: which citation it names, and where it stands."""

    number: int
    span: Span


def find(answer: Answer) -> tuple[Marker, ...]:
    """The markers of an answer's text, in order."""
    known = {citation.marker for citation in answer.citations}
    quotes = _quotes(answer)
    return tuple(
        Marker(int(found[1]), Span(*found.span()))
        for found in _MARKER.finditer(answer.text)
        if int(found[1]) in known and not _inside(found.start(), quotes)
    )


def paragraphs(answer: Answer) -> str:
    """The text, a line break in place of the blank before each quote but the first.

    As long as the text itself, so that the spans of its markers hold.
    """
    text = answer.text
    for quote in _quotes(answer):
        if quote.start > 0 and text[quote.start - 1] == " ":
            text = text[: quote.start - 1] + "\n" + text[quote.start :]
    return text


def _quotes(answer: Answer) -> list[Span]:
    """Where the text quotes its citations word for word."""
    found = []
    for citation in answer.citations:
        words = citation.quote.removeprefix("- ")
        for said in {words, texts.unmarked(words)}:
            at = answer.text.find(said)
            if said and at >= 0:
                found.append(Span(at, at + len(said)))
    return sorted(found, key=lambda span: span.start)


def _inside(at: int, spans: list[Span]) -> bool:
    return any(span.start <= at < span.end for span in spans)
