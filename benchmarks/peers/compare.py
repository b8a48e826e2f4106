"""askreport and its peers -> how long each takes, side by side, in a table and JSON.

    python -m benchmarks.peers.compare [SET_DIR] [--runs 5] [--only NAME ...]
    python -m benchmarks.peers.compare SET_DIR --cut [--rows N] [--work DIR]
    python -m benchmarks.peers.compare --sized N --sets SETS_DIR [--work DIR]

Each peer lives in a virtual environment of its own below `--environments`, made there
from `requirements/` if it is missing. All get the same weights, passages, questions and
number of results. Every figure is of a fresh process; systems take turns within a run,
in another order each time, so that a busy minute of the machine slows all of them; a
figure is the median of the runs.

Without SET_DIR the passages are those of this repository's shelf (which must be built)
and the questions those of tests/quality; with it the rows of the set as they are. Every
system builds its own index of them.

`--cut` cuts the rows of the set, whole pages for example, into passages as askreport
does; `--sized` takes that many passages of `benchmarks.whole`, made of rows of the sets
in SETS_DIR, with its questions. Encoding so much once a system would take hours. So
askreport publishes a generation, from which it is asked as from any, and the others are
handed the same passages with the same vectors, each in the way that it has for this
(`taking`); questions each encodes by itself. What building takes is not compared then,
but opening is: `open s` is a fresh process's time from before libraries, model and
index are loaded to the first answer. A row of a set ranks by its best passage; every
system gives ten passages. What was made below `--work` is used again, and so
is that a system was stopped (remove its JSON there to try again); `--prepare` makes all
of it and asks nothing.

A process that takes longer than `--opening` seconds to its first answer or more than
`--gigabytes` of memory (mapped files left out), or longer than `--taking` seconds to
take passages over, is ended: the table has dashes for what is not known then, and says
why below. Warm questions are asked for `--asking` seconds at most; a 95th percentile
needs twenty answers, nDCG@10 all of them.
"""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.peers import corpora
from benchmarks.peers.bench import HERE, OURS, Bench, Limits, Seen, Stopped
from benchmarks.peers.corpora import ROOT, Task, ndcg

__all__ = ["HERE", "PEERS", "Bench", "Seen", "Task", "ndcg", "table"]

PEERS = ("txtai", "llamaindex", "langchain", "haystack", "chroma", "lancedb")

SEED = 11

Column = tuple[str, str, int]
"""Its head, the figure's name, digits."""

BUILT: tuple[Column, ...] = (
    ("cold s", "cold", 2),
    ("p50 ms", "p50", 1),
    ("p95 ms", "p95", 1),
    ("HTTP p50", "over50", 1),
    ("HTTP p95", "over95", 1),
    ("rows/s built", "build", 1),
    ("MB", "resident", 0),
    ("serving MB", "serving", 0),
    ("nDCG@10", "ndcg", 3),
)

HANDED: tuple[Column, ...] = (
    ("cold s", "cold", 2),
    ("open s", "opened", 2),
    ("p50 ms", "p50", 1),
    ("p95 ms", "p95", 1),
    ("HTTP p50", "over50", 1),
    ("HTTP p95", "over95", 1),
    ("MB", "resident", 0),
    ("serving MB", "serving", 0),
    ("nDCG@10", "ndcg", 3),
)


def table(
    found: Mapping[str, Mapping[str, float | None]],
    columns: Sequence[Column] = BUILT,
) -> str:
    """One line a system."""
    lines = [f"{'':12}" + "".join(f"{head:>13}" for head, _, _ in columns)]
    for system, figures in found.items():
        cells = [
            "–" if (value := figures[name]) is None else f"{value:.{places}f}"
            for _, name, places in columns
        ]
        lines.append(f"{system:12}" + "".join(f"{cell:>13}" for cell in cells))
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
        "passages": given.passages,
        "questions": len(given.questions),
        "medians": {name: one.figures() for name, one in seen.items()},
        "runs": {name: vars(one) for name, one in seen.items()},
        "versions": versions,
    }
    path.write_text(json.dumps(said, indent=1), "utf-8")


def measured(
    bench: Bench, seen: Mapping[str, Seen], runs: int, path: Path | None
) -> None:
    """Run after run, each system in its turn."""
    drawn = random.Random(SEED)  # noqa: S311
    for run in range(1, runs + 1):
        print(f"run {run} of {runs}", file=sys.stderr)
        for name in drawn.sample(list(seen), len(seen)):
            if seen[name].stopped:
                continue
            try:
                bench.once(name, seen[name])
            except RuntimeError as error:  # the others are still worth knowing
                seen[name].failed = str(error)
                seen[name].stopped = isinstance(error, Stopped)
                print(error, file=sys.stderr)
        keep(path, bench.task, seen, {})


def prepare(bench: Bench, names: Sequence[str]) -> None:
    """Hand the passages over, and say where each system has them."""
    for name in names:
        try:
            print(name, bench.taken(name), flush=True)
        except RuntimeError as error:
            print(error, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", type=Path, nargs="?")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--questions", type=int, default=50)
    parser.add_argument("--only", nargs="*", default=[*OURS, *PEERS])
    parser.add_argument("--environments", type=Path, default=ROOT / ".venv" / "peers")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--cut", action="store_true", help="cut the set's rows")
    parser.add_argument("--rows", type=int, help="cut that many rows alone")
    parser.add_argument("--sized", type=int, help="passages of benchmarks.whole")
    parser.add_argument("--sets", type=Path, help="what those are made of")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--prepare", action="store_true", help="hand over, ask nothing")
    limits = Limits()
    parser.add_argument("--opening", type=float, default=limits.opening)
    parser.add_argument("--taking", type=float, default=limits.taking)
    parser.add_argument("--asking", type=float, default=limits.asking)
    parser.add_argument("--gigabytes", type=float, default=limits.memory / 1e9)
    told = parser.parse_args()
    if told.cut and told.set is None:
        parser.error("--cut needs a set")
    if told.prepare and not ((told.cut or told.sized) and told.work):
        parser.error("--prepare needs --work, and --cut or --sized")
    if told.sized and told.sets is None:
        parser.error("--sized needs --sets")
    return told


def _task(told: argparse.Namespace, work: Path) -> Task:
    if told.sized:
        return corpora.sized(told.sized, told.questions, work, told.sets)
    if told.cut:
        return corpora.cut(told.set, told.questions, work, told.rows)
    if told.set is not None:
        return corpora.of_set(told.set, told.questions)
    return corpora.shelf(told.questions)


def main() -> None:
    """Measure, print the table, write the JSON."""
    told = _arguments()
    with tempfile.TemporaryDirectory() as passing:
        given = _task(told, (told.work or Path(passing)).resolve())
        names = [one for one in told.only if given.given is None or one != "vectors"]
        seen = {name: Seen() for name in names}
        limits = Limits(told.opening, told.taking, told.asking, told.gigabytes * 1e9)
        bench = Bench(told.environments.absolute(), Path(passing), given, limits)
        if told.prepare:
            prepare(bench, names)
            return
        measured(bench, seen, told.runs, told.json)
        versions = {name: bench.versions(name) for name in names}
    keep(told.json, given, seen, versions)
    found = {name: one.figures() for name, one in seen.items()}
    print(f"{given.name}: {given.passages} passages, {len(given.questions)} questions,")
    print(f"median of {told.runs} runs")
    print(table(found, BUILT if given.given is None else HANDED))
    for one in seen.values():
        if one.failed:
            print(one.failed)


if __name__ == "__main__":
    main()
