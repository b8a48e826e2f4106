"""Arrays stored by numpy are read as numpy would, from many threads at once too."""

import ast
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from askreport import arrays, errors
from askreport.generation import blocks, written

KINDS = st.sampled_from(["<f4", "<i4", "<i8", "|i1", "|u1", "|b1", ">f8"])
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


@given(one=hnp.arrays(KINDS, SHAPES), turned=st.booleans())
def test_what_was_saved_is_read_mapped_whole_and_from_an_archive(
    one: Any, turned: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    given = np.asfortranarray(one) if turned else one
    path = tmp_path_factory.mktemp("arrays") / "one.npy"
    np.save(path, given)
    packed = io.BytesIO()
    np.savez(packed, one=given)
    for read in (
        arrays.mapped(path),
        arrays.loaded(path),
        arrays.unpacked(packed.getvalue())["one"],
    ):
        assert read.dtype == one.dtype
        np.testing.assert_array_equal(read, one)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda raw: raw[:-1], id="cut short"),
        pytest.param(lambda raw: raw[:20], id="cut in its header"),
        pytest.param(lambda raw: b"x" + raw, id="not an array"),
        pytest.param(lambda raw: raw.replace(b"'<f4'", b"'|O8'"), id="of objects"),
        pytest.param(lambda raw: raw.replace(b"False", b"exit()"), id="of code"),
        pytest.param(lambda raw: b"", id="empty"),
    ],
)
@pytest.mark.parametrize("read", [arrays.mapped, arrays.loaded])
def test_what_is_no_plain_whole_array_is_refused(
    spoil: Any, read: Any, tmp_path: Path
) -> None:
    path = tmp_path / "one.npy"
    np.save(path, np.arange(12, dtype=np.float32).reshape(3, 4))
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ValueError, match=r"\w"):
        read(path)


def test_no_header_is_given_to_the_parser_that_fails_beside_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "one.npy"
    np.save(path, np.arange(12, dtype=np.float32))
    parsed: list[object] = []
    monkeypatch.setattr(ast, "literal_eval", parsed.append)
    with pytest.raises(ValueError, match="Header"):
        np.load(path)  # which does
    assert parsed
    parsed.clear()
    assert arrays.mapped(path).sum() == arrays.loaded(path).sum() == 66
    assert not parsed


@pytest.fixture
def stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, arrays.Array]:
    """An array of many blocks on disk, of which few are mapped at a time."""
    monkeypatch.setattr(blocks, "MOST", 2 * blocks.BLOCK)
    made = np.random.default_rng(9).integers(0, 2**31, (40_000, 4), dtype=np.int32)
    written.Folder(tmp_path).array("a.npy", [made], blocked=True)
    return tmp_path / "a.npy", made


def opened(path: Path) -> arrays.Array:
    """That array, guarded."""
    damaged = errors.IndexDamaged(f"{path.name} is damaged", hint="build it anew")
    return arrays.guarded(path, blocks.Blocks(path, damaged))


def test_a_guarded_array_hands_out_what_was_written(
    stored: tuple[Path, arrays.Array],
) -> None:
    path, made = stored
    found = opened(path)
    assert (len(found), found.shape, found.nbytes) == (40_000, (40_000, 4), made.nbytes)
    rows = np.random.default_rng(1).integers(0, 40_000, 60)
    for start in range(0, 40_000, 1_700):
        own = slice(start, start + 900)
        np.testing.assert_array_equal(found[own], made[own])
    for row in (0, -1, 39_999, 777):
        np.testing.assert_array_equal(found[row], made[row])
    np.testing.assert_array_equal(found[rows], made[rows])
    np.testing.assert_array_equal(found[-rows], made[-rows])
    np.testing.assert_array_equal(np.asarray(found), made)
    with pytest.raises(IndexError):
        found[40_000]


def test_a_guarded_array_hands_out_nothing_that_was_altered(
    stored: tuple[Path, arrays.Array],
) -> None:
    path, made = stored
    with path.open("r+b") as file:
        file.seek(made.nbytes // 2)
        file.write(b"?!")
    found = opened(path)
    np.testing.assert_array_equal(found[:1000], made[:1000])
    looks: list[Callable[[], object]] = [
        lambda: found[20_000],
        lambda: found[19_000:21_000],
        lambda: found[np.array([3, 20_000])],
        lambda: np.asarray(found),
    ]
    for look in looks:
        with pytest.raises(errors.IndexDamaged):
            look()
