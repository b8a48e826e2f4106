"""Weights of one byte: how near they are, and what is left alone."""

from pathlib import Path

import numpy as np
import onnxruntime
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, load, numpy_helper, save_model

from askreport import rounding


@given(st.integers(1, 3), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_every_weight_is_within_half_a_step_of_its_block(
    blocks: int, wide: int, seed: int
) -> None:
    drawn = np.random.default_rng(seed)
    matrix = drawn.normal(size=(blocks * rounding.BLOCK, wide)).astype(np.float32)
    matrix[:, 0] = 0
    codes, scales = rounding.rounded(matrix)
    assert codes.shape == (wide, blocks, rounding.BLOCK)
    steps = scales[:, :, None]
    again = ((codes.astype(np.float32) - 128) * steps).reshape(wide, -1).T
    most = np.repeat(scales, rounding.BLOCK, axis=1).T
    assert (np.abs(again - matrix) <= most * 0.501 + 1e-12).all()
    assert not again[:, 0].any()


def _graph(folder: Path, deep: int) -> tuple[Path, Path, np.ndarray]:
    """Times a matrix, then a small one; the first in a file behind some other bytes."""
    drawn = np.random.default_rng(7)
    matrix = drawn.normal(size=(deep, 8)).astype(np.float32)
    small = drawn.normal(size=(8, 3)).astype(np.float32)
    held = numpy_helper.from_array(matrix, "matrix")
    raw = held.raw_data
    (folder / "weights.bin").write_bytes(b"x" * 64 + raw)
    held.ClearField("raw_data")
    held.data_location = TensorProto.EXTERNAL
    for key, value in (
        ("location", "weights.bin"),
        ("offset", 64),
        ("length", len(raw)),
    ):
        held.external_data.add(key=key, value=str(value))
    one, two = TensorProto.FLOAT, [None, deep]
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "matrix"], ["between"]),
            helper.make_node("MatMul", ["between", "small"], ["y"]),
        ],
        "product",
        [helper.make_tensor_value_info("x", one, two)],
        [helper.make_tensor_value_info("y", one, [None, 3])],
        [held, numpy_helper.from_array(small, "small")],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    save_model(model, str(folder / "graph.onnx"))
    return folder / "graph.onnx", folder / "weights.bin", matrix @ small


def _rounded(folder: Path, deep: int) -> tuple[list[str], np.ndarray, np.ndarray]:
    graph, weights, product = _graph(folder, deep)
    made = folder / "rounded.onnx"
    rounding.write(graph, weights, made, folder / "rounded.bin")
    operators = [
        n.op_type for n in load(str(made), load_external_data=False).graph.node
    ]
    x = np.random.default_rng(3).normal(size=(5, deep)).astype(np.float32)
    session = onnxruntime.InferenceSession(
        str(made), providers=["CPUExecutionProvider"]
    )
    (y,) = session.run(None, {"x": x})
    return operators, x @ product, np.asarray(y)


def test_a_product_with_a_matrix_of_weights_is_rounded_and_comes_near(
    tmp_path: Path,
) -> None:
    operators, wanted, found = _rounded(tmp_path, 64)
    # The second matrix is too short for a block and stays as it is.
    assert operators == ["MatMulNBits", "MatMul"]
    assert np.abs(found - wanted).max() < 0.02 * np.abs(wanted).max()
    assert (tmp_path / "rounded.bin").stat().st_size == 64 * 8 + 4 * 2 * 8


def test_a_matrix_that_blocks_do_not_divide_is_left_alone(tmp_path: Path) -> None:
    operators, wanted, found = _rounded(tmp_path, 40)
    assert operators == ["MatMul", "MatMul"]
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
