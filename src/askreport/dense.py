"""vectors -> nearest rows, by FAISS behind build() and search().

Nothing else imports faiss. Inner product over unit vectors, which is the cosine. Row i
of the index is row i of the matrix it was built from. Up to EXACT rows every row is
compared. Above, rows are looked for in the cells of an inverted file whose centres are
nearest (Jegou et al., "Product Quantization for Nearest Neighbor Search", 2011; one
byte a dimension), and what is found there is scored anew by the vectors themselves,
which are mapped from disk: every score is exact, and a row may be missed.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

AGAIN = 2
"""How many times the rows asked for are scored anew, since the bytes that found them
are not quite exact."""

TOGETHER = 65_536
"""Rows handled at once: a hundred megabytes of vectors."""

SEED = 5


CELLS = ("starts", "members", "codes", "bounds", "probes")
"""The arrays of an inverted file on disk, each `<name>.npy`."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows by the cell that they are in, with a byte for each dimension of each."""

    starts: NDArray[np.int64]
    """Shape (cells + 1,): cell i owns `members[starts[i]:starts[i + 1]]`."""
    members: NDArray[np.int32]
    """Shape (rows,): the rows of each cell, ascending."""
    codes: NDArray[np.uint8]
    """Shape (rows, dimensions): likewise."""
    bounds: Floats
    """Shape (2, dimensions): what a code of 0 stands for, and a step of 1."""
    probes: NDArray[np.int64]
    """Shape (1,): how many cells are looked into."""


@dataclass(frozen=True, slots=True)
class Index:
    """What `build` and `read` return and `search` takes; opaque to callers."""

    flat: "faiss.Index"
    """All the vectors; or, where there are cells, their centres."""
    whole: Floats | None = None
    """The vectors, where `flat` does not hold them."""
    cells: Cells | None = None
    recall: float = 1.0
    """The share of the ten nearest that were found when it was built."""

    @property
    def ntotal(self) -> int:
        """How many rows there are."""
        return int(self.flat.ntotal) if self.whole is None else len(self.whole)

    @property
    def probes(self) -> int:
        """How many cells are looked into; none where there are none."""
        return 0 if self.cells is None else int(self.cells.probes[0])

    @property
    def told(self) -> str:
        """How rows are looked for, for the manifest."""
        if self.cells is None:
            return "exact"
        cells, recall = self.flat.ntotal, self.recall
        return f"ivf {cells}, {self.probes} probes, recall {recall:.3f}"

    def rows(self, numbers: NDArray[np.int64]) -> Floats:
        """The vectors of some rows."""
        if self.whole is None:
            found = self.flat.reconstruct_batch(numbers)
        else:
            found = self.whole[numbers]
        return np.asarray(found, dtype=np.float32)


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
    drawn = np.random.default_rng(SEED)
    some = vectors[np.sort(drawn.permutation(rows)[: TRAINED * cells])]
    centres = faiss.IndexFlatIP(dimensions)
    learnt = faiss.Clustering(dimensions, cells)
    learnt.niter, learnt.spherical, learnt.min_points_per_centroid = 6, True, 1
    with _all_threads():
        learnt.train(some, centres)
        owner = np.concatenate(
            [
                centres.search(vectors[start : start + TOGETHER], 1)[1][:, 0]
                for start in range(0, rows, TOGETHER)
            ]
        )
    members = np.argsort(owner, kind="stable")
    starts = np.searchsorted(owner[members], np.arange(cells + 1))
    low, high = some.min(axis=0), some.max(axis=0)
    bounds = np.stack([low, np.maximum(high - low, 1e-6) / 255]).astype(np.float32)
    codes = np.empty((rows, dimensions), dtype=np.uint8)
    for start in range(0, rows, TOGETHER):
        own = vectors[members[start : start + TOGETHER]]
        steps = np.rint((own - bounds[0]) / bounds[1])
        codes[start : start + TOGETHER] = np.clip(steps, 0, 255)
    made = Cells(starts, members.astype(np.int32), codes, bounds, _few(4))
    return _probing(Index(centres, vectors, made), drawn)


def _few(probes: int) -> NDArray[np.int64]:
    return np.array([probes], dtype=np.int64)


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
    assert index.cells is not None  # noqa: S101 - likewise
    most = len(index.cells.starts) - 1
    probes = min(4, most)
    while True:
        found = replace(index, cells=replace(index.cells, probes=_few(probes)))
        recall = _recall(found, asked, nearest)
        if recall >= RECALL or probes >= most:
            return replace(found, recall=recall)
        probes = min(2 * probes, most)


def _recall(index: Index, asked: Floats, nearest: NDArray[np.int64]) -> float:
    found = [
        len({row for row, _ in search(index, one, most=10)} & set(wanted))
        for one, wanted in zip(asked, nearest.tolist(), strict=True)
    ]
    return sum(found) / (10 * len(found))


