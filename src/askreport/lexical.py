"""terms -> rows that hold them, by BM25 behind build() and search().

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009),
in the Lucene variant, whose inverse document frequency is never negative. What a term
adds to a row's score is computed when the index is built, so a question only adds up
the postings of its own terms. All of it is arrays that are mapped from disk: opening an
index reads nothing, and a question touches the postings of its terms.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from askreport import arrays, termlists

K1 = 1.2
"""How soon repeating a term stops helping; the standard value, no better one was
seen."""

B = 0.75
"""How much a long passage is marked down; the standard value."""

FILES = (
    *("letters", "ends", "pointers", "peaks", "holders", "weights"),
    *("sequence", "starts"),
)
"""The arrays on disk, each `<name>.npy`."""


REMEMBERED = 1024
"""Terms whose numbers an index remembers."""


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
    peaks: NDArray[np.float32]
    """Shape (terms,): the most that each adds to the score of a row."""
    holders: NDArray[np.int32]
    """Shape (postings,): the rows that hold each term, ascending."""
    weights: NDArray[np.float32]
    """Shape (postings,): what the term adds to the score of that row."""
    sequence: NDArray[np.int32]
    """Shape (terms of all rows,): the number of each term, row after row."""
    starts: NDArray[np.int64]
    """Shape (rows + 1,): row i owns `sequence[starts[i]:starts[i + 1]]`."""
    known: dict[str, int | None] = field(default_factory=dict, compare=False)
    """Numbers of the terms looked up last: a question looks each up five times."""

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
        if len(self.known) >= REMEMBERED:
            self.known.clear()
        found = self.known.get(term, -1)
        if found == -1:
            found = self.known[term] = self._sought(term)
        return found

    def _sought(self, term: str) -> int | None:
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


def build(rows: Sequence[Sequence[str]]) -> Index:
    """An index over the terms of each row, of which there must be one."""
    return joined([termlists.terms(rows)])


def joined(parts: Sequence[termlists.Terms]) -> Index:
    """An index over the rows of all parts, one after another."""
    lengths = np.concatenate([part.lengths for part in parts]).astype(np.int64) + 1
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    sequence = np.zeros(int(starts[-1]), dtype=np.int32)
    filled = np.ones(len(sequence), dtype=np.bool_)
    filled[starts[1:] - 1] = False
    numbered, met = termlists.numbered(parts)
    sequence[filled] = numbered
    # Numbered in their order, not as they were met: they are found by halving, and two
    # builds agree on their files.
    used = np.flatnonzero(np.bincount(sequence, minlength=len(met)))
    encoded = [met[i].encode("utf-8", "surrogatepass") for i in used.tolist()]
    order = sorted(range(len(encoded)), key=encoded.__getitem__)
    renumbered = np.zeros(len(met), dtype=np.int32)
    renumbered[used[order]] = np.arange(len(order), dtype=np.int32)
    words = [encoded[i] for i in order]
    sequence = renumbered[sequence]
    return Index(
        np.frombuffer(b"".join(words), dtype=np.uint8),
        np.cumsum([len(word) for word in words], dtype=np.int64),
        *_postings(sequence, starts, len(words)),
        sequence,
        starts,
    )


def _postings(
    sequence: NDArray[np.int32], starts: NDArray[np.int64], terms: int
) -> tuple[
    NDArray[np.int64], NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]
]:
    """Pointers, peaks, rows and weights."""
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
    found = rare[held] * counts / (counts + long[holders])
    weights = found.astype(np.float32)
    pointers = np.concatenate([[0], np.cumsum(used)]).astype(np.int64)
    peaks = np.maximum.reduceat(weights, pointers[:-1])
    return pointers, peaks, holders.astype(np.int32), weights


def write(index: Index, folder: Path) -> None:
    """Store the index as files of `folder`; `read` gives it back."""
    for name in FILES:
        np.save(folder / f"{name}.npy", getattr(index, name))


def read(folder: Path, mapped: Callable[[Path], arrays.Array] = arrays.mapped) -> Index:
    """The index stored in `folder`, its arrays mapped, not loaded."""
    each: dict[str, Any] = {name: mapped(folder / f"{name}.npy") for name in FILES}
    return Index(**each)


def words(index: Index) -> tuple[str, ...]:
    """All terms, by number."""
    letters = np.asarray(index.letters).tobytes()
    edges = pairwise([0, *np.asarray(index.ends).tolist()])
    return tuple(letters[a:b].decode("utf-8", "surrogatepass") for a, b in edges)


def taken(index: Index, rows: slice, words: tuple[str, ...]) -> termlists.Terms:
    """The terms of those rows; `words` are those of the index."""
    starts = index.starts[rows.start : rows.stop + 1]
    whole = index.sequence[int(starts[0]) : int(starts[-1])]
    kept = np.ones(len(whole), dtype=np.bool_)
    kept[starts[1:] - starts[0] - 1] = False  # where NOTHING ends each row
    lengths = (np.diff(starts) - 1).astype(np.int32)
    return termlists.Terms(words, whole[kept], lengths)


def search(
    index: Index,
    terms: Sequence[str],
    *,
    most: int,
    among: Sequence[int] | None = None,
) -> list[tuple[int, float]]:
    """(row, BM25 score), best first, ties by row, of the rows that share a term."""
    wanted = None if among is None else np.asarray(among, dtype=np.int64)
    if wanted is not None and len(wanted) * FEW < index.rows:
        rows, scores = wanted, scored_at(index, terms, wanted)
        rows, scores = rows[scores > 0], scores[scores > 0]
    else:
        rows, scores = _promising(index, terms, most, wanted)
    if 0 < most < len(rows):
        # Sorting all that share a common word would cost more than scoring them.
        least = np.partition(scores, len(scores) - most)[len(scores) - most]
        rows, scores = rows[scores >= least], scores[scores >= least]
    best = np.lexsort((rows, -scores))[: max(0, most)]
    return list(zip(rows[best].tolist(), scores[best].tolist(), strict=True))


def _promising(
    index: Index, terms: Sequence[str], most: int, among: NDArray[np.int64] | None
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Rows that hold a term, the best `most` among them, and their scores.

    Postings are added up from the rarest term on. Once those still to come cannot lift
    a row that none has held so far over the worst of the best, they are only looked up
    at the rows that may still be among the best: "MaxScore", Turtle and Flood, "Query
    Evaluation: Strategies and Optimizations" (1995).
    """
    lists = _lists(index, terms)
    left = np.cumsum([0.0, *(peak for _, peak in reversed(lists))])[::-1]
    scores = np.zeros(index.rows, dtype=np.float32)
    allowed = None
    if among is not None:
        allowed = np.zeros(index.rows, dtype=np.bool_)
        allowed[among] = True
    met: list[NDArray[np.int32]] = [np.zeros(0, dtype=np.int32)]
    least, done = 0.0, 0
    for done, (own, _) in enumerate(lists):
        if (own.stop - own.start) * WORTH >= sum(map(len, met)):
            least = _least(scores, met, most)
            if left[done] * SLACK < least:
                break
        holders, weights = index.holders[own], index.weights[own]
        if allowed is not None:
            inside = allowed[holders]
            holders, weights = holders[inside], weights[inside]
        met.append(holders[scores[holders] == 0])
        scores[holders] += weights
    else:
        done, least = len(lists), 0.0
    found = np.concatenate(met)
    found = np.sort(found[(scores[found] + left[done]) * SLACK >= least])
    rest = [own for own, _ in lists[done:]]
    return found.astype(np.int64), _added(index, rest, found, scores[found])


