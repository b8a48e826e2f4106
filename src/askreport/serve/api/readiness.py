"""a Library -> whether it would answer now, and if not, why.

Opening an encoder takes seconds. A thread does it when the service starts, so that the
first question need not wait for it and `/readyz` can say when it is done.
"""

import contextlib
import threading
from dataclasses import dataclass
from typing import Literal

from anyio import CapacityLimiter, to_thread

from askreport import errors
from askreport.library import Library

PROBE = "ready"
"""Searched for once, because a search opens everything that a question needs."""


class Warming(errors.AskreportError):
    """The encoder or the index is still being opened."""


@dataclass(frozen=True, slots=True)
class Alive:
    """The process runs; whether it can answer is what `/readyz` says."""

    status: Literal["ok"]
    version: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The service answers questions, from this generation, with this encoder."""

    status: Literal["ready"]
    generation: str
    model: str


class Readiness:
    """Opens a library in the background and says whether it can answer."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._warmed = threading.Event()
        self._thread = threading.Thread(
            target=self._warm, name="askreport-warm", daemon=True
        )
        self._limiter = CapacityLimiter(1)
        self._following = contextlib.ExitStack()

    def start(self) -> None:
        """Begin to open the encoder and the index, and to follow newer generations."""
        self._following.enter_context(self._library.following())
        self._thread.start()

    async def finish(self) -> None:
        """Wait for an opening under way: torch must not be torn down while it loads."""
        await to_thread.run_sync(self._following.close)
        await to_thread.run_sync(self._thread.join)

    async def now(self) -> Ready:
        """Raises what a question would raise, or Warming.

        Runs in a thread of its own, so that it is told even while every other thread is
        busy with a question.
        """
        return await to_thread.run_sync(self._check, limiter=self._limiter)

    def _warm(self) -> None:
        try:
            with contextlib.suppress(errors.AskreportError):
                _ = self._library.encoder  # useful even if there is no index yet
                self._library.search(PROBE, top=1)
        finally:
            self._warmed.set()

    def _check(self) -> Ready:
        if not self._warmed.is_set():
            raise Warming("the encoder is being opened", hint="try again in a moment")
        generation, encoder = self._library.generation, self._library.encoder
        _ = self._library.reranking  # a question would need it, where one is set
        if encoder.digest != generation.manifest.model_digest:
            raise errors.ModelChanged(
                "the index was built with another encoder", hint="run askreport build"
            )
        return Ready("ready", generation.id, encoder.name)
