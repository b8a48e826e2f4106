"""texts, encoded -> the vectors of each, and what every Encoder is asked for.

Knows of no model and loads none: the nouns that encoders and their users share.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Progress = Callable[[int], None]
"""Called with how many more texts are done."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Vectors of n texts, all of unit length."""

    vectors: Floats
    """Shape (n, dimensions), one a text."""
    tokens: tuple[Floats, ...]
    """For each text, shape (its tokens, dimensions); special tokens left out."""
    offsets: tuple[NDArray[np.int32], ...]
    """For each text, shape (its tokens, 2): the characters each token covers."""


@dataclass(frozen=True, slots=True)
class Row:
    """What `Encoded` holds of one text."""

    vector: Floats
    tokens: Floats
    offsets: NDArray[np.int32]


class Encoder(Protocol):
    """What turns text into vectors. Nothing that it encodes may be cut short."""

    @property
    def name(self) -> str:
        """The model as settings name it."""

    @property
    def digest(self) -> str:
        """sha256 over the model's files: encoders that agree on it agree on vectors."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    @property
    def most_tokens(self) -> int:
        """The longest text read whole, in its own tokens, special ones included."""

    def length(self, text: str) -> int:
        """How many of its own tokens the text takes, special ones included."""

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Encoded:
        """Vectors of the texts, in their order."""

    def encode_query(self, texts: Sequence[str]) -> Encoded:
        """The same of questions, to be held against those of passages; what takes less
        time may be a little less exact.
        """


def joined(rows: Sequence[Row], *, dimensions: int) -> Encoded:
    """What was found of each text, in their order."""
    none = np.zeros((0, dimensions), dtype=np.float32)
    return Encoded(
        np.stack([row.vector for row in rows]) if rows else none,
        tuple(row.tokens for row in rows),
        tuple(row.offsets for row in rows),
    )


def unit(vectors: Floats) -> Floats:
    """The same directions at length 1 (all-zero rows stay zero)."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)
