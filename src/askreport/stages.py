"""a stage of answering, by name -> how long it took, told to whoever listens.

Nobody does unless a service measures itself; then a stage costs two looks at the clock.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, float], None]
"""Takes a stage's name and its seconds as it ends, in the thread that did the work."""

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def told(listener: Listener) -> Iterator[None]:
    """Within it, and in threads that are handed its context, `listener` is told."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def of(name: str) -> Iterator[None]:
    """A stage; one that fails is told of as well."""
    listener = _listener.get()
    if listener is None:
        yield
        return
    started = time.perf_counter()
    try:
        yield
    finally:
        listener(name, time.perf_counter() - started)
