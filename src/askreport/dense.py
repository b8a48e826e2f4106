"""vectors -> nearest rows, by FAISS behind build() and search().

Nothing else imports faiss. Inner product over unit vectors, which is the cosine. Row i
of the index is row i of the matrix it was built from. Up to EXACT rows every row is
compared. Above, rows are looked for in the cells of an inverted file whose centres are
nearest (Jegou et al., "Product Quantization for Nearest Neighbor Search", 2011; one
byte a dimension), and what is found there is scored anew by the vectors themselves,
which are mapped from disk: every score is exact, and a row may be missed.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from askreport import arrays, threads

if TYPE_CHECKING:
    import faiss

Floats = NDArray[np.float32]

EXACT = 50_000
"""Rows up to which all are compared: about 10 ms at 384 dimensions."""

CELL = 250
"""Rows of a cell, on average: finding the nearest centres and reading a few cells then
cost about the same at a million rows."""

TRAINED = 40
"""Rows a cell that the centres are learned from; FAISS asks for 39 at least."""

RECALL = 0.98
"""The share of the ten nearest that must be found: as many cells are looked into as
that takes for SAMPLE questions."""

SAMPLE = 200

BLUR = 2.5
"""How far a sampled row is moved to stand for a question: its cosine with the row is
then about .37, where that of real questions with the nearest of 100,000 passages was
.54. At 2 and below fewer cells were thought enough than real questions need."""

AGAIN = 4
"""How many times the rows asked for are scored anew, since the bytes that found them
are not exact."""

SEED = 5


class Checks(Protocol):
    """Whatever makes sure that bytes of the file of vectors are what was written."""

    @property
    def size(self) -> int:
        """Of the file, in bytes."""

    def check(self, start: int, end: int) -> None:
        """Check the bytes from `start` to before `end`; raises if they are not."""


@dataclass(frozen=True, slots=True)
class Index:
    """What `build` and `read` return and `search` takes; opaque to callers."""

    rough: "faiss.Index | faiss.IndexIVF"
    """All the vectors, or the inverted file that finds them."""
    whole: Floats | None = None
    """The vectors, where `rough` does not hold them."""
    probes: int = 0
    """How many cells are looked into."""
    recall: float = 1.0
    """The share of the ten nearest that were found when it was built."""
    checks: Checks | None = None
    """Asked before vectors are read from disk."""

    @property
    def ntotal(self) -> int:
        """How many rows there are."""
        return int(self.rough.ntotal)

    @property
    def cells(self) -> int:
        """Of the inverted file; none where there is none."""
        return int(getattr(self.rough, "nlist", 0))

    @property
    def told(self) -> str:
        """How rows are looked for, for the manifest."""
        if self.whole is None:
            return "exact"
        return f"ivf {self.cells}, {self.probes} probes, recall {self.recall:.3f}"

    def rows(self, numbers: NDArray[np.int64]) -> Floats:
        """The vectors of some rows."""
        if self.whole is None:
            found = self.rough.reconstruct_batch(numbers)
        else:
            self._check(numbers)
            found = self.whole[numbers]
        return np.asarray(found, dtype=np.float32)

    def _check(self, numbers: NDArray[np.int64]) -> None:
        if self.checks is not None and self.whole is not None:
            width = self.whole.strides[0]
            front = self.checks.size - self.whole.nbytes
            for row in numbers.tolist():
                self.checks.check(front + row * width, front + (row + 1) * width)


@cache
def _faiss() -> Any:  # noqa: ANN401 - a module
    """The library, told how many threads a search may use."""
    import faiss

    faiss.omp_set_num_threads(threads.QUESTION)
    return faiss


def build(vectors: Floats) -> Index:
    """An index over `vectors`, shape (rows, dimensions), each row of unit length."""
    made = np.ascontiguousarray(vectors, dtype=np.float32)
    if len(made) > EXACT:
        return _inverted(made)
    index = _faiss().IndexFlatIP(made.shape[1])
    index.add(made)
    return Index(index)


def _inverted(vectors: Floats) -> Index:
    faiss = _faiss()
    rows, dimensions = vectors.shape
    cells = max(1, rows // CELL)
    centres = faiss.IndexFlatIP(dimensions)
    index = faiss.IndexIVFScalarQuantizer(
        centres,
        dimensions,
        cells,
        faiss.ScalarQuantizer.QT_8bit,
        faiss.METRIC_INNER_PRODUCT,
    )
    drawn = np.random.default_rng(SEED)
    some = np.sort(drawn.permutation(rows)[: TRAINED * cells])
    index.cp.niter = 6
    with _all_threads():
        index.train(vectors[some])
        index.add(vectors)
    return _probing(Index(index, vectors), drawn)


@contextmanager
def _all_threads() -> Iterator[None]:
    """Building may take every processor."""
    _faiss().omp_set_num_threads(threads.building())
    try:
        yield
    finally:
        _faiss().omp_set_num_threads(threads.QUESTION)


def _probing(index: Index, drawn: np.random.Generator) -> Index:
    """The index with as many probes as RECALL takes."""
    assert index.whole is not None  # noqa: S101 - it was just made with them
    rows, dimensions = index.whole.shape
    chosen = index.whole[drawn.integers(0, rows, SAMPLE)]
    noise = drawn.normal(size=chosen.shape).astype(np.float32)
    asked = chosen + noise * np.float32(BLUR / dimensions**0.5)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    with _all_threads():
        _, nearest = _faiss().knn(
            asked, index.whole, 10, metric=_faiss().METRIC_INNER_PRODUCT
        )
    probes, recall = 4, 0.0
    while probes < index.cells:
        recall = _recall(replace(index, probes=probes), asked, nearest)
        if recall >= RECALL:
            break
        probes = min(2 * probes, index.cells)
    more = replace(index, probes=probes)
    return replace(more, recall=_recall(more, asked, nearest))


def _recall(index: Index, asked: Floats, nearest: NDArray[np.int64]) -> float:
    found = [
        len({row for row, _ in search(index, one, most=10)} & set(wanted))
        for one, wanted in zip(asked, nearest.tolist(), strict=True)
    ]
    return sum(found) / (10 * len(found))


def write(index: Index, path: Path) -> None:
    """Store the index at `path`, and its vectors beside it if they are not in it;
    `read` gives it back.
    """
    if index.whole is not None:
        _faiss().ParameterSpace().set_index_parameter(
            index.rough, "nprobe", index.probes
        )
        np.save(beside(path), index.whole)
    path.write_bytes(_faiss().serialize_index(index.rough).tobytes())


def beside(path: Path) -> Path:
    """Where the vectors are of an index that does not hold them."""
    return path.with_suffix(".npy")


def read(
    path: Path, *, whole: Path | None = None, checks: Checks | None = None
) -> Index:
    """The index stored at `path`, and the vectors at `whole` if it does not hold them.

    Raises RuntimeError if the bytes are not an index.
    """
    raw = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    rough = _faiss().deserialize_index(raw)
    if whole is None:
        return Index(rough)
    mapped = arrays.mapped(whole)
    return Index(rough, mapped, int(rough.nprobe), checks=checks)


def vectors(index: Index) -> Floats:
    """The matrix that the index was built from."""
    if index.whole is not None:
        return index.whole
    return np.asarray(index.rough.reconstruct_n(0, index.ntotal), dtype=np.float32)


def search(
    index: Index, vector: Floats, *, most: int, among: Sequence[int] | None = None
) -> list[tuple[int, float]]:
    """(row, cosine), nearest first, ties by row; `among` restricts the rows exactly,
    and none of those is missed.
    """
    if most < 1 or index.ntotal == 0 or (among is not None and len(among) == 0):
        return []
    if index.whole is not None:
        return _scored_anew(index, vector, most, among)
    asked = min(most + 1, index.ntotal)
    while True:
        found = _nearest(index, vector, asked, among)
        # Which of several equal rows FAISS returns is chance. With a lower score behind
        # them, or nothing, all of them are here and the row decides.
        whole = asked == index.ntotal or len(found) < asked
        if whole or found[-1][1] < found[most - 1][1]:
            return found[:most]
        asked = min(2 * asked, index.ntotal)


def _scored_anew(
    index: Index, vector: Floats, most: int, among: Sequence[int] | None
) -> list[tuple[int, float]]:
    """The best of what the inverted file finds, or of `among`, by the vectors."""
    if among is None:
        options = _faiss().SearchParametersIVF(nprobe=index.probes)
        query = np.ascontiguousarray(vector.reshape(1, -1), dtype=np.float32)
        _, rows = index.rough.search(query, AGAIN * most, params=options)
        numbers = np.sort(rows[0][rows[0] >= 0])
    else:
        numbers = np.unique(np.asarray(among, dtype=np.int64))
    scores = np.concatenate(
        [
            index.rows(numbers[start : start + TOGETHER]) @ vector
            for start in range(0, len(numbers), TOGETHER)
        ]
    )
    best = np.lexsort((numbers, -scores))[:most]
    return [(int(numbers[i]), float(scores[i])) for i in best]


TOGETHER = 65_536
"""Rows scored at once: a hundred megabytes of vectors."""


def _nearest(
    index: Index, vector: Floats, most: int, among: Sequence[int] | None
) -> list[tuple[int, float]]:
    options = None
    if among is not None:
        chosen = _faiss().IDSelectorBatch(np.asarray(among, dtype=np.int64))
        options = _faiss().SearchParameters()
        options.sel = chosen
    query = np.ascontiguousarray(vector.reshape(1, -1), dtype=np.float32)
    scores, rows = index.rough.search(query, most, params=options)
    found = [
        (int(r), float(s)) for r, s in zip(rows[0], scores[0], strict=True) if r >= 0
    ]
    return sorted(found, key=lambda hit: (-hit[1], hit[0]))


def cosines(index: Index, vector: Floats, rows: Sequence[int]) -> Floats:
    """The cosine of `vector` with each of `rows`, shape (len(rows),)."""
    if not rows:
        return np.zeros(0, dtype=np.float32)
    return np.asarray(at(index, rows) @ vector, dtype=np.float32)


def at(index: Index, rows: Sequence[int]) -> Floats:
    """The vectors of `rows`, shape (rows, dimensions)."""
    return index.rows(np.asarray(rows, dtype=np.int64))
