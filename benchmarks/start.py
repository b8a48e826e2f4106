"""How soon the command is there, beside what importing sentence-transformers costs.

    python -m benchmarks.start

Every run is a fresh process; the commands take turns, so that a busy minute of the
machine slows all of them alike. The last line asks this repository's shelf, whose index
must have been built.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

RUNS = 5
"""Enough for a median that one slow run does not move."""

MOST = 0.25
"""The share of the import that `askreport --help` may take: help must feel instant."""

SHELF = Path(__file__).parents[1]

YARDSTICK = "import sentence_transformers"
HELP = "askreport --help"

PYTHON = (sys.executable,)
ASKREPORT = (*PYTHON, "-m", "askreport")

COMMANDS: Mapping[str, Sequence[str]] = {
    YARDSTICK: (*PYTHON, "-c", YARDSTICK),
    HELP: (*ASKREPORT, "--help"),
    "import askreport": (*PYTHON, "-c", "import askreport"),
    "askreport ask --plain": (
        *ASKREPORT,
        *("ask", "--plain", "--shelf", str(SHELF)),
        "How did Oxleas ease the pressure on beds?",
    ),
}


def seconds(command: Sequence[str]) -> float:
    """How long the command takes from start to end. Raises CalledProcessError."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def measure(runs: int = RUNS) -> dict[str, float]:
    """The median of each command, after one round that only warms the disk's cache."""
    rounds = [[seconds(c) for c in COMMANDS.values()] for _ in range(runs + 1)]
    medians = [statistics.median(taken) for taken in zip(*rounds[1:], strict=True)]
    return dict(zip(COMMANDS, medians, strict=True))


def main() -> None:
    """Print the table; exit with 1 if help takes too long."""
    found = measure()
    whole = found[YARDSTICK]
    print(f"{'median of ' + str(RUNS):30}  seconds   ratio")
    for name, taken in found.items():
        print(f"{name:30}  {taken:7.2f}  {taken / whole:6.2f}")
    slow = found[HELP] > MOST * whole
    print(f"{HELP}: {'over' if slow else 'under'} {MOST:.0%} of {YARDSTICK}")
    sys.exit(slow)


if __name__ == "__main__":
    main()
