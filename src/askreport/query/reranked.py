"""scored candidates -> the same, the best of them in a reranker's order.

The order is the reranker's, the probabilities stay the calibrated ones: the scores of
the candidates that it saw are dealt out again, greatest first, in its order. So scores
still fall from first to last, and `evidence.confidence`, which looks at all of them
together, is what it was: a reranker changes which passage is quoted, never whether the
shelf answers. Its own scores are on a scale that differs from model to model, and
nothing here could calibrate them.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from askreport.reranking import Reranker
from askreport.types import Candidate, Passage

SIGNAL = "reranker"
"""The signal that holds the reranker's own score, for those that it saw."""

BATCH = 4
"""Passages scored between looks at the clock: a batch of 200-token passages takes a
six-layer CrossEncoder about a fifth of a second on one core."""


@dataclass(frozen=True, slots=True)
class Reranking:
    """A reranker and how much it may do for a question."""

    reranker: Reranker
    candidates: int
    """The most passages it is shown."""
    seconds: float
    """The time it has; 0 shows it none."""


def order(
    question: str, scored: Sequence[Candidate], by: Reranking | None
) -> tuple[Candidate, ...]:
    """The candidates, best first; those that the reranker did not reach keep their
    order and their scores, below the ones that it saw.
    """
    if by is None:
        return tuple(scored)
    graded = _graded(question, scored[: by.candidates], by)
    seen = [
        replace(c, signals={**c.signals, SIGNAL: grade})
        for c, grade in zip(scored, graded, strict=False)
    ]
    best = sorted(seen, key=lambda c: (-c.signals[SIGNAL], -c.score, c.row))
    dealt = [
        replace(c, score=held.score) for c, held in zip(best, scored, strict=False)
    ]
    return (*dealt, *scored[len(dealt) :])


def parameters(
    found: Sequence[Candidate], by: Reranking | None
) -> dict[str, float | int | str]:
    """What a receipt says of the reranking: by what, within what, how many it saw."""
    if by is None:
        return {}
    return {
        "reranker": by.reranker.name,
        "reranker_digest": by.reranker.digest,
        "reranker_candidates": by.candidates,
        "reranker_seconds": by.seconds,
        "reranked": sum(SIGNAL in c.signals for c in found),
    }


def _graded(question: str, best: Sequence[Candidate], by: Reranking) -> list[float]:
    """The reranker's scores of the first candidates, as many as the time allows.

    A batch begins only if one as slow as the slowest so far would still end in time;
    the first one always does, unless there is no time at all.
    """
    graded: list[float] = []
    began = time.monotonic()
    spent = slowest = 0.0
    while len(graded) < len(best) and by.seconds > 0 and spent + slowest <= by.seconds:
        batch = best[len(graded) : len(graded) + BATCH]
        found = by.reranker.score(question, [read(c.passage) for c in batch])
        graded += [float(score) for score in found]
        now = time.monotonic() - began
        spent, slowest = now, max(slowest, now - spent)
    return graded


def read(passage: Passage) -> str:
    """What the reranker reads: title and section path, then the passage's text."""
    above = [passage.source.title, " > ".join(passage.section)]
    return "\n".join([line for line in above if line] + [passage.text])
