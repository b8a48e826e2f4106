"""Readers that ask a service without pause while its shelf is rebuilt again and again.

    python -m benchmarks.readers [--readers 8] [--rebuilds 50] [--model hashing]

Every rebuild adds, changes or removes documents; two generations are kept. Checked: no
request fails; each answer names one generation that was published; and no answer cites
a passage that its own generation does not hold.
"""

import argparse
import contextlib
import json
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from askreport import Library

QUESTION = {"question": "How many lamps has the pier?", "top": 3}


@dataclass(slots=True)
class Seen:
    """What the readers saw."""

    answers: int = 0
    troubles: list[str] = field(default_factory=list)
    cited: set[tuple[str, str, str]] = field(default_factory=set)
    """Generation, passage and quote of every citation."""
    took: list[float] = field(default_factory=list)


def edition(root: Path, n: int) -> None:
    """Other sources than before: the pier changes, a log comes, another goes."""
    drawn = random.Random(n)  # noqa: S311
    sources = root / "sources"
    (sources / "pier.txt").write_text(f"The pier has {n} lamps.", "utf-8")
    told = [f"Quay {n} moved {drawn.randrange(10**6)} tonnes." for _ in range(20)]
    (sources / f"log-{n}.txt").write_text("\n".join(told), "utf-8")
    (sources / f"log-{n - 3}.txt").unlink(missing_ok=True)


@contextlib.contextmanager
def served(root: Path) -> Iterator[str]:
    """The shelf served by the command line; its address."""
    command = [sys.executable, "-m", "askreport", "serve", "--port", "0"]
    with subprocess.Popen(
        command, cwd=root, stderr=subprocess.PIPE, text=True
    ) as child:
        address = ""
        for line in child.stderr or ():
            found = re.search(r"http://\S+", line)
            if found:
                address = found.group()
                break
        threading.Thread(target=lambda: list(child.stderr or ()), daemon=True).start()
        try:
            yield address
        finally:
            child.terminate()
            child.wait()


def ask(address: str) -> dict[str, object]:
    """One question; raises if it is not answered with 200."""
    body = json.dumps(QUESTION).encode()
    headers = {"Content-Type": "application/json"}
    asked = urllib.request.Request(f"{address}/ask", body, headers)  # noqa: S310
    with urllib.request.urlopen(asked, timeout=120) as said:  # noqa: S310
        found: dict[str, object] = json.load(said)
    return found


def read(address: str, seen: Seen, done: threading.Event, lock: threading.Lock) -> None:
    """Ask until it is done."""
    while not done.is_set():
        began = time.monotonic()
        try:
            answer = ask(address)
        except OSError as error:
            with lock:
                seen.troubles.append(repr(error))
            continue
        with lock:
            seen.took.append(time.monotonic() - began)
            seen.answers += 1
            note(answer, seen)


def note(answer: dict[str, object], seen: Seen) -> None:
    """Keep what an answer claims."""
    receipt, citations = answer["receipt"], answer["citations"]
    assert isinstance(receipt, dict)
    assert isinstance(citations, list)
    if not citations:
        seen.troubles.append("no citation")
    for cited in citations:
        claim = (receipt["generation"], cited["passage"], cited["quote"])
        seen.cited.add(claim)


def main() -> None:
    """Ask, rebuild, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--rebuilds", type=int, default=50)
    parser.add_argument("--model", default="hashing")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        run(Path(name), given.model, given.readers, given.rebuilds)


def run(root: Path, model: str, readers: int, rebuilds: int) -> None:
    """The whole of it on one shelf."""
    (root / "sources").mkdir()
    settings = f'model = "{model}"\nfloor = 0.0\nkeep_generations = 2\n'
    (root / "askreport.toml").write_text(settings, "utf-8")
    held: dict[str, dict[str, str]] = {}
    seen, done, lock = Seen(), threading.Event(), threading.Lock()

    def build(n: int) -> None:
        edition(root, n)
        library = Library.open(root)
        built = library.build()
        held[built.generation] = {p.id: p.text for p in library.generation.passages}

    build(0)
    with served(root) as address:
        ask(address)
        asking = [
            threading.Thread(target=read, args=(address, seen, done, lock))
            for _ in range(readers)
        ]
        for thread in asking:
            thread.start()
        began = time.monotonic()
        for n in range(1, rebuilds + 1):
            build(n)
            time.sleep(0.3)
        took = time.monotonic() - began
        done.set()
        for thread in asking:
            thread.join()
    print(f"{readers} readers, {rebuilds} rebuilds in {took:.0f} s: ", end="")
    report(seen, held)


def report(seen: Seen, held: Mapping[str, Mapping[str, str]]) -> None:
    """Say what readers saw; `held` is what passages of each generation say."""
    wrong = [
        claim
        for claim in seen.cited
        if claim[2] not in held.get(claim[0], {}).get(claim[1], "")
    ]
    times = sorted(seen.took)
    generations = {claim[0] for claim in seen.cited}
    print(
        f"{seen.answers} answers from {len(generations)} generations, "
        f"{len(seen.troubles)} failed, {len(wrong)} cited what their generation "
        "does not hold; seconds an answer: "
        f"median {times[len(times) // 2]:.2f}, slowest {times[-1]:.2f}"
    )
    assert not seen.troubles, seen.troubles[:5]
    assert not wrong, wrong[:5]


if __name__ == "__main__":
    main()
