"""a blocking call -> its result, awaited; never in the screen's way."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

NAME = "askreport-aside"
"""What the threads are called, so that leaving can tell whether one is at work."""


async def call(work: Callable[[], T]) -> T:
    """What `work()` returns or raises, computed in a thread of its own.

    A daemon thread, because an executor's threads are joined at exit: leaving while a
    model loads would wait for it. Cancelling abandons the call and its result.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def settle(put: Callable[[Any], None], value: object) -> None:
        if not result.done():
            put(value)

    def run() -> None:
        put: Callable[[Any], None] = result.set_result
        try:
            value: object = work()
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            put, value = result.set_exception, error
        with suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(settle, put, value)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), name=NAME, daemon=True).start()
    return await result


def busy() -> bool:
    """Whether a call is still under way."""
    return any(thread.name == NAME for thread in threading.enumerate())
