"""a Task and a system -> what it took: fresh processes, within limits."""

import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.peers import corpora
from benchmarks.peers.corpora import ROOT, Row, Task

HERE = Path(__file__).parent

OURS = ("askreport", "vectors")
"""Run by the Python that runs this: with all that it has, and building passage vectors
alone.
"""

FEWEST = 20
"""Answers that a 95th percentile is told of."""

LOOK = 0.2
"""Seconds between looks at a process's memory."""


class Stopped(RuntimeError):
    """A process went over a limit: trying again would take as long."""


@dataclass(frozen=True)
class Limits:
    """What a system may take before it is stopped."""

    opening: float = 600
    """Seconds from the start of a process to its first answer."""
    taking: float = 5400
    """Seconds of taking over passages with their vectors, and of building."""
    asking: float = 300
    """Seconds of warm questions, after which no more are asked."""
    memory: float = 20e9
    """Bytes that a process holds of its own: mapped files, which the system may take
    back, are left out."""


@dataclass
class Seen:
    """What one system took, run after run."""

    cold: list[float] = field(default_factory=list)
    build: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p95: list[float] = field(default_factory=list)
    resident: list[float] = field(default_factory=list)
    over50: list[float] = field(default_factory=list)
    """As `p50`, asked over HTTP; likewise `over95`."""
    over95: list[float] = field(default_factory=list)
    serving: list[float] = field(default_factory=list)
    """Megabytes of the service."""
    opened: list[float] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    """Warm questions that there was time for."""
    ndcg: float | None = None
    failed: str | None = None
    """What went wrong last."""
    stopped: bool = False
    """Whether that was a limit, so that it is not measured any further."""

    def figures(self) -> dict[str, float | None]:
        """Medians; None where nothing was measured."""
        named = (
            *("cold", "build", "p50", "p95", "resident", "opened"),
            *("over50", "over95", "serving"),
        )
        found: dict[str, float | None] = {
            name: statistics.median(values) if (values := getattr(self, name)) else None
            for name in named
        }
        return found | {"ndcg": self.ndcg}


