"""terms -> rows that hold them, by BM25 behind build() and search().

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009),
in the Lucene variant, whose inverse document frequency is never negative. What a term
adds to a row's score is computed when the index is built, so a question only adds up
the postings of its own terms. All of it is arrays that are mapped from disk: opening an
index reads nothing, and a question touches the postings of its terms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from askreport import arrays

K1 = 1.2
"""How soon repeating a term stops helping; the standard value, no better one was
seen."""

B = 0.75
"""How much a long passage is marked down; the standard value."""

NOTHING = "\x00nothing"
"""Stands in every row, so that no pair of terms reaches from one into the next."""

FILES = (
    *("letters", "ends", "pointers", "holders", "weights"),
    *("sequence", "starts"),
)
"""The arrays on disk, each `<name>.npy`."""

FEW = 8
"""Where fewer than one row in so many may be found, only those are scored."""


@dataclass(frozen=True, slots=True)
class Index:
    """Which rows hold which terms, and in which order."""

    letters: NDArray[np.uint8]
    """All terms as UTF-8, one after another, ascending; a term's place in that order is
    its number."""
    ends: NDArray[np.int64]
    """Shape (terms,): where each ends in `letters`."""
    pointers: NDArray[np.int64]
    """Shape (terms + 1,): term i owns `holders[pointers[i]:pointers[i + 1]]`."""
    holders: NDArray[np.int32]
    """Shape (postings,): the rows that hold each term, ascending."""
    weights: NDArray[np.float32]
    """Shape (postings,): what the term adds to the score of that row."""
    sequence: NDArray[np.int32]
    """Shape (terms of all rows,): the number of each term, row after row."""
    starts: NDArray[np.int64]
    """Shape (rows + 1,): row i owns `sequence[starts[i]:starts[i + 1]]`."""

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.starts) - 1

    def term(self, number: int) -> bytes:
        """The term of that number, as UTF-8."""
        start = int(self.ends[number - 1]) if number else 0
        return self.letters[start : int(self.ends[number])].tobytes()

    def number(self, term: str) -> int | None:
        """The number of a term; None if no row holds it."""
        sought = term.encode("utf-8", "surrogatepass")
        low, high = 0, len(self.ends)
        while low < high:
            middle = (low + high) // 2
            if self.term(middle) < sought:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self.ends) and self.term(low) == sought else None

    def postings(self, term: str) -> slice:
        """Where those of a term are; nowhere if no row holds it."""
        number = self.number(term)
        if number is None:
            return slice(0, 0)
        return slice(*self.pointers[number : number + 2].tolist())


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of some rows: what an index is joined from, a document at a time."""

    words: tuple[str, ...]
    """Each term once, as they were met."""
    sequence: NDArray[np.int32]
    """Shape (terms of all rows,): the place of each in `words`, row after row."""
    lengths: NDArray[np.int32]
    """Shape (rows,): how many terms each row has."""

    def after(self, terms: Sequence[str]) -> "Terms":
        """The same with these terms at the beginning of every row."""
        if not terms:
            return self
        numbers = {word: i for i, word in enumerate(self.words)}
        first = [numbers.setdefault(term, len(numbers)) for term in terms]
        starts = np.cumsum(self.lengths) - self.lengths
        places = np.repeat(starts, len(first))
        sequence = np.insert(self.sequence, places, first * len(self.lengths))
        lengths = self.lengths + np.int32(len(first))
        return Terms(tuple(numbers), sequence.astype(np.int32), lengths)


def terms(rows: Sequence[Sequence[str]]) -> Terms:
    """The terms of each row."""
    numbers: dict[str, int] = {}
    lengths = np.fromiter(map(len, rows), np.int32, count=len(rows))
    every = chain.from_iterable(rows)
    met = (numbers.setdefault(term, len(numbers)) for term in every)
    sequence = np.fromiter(met, np.int32, count=int(lengths.sum()))
    return Terms(tuple(numbers), sequence, lengths)


def build(rows: Sequence[Sequence[str]]) -> Index:
    """An index over the terms of each row, of which there must be one."""
    return joined([terms(rows)])


def joined(parts: Sequence[Terms]) -> Index:
    """An index over the rows of all parts, one after another."""
    numbers = {NOTHING: 0}
    lengths = np.concatenate([part.lengths for part in parts]).astype(np.int64) + 1
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    sequence = np.zeros(int(starts[-1]), dtype=np.int32)
    # Where rows end stands NOTHING, and the terms of all parts in the other places.
    filled = np.ones(len(sequence), dtype=np.bool_)
    filled[starts[1:] - 1] = False
    sequence[filled] = np.concatenate([_numbered(part, numbers) for part in parts])
    # Numbered in their order, not as they were met: they are found by halving, and two
    # builds agree on their files.
    encoded = [term.encode("utf-8", "surrogatepass") for term in numbers]
    order = sorted(range(len(encoded)), key=encoded.__getitem__)
    renumbered = np.empty(len(order), dtype=np.int32)
    renumbered[order] = np.arange(len(order), dtype=np.int32)
    words = [encoded[i] for i in order]
    sequence = renumbered[sequence]
    return Index(
        np.frombuffer(b"".join(words), dtype=np.uint8),
        np.cumsum([len(word) for word in words], dtype=np.int64),
        *_postings(sequence, starts, len(words)),
        sequence,
        starts,
    )


