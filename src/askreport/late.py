"""token vectors -> how well each word of a question is met by each word of a passage.

Late interaction: Khattab and Zaharia, "ColBERT" (2020), with the sentence encoder's own
token vectors, no training. Vectors are kept as one byte a dimension with one scale a
token and are mapped from disk, so that only the rows asked for are read. Row i holds
passage i.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FILES = ("codes", "scales", "spans", "starts")
"""The arrays on disk, each `<name>.npy`."""


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """The token vectors of every passage, one after another."""

    codes: NDArray[np.int8]
    """Shape (tokens, dimensions)."""
    scales: NDArray[np.float16]
    """Shape (tokens,): a token's vector is its codes times its scale."""
    spans: NDArray[np.int32]
    """Shape (tokens, 2): the characters of the passage's text that a token covers.
    Negative for tokens of the title and headings put in front when it was encoded."""
    starts: NDArray[np.int64]
    """Shape (passages + 1,): passage i owns tokens `starts[i]:starts[i + 1]`."""


def build(
    tokens: Sequence[Floats], spans: Sequence[NDArray[np.int32]], *, dimensions: int
) -> TokenVectors:
    """Quantised vectors of n passages.

    `tokens[i]` has shape (t, dimensions), `spans[i]` (t, 2).
    """
    lengths = [len(rows) for rows in tokens]
    starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)
    total = int(starts[-1])
    codes = np.zeros((total, dimensions), dtype=np.int8)
    scales = np.zeros(total, dtype=np.float16)
    placed = np.zeros((total, 2), dtype=np.int32)
    for i, rows in enumerate(tokens):
        own = slice(int(starts[i]), int(starts[i + 1]))
        scales[own] = np.abs(rows).max(axis=1, initial=0.0) / 127
        scale = np.maximum(scales[own].astype(np.float32), 1e-8)[:, None]
        codes[own] = np.clip(np.rint(rows / scale), -127, 127).astype(np.int8)
        placed[own] = spans[i]
    return TokenVectors(codes, scales, placed, starts)


def write(vectors: TokenVectors, folder: Path) -> None:
    """Store the arrays as files of `folder`; `read` gives them back."""
    for name in FILES:
        np.save(folder / f"{name}.npy", getattr(vectors, name))


def read(folder: Path) -> TokenVectors:
    """The arrays stored in `folder`, mapped."""
    codes, scales, spans, starts = (
        np.load(folder / f"{name}.npy", mmap_mode="r") for name in FILES
    )
    return TokenVectors(codes, scales, spans, starts)


def met(
    vectors: TokenVectors, question: Floats, row: int
) -> tuple[Floats, NDArray[np.int32]]:
    """Cosine of each question token with each token of passage `row`, and their spans.

    `question` has shape (q, dimensions); the result (q, t) and (t, 2).
    """
    own = slice(int(vectors.starts[row]), int(vectors.starts[row + 1]))
    scale = vectors.scales[own].astype(np.float32)
    found = (question @ vectors.codes[own].astype(np.float32).T) * scale
    return np.asarray(found, dtype=np.float32), np.asarray(vectors.spans[own])
