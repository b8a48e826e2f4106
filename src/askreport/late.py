"""token vectors -> how well each word of a question is met by each word of a passage.

Late interaction: Khattab and Zaharia, "ColBERT" (2020), with the sentence encoder's own
token vectors, no training. Vectors are mapped from disk, so that only the rows asked
for are read. Row i holds passage i.

Two forms, told apart by nobody who asks. Full: one byte a dimension. Compressed: the
vectors turned by a random rotation, after which every dimension is spread alike, and
only the sign of each dimension kept: Gao and Long, "RaBitQ" (2024). Nothing is learned
from the data, so passages can be added one by one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from askreport import arrays, products

Floats = NDArray[np.float32]

Form = Literal["full", "compressed"]

FILES = ("codes", "scales", "steps", "lengths", "fronts", "starts", "turn")
"""The arrays on disk, each `<name>.npy`."""

SEED = 20240315
"""Of the rotation; which one it is does not matter."""


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """The token vectors of every passage, one after another, by place in the text."""

    codes: NDArray[np.int8] | NDArray[np.uint8]
    """Full: int8, shape (tokens, dimensions). Compressed: uint8, the signs of
    eight turned dimensions a byte."""
    scales: NDArray[np.float16]
    """Shape (tokens,): a token's vector is what its codes stand for times its scale."""
    steps: NDArray[np.integer]
    """Shape (tokens,): characters from the start of the token before to that of this
    one; 0 for the first of a passage. As narrow as the widest step allows."""
    lengths: NDArray[np.integer]
    """Shape (tokens,): how many characters a token covers."""
    fronts: NDArray[np.int32]
    """Shape (passages,): where the first token starts in the passage's text. Negative,
    since the title and headings stand in front when it is encoded."""
    starts: NDArray[np.int64]
    """Shape (passages + 1,): passage i owns tokens `starts[i]:starts[i + 1]`."""
    turn: Floats
    """Compressed: the rotation, shape (dimensions, padded dimensions). Full: empty."""

    @property
    def form(self) -> Form:
        """Which of the two forms this is."""
        return "compressed" if self.turn.size else "full"

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(len(self.turn) or self.codes.shape[1])

    @property
    def size(self) -> int:
        """Bytes that all of it takes on disk."""
        return sum(getattr(self, name).nbytes for name in FILES)


@dataclass(frozen=True, slots=True)
class Keeping:
    """Which form to keep token vectors in."""

    form: Literal["auto", "full", "compressed"] = "auto"
    """auto: full as long as it takes at most `most_bytes`, compressed above."""
    most_bytes: int = 4 * 10**9

    def told(self) -> str:
        """What of this decides the form, for the identity of a generation."""
        return f"auto {self.most_bytes}" if self.form == "auto" else self.form


BESIDE = 4
"""Bytes that a token takes beside its codes: scale, step and length."""

NONE = np.zeros((0, 0), dtype=np.float32)
"""The rotation of the full form."""

BLOCK = 4096
"""Tokens compressed at once: some megabytes of floats, whatever the shelf's size."""

KEEPING = Keeping()
"""What is kept unless settings say otherwise."""


def build(
    tokens: Sequence[Floats], spans: Sequence[NDArray[np.int32]], *, dimensions: int
) -> TokenVectors:
    """The full form of n passages.

    `tokens[i]` has shape (t, dimensions), `spans[i]` (t, 2): the characters of the
    passage's text that each token covers. Tokens are put in the order of their starts.
    """
    lengths = [len(rows) for rows in tokens]
    starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)
    total = int(starts[-1])
    codes = np.zeros((total, dimensions), dtype=np.int8)
    scales = np.zeros(total, dtype=np.float16)
    placed = np.zeros((total, 2), dtype=np.int32)
    for i, rows in enumerate(tokens):
        own = slice(int(starts[i]), int(starts[i + 1]))
        order = np.argsort(spans[i][:, 0], kind="stable")
        placed[own] = spans[i][order]
        scales[own] = np.abs(rows[order]).max(axis=1, initial=0.0) / 127
        scale = np.maximum(scales[own].astype(np.float32), 1e-8)[:, None]
        codes[own] = np.clip(np.rint(rows[order] / scale), -127, 127).astype(np.int8)
    filled = np.flatnonzero(np.diff(starts))
    fronts = np.zeros(len(tokens), dtype=np.int32)
    fronts[filled] = placed[starts[filled], 0]
    steps = np.diff(placed[:, 0], prepend=0)
    steps[starts[filled]] = 0
    covered = _narrow(placed[:, 1] - placed[:, 0])
    return TokenVectors(codes, scales, _narrow(steps), covered, fronts, starts, NONE)


