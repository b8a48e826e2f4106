"""askreport and its peers -> how long each takes, side by side, in a table and JSON.

    python -m benchmarks.peers.compare [SET_DIR] [--runs 5] [--only NAME ...]

Each peer lives in a virtual environment of its own below `--environments`, made there
from `requirements/` if it is missing. All get the same weights, passages, questions and
number of results. Every figure is of a fresh process; systems take turns within a run,
in another order each time, so that a busy minute of the machine slows all of them; a
figure is the median of the runs. Without SET_DIR the passages are those of this
repository's shelf (which must be built) and the questions those of tests/quality.
"""

import argparse
import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent

ROOT = HERE.parents[1]

PEERS = ("txtai", "llamaindex", "langchain", "haystack", "chroma", "lancedb")

OURS = ("askreport", "http", "vectors")
"""Run by the Python that runs this: in process, as a service that is asked over HTTP,
and building passage vectors alone.
"""

SEED = 11

Row = dict[str, str]


@dataclass(frozen=True)
class Task:
    """What all systems are given."""

    name: str
    rows: tuple[Row, ...]
    questions: tuple[Row, ...]
    relevant: Mapping[str, Mapping[str, int]]
    """By question: the gain of each row that answers it; empty: nobody judged."""


@dataclass
class Seen:
    """What one system took, run after run."""

    cold: list[float] = field(default_factory=list)
    build: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p95: list[float] = field(default_factory=list)
    resident: list[float] = field(default_factory=list)
    ndcg: float | None = None

    def figures(self) -> dict[str, float | None]:
        """Medians; None where nothing was measured."""
        named = ("cold", "build", "p50", "p95", "resident")
        found: dict[str, float | None] = {
            name: statistics.median(values) if (values := getattr(self, name)) else None
            for name in named
        }
        return found | {"ndcg": self.ndcg}


def task(folder: Path | None, most: int) -> Task:
    """The passages and questions of a set, or of this repository."""
    return _ours(most) if folder is None else _set(folder, most)


def _ours(most: int) -> Task:
    from askreport import Library

    found = Library.open(ROOT).generation.passages
    text = (ROOT / "tests" / "quality" / "questions.toml").read_text("utf-8")
    asked = [one["ask"] for one in tomllib.loads(text)["question"]][:most]
    return Task(
        "shelf",
        tuple({"id": one.id, "text": one.text} for one in found),
        tuple({"id": str(i), "text": one} for i, one in enumerate(asked)),
        {},
    )


def _set(folder: Path, most: int) -> Task:
    def lines(name: str) -> list[Row]:
        rows = (folder / name).read_text("utf-8").splitlines()
        found = [json.loads(row) for row in rows]
        return [{"id": one["_id"], "text": one["text"]} for one in found]

    relevant: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
        question, row, gain = line.split("\t")[:3]
        relevant.setdefault(question, {})[row] = int(gain)
    judged = [one for one in lines("queries.jsonl") if one["id"] in relevant]
    rows = tuple(one for one in lines("corpus.jsonl") if one["text"].strip())
    return Task(folder.name, rows, tuple(judged[:most]), relevant)


def ndcg(ranked: Mapping[str, Sequence[str]], given: Task) -> float:
    """nDCG@10, the mean over the questions; a row counts at its best place."""
    scores = []
    for question, rows in ranked.items():
        gains = given.relevant[question]
        unlike = list(dict.fromkeys(rows))[:10]
        got = sum(gains.get(row, 0) / math.log2(i + 2) for i, row in enumerate(unlike))
        best = sorted(gains.values(), reverse=True)[:10]
        scores.append(got / sum(g / math.log2(i + 2) for i, g in enumerate(best)))
    return statistics.mean(scores)


