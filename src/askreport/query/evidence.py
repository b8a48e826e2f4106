"""candidates -> the few worth quoting: scored, de-duplicated, numbered, or none.

Candidates are put in order by weighed signals, each first standardised over the best
values it takes for this question, so that a long question and a short one, a table and
a paragraph, are judged on one scale: tables are compared with tables, and weighed by
weights of their own. How probable it is that the first one answers is
read from signals as they are, its own and the best of those that come after it: a
standardised signal says which passage is best, not whether it is any good. The weights
ship as data (`weights.json`, made by
`benchmarks/train_evidence.py`).
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from askreport import late
from askreport import text as texts
from askreport.generation.opened import Generation
from askreport.query import signals
from askreport.query.question import Question
from askreport.types import Candidate, Evidence, Passage, Span

SAME = 0.8
"""Passages that share this much of their words (Jaccard) say the same thing."""

WORTH = 0.45
"""A further passage is quoted if it is at least this share as probable as the best one:
1.1 to 1.8 passages an answer on the sets, 1.4 on our own shelf."""

RIVALS = 20
"""A signal is standardised over this many of its greatest values: the passages that
compete, not the many that have nothing to do with the question. 10 and 40 did alike."""

SPREAD = 0.02
"""Added to a signal's standard deviation, so that a hair's breadth decides nothing."""

APART = 2.0
"""A standardised value is cut off this far from 0: one accidental run of two words that
no rival shares may not outweigh everything else."""

FEW = 2
"""Tables among prose, or prose among tables, are standardised by their own values as
far as there are more of them than this, and by those of all where there are fewer."""


RELATIVE = ("likeness", "agreed", "company")
"""Signals that say how a passage stands to the others: for these, tables and prose are
standardised together."""


AFTER = 10
"""Whether the shelf answers shows in the best of this many passages: what answers is
not always what comes first. 5 and 20 did nearly alike."""

NEAR = 3
"""What is asked for is looked for in this many. 2 and 4 did alike; some figure, sum or
name stands in any ten passages."""

BEST = {
    "best_cosine": ("cosine", AFTER),
    "best_met": ("met", AFTER),
    "best_fitting": ("fitting", NEAR),
}
"""The greatest of a signal over a passage and those that come after it, so many in
all..."""

LEAST = {"least_absent": ("absent", NEAR)}
"""...and the least."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """A probability that rises with a weighed sum of signals."""

    intercept: float
    weights: Mapping[str, float]

    def probability(self, measured: Mapping[str, float]) -> float:
        """Between 0 and 1; a signal that is missing counts as 0."""
        total = self.intercept + sum(
            weight * measured.get(name, 0.0) for name, weight in self.weights.items()
        )
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, total))))


@dataclass(frozen=True, slots=True)
class Weights:
    """How the candidates are ordered, and what is thought of the first."""

    order: Mapping[str, float]
    """Of standardised signals; a difference of 1 makes a passage e times as likely."""
    tables: Mapping[str, float]
    """What is added to the weights of `order`, name by name, for a table."""
    answers: Logistic
    """That a passage with these signals answers."""
    quoted: Logistic
    """That the sentence quoted from it holds the answer, if it does."""


@cache
def shipped() -> Weights:
    """The weights that ship with askreport."""
    raw = json.loads(
        resources.files("askreport.query").joinpath("weights.json").read_text()
    )
    answers, quoted = (
        Logistic(raw[name]["intercept"], raw[name]["weights"])
        for name in ("answers", "quoted")
    )
    return Weights(raw["order"], raw["tables"], answers, quoted)


def score(
    candidates: Sequence[Candidate], weights: Weights | None = None
) -> tuple[Candidate, ...]:
    """The candidates with calibrated scores, best first, ties in passage order.

    The first one's score is the probability that its quote answers; the score of
    another is lower by as much as it is less likely than the first.
    """
    if not candidates:
        return ()
    weights = weights or shipped()
    height = contributions(candidates, weights).sum(axis=1)
    by_height = sorted(
        zip(height.tolist(), candidates, strict=True), key=lambda p: (-p[0], p[1].row)
    )
    ordered = reaching([c for _, c in by_height])
    top, measured = by_height[0][0], ordered[0].signals
    sure = weights.answers.probability(measured) * weights.quoted.probability(measured)
    return tuple(
        c.rated(c.signals, sure * math.exp(h - top))
        for (h, _), c in zip(by_height, ordered, strict=True)
    )


def reaching(ordered: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Candidates, best first, with the signals of `BEST` and `LEAST`."""
    reached = {
        name: _reached([c.signals.get(of, 0.0) for c in ordered], limit, many)
        for limit, names in ((max, BEST), (min, LEAST))
        for name, (of, many) in names.items()
    }
    return tuple(
        c.rated({**c.signals, **dict(zip(reached, row, strict=True))}, c.score)
        for c, row in zip(ordered, zip(*reached.values(), strict=True), strict=True)
    )


def _reached(
    values: Sequence[float], limit: Callable[[Sequence[float]], float], many: int
) -> list[float]:
    """The limit of each value and those that come after it, `many` in all."""
    return [limit(values[i : i + many]) for i in range(len(values))]


