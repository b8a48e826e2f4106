"""rows -> the terms of each, a document at a time: what a word index is joined from."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

NOTHING = "\x00nothing"
"""Stands in every row, so that no pair of terms reaches from one into the next."""


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
        known = set(self.words)
        new = [term for term in dict.fromkeys(terms) if term not in known]
        words = (*self.words, *new)
        first = [words.index(term) for term in terms]
        starts = np.cumsum(self.lengths) - self.lengths
        places = np.repeat(starts, len(first))
        sequence = np.insert(self.sequence, places, first * len(self.lengths))
        lengths = self.lengths + np.int32(len(first))
        return Terms(words, sequence.astype(np.int32), lengths)


def terms(rows: Sequence[Sequence[str]]) -> Terms:
    """The terms of each row."""
    numbers: dict[str, int] = {}
    lengths = np.fromiter(map(len, rows), np.int32, count=len(rows))
    every = chain.from_iterable(rows)
    met = (numbers.setdefault(term, len(numbers)) for term in every)
    sequence = np.fromiter(met, np.int32, count=int(lengths.sum()))
    return Terms(tuple(numbers), sequence, lengths)


def together(parts: Sequence[Terms]) -> Terms:
    """The terms of the rows of all parts, one after another."""
    sequence, words = numbered(parts)
    lengths = np.concatenate([part.lengths for part in parts])
    return Terms(tuple(words), sequence, lengths)


def numbered(parts: Sequence[Terms]) -> tuple[NDArray[np.int32], list[str]]:
    """The terms of all parts by the numbers of the whole, and the terms by number."""
    numbers = {NOTHING: 0}
    # Parts that were taken from one index share its words.
    own: dict[int, NDArray[np.int32]] = {}
    found = []
    for part in parts:
        if id(part.words) not in own:
            met = (numbers.setdefault(word, len(numbers)) for word in part.words)
            own[id(part.words)] = np.fromiter(met, np.int32, count=len(part.words))
        found.append(own[id(part.words)][part.sequence])
    return np.concatenate(found), list(numbers)
