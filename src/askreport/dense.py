"""vectors -> nearest rows, by FAISS behind build() and search().

Nothing else imports faiss. Exact inner product over unit vectors, which is the cosine.
Row i of the index is row i of the matrix it was built from.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from askreport import threads

if TYPE_CHECKING:
    import faiss

Floats = NDArray[np.float32]

Index: TypeAlias = "faiss.Index"
"""What `build` and `read` return and `search` takes; opaque to callers."""


@cache
def _faiss() -> Any:  # noqa: ANN401 - a module
    """The library, told how many threads a search may use."""
    import faiss

    faiss.omp_set_num_threads(threads.QUESTION)
    return faiss


def build(vectors: Floats) -> Index:
    """An index over `vectors`, shape (rows, dimensions), each row of unit length."""
    faiss = _faiss()
    index: Index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors, dtype=np.float32))
    return index


def write(index: Index, path: Path) -> None:
    """Store the index; `read` gives it back."""
    faiss = _faiss()
    path.write_bytes(faiss.serialize_index(index).tobytes())


def read(path: Path) -> Index:
    """The index stored at `path`. Raises RuntimeError if the bytes are not an index."""
    faiss = _faiss()
    found: Index = faiss.deserialize_index(
        np.frombuffer(path.read_bytes(), dtype=np.uint8)
    )
    return found


def vectors(index: Index) -> Floats:
    """The matrix that the index was built from."""
    return np.asarray(index.reconstruct_n(0, index.ntotal), dtype=np.float32)


def search(
    index: Index, vector: Floats, *, most: int, among: Sequence[int] | None = None
) -> list[tuple[int, float]]:
    """(row, cosine), nearest first, ties by row; `among` restricts the rows exactly."""
    if most < 1 or index.ntotal == 0 or (among is not None and len(among) == 0):
        return []
    asked = min(most + 1, index.ntotal)
    while True:
        found = _nearest(index, vector, asked, among)
        # Which of several equal rows FAISS returns is chance. With a lower score behind
        # them, or nothing, all of them are here and the row decides.
        whole = asked == index.ntotal or len(found) < asked
        if whole or found[-1][1] < found[most - 1][1]:
            return found[:most]
        asked = min(2 * asked, index.ntotal)


def _nearest(
    index: Index, vector: Floats, most: int, among: Sequence[int] | None
) -> list[tuple[int, float]]:
    faiss = _faiss()
    options = None
    if among is not None:
        chosen = faiss.IDSelectorBatch(np.asarray(among, dtype=np.int64))
        options = faiss.SearchParameters()
        options.sel = chosen
    query = np.ascontiguousarray(vector.reshape(1, -1), dtype=np.float32)
    scores, rows = index.search(query, most, params=options)
    found = [
        (int(r), float(s)) for r, s in zip(rows[0], scores[0], strict=True) if r >= 0
    ]
    return sorted(found, key=lambda hit: (-hit[1], hit[0]))


def cosines(index: Index, vector: Floats, rows: Sequence[int]) -> Floats:
    """The cosine of `vector` with each of `rows`, shape (len(rows),)."""
    if not rows:
        return np.zeros(0, dtype=np.float32)
    stored = index.reconstruct_batch(np.asarray(rows, dtype=np.int64))
    return np.asarray(stored @ vector, dtype=np.float32)
