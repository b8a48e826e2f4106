"""terms -> rows that hold them, by BM25 (bm25s) behind build() and search().

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009),
in the Lucene variant, whose inverse document frequency is never negative. Scores are
computed when the index is built, so a question only adds up the postings of its own
terms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import bm25s  # takes as long to import as a build with nothing to do

K1 = 1.2
"""How soon repeating a term stops helping; the standard value, no better one was
seen."""

B = 0.75
"""How much a long passage is marked down; the standard value."""

NOTHING = "\x00nothing"
"""Stands in every row, so that an index of passages without a single term can be
built."""

FILES = ("sequence", "starts")
"""The arrays on disk beside those of bm25s, each `<name>.npy`."""


@dataclass(frozen=True, slots=True)
class Index:
    """Which rows hold which terms, and in which order."""

    postings: "bm25s.BM25"
    sequence: NDArray[np.int32]
    """Shape (terms of all rows,): the number of each term, row after row."""
    starts: NDArray[np.int64]
    """Shape (rows + 1,): row i owns `sequence[starts[i]:starts[i + 1]]`."""

    def number(self, term: str) -> int | None:
        """The number of a term; None if no row holds it."""
        found: int | None = self.postings.vocab_dict.get(term)
        return found


def build(rows: Sequence[Sequence[str]]) -> Index:
    """An index over the terms of each row, of which there must be one.

    Terms are numbered as they first occur: left to itself bm25s numbers them by hash,
    which differs between processes, and two builds would not agree on their files.
    """
    import bm25s

    numbers = {NOTHING: 0}
    ids = [
        [numbers.setdefault(term, len(numbers)) for term in (*terms, NOTHING)]
        for terms in rows
    ]
    postings = bm25s.BM25(method="lucene", k1=K1, b=B)
    postings.index((ids, numbers), create_empty_token=False, show_progress=False)
    starts = np.cumsum([0, *map(len, ids)], dtype=np.int64)
    sequence = np.fromiter(chain.from_iterable(ids), np.int32, count=int(starts[-1]))
    return Index(postings, sequence, starts)


def write(index: Index, folder: Path) -> None:
    """Store the index as files of `folder`; `read` gives it back."""
    index.postings.save(folder, show_progress=False)
    for name in FILES:
        np.save(folder / f"{name}.npy", getattr(index, name))


def read(folder: Path) -> Index:
    """The index stored in `folder`, its arrays mapped, not loaded."""
    import bm25s

    postings = bm25s.BM25.load(folder, mmap=True, show_progress=False)
    # As plain arrays, whose slices cost a third of those of np.memmap.
    sequence, starts = (
        np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in FILES
    )
    return Index(postings, sequence, starts)


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
    known = [term for term in dict.fromkeys(terms) if index.number(term) is not None]
    rows = int(index.postings.scores["num_docs"])
    if not known:
        return np.zeros(rows, dtype=np.float32)
    return np.asarray(index.postings.get_scores(known), dtype=np.float32)


def holding(
    index: Index, terms: Sequence[str], rows: Sequence[int]
) -> NDArray[np.bool_]:
    """Whether each of `rows` holds each term, shape (len(terms), len(rows))."""
    held = np.zeros((len(terms), len(rows)), dtype=np.bool_)
    wanted = np.asarray(rows, dtype=np.int64)
    pointers, postings = (
        index.postings.scores["indptr"],
        index.postings.scores["indices"],
    )
    for i, term in enumerate(terms):
        column = index.number(term)
        if column is not None:
            own = postings[int(pointers[column]) : int(pointers[column + 1])]
            places = np.minimum(np.searchsorted(own, wanted), len(own) - 1)
            held[i] = own[places] == wanted
    return held


def neighbours(
    index: Index, pairs: Sequence[tuple[str, str]], rows: Sequence[int]
) -> NDArray[np.bool_]:
    """Whether the terms of each pair follow each other in each of `rows`.

    Shape (len(pairs), len(rows)).
    """
    held = np.zeros((len(pairs), len(rows)), dtype=np.bool_)
    spans = [slice(int(index.starts[r]), int(index.starts[r + 1])) for r in rows]
    # Every row ends with NOTHING, so that no pair reaches from one into the next.
    whole = np.concatenate([index.sequence[s] for s in spans] or [index.sequence[:0]])
    owner = np.repeat(np.arange(len(rows)), [s.stop - s.start for s in spans])
    for i, (one, other) in enumerate(pairs):
        first, second = index.number(one), index.number(other)
        if first is not None and second is not None:
            met = (whole[:-1] == first) & (whole[1:] == second)
            held[i, owner[:-1][met]] = True
    return held


def rarity(index: Index, term: str) -> float:
    """Inverse document frequency of a term; a term nobody uses is the rarest of all."""
    rows = int(index.postings.scores["num_docs"])
    column = index.number(term)
    pointers = index.postings.scores["indptr"]
    used = 0 if column is None else int(pointers[column + 1] - pointers[column])
    return float(np.log1p((rows - used + 0.5) / (used + 0.5)))
