"""the garbage collector's long looks -> short ones, while a service runs.

A full collection holds up every thread for as long as it takes to look at all objects
there are: a tenth of a second for the modules and a small shelf, more for a large one.
Nearly all of them live as long as the service does, and need not be looked at again.
"""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LONG_SECONDS = 0.01
"""A full collection that takes longer is not repeated over what survived it.

Only a full one: after another, garbage that it did not look at would be kept as well.
Of processor time: by the clock every collection is long on a busy machine. Objects set
aside are still freed with their last reference; only cycles among them are not. An old
generation is no cycle, so a newer index does replace it in memory."""


@contextmanager
def short() -> Iterator[None]:
    """Meanwhile what survives a long collection is looked at no more."""
    began = 0.0

    def spare(phase: str, about: dict[str, Any]) -> None:
        nonlocal began
        now = time.thread_time()
        if phase == "start":
            began = now
        elif about["generation"] == 2 and now - began > LONG_SECONDS:
            gc.freeze()

    gc.freeze()
    gc.callbacks.append(spare)
    try:
        yield
    finally:
        gc.callbacks.remove(spare)
        gc.unfreeze()
