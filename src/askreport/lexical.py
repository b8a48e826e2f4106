"""terms -> rows that hold them, by BM25 (bm25s) behind build() and search().

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009),
in the Lucene variant, whose inverse document frequency is never negative. Scores are
computed when the index is built, so a question only adds up the postings of its own
terms.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import bm25s
import numpy as np
from numpy.typing import NDArray

K1 = 1.2
"""How soon repeating a term stops helping; the standard value, no better one was
seen."""

B = 0.75
"""How much a long passage is marked down; the standard value."""

NOTHING = "\x00nothing"
"""Stands in every row, so that an index of passages without a single term can be
built."""

Index: TypeAlias = bm25s.BM25
"""What `build` and `read` return and `search` takes; opaque to callers."""


def build(rows: Sequence[Sequence[str]]) -> Index:
    """An index over the terms of each row, of which there must be one.

    Terms are numbered as they first occur: left to itself bm25s numbers them by hash,
    which differs between processes, and two builds would not agree on their files.
    """
    numbers = {NOTHING: 0}
    ids = [
        [numbers.setdefault(term, len(numbers)) for term in (*terms, NOTHING)]
        for terms in rows
    ]
    index = bm25s.BM25(method="lucene", k1=K1, b=B)
    index.index((ids, numbers), create_empty_token=False, show_progress=False)
    return index


def write(index: Index, folder: Path) -> None:
    """Store the index as files of `folder`; `read` gives it back."""
    index.save(folder, show_progress=False)


def read(folder: Path) -> Index:
    """The index stored in `folder`, its arrays mapped, not loaded."""
    return bm25s.BM25.load(folder, mmap=True, show_progress=False)


def search(
    index: Index,
    terms: Sequence[str],
    *,
    most: int,
    among: Sequence[int] | None = None,
) -> list[tuple[int, float]]:
    """(row, BM25 score), best first, ties by row, of the rows that share a term."""
    scores = scored(index, terms)
    rows = (
        np.arange(len(scores)) if among is None else np.asarray(among, dtype=np.int64)
    )
    rows = rows[scores[rows] > 0]
    best = rows[np.lexsort((rows, -scores[rows]))][: max(0, most)]
    return [(int(row), float(scores[row])) for row in best]


def scored(index: Index, terms: Sequence[str]) -> NDArray[np.float32]:
    """The BM25 score of every row, shape (rows,); zeros where nothing matches."""
    known = [term for term in dict.fromkeys(terms) if term in index.vocab_dict]
    rows = int(index.scores["num_docs"])
    if not known:
        return np.zeros(rows, dtype=np.float32)
    return np.asarray(index.get_scores(known), dtype=np.float32)


def holding(
    index: Index, terms: Sequence[str], rows: Sequence[int]
) -> NDArray[np.bool_]:
    """Whether each of `rows` holds each term, shape (len(terms), len(rows))."""
    held = np.zeros((len(terms), len(rows)), dtype=np.bool_)
    wanted = np.asarray(rows, dtype=np.int64)
    pointers, postings = index.scores["indptr"], index.scores["indices"]
    for i, term in enumerate(terms):
        column = index.vocab_dict.get(term)
        if column is not None:
            own = postings[int(pointers[column]) : int(pointers[column + 1])]
            places = np.minimum(np.searchsorted(own, wanted), len(own) - 1)
            held[i] = own[places] == wanted
    return held


def rarity(index: Index, term: str) -> float:
    """Inverse document frequency of a term; a term nobody uses is the rarest of all."""
    rows = int(index.scores["num_docs"])
    column = index.vocab_dict.get(term)
    pointers = index.scores["indptr"]
    used = 0 if column is None else int(pointers[column + 1] - pointers[column])
    return float(np.log1p((rows - used + 0.5) / (used + 0.5)))
