"""Make `src/askreport/query/weights.json`: how much each signal counts.

python -m benchmarks.train_evidence SETS_DIR [--check]

SETS_DIR holds evaluation sets (see `docs/evaluation.md`); those named in TRAINED_ON
are used, all questions of each, with the `tune` questions of this repository asked of
this repository's shelf; every set weighs the same. Three things are learnt, each from
zero to convergence, so that nothing but the data decides the result:

- the order of candidates, from standardised signals: a softmax over a question's
  candidates, of which the right ones should win;
- whether the first of them answers, by logistic regression, from questions that can be
  answered and questions that cannot. What tells them apart is learnt within each set,
  how often questions can be answered from all sets together: a set all of whose
  questions can be answered says nothing of the first;
- whether the sentence quoted from it holds the answer, likewise, from the questions
  that can be answered (where a set does not say which words answer, they count as
  held).

With --check, every set is also scored with weights trained without it, and without its
sibling (xquad-en and xquad-abstain share their questions).
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tests.quality import asking as own

from askreport import Library
from askreport.evaluation import figures, sets
from askreport.query import candidates, evidence, question, second
from askreport.settings import Settings
from askreport.types import Candidate

Floats = NDArray[np.float64]

TRAINED_ON = ("xquad-abstain", "clapnq-a", "tatqa-dev", "conditionalqa-dev")
"""Short answers, natural questions, tables of figures, long official guidance."""

OWN = "own questions, tune"
"""The name under which this repository's questions appear."""

ORDER = (
    "cosine",
    "bm25",
    "late",
    "late_weighted",
    "asked",
    "fitting",
    "phrase",
)
"""Signals that decide which candidate comes first."""

PINNED = {"named": 0.4, "code": 1.0, "likeness": 0.3, "company": 0.4}
"""Weights that are given, not learnt. In none of the sets do documents say the same
things and differ by title alone, as annual reports do: from 0 to 0.5 for `named` the
sets and our own questions gain and lose nothing; at 0.8 they lose. A question
that gives the number of a document means that document; no set has such questions. The
other two are read from the order that the rest decides (see `query/second.py`)."""

ANSWERS = ("best_cosine", "best_met", "best_fitting", "least_absent")
"""Signals that say whether it answers. More of them told answerable questions from
others better on the sets they were trained on and worse on the one left out."""

QUOTED = ("sentence", "words", "agreed")
"""Signals that say whether the quoted sentence holds the answer. The last is low where
the passages that come first are of several minds. Uncapped (`likeness`) it did as well
on the sets and answered one more off-topic question of our own."""

CHOSEN = {"clapnq-a": 0.15}
"""Sets whose questions were chosen so that half have no answer, and how much they count
for how often questions can be answered. For which ones can, they count as others do."""

RIDGE = 0.3
"""Keeps the weights of the order small: left-out sets gained most at 0.3 to 1."""

SLACK = 1e-3
"""Keeps the weights of the probabilities finite, no more."""

WEIGHTS = Path(__file__).parents[1] / "src" / "askreport" / "query" / "weights.json"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's candidates, which are right, and whose quote holds the answer."""

    found: tuple[Candidate, ...]
    vectors: NDArray[np.float32]
    """Of the candidates, shape (candidates, dimensions)."""
    right: NDArray[np.bool_]
    quoted: Callable[[int], bool]
    """Whether the quote of the candidate of that index holds the answer."""
    answerable: bool

    def again(self, weights: evidence.Weights) -> "Asked":
        """The same after a second look."""
        return replace(self, found=second.look(self.found, self.vectors, weights))

    @property
    def given(self) -> Floats:
        """What the pinned weights add to each candidate."""
        pinned = evidence.standardised(self.found, tuple(PINNED))
        return np.asarray(pinned @ list(PINNED.values()))

    @property
    def order(self) -> Floats:
        """Standardised signals and, for tables, the same again (0 for the others).

        Shape (candidates, 2 * len(ORDER)).
        """
        whole = evidence.standardised(self.found, ORDER)
        tables = whole * evidence.tabular(self.found)[:, np.newaxis]
        return np.concatenate([whole, tables], axis=1)

    def first(self, weights: Floats, names: Sequence[str]) -> Floats:
        """Signals of the candidate that comes first, as they are."""
        ordered = np.argsort(-self._height(weights), kind="stable")
        measured = evidence.reaching([self.found[i] for i in ordered])[0].signals
        return np.array([measured[name] for name in names])

    def best(self, weights: Floats) -> int:
        """The index of the candidate that comes first."""
        return int(np.argmax(self._height(weights)))

    def _height(self, weights: Floats) -> Floats:
        return np.asarray(self.order @ weights + self.given)


