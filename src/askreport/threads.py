"""a machine -> how many threads each library may use; the one place that says so.

A question is encoded and looked up by one thread: a second one shortens it little on a
quiet machine and lengthens its slowest cases on a busy one, where questions come
together and fill the processors anyhow. A build uses every processor that the process
may run on, by working on several batches at once.
"""

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxruntime import SessionOptions

QUESTION = 1
"""Threads of FAISS, BLAS and onnxruntime within one question."""

BLAS = "OPENBLAS_NUM_THREADS"
"""What numpy's BLAS reads when it is loaded. Left to itself it takes every processor
for products that take a millisecond, and its threads then spin for more to do: a
question cost twenty times the processor time."""

ALL = "OMP_NUM_THREADS"
"""By this users tell every library at once how many threads to use."""


def settle() -> None:
    """Have numpy multiply by as many threads as a question has, unless somebody has
    said otherwise or numpy is loaded already. FAISS is told when `dense` loads it.
    """
    if "numpy" not in sys.modules and ALL not in os.environ:
        os.environ.setdefault(BLAS, str(QUESTION))


def of_session() -> "SessionOptions":
    """Options of an onnxruntime session that answers questions, and warns nobody."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = QUESTION
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return options


def building() -> int:
    """How many batches of passages are encoded at a time: the processors that this
    process may use, unless OMP_NUM_THREADS says how many.
    """
    told = os.environ.get(ALL, "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1
