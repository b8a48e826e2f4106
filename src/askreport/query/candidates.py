"""a question -> every passage that might bear on it, each with all its signals.

By meaning (FAISS) and by words (BM25), fused by rank to choose which passages are worth
measuring: Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion" (2009). The fused
order decides nothing else: `evidence` scores what is found here again.
"""

from collections.abc import Mapping, Sequence

from askreport import dense, late, lexical
from askreport.generation.opened import Generation
from askreport.query import signals
from askreport.query.question import Question
from askreport.types import Candidate

FUSION = 60
"""The constant of reciprocal rank fusion; the paper's, flat around its optimum."""


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
    fused = retrieve(question, generation, most=most, among=among)
    return scored(question, generation, fused)


def retrieve(
    question: Question,
    generation: Generation,
    *,
    most: int,
    among: Sequence[int] | None = None,
) -> dict[int, float]:
    """Fused scores of at most `most` rows, best first, ties in row order."""
    near = dense.search(generation.dense, question.vector, most=most, among=among)
    worded = lexical.search(generation.lexical, question.terms, most=most, among=among)
    fused = fuse([row for row, _ in near], [row for row, _ in worded])
    best = sorted(fused, key=lambda row: (-fused[row], row))[:most]
    return {row: fused[row] for row in best}


def scored(
    question: Question, generation: Generation, fused: Mapping[int, float]
) -> tuple[Candidate, ...]:
    """Rows with their fused scores as candidates, in their order, all measured."""
    measures = measured(question, generation, list(fused))
    return tuple(
        Candidate(generation.passages[row], row, signals_, score)
        for (row, score), signals_ in zip(fused.items(), measures, strict=True)
    )


def fuse(*rankings: Sequence[int]) -> dict[int, float]:
    """Reciprocal rank fusion of rankings of rows."""
    fused: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=1):
            fused[row] = fused.get(row, 0.0) + 1 / (FUSION + rank)
    return fused


def measured(
    question: Question, generation: Generation, rows: Sequence[int]
) -> list[dict[str, float]]:
    """The signals of each of `rows`.

    Whether a passage, its title, headings or publisher hold a term of the question is
    looked up where BM25 looks, so that no passage is taken apart again.
    """
    cosines = dense.cosines(generation.dense, question.vector, rows).tolist()
    words = lexical.scored(generation.lexical, question.terms)[rows]
    worded = (words / (sum(question.rarity) or 1.0)).tolist()
    terms = lexical.holding(generation.lexical, question.terms, rows).T.tolist()
    pairs = lexical.neighbours(generation.lexical, question.pairs, rows).T.tolist()
    met = late.each_met(generation.tokens, question.tokens, rows)
    return [
        {
            "cosine": cosines[i],
            "bm25": worded[i],
            **signals.measure(
                question,
                generation.passages[row],
                *met[i],
                signals.Held(terms[i], pairs[i]),
                generation.sentences.of(row),
            ),
        }
        for i, row in enumerate(rows)
    ]
