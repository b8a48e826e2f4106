"""evidence -> sentences, each carrying its markers: the default, extractive writer.

It says nothing of its own: every sentence is a document's. What it writes is checked by
`verify` like the words of any other writer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from askreport import text as texts
from askreport.generation.opened import Generation
from askreport.types import Evidence


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer and the markers of the evidence it rests on."""

    text: str
    markers: tuple[int, ...]


def write(evidence: Sequence[Evidence], generation: Generation) -> tuple[Sentence, ...]:
    """The quoted sentences, best evidence first, each said once."""
    by_text: dict[str, tuple[int, ...]] = {}
    for piece in evidence:
        text = quoted(piece, generation)
        by_text[text] = (*by_text.get(text, ()), piece.marker)
    return tuple(Sentence(text, markers) for text, markers in by_text.items())


def quoted(piece: Evidence, generation: Generation) -> str:
    """The words of a piece of evidence's quote, as they stand on the page."""
    passage = piece.candidate.passage
    page = generation.page(passage.source.id, passage.page)
    return page.text[piece.quote.start : piece.quote.end]


def joined(sentences: Sequence[Sentence]) -> str:
    """One paragraph, the markers in brackets after each sentence."""
    return " ".join(
        texts.unmarked(s.text.removeprefix("- "))
        + "".join(f" [{marker}]" for marker in s.markers)
        for s in sentences
    )
