"""what happens in the service -> figures that Prometheus reads at /metrics.

Labels are routes as declared, stages, statuses and methods: a caller cannot make a new
series.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST

BEAT_SECONDS = 0.05
"""How often the event loop is asked whether it still runs."""

METHODS = frozenset("GET HEAD POST PUT PATCH DELETE OPTIONS".split())
"""Others are counted as `other`: callers can invent methods without end."""

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

_LATE = (0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 1)

LAG = (
    "How late the event loop came back to what was due, but for the time that it "
    "waited for a processor."
)


class Metrics:
    """The figures of one service."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        histogram = partial(Histogram, registry=registry)
        self._requests = Counter(
            "askreport_requests",
            "Requests answered.",
            ("route", "method", "status"),
            registry=registry,
        )
        self._seconds = histogram(
            "askreport_request_seconds",
            "Time from a request's head to the end of its response.",
            ("route",),
            buckets=_SECONDS,
        )
        self._stages = histogram(
            "askreport_stage_seconds",
            "Time by stage of answering a question.",
            ("stage",),
            buckets=_SECONDS,
        )
        answers = "Questions answered, and declined (no-evidence)."
        self._answers = Counter(
            "askreport_answers", answers, ("status",), registry=registry
        )
        self._lag = histogram("askreport_loop_lag_seconds", LAG, buckets=_LATE)
        told = "1 for the index that answers now."
        labels = ("generation", "model")
        self._generation = Gauge(
            "askreport_generation_info", told, labels, registry=registry
        )
        for status in ("answered", "no-evidence"):
            self._answers.labels(status)

    def watch(self, waiting: Callable[[], int], running: Callable[[], int]) -> None:
        """Report the queue's length as it is when the figures are read."""
        for name, told, read in (
            ("askreport_queue_waiting", "Questions that wait.", waiting),
            ("askreport_queue_running", "Questions being answered.", running),
        ):
            Gauge(name, told, registry=self.registry).set_function(read)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        known = method if method in METHODS else "other"
        self._requests.labels(route or "none", known, str(status)).inc()
        self._seconds.labels(route or "none").observe(seconds)

    def stage(self, name: str, seconds: float) -> None:
        """Count what a stage of a question took."""
        self._stages.labels(name).observe(seconds)

    def answered(self, status: str) -> None:
        """Count an answer or a decline."""
        self._answers.labels(status).inc()

    def answering(self, generation: str, model: str) -> None:
        """Name the index that answers now, in place of the one before."""
        self._generation.clear()
        self._generation.labels(generation, model).set(1)

    def text(self) -> bytes:
        """Everything, in Prometheus's text format."""
        return generate_latest(self.registry)

    async def beat(self) -> None:
        """Measure how late the event loop is, until cancelled."""
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                due, starved = time.perf_counter() + BEAT_SECONDS, _starved()
                await asyncio.sleep(BEAT_SECONDS)
                late = time.perf_counter() - due - (_starved() - starved)
                self._lag.observe(max(0.0, late))


def _starved() -> float:
    """Seconds that this thread has waited for a processor, where Linux says so.

    A machine that is busy with something else is no fault of what the loop runs.
    """
    try:
        return (
            int(Path("/proc/thread-self/schedstat").read_text("ascii").split()[1]) / 1e9
        )
    except (OSError, ValueError, IndexError):
        return 0.0
