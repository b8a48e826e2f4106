"""Make `src/askreport/query/weights.json`: how much each signal counts.

python -m benchmarks.train_evidence SETS_DIR [--check]

SETS_DIR holds evaluation sets (see `benchmarks/sets.py`); those named in TRAINED_ON
are used, at most LIMIT questions of each, with the `tune` questions of this repository
asked of this repository's shelf. A softmax over a question's candidates and one rival,
"nothing here answers", whose score is the same for every question: the right candidates
should win; for an unanswerable question the rival should. Every set weighs the same.
Trained from zero to convergence, so that nothing but the data decides the result.

With --check, every set is also scored with weights trained without it.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from benchmarks import sets
from numpy.typing import NDArray
from tests.quality import asking as own

from askreport import Library
from askreport.query import candidates, question
from askreport.types import Candidate

Floats = NDArray[np.float64]

TRAINED_ON = ("xquad-abstain", "clapnq-a", "tatqa-dev", "conditionalqa-dev")
"""Short answers, natural questions, tables of figures, long official guidance."""

OWN = "own questions, tune"
"""The name under which this repository's questions appear."""

LIMIT = 300
"""Questions of each set: more did not change the weights' second digit."""

SIGNALS = (
    "cosine",
    "bm25",
    "late",
    "late_weighted",
    "weakest",
    "sentence",
    "fitting",
    "cover",
)
"""Signals that are weighed."""

RIDGE = 1e-3
"""Keeps the weights of signals that say the same from running apart."""

WEIGHTS = Path(__file__).parents[1] / "src" / "askreport" / "query" / "weights.json"


@dataclass(frozen=True, slots=True)
class Asked:
    """Signals of a question's candidates, shape (n, signals), and which are right."""

    signals: Floats
    right: Floats
    answerable: bool


@dataclass(frozen=True, slots=True)
class Trained:
    """One weight a signal, and the rival's score."""

    weights: Floats
    rival: float


def main() -> None:
    """Gather, train, report, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("/tmp/askreport-sets"))  # noqa: S108
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    gathered = {name: _public(given.sets / name, given.cache) for name in TRAINED_ON}
    gathered[OWN] = _own()
    trained = train(list(gathered.values()))
    if given.check:
        for name, asked in gathered.items():
            others = [v for k, v in gathered.items() if k != name]
            print(f"{name}: with it {score(trained, asked)}", flush=True)
            print(f"{name}: without it {score(train(others), asked)}", flush=True)
    _write(trained, list(gathered))


def _public(folder: Path, cache: Path) -> list[Asked]:
    found = sets.read(folder, cache, limit=LIMIT)
    return [
        _asked(
            found.library,
            query["text"],
            documents=found.relevant.get(query["_id"], frozenset()),
            answerable=not query.get("unanswerable", False),
        )
        for query in found.queries
    ]


def _own() -> list[Asked]:
    library = Library.open(Path(__file__).parents[1])
    return [
        _asked(
            library,
            q["ask"],
            wanted=q.get("evidence", []),
            answerable="evidence" in q,
        )
        for q in own.questions("tune")
    ]


def _asked(
    library: Library,
    text: str,
    *,
    answerable: bool,
    documents: frozenset[str] = frozenset(),
    wanted: Sequence[Sequence[str]] = (),
) -> Asked:
    """A question's candidates; right are those of `documents` or that hold `wanted`."""
    generation = library.generation
    looked_up = question.ask(
        text, library.encoder, generation.lexical, most_chars=10**6
    )
    found = candidates.find(looked_up, generation, most=library.limits().candidates)

    def right(candidate: Candidate) -> bool:
        named = candidate.passage.source.id in documents
        return named or own.is_right(candidate.passage.text, wanted)

    return Asked(
        np.array([[c.signals[name] for name in SIGNALS] for c in found]),
        np.array([float(right(c)) for c in found]),
        answerable,
    )


def train(gathered: Sequence[Sequence[Asked]]) -> Trained:
    """Weights from sets of questions, every set weighing the same."""
    groups = [
        (torch.tensor(a.signals), torch.tensor(a.right), a.answerable, 1 / len(one))
        for one in gathered
        for a in one
        if a.right.any() or (not a.answerable and len(a.right))
    ]
    both = torch.zeros(len(SIGNALS) + 1, dtype=torch.float64, requires_grad=True)

    def loss() -> torch.Tensor:
        total = RIDGE * (both[:-1] ** 2).sum() * len(gathered)
        for signals, right, answerable, share in groups:
            z = torch.cat([signals @ both[:-1], both[-1:]])
            won = z[:-1][right > 0] if answerable else z[-1:]
            total = total + share * (torch.logsumexp(z, 0) - torch.logsumexp(won, 0))
        return total

    optimiser = torch.optim.LBFGS([both], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        value = loss()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    found = both.detach().numpy()
    return Trained(np.asarray(found[:-1]), float(found[-1]))


def score(trained: Trained, asked: Sequence[Asked]) -> Mapping[str, float]:
    """Right first and in the first three; how well confidence tells answerable from
    unanswerable questions (AUROC), and what it is exceeded by 95 % of the answerable.
    """
    known = [a for a in asked if a.right.any()]
    ordered = [a.right[np.argsort(-(a.signals @ trained.weights))] for a in known]
    sure = np.array([_confidence(trained, a) for a in asked])
    answerable = np.array([a.answerable for a in asked])
    found = {
        "first": float(np.mean([o[0] for o in ordered])),
        "first three": float(np.mean([o[:3].any() for o in ordered])),
        "95 % above": float(np.quantile(sure[answerable], 0.05)),
    }
    if not answerable.all():
        above = sure[answerable][:, None] > sure[~answerable][None]
        found["auroc"] = float(above.mean())
    return {name: round(value, 3) for name, value in found.items()}


def _confidence(trained: Trained, asked: Asked) -> float:
    if not len(asked.right):
        return 0.0
    odds = np.exp(asked.signals @ trained.weights - trained.rival).sum()
    return float(odds / (1 + odds))


def _write(trained: Trained, names: Sequence[str]) -> None:
    shipped = {
        "made_by": "python -m benchmarks.train_evidence",
        "trained_on": list(names),
        "intercept": round(-trained.rival, 4),
        "weights": {
            name: round(float(weight), 4)
            for name, weight in zip(SIGNALS, trained.weights, strict=True)
        },
    }
    WEIGHTS.write_text(json.dumps(shipped, indent=2) + "\n", "utf-8")
    print(json.dumps(shipped, indent=2))


if __name__ == "__main__":
    main()