def main() -> None:
    """Gather, train, report, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("/tmp/askreport-sets"))  # noqa: S108
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    gathered = {name: _public(given.sets / name, given.cache) for name in TRAINED_ON}
    gathered[OWN] = _own()
    trained = train(gathered)
    if given.check:
        for name, asked in gathered.items():
            alone = train(without(gathered, name))
            print(f"{name}: with it {score(trained, asked)}", flush=True)
            print(f"{name}: without it {score(alone, asked)}", flush=True)
    _write(trained, list(gathered))


def without(
    gathered: Mapping[str, Sequence[Asked]], name: str
) -> dict[str, Sequence[Asked]]:
    """The sets that share no question with the named one."""
    family = name.split("-")[0]
    return {k: v for k, v in gathered.items() if k.split("-")[0] != family}


def _public(folder: Path, cache: Path) -> list[Asked]:
    place = sets.Place(Settings(), cache, Library.open)
    found = sets.read(folder, place)
    asked = [
        _asked(
            found.library,
            query.text,
            documents=frozenset(found.judged.get(query.id, ())),
            gold=figures.gold(found, query),
            answerable=query.answerable,
        )
        for query in found.queries
    ]
    return [a for a in asked if a.found]


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
    gold: Sequence[str] = (),
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

    def quoted(index: int) -> bool:
        candidate = found[index]
        span = evidence.quote(looked_up, candidate, generation)
        start = candidate.passage.start
        said = figures.normal(
            candidate.passage.text[span.start - start : span.end - start]
        )
        return not gold or any(answer in said for answer in gold)

    return Asked(
        found,
        candidates.vectors(found, generation),
        np.array([right(c) for c in found], dtype=np.bool_),
        quoted,
        answerable,
    )


def train(gathered: Mapping[str, Sequence[Asked]]) -> evidence.Weights:
    """Weights from sets of questions, every set weighing the same."""
    order = _order(list(gathered.values()))
    prose, tables = (
        _named(ORDER, order[: len(ORDER)]),
        _named(ORDER, order[len(ORDER) :]),
    )
    unknown = evidence.Logistic(0.0, {})
    weights = evidence.Weights({**prose, **PINNED}, tables, unknown, unknown)
    firsts = [
        (a.again(weights), 1 / len(asked), name)
        for name, asked in gathered.items()
        for a in asked
    ]
    answers = _answers(
        np.array([a.first(order, ANSWERS) for a, _, _ in firsts]),
        [a.answerable for a, _, _ in firsts],
        [share for _, share, _ in firsts],
        [name for _, _, name in firsts],
    )
    known = [(a, share) for a, share, name in firsts if a.answerable and name != OWN]
    quoted = _logistic(
        QUOTED,
        [a.first(order, QUOTED) for a, _ in known],
        [a.quoted(a.best(order)) for a, _ in known],
        [share for _, share in known],
    )
    return replace(weights, answers=answers, quoted=quoted)


def _order(gathered: Sequence[Sequence[Asked]]) -> Floats:
    """Listwise: Cao et al., "Learning to Rank: From Pairwise Approach to Listwise
    Approach" (2007), with every right candidate a winner.
    """
    kept = [[a for a in one if a.right.any()] for one in gathered]
    rows = [(a, 1 / len(one)) for one in kept for a in one]
    widest = max(len(a.found) for a, _ in rows)
    width = 2 * len(ORDER)
    signals = torch.zeros(len(rows), widest, width, dtype=torch.float64)
    absent = torch.full((len(rows), widest), -torch.inf, dtype=torch.float64)
    wrong = absent.clone()
    given = torch.zeros(len(rows), widest, dtype=torch.float64)
    for i, (asked, _) in enumerate(rows):
        signals[i, : len(asked.found)] = torch.tensor(asked.order)
        given[i, : len(asked.found)] = torch.tensor(asked.given)
        absent[i, : len(asked.found)] = 0
        wrong[i, torch.tensor(np.flatnonzero(asked.right))] = 0
    shares = torch.tensor([share for _, share in rows], dtype=torch.float64)
    weights = torch.zeros(width, dtype=torch.float64, requires_grad=True)

    def loss() -> torch.Tensor:
        z = signals @ weights + given
        lost = torch.logsumexp(z + absent, 1) - torch.logsumexp(z + wrong, 1)
        return (lost * shares).sum() + RIDGE * (weights**2).sum() * len(gathered)

    return _least(loss, weights)


def _answers(
    signals: Floats, true: Sequence[bool], shares: Sequence[float], of: Sequence[str]
) -> evidence.Logistic:
    """The weights beside an intercept for each set, so that a signal that is greater in
    one set, where more can be answered, is not taken for one that says so; then one
    factor for them all, and one intercept.
    """
    known = set(zip(of, true, strict=True))
    both = [s for s in dict.fromkeys(of) if {(s, True), (s, False)} <= known]
    kept = [i for i, name in enumerate(of) if name in both]
    beside = np.array([[float(of[i] == name) for name in both] for i in kept])
    within = _logistic(
        (*ANSWERS, *both),
        np.concatenate([signals[kept], beside], axis=1),
        [true[i] for i in kept],
        [shares[i] for i in kept],
    )
    slopes = np.array([within.weights[name] for name in ANSWERS])
    told = [s * CHOSEN.get(name, 1.0) for s, name in zip(shares, of, strict=True)]
    whole = _logistic(("factor",), (signals @ slopes)[:, np.newaxis], true, told)
    return evidence.Logistic(
        whole.intercept, _named(ANSWERS, whole.weights["factor"] * slopes)
    )


def _logistic(
    names: Sequence[str],
    signals: Sequence[Floats] | Floats,
    true: Sequence[bool],
    shares: Sequence[float],
) -> evidence.Logistic:
    x, y = torch.tensor(np.array(signals)), torch.tensor(np.array(true, dtype=float))
    share = torch.tensor(np.array(shares))
    weights = torch.zeros(len(names) + 1, dtype=torch.float64, requires_grad=True)

    def loss() -> torch.Tensor:
        z = x @ weights[:-1] + weights[-1]
        lost = torch.nn.functional.binary_cross_entropy_with_logits(
            z, y, reduction="none"
        )
        return (lost * share).sum() + SLACK * (weights[:-1] ** 2).sum()

    found = _least(loss, weights)
    return evidence.Logistic(round(float(found[-1]), 4), _named(names, found[:-1]))


def _least(loss: Callable[[], torch.Tensor], weights: torch.Tensor) -> Floats:
    """The weights at which the loss, which is convex or nearly, is least."""
    optimiser = torch.optim.LBFGS(
        [weights], max_iter=300, line_search_fn="strong_wolfe"
    )

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        value = loss()
        value.backward()
        return value

    optimiser.step(closure)
    return np.asarray(weights.detach().numpy(), dtype=np.float64)


def _named(names: Sequence[str], weights: Floats) -> dict[str, float]:
    return {n: round(float(w), 4) for n, w in zip(names, weights, strict=True)}


def score(trained: evidence.Weights, asked: Sequence[Asked]) -> Mapping[str, float]:
    """Right first and in the first three; how well confidence tells answerable from
    unanswerable questions (AUROC), what it is exceeded by 95 % of the answerable, and
    its calibration error as the probability that the first quote holds the answer.
    """
    looked = [a.again(trained) for a in asked]
    ranked = [(a, evidence.score(a.found, trained)) for a in looked]
    right = [
        [bool(a.right[a.found.index(_raw(a, c))]) for c in scored[:3]]
        for a, scored in ranked
        if a.right.any()
    ]
    sure = np.array([evidence.confidence(scored) for _, scored in ranked])
    answerable = np.array([a.answerable for a in asked])
    held = [
        a.answerable and a.quoted(a.found.index(_raw(a, scored[0])))
        for a, scored in ranked
    ]
    found = {
        "ece": figures.ece(sure, np.array(held, dtype=np.float64)),
        "first": float(np.mean([r[0] for r in right])),
        "first three": float(np.mean([any(r) for r in right])),
        "95 % above": float(np.quantile(sure[answerable], 0.05)),
    }
    if not answerable.all():
        above = sure[answerable][:, None] > sure[~answerable][None]
        found["auroc"] = float(above.mean())
    return {name: round(value, 3) for name, value in found.items()}


def _raw(asked: Asked, scored: Candidate) -> Candidate:
    return next(c for c in asked.found if c.row == scored.row)


def _write(trained: evidence.Weights, names: Sequence[str]) -> None:
    shipped = {
        "made_by": "python -m benchmarks.train_evidence",
        "trained_on": list(names),
        **asdict(trained),
    }
    WEIGHTS.write_text(json.dumps(shipped, indent=2) + "\n", "utf-8")
    print(json.dumps(shipped, indent=2))


if __name__ == "__main__":
    main()
