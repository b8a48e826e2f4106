"""a question -> every passage that might bear on it, each with all its signals.

By meaning (FAISS) and by words (BM25), fused by rank to choose which passages are worth
measuring: Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion" (2009). The fused
order decides nothing else: `evidence` scores what is found here again.
"""

from collections.abc import Sequence

from askreport import dense, late, lexical
from askreport import text as texts
from askreport.generation.opened import Generation
from askreport.query import signals
from askreport.query.question import Question
from askreport.types import Candidate, Passage

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
    near = dense.search(generation.dense, question.vector, most=most, among=among)
    worded = lexical.search(generation.lexical, question.terms, most=most, among=among)
    fused = fuse([row for row, _ in near], [row for row, _ in worded])
    rows = sorted(fused, key=lambda row: (-fused[row], row))[:most]
    cosines = dense.cosines(generation.dense, question.vector, rows)
    words = lexical.scored(generation.lexical, question.terms)
    ceiling = sum(question.rarity) or 1.0
    return tuple(
        Candidate(
            passage=generation.passages[row],
            row=row,
            signals={
                "cosine": float(cosine),
                "bm25": float(words[row]) / ceiling,
                **measured(question, generation, row),
            },
            score=fused[row],
        )
        for row, cosine in zip(rows, cosines, strict=True)
    )


def fuse(*rankings: Sequence[int]) -> dict[int, float]:
    """Reciprocal rank fusion of rankings of rows."""
    fused: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=1):
            fused[row] = fused.get(row, 0.0) + 1 / (FUSION + rank)
    return fused


def measured(question: Question, generation: Generation, row: int) -> dict[str, float]:
    """The finer signals of one row."""
    passage = generation.passages[row]
    met, spans = late.met(generation.tokens, question.tokens, row)
    return signals.measure(question, passage, met, spans, terms(passage))


def terms(passage: Passage) -> frozenset[str]:
    """Search terms of a passage with its publisher, title and section path."""
    source = passage.source
    above = " ".join((source.publisher or "", source.title, *passage.section))
    return frozenset(texts.terms(f"{above}\n{passage.text}"))
