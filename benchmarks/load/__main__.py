"""a shelf served on this machine -> how it holds up: latency, refusals, memory, pauses.

    python -m benchmarks.load [--seconds 60] [--questions 20000] [--shelf .]

Starts `askreport serve` on a free port of 127.0.0.1 and has locust ask it, no question
twice, each time anew. Locust lives in an environment of its own, made the first time,
since it replaces Python's sockets. With one process of the service, in this order:

1. 1, 2, 4 and 8 clients, each asking again as soon as it is answered;
2. 64 clients, likewise: what the service can do at most;
3. 32 clients that ask at half that rate: latency below capacity;
4. 256 clients: past capacity, where all that may come beside answers is an orderly 503;
5. as many questions as were asked for, while memory is watched.

What the event loop and the process say of themselves is read from /metrics.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

FEW = (1, 2, 4, 8)
CLIENTS = 64
FLOOD = 256

SOAKERS = 8
"""Clients of the soak: enough to keep the service busy."""

LOOK_SECONDS = 5.0
"""Between two looks at the memory."""

SETTLED = 0.2
"""The part of the soak that is left out of the slope: caches fill first."""

LAG = "askreport_loop_lag_seconds"


@dataclass
class Bench:
    """The service, the locust that asks it, and how many questions it was asked."""

    at: str
    python: str
    work: Path
    asked: int = 0
    found: dict[str, object] = field(default_factory=dict)

    def phase(
        self,
        name: str,
        clients: int,
        *,
        seconds: float = 0,
        rate: float = 0,
        most: int = 0,
    ) -> float:
        """Keep locust's figures, and the loop's meanwhile; answers a second."""
        before = figures(self.at)
        with self.locust(clients, seconds=seconds, rate=rate, most=most) as running:
            memory = watched(self.at, running) if most else []
            running.wait()
        said = json.loads((self.work / "figures.json").read_text())
        self.asked += sum(said["statuses"].values()) + clients
        shown: dict[str, object] = {"clients": clients, **said}
        if rate:
            shown["rate"] = round(rate, 2)
        if memory:
            shown |= slope(memory)
        self.found[name] = shown | {"loop": lag(before, figures(self.at))}
        sys.stderr.write(f"{name}: {json.dumps(self.found[name])}\n")
        return float(said["answered_per_second"])

    @contextmanager
    def locust(
        self, clients: int, *, seconds: float, rate: float, most: int
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """Locust, asking."""
        told = [self.python, "-m", "locust", "--headless", "--only-summary"]
        told += ["--locustfile", str(HERE / "locustfile.py"), "--host", self.at]
        told += ["--users", str(clients), "--spawn-rate", str(clients)]
        told += ["--stop-timeout", "60", "--loglevel", "ERROR"]
        told += ["--questions-from", str(ROOT / "tests/quality/questions.toml")]
        told += ["--figures", str(self.work / "figures.json")]
        told += ["--start-at", str(self.asked), "--rate", str(rate)]
        told += ["--most", str(most)]
        told += ["--run-time", f"{seconds:.0f}s"] if seconds else []
        quiet = subprocess.DEVNULL  # its tables round; what is printed is exact
        with subprocess.Popen(told, stdout=quiet, stderr=quiet) as running:
            try:
                yield running
            finally:
                running.terminate()


def environment(folder: Path) -> str:
    """The Python that has locust; both are put there if they are missing."""
    python = folder / "bin" / "python"
    if not python.exists():
        sys.stderr.write("installing locust\n")
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        wanted = ("install", "--quiet", "-r", str(HERE / "requirements.txt"))
        subprocess.run([str(python), "-m", "pip", *wanted], check=True)
    return str(python)


def figures(at: str) -> dict[str, float]:
    """Samples of /metrics by name and edge of a bucket, over all other labels."""
    text = httpx.get(f"{at}/metrics", timeout=60).text
    found: defaultdict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name + sample.labels.get("le", "")] += sample.value
    return dict(found)


def lag(before: dict[str, float], after: dict[str, float]) -> dict[str, object]:
    """How late the event loop came back between two readings, and how often."""
    looks = after[f"{LAG}_count"] - before[f"{LAG}_count"]
    edges = [name for name in after if name.startswith(f"{LAG}_bucket")]
    over = {
        float(name.removeprefix(f"{LAG}_bucket")): looks - (after[name] - before[name])
        for name in edges
    }
    longest = min((edge for edge, late in over.items() if not late), default=None)
    late = {f"over {edge:g} s": n for edge, n in over.items() if edge >= 0.05 and n}
    return {"looks": looks, "none_over_s": longest, **late}


def watched(
    at: str, running: "subprocess.Popen[bytes]"
) -> list[tuple[float, float, float]]:
    """Seconds, questions answered and MiB, until locust has ended."""
    seen, began = [], time.perf_counter()
    while running.poll() is None:
        now = figures(at)
        answered = now["askreport_answers_total"]
        memory = now["process_resident_memory_bytes"] / 2**20
        seen.append((time.perf_counter() - began, answered, memory))
        time.sleep(LOOK_SECONDS)
    return seen


def slope(seen: Sequence[tuple[float, float, float]]) -> dict[str, object]:
    """MiB a thousand questions, once settled."""
    settled = seen[int(len(seen) * SETTLED) :]
    questions, memory = [one[1] for one in settled], [one[2] for one in settled]
    found = 0.0
    if len(set(questions)) > 1:
        found = statistics.linear_regression(questions, memory).slope
    return {
        "mebibytes": [round(one[2], 1) for one in seen[:: max(1, len(seen) // 20)]],
        "mebibytes_per_1000_questions": round(found * 1000, 4),
    }


@contextmanager
def served(shelf: Path) -> Iterator[str]:
    """The address of the shelf's service, once it answers."""
    command = (sys.executable, "-m", "askreport", "serve", "--port", "0")
    with subprocess.Popen(
        [*command, "--shelf", str(shelf)],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
    ) as serving:
        assert serving.stderr is not None
        try:
            said = re.search(r"http://\S+:\d+", serving.stderr.readline())
            if said is None:
                raise SystemExit("it does not serve")
            for _ in range(600):
                if httpx.get(f"{said.group()}/readyz").status_code == 200:
                    break
                time.sleep(0.2)
            yield said.group()
        finally:
            serving.terminate()


def measured(bench: Bench, seconds: float, most: int) -> dict[str, object]:
    """Every phase in turn."""
    for clients in FEW:
        bench.phase(f"{clients}", clients, seconds=max(5.0, seconds / 4))
    rate = bench.phase("saturated", CLIENTS, seconds=seconds) / 2
    bench.phase("below", CLIENTS // 2, seconds=seconds, rate=rate)
    bench.phase("flood", FLOOD, seconds=min(seconds, 20))
    if most:
        bench.phase("soak", SOAKERS, most=most)
    return bench.found


def main() -> None:
    """Serve, measure, print JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--questions", type=int, default=20_000)
    parser.add_argument("--shelf", type=Path, default=ROOT)
    parser.add_argument("--environment", type=Path, default=ROOT / ".venv" / "locust")
    chosen = parser.parse_args()
    python = environment(chosen.environment)
    with tempfile.TemporaryDirectory() as work, served(chosen.shelf) as at:
        bench = Bench(at, python, Path(work))
        found = measured(bench, chosen.seconds, chosen.questions)
    print(json.dumps({"processors": os.cpu_count(), **found}, indent=1))


if __name__ == "__main__":
    main()
