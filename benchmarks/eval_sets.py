"""Hold `askreport eval` against an independent scorer on whole evaluation sets.

python -m benchmarks.eval_sets SET... --score SCORE_PY [--runs DIR] [--cache DIR]

SCORE_PY takes a set, a run and, for askreport's own, an answers file, and prints its
figures as JSON. Prints the product's table; ends with 1 if any figure differs in its
fourth digit.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from askreport import Library
from askreport.evaluation import evaluate, sets, tables
from askreport.evaluation.evaluate import Evaluation, Wanted
from askreport.settings import Settings

LAST_DIGIT = 0.5001e-4
"""Half of the scorer's last digit, and what floating point adds."""


def main() -> None:
    """Evaluate, score, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--score", type=Path, required=True)
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--cache", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        runs = given.runs or Path(scratch)
        place = sets.Place(Settings(), given.cache or runs, Library.open)
        made = [
            evaluate.run(folder, place, Wanted(runs, baselines=True))
            for folder in given.sets
        ]
        differing = [
            line
            for folder, one in zip(given.sets, made, strict=True)
            for line in compared(one, folder, runs, given.score)
        ]
    print(tables.all_of(made))
    print("\n".join(differing) or "the scorer says the same")
    sys.exit(bool(differing))


def compared(made: Evaluation, folder: Path, runs: Path, score: Path) -> list[str]:
    """Each figure of each method that the scorer sees otherwise."""
    differing = []
    for method, row in made.methods.items():
        tag = "" if method == "askreport" else f".{method}"
        files = [runs / f"{made.name}{tag}.run"]
        own = dict(row)
        if tag:
            own.pop("auroc", None)  # the scorer takes it from answers alone
        else:
            files.append(runs / f"{made.name}.answers.jsonl")
            own |= made.answers
        theirs = _scored(score, folder, *files)
        differing += [
            f"{made.name}, {method}: {name} is {value}, scored {theirs.get(name)}"
            for name, value in own.items()
            if abs(value - theirs.get(name, float("inf"))) > LAST_DIGIT
        ]
    return differing


def _scored(score: Path, folder: Path, *files: Path) -> Mapping[str, float]:
    command = [sys.executable, *map(str, (score, folder, *files))]
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(said.stdout)
    return told


if __name__ == "__main__":
    main()