def raw(index: Index) -> NDArray[np.uint8]:
    """What FAISS holds of the index, as bytes."""
    return np.asarray(_faiss().serialize_index(index.flat), dtype=np.uint8)


def laid(index: Index) -> dict[str, NDArray[Any]]:
    """The rest of the index: arrays by the names of their files, none if there is no
    more.
    """
    if index.cells is None or index.whole is None:
        return {}
    cells = {f"cells/{name}.npy": getattr(index.cells, name) for name in CELLS}
    return {WHOLE: index.whole, **cells}


WHOLE = "dense.npy"
"""The file of the vectors, where FAISS does not hold them."""


def write(index: Index, folder: Path) -> None:
    """Store the index as files of `folder`; `read` gives it back."""
    (folder / "dense.faiss").write_bytes(raw(index).tobytes())
    for name, array in laid(index).items():
        (folder / name).parent.mkdir(exist_ok=True)
        np.save(folder / name, array)


def read(
    folder: Path,
    *,
    exact: bool = False,
    mapped: Callable[[Path], arrays.Array] = arrays.mapped,
) -> Index:
    """The index stored in `folder`; `exact`: nothing beside what FAISS holds.

    Raises RuntimeError if the bytes are not an index.
    """
    found = np.frombuffer((folder / "dense.faiss").read_bytes(), dtype=np.uint8)
    flat = _faiss().deserialize_index(found)
    if exact:
        return Index(flat)
    each: dict[str, Any] = {n: mapped(folder / f"cells/{n}.npy") for n in CELLS}
    small = {name: np.asarray(each[name]) for name in ("starts", "bounds", "probes")}
    return Index(flat, mapped(folder / WHOLE), Cells(**(each | small)))


def vectors(index: Index) -> Floats:
    """The matrix that the index was built from."""
    if index.whole is not None:
        return index.whole
    return np.asarray(index.flat.reconstruct_n(0, index.ntotal), dtype=np.float32)


def search(
    index: Index, vector: Floats, *, most: int, among: Sequence[int] | None = None
) -> list[tuple[int, float]]:
    """(row, cosine), nearest first, ties by row; `among` restricts the rows exactly,
    and none of those is missed, unless they are most of a large shelf.
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
    """The best of what the cells hold, or of `among`, by the vectors."""
    wanted = None if among is None else np.unique(np.asarray(among, dtype=np.int64))
    if wanted is None or len(wanted) > max(EXACT, index.ntotal // 2):
        numbers = np.sort(_rough(index, vector, AGAIN * most, wanted))
    else:
        numbers = wanted
    scores = np.concatenate(
        [
            index.rows(numbers[start : start + TOGETHER]) @ vector
            for start in range(0, len(numbers), TOGETHER)
        ]
        or [np.zeros(0, dtype=np.float32)]
    )
    best = np.lexsort((numbers, -scores))[:most]
    return [(int(numbers[i]), float(scores[i])) for i in best]


def _rough(
    index: Index, vector: Floats, most: int, among: NDArray[np.int64] | None
) -> NDArray[np.int64]:
    """The rows of the nearest cells that look nearest by their bytes; of those `among`,
    in as many more cells as rows are left out.
    """
    cells = index.cells
    assert cells is not None  # noqa: S101 - there are vectors beside it
    probes, every = index.probes, len(cells.starts) - 1
    allowed = None
    if among is not None:
        allowed = np.zeros(index.ntotal, dtype=np.bool_)
        allowed[among] = True
        probes = min(every, -(-probes * index.ntotal // len(among)))
    query = np.ascontiguousarray(vector.reshape(1, -1), dtype=np.float32)
    _, nearest = index.flat.search(query, probes)
    weights = vector * cells.bounds[1]
    found, scores = [], []
    for cell in nearest[0].tolist():
        own = slice(*cells.starts[cell : cell + 2].tolist())
        members = cells.members[own]
        scored = cells.codes[own].astype(np.float32) @ weights
        if allowed is not None:
            inside = allowed[members]
            members, scored = members[inside], scored[inside]
        found.append(members)
        scores.append(scored)
    rows, looks = np.concatenate(found), np.concatenate(scores)
    if len(rows) > most:
        rows = rows[np.argpartition(-looks, most)[:most]]
    return rows.astype(np.int64)


def _nearest(
    index: Index, vector: Floats, most: int, among: Sequence[int] | None
) -> list[tuple[int, float]]:
    options = None
    if among is not None:
        chosen = _faiss().IDSelectorBatch(np.asarray(among, dtype=np.int64))
        options = _faiss().SearchParameters()
        options.sel = chosen
    query = np.ascontiguousarray(vector.reshape(1, -1), dtype=np.float32)
    scores, rows = index.flat.search(query, most, params=options)
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