def _narrow(values: NDArray[np.integer]) -> NDArray[np.integer]:
    """The same numbers in as few bytes as the least and the greatest of them need."""
    least, most = values.min(initial=0), values.max(initial=0)
    kinds = (np.uint8, np.int16, np.int32)
    fits = (k for k in kinds if np.iinfo(k).min <= least and most <= np.iinfo(k).max)
    return values.astype(next(fits))


def compressed(vectors: TokenVectors) -> TokenVectors:
    """The same in the compressed form, about a seventh of the size."""
    if vectors.form == "compressed":
        return vectors
    turn = rotation(vectors.dimensions)
    total = len(vectors.codes)
    codes = np.zeros((total, turn.shape[1] // 8), dtype=np.uint8)
    scales = np.zeros(total, dtype=np.float16)
    for start in range(0, total, BLOCK):
        own = slice(start, start + BLOCK)
        scale = vectors.scales[own].astype(np.float32)[:, None]
        rows = np.asarray(vectors.codes[own] * scale, dtype=np.float32)
        codes[own], scales[own] = _in_bits(rows @ turn)
    return replace(vectors, codes=codes, scales=scales, turn=turn)


@cache
def rotation(dimensions: int) -> Floats:
    """Orthonormal rows, shape (dimensions, dimensions padded to fill whole bytes)."""
    padded = -(-dimensions // 8) * 8
    drawn = np.random.default_rng(SEED).normal(size=(padded, padded))
    return np.asarray(np.linalg.qr(drawn).Q[:dimensions], dtype=np.float32)


def _in_bits(rows: Floats) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Codes and scales of vectors.

    The scale is such that a decoded vector's inner product with its original is that
    of the original with itself: what a question meets is then right on average, where
    the nearest vector would fall short by a third.
    """
    along = np.maximum(np.abs(rows).sum(axis=1), 1e-12)
    scales = np.square(rows).sum(axis=1) / along
    return np.packbits(rows > 0, axis=1), scales.astype(np.float16)


def taken(vectors: TokenVectors, rows: slice) -> TokenVectors:
    """The passages of those rows, as views."""
    starts = vectors.starts[rows.start : rows.stop + 1]
    own = slice(int(starts[0]), int(starts[-1]))
    return TokenVectors(
        codes=vectors.codes[own],
        scales=vectors.scales[own],
        steps=vectors.steps[own],
        lengths=vectors.lengths[own],
        fronts=vectors.fronts[rows],
        starts=starts - own.start,
        turn=vectors.turn,
    )


def joined(parts: Sequence[TokenVectors]) -> TokenVectors:
    """Parts of one form, one after another."""
    lengths = np.concatenate([np.diff(part.starts) for part in parts])
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    whole: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("codes", "scales", "steps", "lengths", "fronts")
    }
    # What parts needed more room for may be gone, and equal wholes are stored alike.
    whole |= {name: _narrow(whole[name]) for name in ("steps", "lengths")}
    return TokenVectors(**whole, starts=starts, turn=parts[0].turn)


def kept(parts: Iterable[TokenVectors], keeping: Keeping) -> TokenVectors:
    """Parts, as they come, as one, in the form that `keeping` asks for."""
    return joined(alike(parts, keeping))


def alike(parts: Iterable[TokenVectors], keeping: Keeping) -> tuple[TokenVectors, ...]:
    """Parts, as they come, in the form that `keeping` asks for, the same for all.

    Where one of them is compressed already, all will be.
    """
    held: list[TokenVectors] = []
    compress, size = keeping.form == "compressed", 0
    for part in parts:
        if part.form == "compressed" and not compress:
            compress = True
            held = [compressed(one) for one in held]
        held.append(compressed(part) if compress else part)
        size += part.size
        if keeping.form == "auto" and not compress and size > keeping.most_bytes:
            compress = True
            held = [compressed(one) for one in held]
    return tuple(held)


def laid(parts: Sequence[TokenVectors]) -> dict[str, list[NDArray[Any]]]:
    """The arrays of parts of one form as they are to stand on disk, each in pieces.

    The codes, nearly all of it, are not copied.
    """
    small = joined([replace(part, codes=part.codes[:0]) for part in parts])
    whole = {name: [getattr(small, name)] for name in FILES}
    return whole | {"codes": [part.codes for part in parts]}


def write(vectors: TokenVectors, folder: Path) -> None:
    """Store the arrays as files of `folder`; `read` gives them back."""
    for name in FILES:
        np.save(folder / f"{name}.npy", getattr(vectors, name))


def read(
    folder: Path, mapped: Callable[[Path], arrays.Array] = arrays.mapped
) -> TokenVectors:
    """The arrays stored in `folder`, mapped."""
    each: dict[str, Any] = {name: mapped(folder / f"{name}.npy") for name in FILES}
    return TokenVectors(**(each | {"turn": np.asarray(each["turn"])}))


@dataclass(frozen=True, slots=True)
class Met:
    """How the tokens of a question are met by those of several passages."""

    scores: Floats
    """Shape (q, t): cosines with the tokens of all passages, one after another."""
    spans: NDArray[np.int32]
    """Shape (t, 2): the characters that each covers in its own passage."""
    bounds: Sequence[int]
    """Passage i owns columns `bounds[i]:bounds[i + 1]`."""


def together(vectors: TokenVectors, question: Floats, rows: Sequence[int]) -> Met:
    """How each token of the question is met by each token of the passages `rows`.

    `question` has shape (q, dimensions). Tokens of a passage are in the order of their
    starts.
    """
    owned = [slice(*vectors.starts[row : row + 2].tolist()) for row in rows]
    bounds = list(accumulate((own.stop - own.start for own in owned), initial=0))
    scores = _scores(vectors, question, owned)
    return Met(scores, _spans(vectors, rows, owned), bounds)


def _scores(vectors: TokenVectors, question: Floats, owned: Sequence[slice]) -> Floats:
    """Cosines with the tokens of all those rows, one row after another."""
    asked = question @ vectors.turn if vectors.turn.size else question
    codes = _pieces(vectors.codes, owned)
    if vectors.form == "compressed":
        # A bit stands for -1 or 1, which is twice itself less a half.
        bits = np.unpackbits(codes, axis=1)
        found = products.inner(bits, asked, middle=0.5)
        found *= 2
    else:
        levels = codes.view(np.uint8)
        levels ^= SIGN
        found = products.inner(levels, asked, middle=MIDDLE)
    found *= _pieces(vectors.scales, owned).astype(np.float32)
    return found


SIGN = np.uint8(0x80)
"""What a signed byte differs by from an unsigned one that is greater by MIDDLE."""

MIDDLE = 128


def _pieces(whole: NDArray[Any], owned: Sequence[slice]) -> NDArray[Any]:
    """A copy of those rows, one slice after another."""
    return np.concatenate([whole[:0], *(whole[own] for own in owned)])


def _spans(
    vectors: TokenVectors, rows: Sequence[int], owned: Sequence[slice]
) -> NDArray[np.int32]:
    """Spans of the tokens of all those rows, one row after another."""
    starts = _pieces(vectors.steps, owned).cumsum(dtype=np.int64)
    lengths = np.asarray([own.stop - own.start for own in owned], dtype=np.int64)
    firsts = lengths.cumsum() - lengths
    filled = np.flatnonzero(lengths)
    # The step of a passage's first token is 0: what was added up before it goes away.
    before = np.zeros(len(rows), dtype=np.int64)
    before[filled] = starts[firsts[filled]]
    fronts = vectors.fronts[np.asarray(rows, dtype=np.int64)]
    starts += np.repeat(fronts - before, lengths)
    ends = starts + _pieces(vectors.lengths, owned)
    return np.stack([starts, ends], axis=1).astype(np.int32)


def best(met: Met) -> Floats:
    """The best that each token of the question finds in each passage, at least 0, shape
    (q, passages).
    """
    edges = np.asarray(list(pairwise(met.bounds)), dtype=np.int64).reshape(-1, 2)
    return _greatest(met.scores, edges)


def best_within(met: Met, cuts: Sequence[NDArray[np.int32]]) -> Floats:
    """The same within each of some spans of each passage, shape (q, spans).

    `cuts[i]` has shape (s, 2): spans of characters of passage i. The columns are those
    of its first, its second, ..., then those of the next passage.
    """
    counts = [len(cut) for cut in cuts]
    if not sum(counts):
        return np.zeros((len(met.scores), 0), dtype=np.float32)
    passages = np.arange(len(cuts), dtype=np.int64) * APART
    starts = met.spans[:, 0] + np.repeat(passages, np.diff(met.bounds))
    sought = np.concatenate(cuts) + np.repeat(passages, counts)[:, np.newaxis]
    return _greatest(met.scores, np.searchsorted(starts, sought))


APART = 2**33
"""Between the characters of one passage and the next, so that one look finds a place
among the tokens of all: more than any passage has."""


def _greatest(scores: Floats, edges: NDArray[np.int64]) -> Floats:
    """The greatest of each row of `scores` between each two edges, at least 0."""
    if not len(edges):
        return np.zeros((len(scores), 0), dtype=np.float32)
    # An edge behind the last token must be a column as well.
    wide = np.concatenate([scores, np.zeros((len(scores), 1), np.float32)], axis=1)
    found = np.maximum.reduceat(wide, edges.ravel(), axis=1)[:, ::2]
    found[:, edges[:, 0] == edges[:, 1]] = 0.0
    return np.maximum(found, 0.0, dtype=np.float32)
