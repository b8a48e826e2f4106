"""a question and a passage -> how they bear on each other, each signal on its own
scale.

None depends on what else is on the shelf beyond how rare a term is there, so that one
set of weights serves shelves of any size.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from askreport import late
from askreport.query import expected
from askreport.query.question import Question
from askreport.types import Passage, Span

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence placed in its passage's text, and how well it answers."""

    span: Span
    score: float
    """Weighted late interaction, at most 1."""
    fits: bool
    """Whether it holds the kind of thing the question asks for."""


def measure(
    question: Question,
    passage: Passage,
    met: Floats,
    spans: NDArray[np.int32],
    found_terms: frozenset[str],
    cut: Sequence[Span],
) -> dict[str, float]:
    """Signals of one passage.

    `met` has shape (question tokens, passage tokens); `spans` (passage tokens, 2);
    `found_terms` are the terms of the question that the passage, its title or its
    section path hold; `cut` are the sentences of the passage.
    """
    best = met.max(axis=1, initial=0.0)
    graded = sentences(question, passage.text, met, spans, cut)
    return {
        "late": float(best.mean()) if len(best) else 0.0,
        "late_weighted": float(best @ question.weights),
        "weakest": weakest(best, question.weights),
        "sentence": max((g.score for g in graded), default=0.0),
        "fitting": max((g.score for g in graded if g.fits), default=0.0),
        "cover": cover(question, found_terms),
    }


def weakest(best: Floats, weights: Floats) -> float:
    """How well the least well met of the question's weightier tokens is met."""
    if not len(best):
        return 0.0
    weighty = weights >= statistics.median(weights.tolist())
    return float(best[weighty].min())


def cover(question: Question, terms: frozenset[str]) -> float:
    """The share of the question's terms that stand in the passage, by their rarity."""
    total = sum(question.rarity)
    held = sum(
        r for t, r in zip(question.terms, question.rarity, strict=True) if t in terms
    )
    return held / total if total else 0.0


def sentences(
    question: Question,
    text: str,
    met: Floats,
    spans: NDArray[np.int32],
    cut: Sequence[Span],
) -> tuple[Sentence, ...]:
    """Each sentence of a passage (`cut`) and how well it answers, in order."""
    scores = question.weights @ late.best_within(met, spans[:, 0], cut)
    return tuple(
        Sentence(
            span, score, expected.holds(text[span.start : span.end], question.wanted)
        )
        for span, score in zip(cut, scores.tolist(), strict=True)
    )
