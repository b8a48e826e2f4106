"""a frozen graph -> the same with weights of one byte, which questions are encoded by.

A question has some fifteen tokens: what it costs to encode is reading the weights. Each
weight matrix is kept as bytes with a scale for every BLOCK of values that are added up
together, and multiplied by onnxruntime's operator for it (MatMulNBits), which rounds
the question's own values alike, token by token: what comes of a text depends on no
other. Dettmers and Zettlemoyer, "The case for 4-bit precision" (2023) measure what
rounding to nearest in blocks costs. Everything else, the table of words included, stays
in single precision in the file it is in.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto, TensorProto

BLOCK = 32
"""Values that share a scale. 16 cost as much and are a little nearer, 128 is a quarter
faster and three times as far off."""

LEVELS = 127
"""A byte holds a whole number from -127 to 127, written with 128 added."""

BITS = 8

ROUNDED_TOO = 4
"""The operator's name for rounding to bytes what is multiplied by the weights."""


def write(graph: Path, weights: Path, out: Path, bytes_out: Path) -> None:
    """Make `out` of `graph`, whose weights lie in `weights`; those that are rounded are
    written to `bytes_out`. All four in one folder. Raises OSError.

    What is not a product with a matrix of weights, two-dimensional and of a length that
    BLOCK divides, is left as it is.
    """
    import onnx

    model = onnx.load(str(graph), load_external_data=False)
    stored = {one.name: one for one in model.graph.initializer}
    with bytes_out.open("wb") as sink:

        def kept(name: str, values: NDArray[np.generic]) -> "TensorProto":
            made = onnx.numpy_helper.from_array(values, name)
            raw = made.raw_data
            onnx.external_data_helper.set_external_data(
                made, bytes_out.name, sink.tell(), len(raw)
            )
            made.ClearField("raw_data")
            sink.write(raw)
            return made

        for node in model.graph.node:
            if node.op_type != "MatMul" or node.input[1] not in stored:
                continue
            matrix = _read(stored[node.input[1]], weights)
            if matrix.ndim != 2 or len(matrix) % BLOCK:
                continue
            name = node.input[1]
            codes, scales = rounded(matrix)
            model.graph.initializer.extend(
                [kept(f"{name}_codes", codes), kept(f"{name}_scales", scales)]
            )
            node.CopyFrom(_product(node, matrix.shape))
    _drop_unused(model.graph)
    onnx.save_model(model, str(out))
    # What is left in `weights` keeps its place there: it is not written again.


def rounded(
    matrix: NDArray[np.float32],
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A matrix (k, n) as codes (n, k / BLOCK, BLOCK) and scales (n, k / BLOCK)."""
    deep, wide = matrix.shape
    blocks = matrix.T.reshape(wide, deep // BLOCK, BLOCK)
    scales = np.abs(blocks).max(axis=2) / LEVELS
    codes = np.rint(blocks / np.maximum(scales, 1e-12)[:, :, None]) + LEVELS + 1
    return codes.astype(np.uint8), scales.astype(np.float32)


def _product(node: "NodeProto", shape: tuple[int, int]) -> "NodeProto":
    from onnx import helper

    name = node.input[1]
    return helper.make_node(
        "MatMulNBits",
        [node.input[0], f"{name}_codes", f"{name}_scales"],
        list(node.output),
        name=node.name,
        domain="com.microsoft",
        K=shape[0],
        N=shape[1],
        bits=BITS,
        block_size=BLOCK,
        accuracy_level=ROUNDED_TOO,
    )


def _read(tensor: "TensorProto", weights: Path) -> NDArray[np.float32]:
    """An initializer's values, wherever they lie."""
    from onnx import numpy_helper

    place = {one.key: one.value for one in tensor.external_data}
    if not place:
        return np.asarray(numpy_helper.to_array(tensor), dtype=np.float32)
    found = np.fromfile(
        weights,
        dtype=np.float32,
        count=int(place["length"]) // 4,
        offset=int(place["offset"]),
    )
    return found.reshape(tuple(tensor.dims))


def _drop_unused(graph: "GraphProto") -> None:
    used = {name for node in graph.node for name in node.input}
    left = [one for one in graph.initializer if one.name in used]
    del graph.initializer[:]
    graph.initializer.extend(left)
