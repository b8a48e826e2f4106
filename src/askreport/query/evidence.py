"""candidates -> the few worth quoting: scored, de-duplicated, numbered, or none.

Candidates compete with each other and with "nothing here answers": a softmax over
weighed signals and one fixed rival, whose weights ship as data (`weights.json`, made by
`benchmarks/train_evidence.py`). A passage's score is its chance against that rival
alone; the confidence of an answer is the chance that the rival loses to any of them.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources

from askreport import late
from askreport import text as texts
from askreport.generation.opened import Generation
from askreport.query import signals
from askreport.query.question import Question
from askreport.types import Candidate, Evidence, Passage, Span

SAME = 0.8
"""Passages that share this much of their words (Jaccard) say the same thing."""

WORTH = 0.5
"""A further passage is quoted if it is at least this share as probable as the
best one."""


FITS = 0.1
"""What holding the kind of thing asked for (a figure, a date, a name) is worth when the
sentence to quote is chosen; anything from 0.05 to 0.2 did as well on xquad-abstain."""


@dataclass(frozen=True, slots=True)
class Weights:
    """One weight a signal; the intercept is the rival's score, negated."""

    intercept: float
    by_signal: Mapping[str, float]

    def probability(self, measured: Mapping[str, float]) -> float:
        """The chance against the rival; a signal that is missing counts as 0."""
        total = self.intercept + sum(
            weight * measured.get(name, 0.0) for name, weight in self.by_signal.items()
        )
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, total))))


@cache
def shipped() -> Weights:
    """The weights that ship with askreport."""
    raw = json.loads(
        resources.files("askreport.query").joinpath("weights.json").read_text()
    )
    return Weights(raw["intercept"], raw["weights"])


def score(
    candidates: Sequence[Candidate], weights: Weights | None = None
) -> tuple[Candidate, ...]:
    """The candidates with calibrated scores, best first, ties in passage order."""
    weights = weights or shipped()
    scored = [replace(c, score=weights.probability(c.signals)) for c in candidates]
    return tuple(sorted(scored, key=lambda c: (-c.score, c.row)))


def confidence(scored: Sequence[Candidate]) -> float:
    """The probability that the shelf answers: that some candidate beats the rival."""
    odds = sum(c.score / (1 - min(c.score, 1 - 1e-9)) for c in scored)
    return odds / (1 + odds)


def line(scored: Sequence[Candidate]) -> float:
    """The score below which a passage is not quoted beside the best one."""
    return WORTH * max((candidate.score for candidate in scored), default=0.0)


def keep(
    question: Question,
    scored: Sequence[Candidate],
    generation: Generation,
    *,
    most: int,
    floor: float,
) -> tuple[Evidence, ...]:
    """At most `most` pieces of evidence, numbered from 1; none if the confidence is
    below the floor.
    """
    if not scored or confidence(scored) < floor:
        return ()
    least = line(scored)
    worth = [candidate for candidate in scored if candidate.score >= least]
    return number(question, worth, generation, most=most)


def number(
    question: Question,
    scored: Sequence[Candidate],
    generation: Generation,
    *,
    most: int,
) -> tuple[Evidence, ...]:
    """The best of each group of like passages, with the sentence that answers."""
    return tuple(
        Evidence(marker, best, quote(question, best, generation), tuple(like))
        for marker, (best, like) in enumerate(groups(scored, most=most), start=1)
    )


def groups(
    scored: Sequence[Candidate], *, most: int
) -> list[tuple[Candidate, list[str]]]:
    """The first `most` candidates unlike those before them, each with the ids of those
    that repeat it.
    """
    kept: list[tuple[Candidate, list[str]]] = []
    for candidate in scored:
        passage = candidate.passage
        twin = next((like for one, like in kept if same(one.passage, passage)), None)
        if twin is not None:
            twin.append(passage.id)
        elif len(kept) < most:
            kept.append((candidate, []))
    return kept


def same(one: Passage, other: Passage) -> bool:
    """Whether two passages overlap on their page or share most of their words."""
    placed = one.source.id == other.source.id and one.page == other.page
    if placed and one.start < other.end and other.start < one.end:
        return True
    a, b = _vocabulary(one.text), _vocabulary(other.text)
    return len(a & b) >= SAME * len(a | b)


@lru_cache(maxsize=4096)
def _vocabulary(text: str) -> frozenset[str]:
    return frozenset(texts.words(text))


def quote(question: Question, candidate: Candidate, generation: Generation) -> Span:
    """The sentence of the passage that answers best, as a span of its page."""
    passage = candidate.passage
    met, spans = late.met(generation.tokens, question.tokens, candidate.row)
    cut = generation.sentences.of(candidate.row)
    graded = signals.sentences(question, passage.text, met, spans, cut)
    best = max(graded, key=lambda s: s.score + FITS * s.fits, default=None)
    if best is None:
        return Span(passage.start, passage.end)
    return Span(passage.start + best.span.start, passage.start + best.span.end)