def _numbered(part: Terms, numbers: dict[str, int]) -> NDArray[np.int32]:
    """The sequence of a part by the numbers of the whole, which learns its words."""
    met = (numbers.setdefault(word, len(numbers)) for word in part.words)
    own = np.fromiter(met, np.int32, count=len(part.words))
    return own[part.sequence]


def _postings(
    sequence: NDArray[np.int32], starts: NDArray[np.int64], terms: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Pointers, rows and weights."""
    rows = len(starts) - 1
    lengths = np.diff(starts)
    # A term and a row as one number, so that sorting brings equal ones together.
    pairs = sequence.astype(np.int64)
    pairs *= rows
    pairs += np.repeat(np.arange(rows, dtype=np.int64), lengths)
    pairs, counts = np.unique(pairs, return_counts=True)
    held, holders = np.divmod(pairs, rows)
    used = np.bincount(held, minlength=terms)
    rare = np.log1p((rows - used + 0.5) / (used + 0.5))
    long = K1 * (1 - B + B * lengths / lengths.mean())
    weights = rare[held] * counts / (counts + long[holders])
    pointers = np.concatenate([[0], np.cumsum(used)]).astype(np.int64)
    return pointers, holders.astype(np.int32), weights.astype(np.float32)


def write(index: Index, folder: Path) -> None:
    """Store the index as files of `folder`; `read` gives it back."""
    for name in FILES:
        np.save(folder / f"{name}.npy", getattr(index, name))


def read(folder: Path) -> Index:
    """The index stored in `folder`, its arrays mapped, not loaded."""
    return Index(**{name: arrays.mapped(folder / f"{name}.npy") for name in FILES})


def search(
    index: Index,
    terms: Sequence[str],
    *,
    most: int,
    among: Sequence[int] | None = None,
) -> list[tuple[int, float]]:
    """(row, BM25 score), best first, ties by row, of the rows that share a term."""
    if among is None:
        scores = scored(index, terms)
        rows = np.flatnonzero(scores)
        scores = scores[rows]
    else:
        rows = np.asarray(among, dtype=np.int64)
        few = len(rows) * FEW < index.rows
        scores = scored_at(index, terms, rows) if few else scored(index, terms)[rows]
        rows, scores = rows[scores > 0], scores[scores > 0]
    if 0 < most < len(rows):
        # Sorting all that share a common word would cost more than scoring them.
        least = np.partition(scores, len(scores) - most)[len(scores) - most]
        rows, scores = rows[scores >= least], scores[scores >= least]
    best = np.lexsort((rows, -scores))[: max(0, most)]
    return [(int(rows[i]), float(scores[i])) for i in best]


def scored(index: Index, terms: Sequence[str]) -> NDArray[np.float32]:
    """The BM25 score of every row, shape (rows,); zeros where nothing matches."""
    scores = np.zeros(index.rows, dtype=np.float32)
    for term in dict.fromkeys(terms):
        own = index.postings(term)
        scores[index.holders[own]] += index.weights[own]
    return scores


def scored_at(
    index: Index, terms: Sequence[str], rows: Sequence[int] | NDArray[np.int64]
) -> NDArray[np.float32]:
    """What `scored` gives for each of `rows`, which need not be in order."""
    wanted = np.asarray(rows, dtype=np.int64)
    scores = np.zeros(len(wanted), dtype=np.float32)
    for term in dict.fromkeys(terms):
        own = index.postings(term)
        held, places = _placed(index.holders[own], wanted)
        scores[held] += index.weights[own][places[held]]
    return scores


def _placed(
    holders: NDArray[np.int32], rows: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Whether each of `rows` is among the holders, and where."""
    if not len(holders):
        return np.zeros(len(rows), dtype=np.bool_), np.zeros(len(rows), dtype=np.int64)
    # As narrow as the holders are: otherwise all of those would be widened first.
    sought = rows.astype(holders.dtype)
    places = np.minimum(np.searchsorted(holders, sought), len(holders) - 1)
    return holders[places] == sought, places


def holding(
    index: Index, terms: Sequence[str], rows: Sequence[int]
) -> NDArray[np.bool_]:
    """Whether each of `rows` holds each term, shape (len(terms), len(rows))."""
    held = np.zeros((len(terms), len(rows)), dtype=np.bool_)
    wanted = np.asarray(rows, dtype=np.int64)
    for i, term in enumerate(terms):
        held[i], _ = _placed(index.holders[index.postings(term)], wanted)
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
    own = index.postings(term)
    used = own.stop - own.start
    return float(np.log1p((index.rows - used + 0.5) / (used + 0.5)))