class Bench:
    """The environments, and where indexes are kept meanwhile."""

    def __init__(
        self, environments: Path, work: Path, given: Task, limits: Limits | None = None
    ) -> None:
        self.environments = environments
        self.work = work
        self.task = given
        self.limits = limits or Limits()
        self.rows, self.asked = work / "rows.jsonl", work / "questions.jsonl"
        _write(self.rows, given.rows)
        _write(self.asked, given.questions)

    def python(self, name: str) -> str:
        """That of a system, its environment made if it is missing."""
        if name in OURS:
            return sys.executable
        folder = self.environments / name
        python = folder / "bin" / "python"
        if not python.exists():
            print(f"installing {name}", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            wanted = str(HERE / "requirements" / f"{name}.txt")
            told = [str(python), "-m", "pip", "install", "--quiet", "-r", wanted]
            subprocess.run(told, check=True)
        return str(python)

    def run(self, name: str, seconds: float, *told: str) -> tuple[float, str]:
        """Seconds of a process from start to end, and the last line it printed."""
        command = [self.python(name), "-m", "benchmarks.peers.run", name, *told]
        try:
            took, said = ended(command, seconds, self.limits.memory)
        except RuntimeError as error:
            raise type(error)(f"{name} {told[0]}: {error}") from error
        return took, said.strip().splitlines()[-1]

    def once(self, name: str, seen: Seen) -> None:
        """Build, unless passages are handed over; ask cold, ask warm."""
        if self.task.given is None:
            folder = self._built(name, seen)
            if name == "vectors":
                return
        else:
            folder = self.taken(name)
        self._measured(name, folder, seen)

    def _built(self, name: str, seen: Seen) -> Path:
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(f"{folder}-warm", ignore_errors=True)
        folder.mkdir()
        told = ("build", str(self.rows), str(folder))
        _, said = self.run(name, self.limits.taking, *told)
        seen.build.append(self.task.passages / json.loads(said)["seconds"])
        return folder

    def taken(self, name: str) -> Path:
        """Where a system has what it was handed: at once, or from before. That it was
        stopped is remembered too.
        """
        given = self.task.given
        assert given is not None
        if name in OURS:
            return given.root
        told = given.folder / f"{name}.json"
        if not told.exists():
            print(f"handing passages to {name}", file=sys.stderr)
            told.write_text(json.dumps(self._taking(name, given.folder)), "utf-8")
        found: dict[str, str] = json.loads(told.read_text("utf-8"))
        if "stopped" in found:
            raise Stopped(found["stopped"])
        return given.folder / name

    def _taking(self, name: str, given: Path) -> dict[str, object]:
        """What taking over took, or why it was stopped."""
        folder = given / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            _, said = self.run(
                name, self.limits.taking, "take", str(given), str(folder)
            )
        except Stopped as error:
            shutil.rmtree(folder)
            return {"stopped": str(error)}
        found: dict[str, object] = json.loads(said)
        return found

    def _measured(self, name: str, folder: Path, seen: Seen) -> None:
        first = self.task.questions[0]["text"]
        most = self.limits
        took, _ = self.run(name, most.opening, "ask", str(folder), first)
        seen.cold.append(took)
        found = self._warm(name, "warm", folder)
        times = found["seconds"]
        seen.asked.append(len(times))
        seen.opened.append(found["opened"])
        seen.resident.append(self._keep(found, seen.p50, seen.p95))
        over = self._warm(name, "over", folder)
        seen.serving.append(self._keep(over, seen.over50, seen.over95))
        if self.task.relevant and len(times) == len(self.task.questions):
            seen.ndcg = corpora.ndcg(found["ranked"], self.task, self._rows_of)

    def _warm(self, name: str, verb: str, folder: Path) -> Any:  # noqa: ANN401
        most = self.limits
        told = (verb, str(folder), str(self.asked), str(most.asking))
        return json.loads(self.run(name, most.opening + 2 * most.asking, *told)[1])

    def _keep(
        self, found: Mapping[str, Any], p50: list[float], p95: list[float]
    ) -> float:
        """Keep what questions took, in milliseconds; gives the megabytes held."""
        times = found["seconds"]
        p50.append(1000 * statistics.median(times))
        if len(times) >= min(FEWEST, len(self.task.questions)):
            p95.append(1000 * statistics.quantiles(times, n=20)[-1])
        return float(found["resident"]) / 1e6

    @cached_property
    def _rows_of(self) -> Mapping[str, str]:
        return {} if self.task.given is None else corpora.whose(self.task.given)

    def versions(self, name: str) -> dict[str, str]:
        """Of every package in a peer's environment."""
        told = [self.python(name), "-m", "pip", "list", "--format", "json"]
        done = subprocess.run(told, capture_output=True, text=True, check=True)
        return {one["name"]: one["version"] for one in json.loads(done.stdout)}


def ended(command: Sequence[str], seconds: float, memory: float) -> tuple[float, str]:
    """Seconds that a command took, and what it printed. Raises Stopped over a limit,
    RuntimeError if it failed.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        cwd=ROOT,
        start_new_session=True,
    )
    watch = Watch(process.pid, began + seconds, memory)
    try:
        said, wrong = process.communicate()
    finally:
        took = time.perf_counter() - began
        watch.end()
        if process.returncode is None:  # this process is to end
            os.killpg(process.pid, signal.SIGKILL)
    if watch.why:
        raise Stopped(watch.why)
    if process.returncode == -signal.SIGKILL:
        raise Stopped("the system ended it, for want of memory as a rule")
    if process.returncode:
        raise RuntimeError(" ".join(wrong.strip().splitlines()[-1:]))
    return took, said


class Watch:
    """Ends a process, and all it started, that goes over a limit."""

    def __init__(self, process: int, until: float, memory: float) -> None:
        self.process, self.until, self.memory = process, until, memory
        self.why = ""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._seconds = until - time.perf_counter()
        self._thread.start()

    def end(self) -> None:
        """The process has ended."""
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(LOOK):
            if time.perf_counter() > self.until:
                self.why = f"took more than {self._seconds / 60:.0f} minutes"
            elif own(self.process) > self.memory:
                self.why = f"took more than {self.memory / 1e9:.0f} GB of memory"
            if self.why:
                os.killpg(self.process, signal.SIGKILL)
                return


def own(process: int) -> int:
    """Bytes that a process holds and that are no file's (RssAnon); 0 if it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text("utf-8")
    except OSError:
        return 0
    found = re.search(r"RssAnon:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def _write(path: Path, rows: Sequence[Row]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
