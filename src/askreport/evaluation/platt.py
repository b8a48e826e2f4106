"""log-odds and what was right -> the line that makes them probabilities.

Platt's method with his smoothed targets, by the Newton steps of Lin, Lin and Weng, "A
note on Platt's probabilistic outputs for support vector machines" (2007).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS = 100
"""Newton steps at most; it takes about ten."""

SMALL = 1e-5
"""A gradient below this is none; the paper's."""

RIDGE = 1e-12
"""Keeps the Hessian invertible where all log-odds are equal; the paper's."""


@dataclass(frozen=True, slots=True)
class Line:
    """`probability = sigmoid(slope * odds + offset)`."""

    slope: float
    offset: float

    def probabilities(self, odds: Floats) -> Floats:
        """Shape as `odds`."""
        return sigmoid(self.slope * odds + self.offset)


def fit(odds: Floats, held: Floats) -> Line:
    """The line for log-odds of which `held` (1 or 0) says which were right."""
    right = float(held.sum())
    wrong = len(held) - right
    targets = np.where(held > 0, (right + 1) / (right + 2), 1 / (wrong + 2))
    at = np.array([0.0, np.log((right + 1) / (wrong + 1))])
    design = np.stack([odds, np.ones_like(odds)], axis=1)
    for _ in range(STEPS):
        sure = sigmoid(design @ at)
        gradient = design.T @ (sure - targets)
        if np.abs(gradient).max() < SMALL:
            break
        hessian = (design * (sure * (1 - sure))[:, None]).T @ design
        step = np.linalg.solve(hessian + RIDGE * np.eye(2), gradient)
        at = _descended(design, targets, at, step.astype(np.float64))
    return Line(float(at[0]), float(at[1]))


def _descended(design: Floats, targets: Floats, at: Floats, step: Floats) -> Floats:
    """As far along the step as lowers the loss; where nothing does, `at`."""
    now = _loss(design @ at, targets)
    for halvings in range(30):
        further: Floats = at - step / 2**halvings
        if _loss(design @ further, targets) < now:
            return further
    return at


def _loss(odds: Floats, targets: Floats) -> float:
    """Cross entropy."""
    return float((np.logaddexp(0, odds) - targets * odds).sum())


def sigmoid(odds: Floats) -> Floats:
    """Without overflow."""
    return np.asarray(np.exp(-np.logaddexp(0, -odds)), dtype=np.float64)
