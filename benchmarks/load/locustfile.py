"""a shelf that is served -> as many distinct questions as locust's clients can ask it.

Run by `python -m benchmarks.load`, in locust's own environment: nothing of askreport is
imported here. Every question is worded in its own way, so that no answer, and no vector
of a question, is found again in a cache.
"""

import json
import random
import statistics
import time
import tomllib
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import gevent
from locust import FastHttpUser, events, task

LEADS = (
    "",
    "According to the reports, ",
    "Please tell me: ",
    "I am writing a briefing. ",
    "For the board: ",
    "What we would like to know is this: ",
    "In plain words, ",
    "One more question. ",
    "A colleague asks: ",
    "Quickly, ",
    "As far as is known, ",
)
"""What people say before they ask."""

TRAILS = (
    "",
    " Thank you.",
    " Please name the page.",
    " A short answer will do.",
    " Only what the reports say.",
    " I need it for a meeting.",
    " We could not find it ourselves.",
)
"""What they say after."""


class Seen:
    """What came back, and when locust is to stop."""

    seconds: list[float]
    statuses: Counter[int]
    failed: Counter[str]

    def __init__(self) -> None:
        self.seconds, self.statuses, self.failed = [], Counter(), Counter()
        self.began = time.perf_counter()

    def figures(self) -> dict[str, object]:
        """Throughput, latencies and statuses."""
        took = time.perf_counter() - self.began
        cuts = statistics.quantiles(self.seconds or [0.0, 0.0], n=100)
        return {
            "seconds": round(took, 1),
            "answered": len(self.seconds),
            "answered_per_second": round(len(self.seconds) / took, 2),
            "p50_ms": round(1000 * cuts[49], 1),
            "p95_ms": round(1000 * cuts[94], 1),
            "p99_ms": round(1000 * cuts[98], 1),
            "p95_over_p50": round(cuts[94] / max(cuts[49], 1e-9), 2),
            "statuses": {str(status): n for status, n in self.statuses.items()},
            "failed": dict(self.failed),
        }


seen = Seen()
asked: Iterator[str] = iter(())


def questions(path: str, start: int) -> Iterator[str]:
    """Questions without end, no two the same, in an order that is always the same."""
    held = [one["ask"] for one in tomllib.loads(Path(path).read_text())["question"]]
    for number in count(start):
        turn, place = divmod(number, len(held))
        turn, trail = divmod(turn, len(TRAILS))
        turn, lead = divmod(turn, len(LEADS))
        shown = f" (Request {turn}.)" if turn else ""
        # Neighbours differ in wording, too, as those of unlike callers do.
        lead, trail = (lead + place) % len(LEADS), (trail + place) % len(TRAILS)
        yield f"{LEADS[lead]}{held[place]}{TRAILS[trail]}{shown}"


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--questions-from", required=True)
    parser.add_argument("--start-at", type=int, default=0)
    parser.add_argument("--most", type=int, default=0, help="questions; 0: no bound")
    parser.add_argument("--rate", type=float, default=0.0, help="questions a second")
    parser.add_argument("--figures", required=True, help="where to write JSON")


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def _start(environment: Any, **_: object) -> None:  # noqa: ANN401 - locust's
    global asked, seen
    chosen = environment.parsed_options
    asked, seen = questions(chosen.questions_from, chosen.start_at), Seen()


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def _end(environment: Any, **_: object) -> None:  # noqa: ANN401 - locust's
    path = Path(environment.parsed_options.figures)
    path.write_text(json.dumps(seen.figures()))
    environment.process_exit_code = 0  # failures are in the figures


class Reader(FastHttpUser):  # type: ignore[misc]
    """Asks again as soon as it is answered, or at its share of a rate."""

    network_timeout = connection_timeout = 120.0

    def on_start(self) -> None:
        """Not all at the same instant, where a rate is kept."""
        if self._share():
            gevent.sleep(random.uniform(0, self._share()))  # noqa: S311

    def wait_time(self) -> float:
        """Seconds until the next question is due."""
        if not self._share():
            return 0.0
        return max(0.0, self._due() - time.perf_counter())

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """One question, and what became of it."""
        began = time.perf_counter()
        self._last = began
        with self.client.post(
            "/ask", json={"question": next(asked)}, catch_response=True
        ) as said:
            self._judge(said, time.perf_counter() - began)
        most = self.environment.parsed_options.most
        if most and sum(seen.statuses.values()) >= most:
            self.environment.runner.quit()

    def _judge(self, said: Any, took: float) -> None:  # noqa: ANN401 - locust's
        status = said.status_code
        seen.statuses[status] += 1
        later = status in (429, 503) and "retry-after" in said.headers
        if status == 200 and said.json()["status"] in ("answered", "no-evidence"):
            seen.seconds.append(took)
        elif later:
            said.request_meta["name"] = "told to come later"
            said.success()
            gevent.sleep(0.1)  # sooner than told: this is a flood
        else:
            seen.failed[f"{status} {said.error or ''}".strip()] += 1
            said.failure(f"{status}")

    def _share(self) -> float:
        chosen = self.environment.parsed_options
        return chosen.num_users / chosen.rate if chosen.rate else 0.0

    def _due(self) -> float:
        return self._last + self._share()
