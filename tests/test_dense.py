"""FAISS behind build and search: exact, in row order, the same from disk."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from askreport import dense
from askreport.embedding import unit

Floats = NDArray[np.float32]


def brute(
    vectors: Floats, question: Floats, most: int, among: list[int] | None = None
) -> list[tuple[int, float]]:
    """The answer by looking at every row, ties by row."""
    rows = range(len(vectors)) if among is None else sorted(set(among))
    scored = [(row, float(vectors[row] @ question)) for row in rows]
    return sorted(scored, key=lambda hit: (-hit[1], hit[0]))[:most]


def drawn(seed: int, rows: int, dimensions: int) -> tuple[Floats, Floats]:
    """Unit vectors and a question, the same for the same seed."""
    rng = np.random.default_rng(seed)
    vectors = unit(rng.normal(size=(rows, dimensions)).astype(np.float32))
    return vectors, unit(rng.normal(size=dimensions).astype(np.float32))


@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(1, 300),
    dimensions=st.integers(2, 48),
    most=st.integers(1, 320),
    data=st.data(),
)
def test_search_finds_what_looking_at_every_row_finds(
    seed: int, rows: int, dimensions: int, most: int, data: st.DataObject
) -> None:
    vectors, question = drawn(seed, rows, dimensions)
    among = data.draw(st.none() | st.lists(st.integers(0, rows - 1), unique=True))
    found = dense.search(dense.build(vectors), question, most=most, among=among)
    wanted = brute(vectors, question, most, among)
    # Sums in another order differ in the last bits, so scores are compared, not rows.
    assert len(found) == len(wanted)
    cosines = [score for _, score in found]
    assert cosines == pytest.approx([score for _, score in wanted], abs=1e-5)
    assert cosines == sorted(cosines, reverse=True)
    for row, score in found:
        assert score == pytest.approx(float(vectors[row] @ question), abs=1e-5)
    assert among is None or {row for row, _ in found} <= set(among)


@given(
    picks=st.lists(st.integers(0, 2), min_size=1, max_size=200),
    most=st.integers(1, 210),
    data=st.data(),
)
def test_equal_rows_come_in_row_order_also_where_the_list_is_cut(
    picks: list[int], most: int, data: st.DataObject
) -> None:
    kinds = np.eye(3, 8, dtype=np.float32)
    question = unit(np.asarray([3, 2, 1, 0, 0, 0, 0, 0], dtype=np.float32))
    vectors = kinds[picks]
    among = data.draw(st.none() | st.lists(st.integers(0, len(picks) - 1), unique=True))
    found = dense.search(dense.build(vectors), question, most=most, among=among)
    wanted = brute(vectors, question, most, among)
    assert [row for row, _ in found] == [row for row, _ in wanted]


def test_many_equal_long_rows_come_in_row_order() -> None:
    one, question = drawn(1, 1, 384)
    index = dense.build(np.repeat(one, 1003, axis=0))
    found = dense.search(index, question, most=150)
    assert [row for row, _ in found] == list(range(150))


def test_an_empty_selection_or_an_empty_index_finds_nothing() -> None:
    vectors, question = drawn(2, 3, 8)
    assert dense.search(dense.build(vectors), question, most=5, among=[]) == []
    assert dense.search(dense.build(vectors), question, most=0) == []
    assert dense.search(dense.build(vectors[:0]), question, most=5) == []


@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(0, 60))
def test_cosines_are_those_of_the_rows_asked_for_in_the_order_asked(
    seed: int, rows: int
) -> None:
    vectors, question = drawn(seed, max(1, rows), 16)
    asked = [
        int(r) for r in np.random.default_rng(seed).integers(0, len(vectors), rows)
    ]
    found = dense.cosines(dense.build(vectors), question, asked)
    assert found.shape == (rows,)
    np.testing.assert_allclose(found, vectors[asked] @ question, atol=1e-6)


def test_an_index_written_and_read_answers_bit_for_bit_the_same(tmp_path: Path) -> None:
    vectors, question = drawn(3, 120, 32)
    index = dense.build(vectors)
    dense.write(index, tmp_path)
    again = dense.read(tmp_path, exact=True)
    assert dense.search(again, question, most=120) == dense.search(
        index, question, most=120
    )
    np.testing.assert_array_equal(
        dense.cosines(again, question, range(120)),
        dense.cosines(index, question, range(120)),
    )


def test_bytes_that_are_no_index_are_refused(tmp_path: Path) -> None:
    (tmp_path / "dense.faiss").write_bytes(b"not an index")
    with pytest.raises(RuntimeError):
        dense.read(tmp_path, exact=True)


# Shelves too large to compare every row


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if three hundred rows were many."""
    monkeypatch.setattr(dense, "EXACT", 300)
    monkeypatch.setattr(dense, "CELL", 50)


