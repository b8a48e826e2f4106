"""a shelf served on this machine -> how it holds up: latency, refusals, memory.

    python -m benchmarks.load [--seconds 60] [--questions 20000] [--shelf .]

Starts `askreport serve` on a free port of 127.0.0.1 and asks it the questions of
tests/quality, never anything else. In this order, with one process:

1. 64 clients, each asking again as soon as it is answered: what it can do at most;
2. questions at half that rate, whether or not earlier ones are answered: latency below
   capacity;
3. 256 clients: past capacity, where all that may come beside answers is an orderly 503;
4. as many questions as were asked for, while memory is watched.

What the event loop and the process say of themselves is read from /metrics.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).parents[1]

CLIENTS = 64
FLOOD = 256
STEP = 500
"""Questions between two looks at the memory."""

SETTLED = 0.2
"""The part of the soak that is left out of the slope: caches fill first."""


@dataclass
class Seen:
    """What came back."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    """Refusals without Retry-After, and connections that failed."""

    def figures(self, took: float) -> dict[str, object]:
        """Throughput, latencies and statuses."""
        cuts = statistics.quantiles(self.seconds or [0.0, 0.0], n=100)
        return {
            "seconds": round(took, 1),
            "answered_per_second": round(len(self.seconds) / took, 1),
            "p50": round(cuts[49], 4),
            "p95": round(cuts[94], 4),
            "p99": round(cuts[98], 4),
            "p95_over_p50": round(cuts[94] / max(cuts[49], 1e-9), 2),
            "statuses": dict(self.statuses),
            "failed": dict(self.failed),
        }


def questions() -> Iterator[str]:
    """Our own questions, answerable or not, without end."""
    text = (ROOT / "tests" / "quality" / "questions.toml").read_text("utf-8")
    asked = tomllib.loads(text)["question"]
    return cycle([one["ask"] for one in asked])


async def ask(client: httpx.AsyncClient, question: str, seen: Seen) -> None:
    """One question, and what became of it."""
    began = time.perf_counter()
    try:
        said = await client.post("/ask", json={"question": question})
    except httpx.HTTPError as error:
        seen.failed[type(error).__name__] += 1
        return
    seen.statuses[said.status_code] += 1
    if said.status_code == 200:
        seen.seconds.append(time.perf_counter() - began)
    elif said.status_code not in (429, 503) or "retry-after" not in said.headers:
        seen.failed[f"{said.status_code} without Retry-After"] += 1
    else:
        await asyncio.sleep(0.1)  # sooner than told: this is a flood


async def closed(client: httpx.AsyncClient, clients: int, seconds: float) -> Seen:
    """So many clients, each asking again as soon as it is answered."""
    seen, asked = Seen(), questions()
    until = time.perf_counter() + seconds

    async def one() -> None:
        while time.perf_counter() < until:
            await ask(client, next(asked), seen)

    await asyncio.gather(*(one() for _ in range(clients)))
    return seen


async def opened(client: httpx.AsyncClient, rate: float, seconds: float) -> Seen:
    """Questions at a rate, whether or not earlier ones are answered."""
    seen, asked = Seen(), questions()
    under_way = []
    began = time.perf_counter()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        under_way.append(asyncio.create_task(ask(client, next(asked), seen)))
    await asyncio.gather(*under_way)
    return seen


async def figures(client: httpx.AsyncClient) -> dict[str, float]:
    """Samples of /metrics, by name and bucket."""
    text = (await client.get("/metrics")).text
    return {
        sample.name + sample.labels.get("le", ""): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not set(sample.labels) - {"le"}
    }


async def soaked(client: httpx.AsyncClient, most: int) -> dict[str, object]:
    """Memory over so many questions, and its slope."""
    seen, asked = Seen(), questions()
    points: list[tuple[int, float]] = []
    began = time.perf_counter()
    for done in range(0, most, STEP):
        for _ in range(STEP // 10):
            await asyncio.gather(*(ask(client, next(asked), seen) for _ in range(10)))
        memory = (await figures(client))["process_resident_memory_bytes"] / 2**20
        points.append((done + STEP, memory))
        sys.stderr.write(f"{done + STEP} questions: {memory:.1f} MiB\n")
    took = time.perf_counter() - began
    settled = points[int(len(points) * SETTLED) :]
    slope = 0.0
    if len(settled) > 1:
        slope = statistics.linear_regression(*zip(*settled, strict=True)).slope
    return {
        "questions": sum(seen.statuses.values()),
        "mebibytes": [round(memory, 1) for _, memory in points],
        "mebibytes_per_1000_questions": round(slope * 1000, 4),
        **seen.figures(took),
    }


def lag(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """How often the event loop came back late, by how much, between two readings."""
    name = "askreport_loop_lag_seconds"
    count = after[f"{name}_count"] - before[f"{name}_count"]
    late = {
        f"over {edge} s": count - (after[name + edge] - before[name + edge])
        for edge in (f"_bucket{value}" for value in ("0.025", "0.05", "0.1", "0.25"))
    }
    return {"looks": count, **{k.replace("_bucket", ""): v for k, v in late.items()}}


async def ready(client: httpx.AsyncClient) -> None:
    """Wait until questions are answered, and ask a few."""
    for _ in range(600):
        if (await client.get("/readyz")).status_code == 200:
            break
        await asyncio.sleep(0.2)
    await closed(client, 4, 3)


async def timed(work: Awaitable[Seen]) -> tuple[Seen, dict[str, object]]:
    """What came back, and its figures."""
    began = time.perf_counter()
    seen = await work
    return seen, seen.figures(time.perf_counter() - began)


async def measured(at: str, seconds: float, most: int) -> dict[str, object]:
    """Every phase in turn."""
    limits = httpx.Limits(max_connections=FLOOD + 8)
    async with httpx.AsyncClient(base_url=at, timeout=120, limits=limits) as client:
        await ready(client)
        first = await figures(client)
        seen, saturated = await timed(closed(client, CLIENTS, seconds))
        second = await figures(client)
        rate = len(seen.seconds) / seconds / 2
        _, below = await timed(opened(client, rate, seconds))
        third = await figures(client)
        _, flood = await timed(closed(client, FLOOD, min(seconds, 20)))
        found: dict[str, object] = {
            "saturated": saturated | {"loop": lag(first, second)},
            "below": below | {"rate": round(rate, 1), "loop": lag(second, third)},
            "flood": flood | {"loop": lag(third, await figures(client))},
        }
        sys.stderr.write(json.dumps(found, indent=1) + "\n")
        if most:
            found["soak"] = await soaked(client, most)
    return found


def main() -> None:
    """Serve, measure, print JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--questions", type=int, default=20_000)
    parser.add_argument("--shelf", type=Path, default=ROOT)
    chosen = parser.parse_args()
    command = (sys.executable, "-m", "askreport", "serve", "--port", "0")
    with subprocess.Popen(
        [*command, "--shelf", str(chosen.shelf)],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
    ) as serving:
        assert serving.stderr is not None
        try:
            said = re.search(r"http://\S+:\d+", serving.stderr.readline())
            if said is None:
                raise SystemExit("it does not serve")
            found = asyncio.run(
                measured(said.group(), chosen.seconds, chosen.questions)
            )
        finally:
            serving.terminate()
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
