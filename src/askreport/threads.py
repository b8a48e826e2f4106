"""a machine -> how many threads each library may use; the one place that says so.

A question is encoded and looked up by one thread: a second one shortens it little on a
quiet machine and lengthens its slowest cases on a busy one, where questions come
together and fill the processors anyhow. A build uses every processor that the process
may run on, by working on several batches at once.
"""

import os

QUESTION = 1
"""Threads of FAISS, BLAS and onnxruntime within one question."""

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""What libraries read when they are imported; whoever sets them is obeyed."""


def building() -> int:
    """How many batches of passages are encoded at a time: the processors that this
    process may use, unless OMP_NUM_THREADS says how many.
    """
    told = os.environ.get(VARIABLES[0], "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1
