"""a system's name, a verb and a folder -> what it took, by that system's own Python.

    python -m benchmarks.peers.run NAME build ROWS FOLDER
    python -m benchmarks.peers.run NAME take GIVEN FOLDER
    python -m benchmarks.peers.run NAME ask FOLDER QUESTION
    python -m benchmarks.peers.run NAME warm FOLDER QUESTIONS SECONDS
    python -m benchmarks.peers.run NAME over FOLDER QUESTIONS SECONDS
    python -m benchmarks.peers.run NAME serve FOLDER PORT

From the root of the repository. ROWS and QUESTIONS are JSON lines with `id` and `text`;
GIVEN is a folder of such rows and their vectors. `over` asks over HTTP what `warm` asks
in process. All but `ask` and `serve` print one line of JSON; `ask` prints the passages
that came first.
"""

import json
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.peers import served
from benchmarks.peers.systems import PEERS, Asked, System

if TYPE_CHECKING:
    from benchmarks.peers.taking import Batch

LATE = ("haystack", "chroma", "askreport", "vectors")
"""They load their model when they first encode: before the clock starts."""

BATCH = 1000
"""Passages handed over at a time."""


def resident(process: int) -> int:
    """Bytes of memory that the process holds, mapped files included (VmRSS)."""
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    """The lines of a file."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def batches(given: Path) -> Iterator["Batch"]:
    """Rows with their vectors."""
    import numpy as np

    vectors = np.load(given / "vectors.npy", mmap_mode="r")
    rows = rows_of(given / "rows.jsonl")
    for start in range(0, len(vectors), BATCH):
        own = np.array(vectors[start : start + BATCH])
        yield list(islice(rows, BATCH)), own


def warm(
    system: Asked, asked: Sequence[dict[str, str]], began: float, most: float
) -> dict[str, object]:
    """Every question once, after three that warm up; as many as `most` seconds leave
    time for. `began` is when the system was about to be opened.
    """
    system.ask(asked[0]["text"])
    opened = time.perf_counter() - began
    for one in asked[1:3]:
        system.ask(one["text"])
    seconds: list[float] = []
    ranked = {}
    for one in asked:
        if sum(seconds) > most:
            break
        start = time.perf_counter()
        found = system.ask(one["text"])
        seconds.append(time.perf_counter() - start)
        ranked[one["id"]] = [name for name, _ in found]
    answering = getattr(system, "process", os.getpid())  # a service's own
    return {
        "opened": opened,
        "seconds": seconds,
        "ranked": ranked,
        "resident": resident(answering),
    }


def _system(name: str) -> System:
    """One of the peers, or ours, which no peer's environment has."""
    if name in PEERS:
        return PEERS[name]()
    from benchmarks.peers.ours import OURS

    return OURS[name]()


def _build(name: str, rows: list[dict[str, str]], folder: str) -> None:
    system = _system(name)
    if name in LATE:
        system.build(rows[:1], Path(folder + "-warm"))  # they load models late
    began = time.perf_counter()
    system.build(rows, Path(folder))
    print(json.dumps({"seconds": time.perf_counter() - began, "rows": len(rows)}))


def _take(name: str, given: Path, folder: Path) -> None:
    from benchmarks.peers.taking import TAKING

    began = time.perf_counter()
    TAKING[name](batches(given), folder)
    print(json.dumps({"seconds": time.perf_counter() - began}))


def main() -> None:
    """Do one thing and print what it took."""
    began = time.perf_counter()
    name, verb, first, second, *more = sys.argv[1:]
    if verb == "build":
        _build(name, list(rows_of(Path(first))), second)
    elif verb == "take":
        _take(name, Path(first), Path(second))
    else:
        system: Asked = served.Served(name) if verb == "over" else _system(name)
        system.open(Path(first))
        if verb == "serve":
            served.serve(system, int(second))
        elif verb in ("warm", "over"):
            asked = list(rows_of(Path(second)))
            print(json.dumps(warm(system, asked, began, float(more[0]))))
        else:
            for identity, text in system.ask(second):
                print(identity, text[:200].replace("\n", " "))


if __name__ == "__main__":
    main()
