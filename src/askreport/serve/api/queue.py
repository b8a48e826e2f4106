"""questions as they come -> answers, a few at a time, the rest in order.

Every surface of the service asks here, so that one bound holds for all of them: beyond
`most` waiting a question is refused at once, and one whose answer is not there after
`seconds` is given up.
"""

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from askreport.library import Library
from askreport.serve.api import observed
from askreport.serve.api.later import Busy, TookTooLong
from askreport.types import Answer, Filter, Found

AT_ONCE = 2
"""Questions worked at: one is answered at a time, and the next is being unpacked."""

T = TypeVar("T")


class Queue:
    """The one way from a request to the library's slow verbs."""

    def __init__(self, library: Library, *, most: int, seconds: float) -> None:
        self._library = library
        self._most = most
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="askreport-answer")
        self._lock = threading.Lock()
        self._inside = 0
        self._recent = 0.1

    @property
    def waiting(self) -> int:
        """Questions that nobody works at yet."""
        return max(0, self._inside - AT_ONCE)

    @property
    def running(self) -> int:
        """Questions being answered."""
        return min(AT_ONCE, self._inside)

    async def ask(
        self,
        question: str,
        *,
        top: int | None = None,
        among: Filter = Filter(),
        earlier: Sequence[str] = (),
        explain: bool = False,
    ) -> Answer:
        """`Library.ask`, in turn. Raises what it raises, Busy, TookTooLong."""
        observed.note(question=question)
        ask = partial(self._library.ask, question, top=top, among=among)
        answer = await self.run(partial(ask, earlier=earlier, explain=explain))
        observed.note(status=answer.status)
        return answer

    async def find(
        self,
        question: str,
        *,
        top: int | None = None,
        among: Filter = Filter(),
        earlier: Sequence[str] = (),
        explain: bool = False,
    ) -> Found:
        """`Library.find`, in turn. Raises what it raises, Busy, TookTooLong."""
        observed.note(question=question)
        find = partial(self._library.find, question, top=top, among=among)
        return await self.run(partial(find, earlier=earlier, explain=explain))

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns, done in a thread when it is its turn."""
        future = self._begun(work)
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            if future.done() and not future.cancelled():
                raise  # the work's own
            raise TookTooLong(
                f"no answer within {self._seconds:.0f} seconds",
                hint="try again when there is less to do",
                seconds=self._until_free(),
            ) from error

    def close(self) -> None:
        """Take no more; what is under way ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begun(self, work: Callable[[], T]) -> "Future[T]":
        with self._lock:
            if self._inside >= self._most + AT_ONCE:
                raise Busy(
                    f"{self._most} questions wait already",
                    hint="try again when there is less to do",
                    seconds=self._until_free(),
                )
            self._inside += 1
        context, came = contextvars.copy_context(), time.perf_counter()
        try:
            future = self._pool.submit(context.run, self._timed, work, came)
        except RuntimeError:
            self._left(None)
            raise
        future.add_done_callback(self._left)
        return future

    def _timed(self, work: Callable[[], T], came: float) -> T:
        began = time.perf_counter()
        observed.stage("wait", began - came)
        try:
            return work()
        finally:
            took = time.perf_counter() - began
            observed.stage("answer", took)
            self._recent += 0.1 * (took - self._recent)

    def _left(self, _: object) -> None:
        with self._lock:
            self._inside -= 1

    def _until_free(self) -> float:
        """Seconds that what is inside will take, going by what answers took lately."""
        return self._inside * self._recent / AT_ONCE
