"""questions to a shelf -> its calibration, with what it is worth on unseen questions.

The confidence of each answer, asked without a floor and uncalibrated, is fitted to
whether the answer was right. Cross-validation says what that does to questions that
the fit has not seen.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from askreport import calibration
from askreport.calibration import Calibration
from askreport.errors import CalibrationWrong
from askreport.evaluation import figures, platt
from askreport.evaluation.figures import Floats
from askreport.evaluation.nouns import EvaluationSet
from askreport.library import Library, Step, Tell

LEAST = 20
"""Questions of each kind, answerable and not: with fewer, two parameters follow chance;
halving or doubling the odds of a rare kind takes a handful of questions."""

FOLDS = 5
"""Parts of the questions, each in turn left out of the fit and judged by it."""

SEED = 0
"""Of the draw of the folds."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Confidence as scored, what was right, and what can be answered, by question."""

    sure: Floats
    held: Floats
    able: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A calibration, and what it changes at the shelf's floor."""

    made: Calibration
    floor: float
    before: tuple[float, float]
    """Shares declined of answerable and of unanswerable questions."""
    after: tuple[float, float]


def opened(library: Library) -> Library:
    """The same shelf without floor and calibration: confidence as it is scored."""
    known = library.shelf.settings.model_copy(update={"floor": 0.0})
    bare = Library(type(library.shelf)(library.shelf.root, known), library.version)
    bare.calibration = None
    return bare


def fit(
    found: EvaluationSet, *, floor: float, tell: Tell = lambda step: None
) -> Fitted:
    """Fit a calibration to what the questions of `found` show.

    `found.library` must be one of `opened`. Raises CalibrationWrong where there are too
    few questions, or where calibrating would make nothing better.
    """
    check_enough([query.answerable for query in found.queries])
    asked = _ask(found, tell)
    odds = np.array([calibration.logit(one) for one in asked.sure])
    line = platt.fit(odds, asked.held)
    if line.slope <= 0:
        raise CalibrationWrong(
            "confidence does not rise with being right on these questions: there is "
            "nothing to calibrate",
            hint="check the questions with askreport eval",
        )
    unseen = _unseen(odds, asked)
    before, after = figures.ece(asked.sure, asked.held), figures.ece(unseen, asked.held)
    made = Calibration(
        slope=round(line.slope, 6),
        offset=round(line.offset, 6),
        model_digest=found.library.generation.manifest.model_digest,
        scoring=calibration.scoring(),
        questions=_digest(found),
        answerable=int(asked.able.sum()),
        unanswerable=int((~asked.able).sum()),
        ece_before=round(before, 4),
        ece_after=round(after, 4),
    )
    sure = np.array([made.probability(float(one)) for one in asked.sure])
    return Fitted(
        made, floor, _declined(asked.sure, asked, floor), _declined(sure, asked, floor)
    )


def check_worth(fitted: Fitted) -> None:
    """Raise CalibrationWrong if unseen questions are no better off."""
    made = fitted.made
    if made.ece_after >= made.ece_before:
        raise CalibrationWrong(
            f"not written: on questions it had not seen, calibration error would go "
            f"from {made.ece_before:.3f} to {made.ece_after:.3f}",
            hint="confidence is as good as these questions can tell; add questions",
        )


def check_enough(able: Sequence[bool]) -> None:
    """Raise CalibrationWrong unless there are LEAST questions of each kind."""
    yes = sum(able)
    if min(yes, len(able) - yes) < LEAST:
        raise CalibrationWrong(
            f"{yes} questions can be answered and {len(able) - yes} cannot; at least "
            f"{LEAST} of each are needed",
            hint="add questions of the kind that is short; a question without evidence "
            "is one that the shelf cannot answer",
        )


def _ask(found: EvaluationSet, tell: Tell) -> Asked:
    sure, quotes = [], []
    for done, query in enumerate(found.queries):
        tell(Step("asking", done, len(found.queries)))
        answer = found.library.ask(query.text)
        sure.append(answer.confidence)
        quotes.append(tuple(citation.quote for citation in answer.citations))
    tell(Step("asking", len(sure), len(sure)))
    held = [
        figures.is_right(found, query, shown)
        for query, shown in zip(found.queries, quotes, strict=True)
    ]
    able = [query.answerable for query in found.queries]
    return Asked(np.array(sure), np.array(held, dtype=np.float64), np.array(able))


def _unseen(odds: Floats, asked: Asked) -> Floats:
    """Calibrated confidence of each question by a fit that left its fold out."""
    fold = np.empty(len(odds), dtype=np.int64)
    drawn = np.random.default_rng(SEED)
    for kind in (asked.able, ~asked.able):  # each fold has its share of both
        fold[kind] = drawn.permutation(int(kind.sum())) % FOLDS
    unseen = np.empty_like(odds)
    for left_out in range(FOLDS):
        apart = fold == left_out
        line = platt.fit(odds[~apart], asked.held[~apart])
        unseen[apart] = line.probabilities(odds[apart])
    return unseen


def _declined(sure: Floats, asked: Asked, floor: float) -> tuple[float, float]:
    below = sure < floor
    return float(below[asked.able].mean()), float(below[~asked.able].mean())


def _digest(found: EvaluationSet) -> str:
    said = [
        [q.id, q.text, q.gold, q.answerable, sorted(found.judged.get(q.id, ()))]
        for q in found.queries
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def described(fitted: Fitted) -> str:
    """What was fitted and what it changes, in lines."""
    made = fitted.made
    sign = "-" if made.offset < 0 else "+"
    rows = [
        f"{made.answerable} answerable and {made.unanswerable} unanswerable questions",
        f"log-odds of being right = {made.slope:.3f} * log-odds of confidence "
        f"{sign} {math.fabs(made.offset):.3f}",
        f"calibration error (ECE, on questions not fitted to): "
        f"{made.ece_before:.3f} before, {made.ece_after:.3f} after",
    ]
    for when, (yes, no) in (("before", fitted.before), ("after", fitted.after)):
        rows.append(
            f"declined at floor {fitted.floor:g} {when}: {yes:.1%} of answerable, "
            f"{no:.1%} of unanswerable"
        )
    return "\n".join(rows)