def contributions(
    candidates: Sequence[Candidate], weights: Weights
) -> NDArray[np.float64]:
    """What each signal of the order adds to each candidate's height.

    Shape (candidates, len(weights.order)).
    """
    names = tuple(weights.order)
    prose = np.array([weights.order[name] for name in names])
    more = np.array([weights.tables.get(name, 0.0) for name in names])
    return np.asarray(
        standardised(candidates, names)
        * (prose + more * tabular(candidates)[:, np.newaxis])
    )


def tabular(candidates: Sequence[Candidate]) -> NDArray[np.bool_]:
    """Which candidates are tables, shape (candidates,)."""
    return np.array([c.signals.get("table", 0.0) > 0 for c in candidates], dtype=bool)


def standardised(
    candidates: Sequence[Candidate], names: Sequence[str]
) -> NDArray[np.float64]:
    """Signals less their mean over the `RIVALS` greatest values, by their spread; of
    tables and of prose apart, but for those that are `RELATIVE`.

    Shape (candidates, names).
    """
    raw = np.array(
        [[c.signals.get(name, 0.0) for name in names] for c in candidates],
        dtype=np.float64,
    ).reshape(len(candidates), len(names))
    if not candidates:
        return raw
    of_all = _level(raw)
    found = _by(of_all, raw)
    alone = np.array([name not in RELATIVE for name in names], dtype=bool)
    tables = tabular(candidates)
    for own in (tables, ~tables):
        if own.any() and not own.all():
            count = min(RIVALS, int(own.sum()))
            share = count / (count + FEW)
            level = share * _level(raw[own]) + (1 - share) * of_all
            found[np.ix_(own, alone)] = _by(level, raw[own])[:, alone]
    return np.clip(found, -APART, APART)


def _by(level: NDArray[np.float64], raw: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((raw - level[0]) / (level[1] + SPREAD))


def _level(raw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean and standard deviation of the greatest values, shape (2, names)."""
    rivals = -np.sort(-raw, axis=0)[:RIVALS]
    return np.stack([rivals.mean(axis=0), rivals.std(axis=0)])


def confidence(scored: Sequence[Candidate]) -> float:
    """The probability that the first quote answers; 0 where nothing was found."""
    return scored[0].score if scored else 0.0


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
    return number(question, scored, generation, most=most, least=line(scored))


def number(
    question: Question,
    scored: Sequence[Candidate],
    generation: Generation,
    *,
    most: int,
    least: float = 0.0,
) -> tuple[Evidence, ...]:
    """The best of each group of like passages, with the sentence that answers."""
    found = groups(scored, most=most, least=least)
    return tuple(
        Evidence(marker, best, quote(question, best, generation), tuple(like))
        for marker, (best, like) in enumerate(found, start=1)
    )


def groups(
    scored: Sequence[Candidate], *, most: int, least: float = 0.0
) -> list[tuple[Candidate, list[str]]]:
    """The first `most` candidates unlike those before them whose score reaches `least`,
    each with the ids of those that repeat it, whatever their score.
    """
    kept: list[tuple[Candidate, list[str]]] = []
    for candidate in scored:
        passage = candidate.passage
        twin = next((like for one, like in kept if same(one.passage, passage)), None)
        if twin is not None:
            twin.append(passage.id)
        elif len(kept) < most and candidate.score >= least:
            kept.append((candidate, []))
    return kept


def same(one: Passage, other: Passage) -> bool:
    """Whether two passages overlap on their page or share most of their words."""
    placed = one.source.id == other.source.id and one.page == other.page
    if placed and one.start < other.end and other.start < one.end:
        return True
    a, b = _vocabulary(one.text), _vocabulary(other.text)
    if a.most_shared(b) * (1 + SAME) < SAME * (len(a.words) + len(b.words)) - 1:
        return False
    return len(a.words & b.words) >= SAME * len(a.words | b.words)


BITS = 1024
"""Of the mark that a vocabulary makes: few of a passage's words fall on one bit."""


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """The words of a passage, and a mark that tells most others apart at a look."""

    words: frozenset[str]
    mark: int
    """A bit for each word (some fall on the same)."""
    hidden: int
    """Words that add no bit."""

    def most_shared(self, other: "_Vocabulary") -> int:
        """No fewer than the words that both hold."""
        return (self.mark & other.mark).bit_count() + self.hidden


@lru_cache(maxsize=4096)
def _vocabulary(text: str) -> _Vocabulary:
    words = frozenset(texts.words(text))
    mark = 0
    for word in words:
        mark |= 1 << hash(word) % BITS
    return _Vocabulary(words, mark, len(words) - mark.bit_count())


def quote(question: Question, candidate: Candidate, generation: Generation) -> Span:
    """The words of the passage that answer best, as a span of its page."""
    passage, row = candidate.passage, candidate.row
    met = late.together(generation.tokens, question.tokens, [row])
    cut = generation.sentences.of(row)
    (graded,) = signals.sentences(question, [passage.text], met, [cut])
    said = signals.quoted(graded, passage.text)
    return Span(passage.start + said.start, passage.start + said.end)
