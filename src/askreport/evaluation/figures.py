"""outcomes -> figures: of ranking, of answering and declining, of time.

Ranking is measured by ir-measures (nDCG with linear gains, as trec_eval has it); the
rest are a few lines each. A figure that has no ground, such as AUROC where every
question can be answered, is left out.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from askreport import errors
from askreport.evaluation.nouns import EvaluationSet, Outcome, Query

Figures = dict[str, float]
Floats = NDArray[np.float64]

BINS = 10
"""Equal bins of confidence, as expected calibration error is usually stated."""

FLOORS = tuple(round(step / 100, 2) for step in range(101))
"""Floors whose worth is told: confidence crowds near 1, where coarser steps say
little."""

INSTALL = "pip install 'askreport[eval]'"
"""What brings the packages that evaluating needs."""


def check_installed(*names: str) -> None:
    """Raise ExtraMissing unless these modules can be imported."""
    from importlib.util import find_spec

    for name in names:
        if find_spec(name) is None:
            raise errors.ExtraMissing(f"{name} is not installed", hint=INSTALL)


def ranking(found: EvaluationSet, ranked: Mapping[str, Sequence[str]]) -> Figures:
    """Means over all judged questions; one that found nothing counts 0."""
    import ir_measures
    from ir_measures import RR, R, Success, nDCG

    named = {
        "ndcg@10": nDCG @ 10,
        "recall@10": R @ 10,
        "recall@100": R @ 100,
        "hit@1": Success @ 1,
        "mrr@10": RR @ 10,
    }
    judged = {
        query: _wanted(found, query, ranked.get(query, ())) for query in found.judged
    }
    if not judged:
        return {}
    run = {
        query: {unit: 1 / rank for rank, unit in enumerate(units, start=1)}
        for query, units in ranked.items()
        if units
    }
    measured = ir_measures.calc_aggregate(list(named.values()), judged, run)
    return {name: float(measured[m]) for name, m in named.items()}


def _wanted(
    found: EvaluationSet, query: str, units: Sequence[str]
) -> Mapping[str, int]:
    """The judgements; where any one will do, that of the best placed."""
    gains = found.judged[query]
    if not found.any_counts:
        return gains
    best = next((unit for unit in units if unit in gains), next(iter(gains)))
    return {best: gains[best]}


def answers(found: EvaluationSet, outcomes: Sequence[Outcome]) -> Figures:
    """How well it answers, declines, quotes and knows what it knows."""
    sure = confidences(outcomes)
    able = answerable(outcomes)
    declined = np.array([o.status == "no-evidence" for o in outcomes])
    out: Figures = {}
    if able.any() and not able.all():
        out["auroc"] = auroc(sure[able], sure[~able])
        out["declined_when_unanswerable"] = float(declined[~able].mean())
    if able.any():
        out["declined_when_answerable"] = float(declined[able].mean())
    return out | _quoting(found, outcomes) | {"ece": ece(sure, right(found, outcomes))}


def _quoting(found: EvaluationSet, outcomes: Sequence[Outcome]) -> Figures:
    """Over questions with a gold string that stands in what they are judged by."""
    known = [(o, known) for o in outcomes if (known := gold(found, o.query))]
    if not known:
        return {}
    lengths = [len(o.quotes[0].split()) for o, _ in known if o.quotes]
    return {
        "quote@1": float(np.mean([_held(o.quotes[:1], held) for o, held in known])),
        "quote@3": float(np.mean([_held(o.quotes[:3], held) for o, held in known])),
        "quote_words": float(np.median(lengths or [0])),
    }


def right(found: EvaluationSet, outcomes: Sequence[Outcome]) -> Floats:
    """1 for an answer that `is_right`, else 0; shape (outcomes,)."""
    return np.array([float(is_right(found, o.query, o.quotes)) for o in outcomes])


def is_right(found: EvaluationSet, query: Query, quotes: Sequence[str]) -> bool:
    """Whether the question can be answered and, where a gold string is known, the first
    quote holds one.
    """
    known = gold(found, query)
    return _held(quotes[:1], known) if known else query.answerable


def gold(found: EvaluationSet, query: Query) -> list[str]:
    """Gold strings that stand verbatim in a judged unit; none if unanswerable."""
    if not query.answerable:
        return []
    judged = [normal(found.texts[unit]) for unit in found.judged.get(query.id, ())]
    strings = [normal(string) for string in query.gold]
    return [one for one in strings if one and any(one in text for text in judged)]


def _held(quotes: Sequence[str], known: Sequence[str]) -> bool:
    return any(one in normal(quote) for quote in quotes for one in known)


def normal(text: str) -> str:
    """Words, figures and percent signs alone: what makes no difference to an answer."""
    return re.sub(r"[^\w%.]+", " ", text.lower()).strip()


def confidences(outcomes: Sequence[Outcome]) -> Floats:
    """Shape (outcomes,)."""
    return np.array([o.confidence for o in outcomes], dtype=np.float64)


def answerable(outcomes: Sequence[Outcome]) -> NDArray[np.bool_]:
    """Shape (outcomes,)."""
    return np.array([o.query.answerable for o in outcomes], dtype=np.bool_)


def auroc(positive: Floats, negative: Floats) -> float:
    """The chance that one of `positive` exceeds one of `negative`; ties count half.

    By ranks: Hanley and McNeil, "The meaning and use of the area under a receiver
    operating characteristic curve" (1982).
    """
    _, place, counts = np.unique(
        np.concatenate([positive, negative]), return_inverse=True, return_counts=True
    )
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    n, m = len(positive), len(negative)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def bins(sure: Floats) -> NDArray[np.int64]:
    """The bin that each confidence falls in."""
    return np.minimum(BINS - 1, (sure * BINS).astype(np.int64))


def ece(sure: Floats, held: Floats) -> float:
    """Expected calibration error (Naeini, Cooper and Hauskrecht, 2015)."""
    gaps = np.bincount(bins(sure), weights=sure - held, minlength=BINS)
    return float(np.abs(gaps).sum() / len(sure))


def floors(outcomes: Sequence[Outcome]) -> list[Figures]:
    """Precision and recall of answering and of declining, at each of FLOORS.

    Precision of answering is the share of the answered that can be answered; of
    declining, the share of the declined that cannot. Nothing answered or declined, or
    nothing to find: the figure is left out.
    """
    sure, able = confidences(outcomes), answerable(outcomes)
    table = []
    for floor in FLOORS:
        answered = sure >= floor
        row = {"floor": floor}
        for name, acted, due in (
            ("answering", answered, able),
            ("declining", ~answered, ~able),
        ):
            good = float((acted & due).sum())
            if acted.any():
                row[f"{name}_precision"] = good / float(acted.sum())
            if due.any():
                row[f"{name}_recall"] = good / float(due.sum())
        table.append(row)
    return table


def latency(outcomes: Sequence[Outcome]) -> Figures:
    """Milliseconds of a question, and scoring as a multiple of retrieval.

    Scoring is all that a search does beyond its look-ups.
    """
    retrieval = np.array([o.timed.retrieval for o in outcomes])
    out: Figures = {}
    for name, seconds in (
        ("retrieval", retrieval),
        ("scoring", np.array([o.timed.searching for o in outcomes]) - retrieval),
        ("asking", np.array([o.timed.asking for o in outcomes])),
    ):
        out[f"{name}_median_ms"] = float(np.median(seconds) * 1000)
        out[f"{name}_p95_ms"] = float(np.quantile(seconds, 0.95) * 1000)
    out["scoring_to_retrieval"] = out["scoring_median_ms"] / out["retrieval_median_ms"]
    return out
