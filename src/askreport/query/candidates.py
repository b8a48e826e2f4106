"""a question -> every passage that might bear on it, each with all its signals.

By meaning (FAISS) and by words (BM25), fused by rank to choose which passages are worth
measuring: Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion" (2009). Where the
question names documents by their titles, the same two rankings of those alone are fused
in. The fused order decides nothing else: `evidence` scores what is found here again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from askreport import dense, late, lexical
from askreport.generation.opened import Generation
from askreport.query import absent, named, signals
from askreport.query.question import Question
from askreport.types import Candidate, Passage, Ranks

FUSION = 60
"""The constant of reciprocal rank fusion; the paper's, flat around its optimum."""


@dataclass(frozen=True, slots=True)
class Retrieved:
    """How a row was found: its fused score, and its place in each ranking."""

    fused: float
    ranks: Ranks


def find(
    question: Question,
    generation: Generation,
    *,
    most: int,
    among: Sequence[int] | None = None,
) -> tuple[Candidate, ...]:
    """At most `most` candidates in fused order, best first, ties in passage order.

    `among` restricts the search to those rows, exactly: a passage outside them is never
    found, and none inside is missed because others ranked before it.
    """
    retrieved = retrieve(question, generation, most=most, among=among)
    return scored(question, generation, retrieved)


def retrieve(
    question: Question,
    generation: Generation,
    *,
    most: int,
    among: Sequence[int] | None = None,
) -> dict[int, Retrieved]:
    """At most `most` rows, best fused score first, ties in row order."""
    near, worded = _rankings(question, generation, most=most, among=among)
    inside = _named(question, generation, among)
    within = _rankings(question, generation, most=most, among=inside) if inside else ()
    fused = fuse(near, worded, *within)
    best = sorted(fused, key=lambda row: (-fused[row], row))[:most]
    by_meaning, by_words = _places(near), _places(worded)
    named_ = [_places(ranking) for ranking in within]
    return {
        row: Retrieved(
            fused[row],
            Ranks(
                by_meaning.get(row),
                by_words.get(row),
                place,
                tuple(places[row] for places in named_ if row in places),
            ),
        )
        for place, row in enumerate(best, start=1)
    }


def scored(
    question: Question, generation: Generation, retrieved: Mapping[int, Retrieved]
) -> tuple[Candidate, ...]:
    """Rows with how they were retrieved as candidates, in their order, all measured."""
    passages = [generation.passages[row] for row in retrieved]
    measures = measured(question, generation, list(retrieved), passages)
    return tuple(
        Candidate(
            passage=passage,
            row=row,
            ranks=by.ranks,
            fused=by.fused,
            signals=signals_,
            score=by.fused,
        )
        for (row, by), passage, signals_ in zip(
            retrieved.items(), passages, measures, strict=True
        )
    )


def _rankings(
    question: Question,
    generation: Generation,
    *,
    most: int,
    among: Sequence[int] | None,
) -> tuple[list[int], list[int]]:
    """Rows by meaning and rows by words, each best first."""
    near = dense.search(generation.dense, question.vector, most=most, among=among)
    worded = lexical.search(generation.lexical, question.terms, most=most, among=among)
    return [row for row, _ in near], [row for row, _ in worded]


def _named(
    question: Question, generation: Generation, among: Sequence[int] | None
) -> list[int]:
    """Rows of documents that the question names, of those that may be searched."""
    rows = named.rows(named.of(question.text, generation), generation)
    if among is None or not rows:
        return rows
    own = np.asarray(rows, dtype=np.int64)
    allowed = np.isin(own, np.asarray(among, dtype=np.int64))
    return [row for row, inside in zip(rows, allowed.tolist(), strict=True) if inside]


def vectors(found: Sequence[Candidate], generation: Generation) -> NDArray[np.float32]:
    """The vectors of the candidates' passages, shape (candidates, dimensions)."""
    return dense.at(generation.dense, [candidate.row for candidate in found])


def _places(ranking: Sequence[int]) -> dict[int, int]:
    return {row: place for place, row in enumerate(ranking, start=1)}


def fuse(*rankings: Sequence[int]) -> dict[int, float]:
    """Reciprocal rank fusion of rankings of rows."""
    fused: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=1):
            fused[row] = fused.get(row, 0.0) + 1 / (FUSION + rank)
    return fused


def measured(
    question: Question,
    generation: Generation,
    rows: Sequence[int],
    passages: Sequence[Passage],
) -> list[dict[str, float]]:
    """The signals of each of `rows`, of which these are the passages.

    Whether a passage, its title, headings or publisher hold a term of the question is
    looked up where BM25 looks, so that no passage is taken apart again.
    """
    cosines = dense.cosines(generation.dense, question.vector, rows).tolist()
    words = lexical.scored_at(generation.lexical, question.terms, rows)
    held = lexical.holding(generation.lexical, question.terms, rows)
    titled = named.of(question.text, generation)
    columns = {
        "cosine": cosines,
        "bm25": (words / (sum(question.rarity) or 1.0)).tolist(),
        "named": [titled.get(one.source.title, 0.0) for one in passages],
        "absent": _absent(question, held, passages, generation),
        **signals.measure(
            question,
            [one.text for one in passages],
            late.together(generation.tokens, question.tokens, rows),
            signals.Held(
                held, lexical.neighbours(generation.lexical, question.pairs, rows)
            ),
            [generation.sentences.of(row) for row in rows],
        ),
    }
    return [
        dict(zip(columns, row, strict=True))
        for row in zip(*columns.values(), strict=True)
    ]


def _absent(
    question: Question,
    held: NDArray[np.bool_],
    passages: Sequence[Passage],
    generation: Generation,
) -> list[float]:
    titles = {one.source.title for one in passages}
    said = {title: named.said(question.text, title, generation) for title in titles}
    titled = [said[one.source.title] for one in passages]
    unknown = {t for t in question.terms if generation.lexical.number(t) is None}
    return absent.of(question, held.T.tolist(), titled, unknown)
