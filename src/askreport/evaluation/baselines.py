"""a question -> what plain ways of searching find: by words, by meaning, both fused.

They ask the same index as the product. The two look-ups are also what the product
begins with, so their time is what scoring is held against.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from askreport import dense, lexical
from askreport.evaluation.nouns import DEPTH, EvaluationSet, Ranked
from askreport.library import Library
from askreport.query import candidates, question
from askreport.query.question import Question

NAMES = ("bm25", "dense", "rrf")
"""In the order in which tables show them."""

PASSAGES = 3 * DEPTH
"""Passages looked up to rank DEPTH units, of which long ones have several passages."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked up, and the rows found with raw scores, each list best first."""

    asked: Question
    near: list[tuple[int, float]]
    worded: list[tuple[int, float]]


def prepare(library: Library, text: str) -> Question:
    """Encode a question."""
    return question.ask(
        text,
        library.encoder,
        library.generation.lexical,
        most_chars=library.shelf.settings.question_chars,
    )


def look_up(library: Library, asked: Question, *, most: int) -> Found:
    """Look it up both ways."""
    generation = library.generation
    return Found(
        asked,
        list(dense.search(generation.dense, asked.vector, most=most)),
        list(lexical.search(generation.lexical, asked.terms, most=most)),
    )


def rank(found: EvaluationSet, asked: Question) -> Mapping[str, Ranked]:
    """Units by each of NAMES. A unit ranks by its best passage."""
    looked_up = look_up(found.library, asked, most=PASSAGES)
    words = _units(found, looked_up.worded)
    near = _units(found, looked_up.near)
    numbers = {unit: n for n, unit in enumerate(dict.fromkeys([*near, *words]))}
    fused = candidates.fuse([numbers[u] for u in near], [numbers[u] for u in words])
    both = sorted(numbers, key=lambda unit: -fused[numbers[unit]])
    return {
        "bm25": Ranked(words, _best(looked_up.worded)),
        "dense": Ranked(near, _best(looked_up.near)),
        "rrf": Ranked(tuple(both[:DEPTH]), max(fused.values(), default=0.0)),
    }


def _units(found: EvaluationSet, hits: Iterable[tuple[int, float]]) -> tuple[str, ...]:
    passages = found.library.generation.passages
    units = (found.unit_of(passages[row]) for row, _ in hits)
    return tuple(dict.fromkeys(units))[:DEPTH]


def _best(hits: list[tuple[int, float]]) -> float:
    return hits[0][1] if hits else 0.0