class Bench:
    """The environments, and where indexes are kept meanwhile."""

    def __init__(self, environments: Path, work: Path, given: Task) -> None:
        self.environments = environments
        self.work = work
        self.given = given
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

    def run(self, name: str, *told: str) -> tuple[float, str]:
        """Seconds of a process from start to end, and the last line it printed."""
        command = [self.python(name), "-m", "benchmarks.peers.run", name, *told]
        began = time.perf_counter()
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"HF_HUB_OFFLINE": "1"},
            cwd=ROOT,
        )
        took = time.perf_counter() - began
        if done.returncode:
            said = done.stderr.strip().splitlines()[-1:]
            raise RuntimeError(f"{name} {told[0]}: {' '.join(said)}")
        return took, done.stdout.strip().splitlines()[-1]

    def once(self, name: str, seen: Seen) -> None:
        """Build, ask cold, ask warm."""
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(f"{folder}-warm", ignore_errors=True)
        folder.mkdir()
        _, said = self.run(name, "build", str(self.rows), str(folder))
        seen.build.append(len(self.given.rows) / json.loads(said)["seconds"])
        if name == "vectors":
            return
        question = self.given.questions[0]["text"]
        took, _ = self.run(name, "ask", str(folder), question)
        seen.cold.append(took)
        _, said = self.run(name, "warm", str(folder), str(self.asked))
        found = json.loads(said)
        cuts = statistics.quantiles(found["seconds"], n=20)
        seen.p50.append(1000 * statistics.median(found["seconds"]))
        seen.p95.append(1000 * cuts[-1])
        seen.resident.append(found["resident"] / 1e6)
        if self.given.relevant:
            seen.ndcg = ndcg(found["ranked"], self.given)

    def versions(self, name: str) -> dict[str, str]:
        """Of every package in a peer's environment."""
        told = [self.python(name), "-m", "pip", "list", "--format", "json"]
        done = subprocess.run(told, capture_output=True, text=True, check=True)
        return {one["name"]: one["version"] for one in json.loads(done.stdout)}


def _write(path: Path, rows: Sequence[Row]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def table(found: Mapping[str, Mapping[str, float | None]]) -> str:
    """One line a system."""
    heads = ("cold s", "p50 ms", "p95 ms", "rows/s built", "MB", "nDCG@10")
    names = ("cold", "p50", "p95", "build", "resident", "ndcg")
    digits = (2, 1, 1, 1, 0, 3)
    lines = [f"{'':12}" + "".join(f"{head:>14}" for head in heads)]
    for system, figures in found.items():
        cells = [
            "–" if (value := figures[name]) is None else f"{value:.{places}f}"
            for name, places in zip(names, digits, strict=True)
        ]
        lines.append(f"{system:12}" + "".join(f"{cell:>14}" for cell in cells))
    return "\n".join(lines)


def keep(
    path: Path | None,
    given: Task,
    seen: Mapping[str, Seen],
    versions: Mapping[str, Mapping[str, str]],
) -> None:
    """Write what is known so far: measuring takes an hour, and may be cut off."""
    if path is None:
        return
    said = {
        "task": given.name,
        "passages": len(given.rows),
        "questions": len(given.questions),
        "medians": {name: one.figures() for name, one in seen.items()},
        "runs": {name: vars(one) for name, one in seen.items()},
        "versions": versions,
    }
    path.write_text(json.dumps(said, indent=1), "utf-8")


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", type=Path, nargs="?")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--questions", type=int, default=50)
    parser.add_argument("--only", nargs="*", default=[*OURS, *PEERS])
    parser.add_argument("--environments", type=Path, default=ROOT / ".venv" / "peers")
    parser.add_argument("--json", type=Path)
    told = parser.parse_args()
    given = task(told.set, told.questions)
    seen = {name: Seen() for name in told.only}
    drawn = random.Random(SEED)  # noqa: S311
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(told.environments, Path(work), given)
        for run in range(1, told.runs + 1):
            print(f"run {run} of {told.runs}", file=sys.stderr)
            for name in drawn.sample(told.only, len(told.only)):
                try:
                    bench.once(name, seen[name])
                except RuntimeError as error:  # the others are still worth knowing
                    print(error, file=sys.stderr)
            keep(told.json, given, seen, {})
        versions = {name: bench.versions(name) for name in told.only}
    keep(told.json, given, seen, versions)
    found = {name: one.figures() for name, one in seen.items()}
    print(
        f"{given.name}: {len(given.rows)} passages, {len(given.questions)} questions,"
    )
    print(f"median of {told.runs} runs")
    print(table(found))


if __name__ == "__main__":
    main()
