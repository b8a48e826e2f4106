"""Products of bytes are those of floats, whatever the processor adds up at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from onnx import TensorProto, helper

from askreport import products

Floats = NDArray[np.float32]


def exactly(levels: NDArray[np.uint8], asked: Floats, middle: float) -> Floats:
    """The same in double precision."""
    found = asked.astype(np.float64) @ (levels.astype(np.float64) - middle).T
    return found.astype(np.float32)


SHAPES = st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(1, 40))


@given(st.data(), SHAPES, st.sampled_from([128, 0.5, 0]))
def test_a_product_is_off_by_less_than_a_hundredth_of_a_level_of_each_dimension(
    data: st.DataObject, shape: tuple[int, int, int], middle: float
) -> None:
    q, t, d = shape
    levels = data.draw(arrays.arrays(np.uint8, (t, d)))
    numbers = st.floats(-2, 2, width=32)
    asked = data.draw(arrays.arrays(np.float32, (q, d), elements=numbers))
    found = products.inner(levels, asked, middle=middle)
    assert found.shape == (q, t)
    assert found.dtype == np.float32
    greatest = np.abs(asked).max(axis=1, initial=0.0, keepdims=True)
    bound = greatest * 255 * d / (4 * products.STEPS**2) * 1.01 + 1e-6
    assert (np.abs(found - exactly(levels, asked, middle)) <= bound).all()


def test_cosines_are_off_by_less_than_a_ten_thousandth() -> None:
    rng = np.random.default_rng(3)
    rows, asked = (rng.normal(size=(n, 384)).astype(np.float32) for n in (500, 40))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    scales = np.abs(rows).max(axis=1) / 127
    levels = (np.rint(rows / scales[:, np.newaxis]) + 128).astype(np.uint8)
    found = products.inner(levels, asked, middle=128) * scales
    assert np.abs(found - exactly(levels, asked, 128) * scales).max() < 1e-4


def test_the_greatest_bytes_and_numbers_do_not_overflow() -> None:
    levels = np.full((3, 4096), 255, dtype=np.uint8)
    asked = np.ones((2, 4096), dtype=np.float32)
    asked[1] = -1
    found = products.inner(levels, asked, middle=128)
    np.testing.assert_allclose(found, exactly(levels, asked, 128), rtol=1e-6)
    # Two of them are added in 16 bits by processors without VNNI.
    assert 2 * 255 * products.STEPS < 2**15


@pytest.mark.parametrize("together", [4096, 64, 7])
def test_what_comes_of_a_vector_depends_on_no_other(
    together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "TOGETHER", together)
    rng = np.random.default_rng(5)
    levels = rng.integers(0, 256, (300, 384), dtype=np.uint8)
    asked = rng.normal(size=(9, 384)).astype(np.float32)
    whole = products.inner(levels, asked, middle=128)
    for i in range(9):
        alone = products.inner(levels[17:40], asked[i : i + 1], middle=128)
        np.testing.assert_allclose(whole[i : i + 1, 17:40], alone, rtol=1e-5, atol=1e-4)


def test_the_graph_is_what_it_says() -> None:
    shapes: dict[str, tuple[int, list[str | int | None]]] = {
        "levels": (TensorProto.UINT8, ["t", "d"]),
        "asked": (TensorProto.INT8, ["d", "r"]),
        "scales": (TensorProto.FLOAT, ["q", "r"]),
        "less": (TensorProto.FLOAT, ["q", 1]),
    }
    graph = helper.make_graph(
        [
            helper.make_node("MatMulInteger", ["levels", "asked"], ["sums"]),
            helper.make_node("Cast", ["sums"], ["floats"], to=TensorProto.FLOAT),
            helper.make_node(
                "Gemm", ["scales", "floats", "less"], ["products"], transB=1
            ),
        ],
        "products",
        [helper.make_tensor_value_info(name, *of) for name, of in shapes.items()],
        [helper.make_tensor_value_info("products", TensorProto.FLOAT, ["q", "t"])],
    )
    opset = [helper.make_opsetid("", 13)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    assert model.SerializeToString() == products.GRAPH
