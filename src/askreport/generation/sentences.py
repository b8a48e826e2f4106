"""passages -> where the sentences of each stand in its text, row by row.

Splitting a text into sentences costs more than anything else that a question asks of a
candidate, so it is done once, when the index is built.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from askreport import arrays
from askreport import text as texts
from askreport.types import Passage

FILES = ("spans", "starts")
"""The arrays on disk, each `<name>.npy`."""


@dataclass(frozen=True, slots=True)
class Sentences:
    """The sentences of every passage, one after another."""

    spans: NDArray[np.int32]
    """Shape (sentences, 2): characters of the passage's text."""
    starts: NDArray[np.int64]
    """Shape (passages + 1,): passage i owns sentences `starts[i]:starts[i + 1]`."""

    def of(self, row: int) -> NDArray[np.int32]:
        """Where those of passage `row` start and end, in order.

        Shape (sentences, 2).
        """
        return self.spans[int(self.starts[row]) : int(self.starts[row + 1])]


def build(passages: Sequence[Passage]) -> Sentences:
    """The sentences of the passages, in their order."""
    return joined([found(passage.text) for passage in passages])


def found(text: str) -> tuple[int, ...]:
    """Where the sentences of a text start and end, by turns."""
    return tuple(at for s in texts.sentences(text) for at in (s.start, s.end))


def joined(each: Sequence[Sequence[int]]) -> Sentences:
    """What `found` says of each passage, one after another."""
    starts = np.cumsum([0, *(len(one) // 2 for one in each)], dtype=np.int64)
    whole = np.fromiter(chain.from_iterable(each), np.int32, count=2 * int(starts[-1]))
    return Sentences(whole.reshape(-1, 2), starts)


def stacked(parts: Sequence[Sentences]) -> Sentences:
    """The sentences of several runs of passages, one run after another."""
    counts = np.concatenate([np.diff(part.starts) for part in parts])
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Sentences(np.concatenate([part.spans for part in parts]), starts)


def taken(sentences: Sentences, rows: slice) -> Sentences:
    """Those of the passages of those rows."""
    starts = sentences.starts[rows.start : rows.stop + 1]
    return Sentences(
        sentences.spans[int(starts[0]) : int(starts[-1])], starts - starts[0]
    )


def read(
    folder: Path, mapped: Callable[[Path], arrays.Array] = arrays.mapped
) -> Sentences:
    """The arrays stored in `folder`, mapped."""
    spans, starts = (mapped(folder / f"{name}.npy") for name in FILES)
    return Sentences(spans, starts)