def clustered(seed: int, rows: int) -> Floats:
    """Unit vectors that lie in groups, as those of passages do."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(40, 32))
    own = centres[rng.integers(0, 40, rows)] + rng.normal(size=(rows, 32))
    return unit(own.astype(np.float32))


def files(index: dense.Index, folder: Path) -> dense.Index:
    """The index written and read again."""
    dense.write(index, folder)
    return dense.read(folder)


@pytest.mark.usefixtures("small")
def test_a_large_index_finds_nearly_all_of_the_nearest_with_their_exact_scores(
    tmp_path: Path,
) -> None:
    vectors = clustered(1, 4000)
    built = dense.build(vectors)
    assert built.told.startswith(f"ivf 80, {built.probes} probes, recall ")
    assert built.recall >= dense.RECALL
    index = files(built, tmp_path)
    assert (index.probes, index.ntotal) == (built.probes, 4000)
    asked = unit(vectors[::40] + clustered(2, 100) * 0.7)
    met = 0
    for one in asked:
        found = dense.search(index, one, most=10)
        assert found == dense.search(built, one, most=10)
        assert len(found) == 10
        assert [score for _, score in found] == pytest.approx(
            [float(vectors[row] @ one) for row, _ in found], abs=1e-6
        )
        met += len({row for row, _ in found} & {r for r, _ in brute(vectors, one, 10)})
    assert met / 1000 >= 0.98
    np.testing.assert_array_equal(dense.vectors(index), vectors)
    np.testing.assert_allclose(
        dense.cosines(index, asked[0], [7, 3]), vectors[[7, 3]] @ asked[0], atol=1e-6
    )


@pytest.mark.usefixtures("small")
def test_among_some_rows_of_a_large_index_none_is_missed() -> None:
    vectors = clustered(3, 2000)
    index = dense.build(vectors)
    among = list(range(0, 2000, 7))
    for one in clustered(4, 20):
        found = dense.search(index, one, most=12, among=among)
        wanted = brute(vectors, one, 12, among)
        assert [row for row, _ in found] == [row for row, _ in wanted]
    assert dense.search(index, vectors[0], most=3, among=[5, 5]) != []


@pytest.mark.usefixtures("small")
def test_two_builds_of_a_large_index_are_the_same_to_the_byte(tmp_path: Path) -> None:
    vectors = clustered(5, 1500)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        dense.write(dense.build(vectors), tmp_path / name)
    one, two = (
        {p.name: p.read_bytes() for p in (tmp_path / name).rglob("*") if p.is_file()}
        for name in ("one", "two")
    )
    assert one == two
    assert len(one) == 2 + len(dense.CELLS)


@pytest.mark.usefixtures("small")
def test_among_many_rows_of_a_large_index_nearly_all_of_the_nearest_are_found() -> None:
    vectors = clustered(7, 3000)
    index = dense.build(vectors)
    among = [row for row in range(3000) if row % 4]
    met = 0
    for one in unit(vectors[::60] + clustered(8, 50) * 0.7):
        found = dense.search(index, one, most=10, among=among)
        assert len(found) == 10
        assert all(row % 4 for row, _ in found)
        wanted = brute(vectors, one, 10, among)
        met += len({row for row, _ in found} & {row for row, _ in wanted})
    assert met / 500 >= 0.97


def test_a_small_index_is_exact_and_holds_its_vectors(tmp_path: Path) -> None:
    index = dense.build(clustered(6, 200))
    assert index.told == "exact"
    dense.write(index, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["dense.faiss"]
