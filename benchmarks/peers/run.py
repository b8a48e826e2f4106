"""a system's name, a verb and a folder -> what it took, by that system's own Python.

    python -m benchmarks.peers.run NAME build ROWS FOLDER
    python -m benchmarks.peers.run NAME ask FOLDER QUESTION
    python -m benchmarks.peers.run NAME warm FOLDER QUESTIONS

From the root of the repository. ROWS and QUESTIONS are JSON lines with `id` and `text`.
`build` and `warm` print one line of JSON; `ask` prints the passages that came first.
"""

import json
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.systems import PEERS, System

LATE = ("haystack", "chroma", "askreport", "http", "vectors")
"""They load their model when they first encode: before the clock starts."""


def resident(process: int) -> int:
    """Bytes of memory that the process holds, mapped files included (VmRSS)."""
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


def rows_of(path: Path) -> list[dict[str, str]]:
    """The lines of a file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def warm(system: System, asked: Sequence[dict[str, str]]) -> dict[str, object]:
    """Every question once, after three that warm up."""
    for one in asked[:3]:
        system.ask(one["text"])
    seconds, ranked = [], {}
    for one in asked:
        began = time.perf_counter()
        found = system.ask(one["text"])
        seconds.append(time.perf_counter() - began)
        ranked[one["id"]] = [name for name, _ in found]
    answering = getattr(system, "process", os.getpid())  # a service's own
    return {"seconds": seconds, "ranked": ranked, "resident": resident(answering)}


def _system(name: str) -> System:
    """One of the peers, or ours, which no peer's environment has."""
    if name in PEERS:
        return PEERS[name]()
    from benchmarks.peers.ours import OURS

    return OURS[name]()


def main() -> None:
    """Do one thing and print what it took."""
    name, verb, first, second = sys.argv[1:5]
    system = _system(name)
    if verb == "build":
        rows = rows_of(Path(first))
        if name in LATE:
            system.build(rows[:1], Path(second + "-warm"))  # they load models late
        began = time.perf_counter()
        system.build(rows, Path(second))
        print(json.dumps({"seconds": time.perf_counter() - began, "rows": len(rows)}))
        return
    system.open(Path(first))
    if verb == "ask":
        for identity, text in system.ask(second):
            print(identity, text[:200].replace("\n", " "))
    else:
        print(json.dumps(warm(system, rows_of(Path(second)))))


if __name__ == "__main__":
    main()
