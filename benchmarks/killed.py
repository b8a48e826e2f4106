"""Builds killed with SIGKILL, and what is left: whole generations, and no litter.

    python -m benchmarks.killed [--random 300] [--every 1] [--seed 1]

A build is killed at random instants, then before and after each of its fsyncs and
renames (every n-th with --every n). After each death: the old index or the new one
answers, wholly; a deep check finds nothing; the next build succeeds and leaves nothing
of the dead one's.
"""

import argparse
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from askreport import Library
from askreport.generation import manifest
from askreport.serve import doctor

QUESTION = "How many lamps has the pier?"

SETTINGS = 'model = "hashing"\nfloor = 0.0\nkeep_generations = 2\n'

KEPT = {".lock", ".gitkeep", "CURRENT", "generations", "cache"}


def lamps(root: Path, n: int) -> None:
    """Sources that answer the question with `n`."""
    (root / "sources" / "pier.txt").write_text(f"The pier has {n} lamps.", "utf-8")


def shelf(root: Path, *, logs: int, lines: int) -> Path:
    """A shelf that is built with one lamp; then its sources tell of two, and more."""
    (root / "sources").mkdir(parents=True)
    (root / "askreport.toml").write_text(SETTINGS, "utf-8")
    lamps(root, 1)
    Library.open(root).build()
    lamps(root, 2)
    words = random.Random(1)  # noqa: S311
    for n in range(logs):
        told = [
            f"Harbour {words.randrange(10**6)} moved {words.randrange(10**6)} tonnes "
            f"of cargo {words.randrange(10**6)} to the quay."
            for _ in range(lines)
        ]
        (root / "sources" / f"log-{n}.txt").write_text("\n".join(told), "utf-8")
    return root


def started(work: Callable[[], object]) -> int:
    """A process that does this and ends; its id. Everything is imported already."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return child


def killed_at(root: Path, step: int, *, after: bool) -> None:
    """Build, and die by SIGKILL at that fsync or rename."""
    left = step

    def dying(call: Callable[..., object]) -> Callable[..., object]:
        def called(*args: object, **named: object) -> object:
            nonlocal left
            left -= 1
            if left == 0 and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            found = call(*args, **named)
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        return called

    for name in ("fsync", "rename", "replace"):
        setattr(os, name, dying(getattr(os, name)))
    Library.open(root).build()


def sound(root: Path) -> str:
    """Check what a dead build has left, then what the next makes of it; the answer
    before that.
    """
    answer = Library.open(root).ask(QUESTION)
    quote = answer.citations[0].quote
    assert quote in ("The pier has 1 lamps.", "The pier has 2 lamps."), quote
    deep(root)
    Library.open(root).build()
    found = Library.open(root).ask(QUESTION)
    assert found.citations[0].quote == "The pier has 2 lamps.", found
    deep(root)
    orphans = list(litter(root / "index"))
    assert not orphans, orphans
    return quote


def deep(root: Path) -> None:
    """As `doctor --deep`, of the index alone: it finds nothing amiss."""
    for finding in doctor.examine(root, deep=True):
        if finding.what.startswith(("index", "generation")):
            assert finding.sound, finding


def litter(index: Path) -> Iterator[str]:
    """What a finished build has no business leaving."""
    yield from (p.name for p in index.iterdir() if p.name not in KEPT)
    yield from (p.name for p in (index / "cache").glob(".*"))
    inside = (index / "generations").iterdir()
    yield from (p.name for p in inside if not manifest.FOLDER.match(p.name))


def at_random(model: Path, times: int, seed: int) -> None:
    """Kill builds at random instants of their time."""
    whole = shutil.copytree(model, model.with_name("whole"))
    began = time.monotonic()
    os.waitpid(started(lambda: Library.open(whole).build()), 0)
    took = time.monotonic() - began
    instants = random.Random(seed)  # noqa: S311
    outcomes = {"old": 0, "new": 0, "ended": 0}
    for n in range(times):
        root = shutil.copytree(model, model.with_name(f"random-{n}"))
        child = started(lambda at=root: Library.open(at).build())  # type: ignore[misc]
        time.sleep(instants.uniform(0, took * 1.05))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        before = sound(root)
        ended = "ended" if os.WIFEXITED(status) else ""
        outcomes[ended or ("new" if "2" in before else "old")] += 1
        shutil.rmtree(root)
    print(f"killed at {times} random instants of {took:.2f} s: {outcomes}")


def at_steps(model: Path, every: int) -> None:
    """Kill builds before and after each fsync and rename."""
    for after in (False, True):
        outcomes = {"old": 0, "new": 0}
        step = 1
        while True:
            root = shutil.copytree(model, model.with_name(f"step-{after}-{step}"))
            _, status = os.waitpid(
                started(lambda: killed_at(root, step, after=after)),  # noqa: B023
                0,
            )
            if os.WIFEXITED(status):
                assert os.WEXITSTATUS(status) == 0
                break
            outcomes["new" if "2" in sound(root) else "old"] += 1
            shutil.rmtree(root)
            step += every
        when = "after" if after else "before"
        print(f"killed {when} fsyncs and renames, up to step {step}: {outcomes}")


def main() -> None:
    """Kill, check, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=300)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        long = shelf(Path(name) / "long" / "shelf", logs=12, lines=60)
        at_random(long, given.random, given.seed)
        short = shelf(Path(name) / "short" / "shelf", logs=1, lines=3)
        at_steps(short, given.every)
    print("sound every time")


if __name__ == "__main__":
    main()