FEW = 8
"""Where fewer than one row in so many may be found, only those are scored."""

WORTH = 2
"""Whether the rest can be left out is looked at where the next term has postings for at
least half as many rows as were met."""

SLACK = 1 + 1e-5
"""What single precision may make of a sum."""


def _least(
    scores: NDArray[np.float32], met: Sequence[NDArray[np.int32]], most: int
) -> float:
    """The worst of the best `most` scores so far; 0 if there are not so many."""
    found = scores[np.concatenate(met)]
    if not 0 < most <= len(found):
        return 0.0
    return float(np.partition(found, len(found) - most)[len(found) - most])


def _lists(index: Index, terms: Sequence[str]) -> list[tuple[slice, float]]:
    """The postings of each term and the most that they add to a row, shortest first:
    the order in which they are added up, here and wherever rows are scored.
    """
    found = []
    for term in dict.fromkeys(terms):
        number = index.number(term)
        if number is not None:
            own = slice(*index.pointers[number : number + 2].tolist())
            found.append((own, float(index.peaks[number])))
    return sorted(found, key=lambda one: one[0].stop - one[0].start)


def _added(
    index: Index,
    lists: Iterable[slice],
    rows: NDArray[np.int32] | NDArray[np.int64],
    scores: NDArray[np.float32],
) -> NDArray[np.float32]:
    """The scores of rows with what these postings add to them."""
    for own in lists:
        held, places = _placed(index.holders[own], rows)
        scores[held] += index.weights[own][places[held]]
    return scores


def scored(index: Index, terms: Sequence[str]) -> NDArray[np.float32]:
    """The BM25 score of every row, shape (rows,); zeros where nothing matches."""
    scores = np.zeros(index.rows, dtype=np.float32)
    for own, _ in _lists(index, terms):
        scores[index.holders[own]] += index.weights[own]
    return scores


def scored_at(
    index: Index, terms: Sequence[str], rows: Sequence[int] | NDArray[np.int64]
) -> NDArray[np.float32]:
    """What `scored` gives for each of `rows`, which need not be in order."""
    wanted = np.asarray(rows, dtype=np.int64)
    lists = (own for own, _ in _lists(index, terms))
    return _added(index, lists, wanted, np.zeros(len(wanted), dtype=np.float32))


def _placed(
    holders: NDArray[np.int32], rows: NDArray[np.int32] | NDArray[np.int64]
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
