"""bytes and a question's vectors -> their inner products.

The token vectors of sixty passages are some megabytes. As floats they would take four
times the room, and turning them into floats takes longer than multiplying them. So they
are multiplied as the bytes they are, in whole numbers, by onnxruntime
(MatMulInteger). Each vector of the question becomes two of whole numbers: its values
rounded, and what that took from them: cosines are off by less than .0001 then. Sums of
whole numbers are the same on every processor.
"""

import base64
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from askreport import threads

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Floats = NDArray[np.float32]

STEPS = 63
"""What the question is rounded to lies between this and its negative. Processors
without VNNI add two products in 16 bits, and 2 * 255 * 64 would not fit."""

TOGETHER = 4096
"""Levels multiplied at once: what is made on the way has twenty bytes for each of them
and each of the question's vectors."""

LEAST = 1e-12
"""A vector of which no value is greater than this stands for nothing."""

GRAPH = base64.b64decode(
    "CAg6kgIKJAoGbGV2ZWxzCgVhc2tlZBIEc3VtcyINTWF0TXVsSW50ZWdlcgofCgRzdW1zEgZmbG9hdHMi"
    "BENhc3QqCQoCdG8YAaABAgo1CgZzY2FsZXMKBmZsb2F0cwoEbGVzcxIIcHJvZHVjdHMiBEdlbW0qDQoG"
    "dHJhbnNCGAGgAQISCHByb2R1Y3RzWhoKBmxldmVscxIQCg4IAhIKCgMSAXQKAxIBZFoZCgVhc2tlZBIQ"
    "Cg4IAxIKCgMSAWQKAxIBcloaCgZzY2FsZXMSEAoOCAESCgoDEgFxCgMSAXJaFwoEbGVzcxIPCg0IARIJ"
    "CgMSAXEKAggBYhwKCHByb2R1Y3RzEhAKDggBEgoKAxIBcQoDEgF0QgQKABAN"
)
"""ONNX: levels (t, d) of uint8, asked (d, r) of int8 -> their products in whole numbers
-> scales (q, r) times these, and less (q, 1) added: products (q, t)."""


def inner(levels: NDArray[np.uint8], asked: Floats, *, middle: float) -> Floats:
    """Products of each of `asked`, shape (q, d), with each of `levels` less `middle`,
    shape (t, d): shape (q, t).
    """
    if not asked.size or not levels.size:
        return np.zeros((len(asked), len(levels)), dtype=np.float32)
    steps = np.maximum(np.abs(asked).max(axis=1), LEAST) / STEPS
    exact = asked / steps[:, np.newaxis]
    whole = np.rint(exact)
    rest = np.rint((exact - whole) * (2 * STEPS))
    rounded = np.concatenate([whole, rest])
    scales = np.concatenate([np.diag(steps), np.diag(steps / (2 * STEPS))], axis=1)
    less = -middle * scales @ rounded.sum(axis=1)
    given = {
        "asked": np.ascontiguousarray(rounded.T, dtype=np.int8),
        "scales": np.ascontiguousarray(scales, dtype=np.float32),
        "less": np.ascontiguousarray(less[:, np.newaxis], dtype=np.float32),
    }
    found = np.empty((len(asked), len(levels)), dtype=np.float32)
    for start in range(0, len(levels), TOGETHER):
        own = slice(start, start + TOGETHER)
        (found[:, own],) = _session().run(None, given | {"levels": levels[own]})
    return found


@cache
def _session() -> "InferenceSession":
    import onnxruntime

    return onnxruntime.InferenceSession(
        GRAPH, threads.of_session(), providers=["CPUExecutionProvider"]
    )
