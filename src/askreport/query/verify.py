"""prose -> citations, every one traced to the page it came from.

Runs last and trusts nobody. A quote must be what stands at its span; a sentence may
carry a marker only if every figure it states occurs in the passage that marker names.
What fails is dropped and reported.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from askreport import rectangles
from askreport.generation.opened import Generation
from askreport.query.prose import Sentence, quoted
from askreport.types import Citation, Evidence

_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Traced:
    """The sentences with the markers they earned, their citations, and the rest."""

    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    dropped: tuple[str, ...]


def trace(
    sentences: Sequence[Sentence], evidence: Sequence[Evidence], generation: Generation
) -> Traced:
    """Check every sentence against the passages its markers name.

    Markers come out dense and keep the order of the evidence, best first, in whatever
    order the sentences use them.
    """
    by_marker = {piece.marker: piece for piece in evidence}
    held: list[Sentence] = []
    dropped: list[str] = []
    for sentence in sentences:
        reasons = {
            m: unearned(sentence.text, by_marker.get(m)) for m in sentence.markers
        }
        dropped += [
            f"[{m}] {why}: {sentence.text}" for m, why in reasons.items() if why
        ]
        if not reasons:
            dropped.append(f"no marker: {sentence.text}")
        earned = tuple(m for m, why in reasons.items() if not why)
        if earned:
            held.append(replace(sentence, markers=earned))
    used = sorted({m for sentence in held for m in sentence.markers})
    renumbered = {old: new for new, old in enumerate(used, start=1)}
    return Traced(
        tuple(
            replace(s, markers=tuple(renumbered[m] for m in s.markers)) for s in held
        ),
        tuple(cite(by_marker[old], generation, marker=renumbered[old]) for old in used),
        tuple(dropped),
    )


def unearned(text: str, piece: Evidence | None) -> str:
    """Why a sentence may not carry a marker; empty if it may."""
    if piece is None:
        return "no such evidence"
    strange = figures(text) - figures(piece.candidate.passage.text)
    return (
        f"figures not in the passage ({', '.join(sorted(strange))})" if strange else ""
    )


def figures(text: str) -> frozenset[str]:
    """Every figure of a text, without grouping commas."""
    return frozenset(re.sub(r",(?=\d{3})", "", f) for f in _FIGURE.findall(text))


def cite(piece: Evidence, generation: Generation, *, marker: int) -> Citation:
    """The citation of a piece of evidence; its quote is read from the page itself."""
    passage = piece.candidate.passage
    source = passage.source
    layout = generation.page(source.id, passage.page).layout
    return Citation(
        marker=marker,
        document=source.id,
        title=source.title,
        publisher=source.publisher,
        date=source.date,
        kind=source.kind,
        words=source.words,
        section=passage.section,
        page=passage.page,
        label=passage.label,
        quote=quoted(piece, generation),
        start=piece.quote.start,
        end=piece.quote.end,
        text=passage.text,
        passage=passage.id,
        score=piece.candidate.score,
        url=source.url,
        also=piece.also,
        unit=passage.unit,
        ocr=passage.ocr,
        rectangles=rectangles.of(layout, piece.quote.start, piece.quote.end),
    )
