"""candidates in a first order -> the same, with what the first ones say of the others.

Three more signals, read from the candidates alone. What answers is like the passages
that come first (pseudo-relevance feedback: Rocchio, "Relevance Feedback in Information
Retrieval" (1971), here on the encoder's vectors), and it stands in a document of which
other passages bear on the question as well. Both help where the question tells a story
or its evidence stands in several places, and change nothing where one passage is far
ahead. And where the first ones are of several minds, the best of them is less sure.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from askreport.query import evidence
from askreport.types import Candidate

FIRST = 5
"""How many passages the others are held against. 3 and 10 did alike."""

AGREED = 0.95
"""A passage this like the first ones is of one mind with them; more says no more."""


def look(
    candidates: Sequence[Candidate],
    vectors: NDArray[np.float32],
    weights: evidence.Weights | None = None,
) -> tuple[Candidate, ...]:
    """The candidates with the signals `likeness`, `agreed` and `company`, in the same
    order.

    `vectors` are theirs, shape (candidates, dimensions), of length 1. `likeness` is the
    cosine with the mean of the first passages, each weighing by its share, and `agreed`
    the same up to AGREED; `company` is the share of the other candidates from documents
    of the same title. The shares are those of the softmax over the first order.
    """
    if not candidates:
        return ()
    height = evidence.contributions(candidates, weights or evidence.shipped())
    share = _shares(height.sum(axis=1))
    alike, beside = _likeness(share, vectors), _company(share, candidates)
    added = zip(
        candidates,
        alike.tolist(),
        np.minimum(alike, AGREED).tolist(),
        beside.tolist(),
        strict=True,
    )
    return tuple(
        c.rated(
            {**c.signals, "likeness": like, "agreed": agreed, "company": company},
            c.score,
        )
        for c, like, agreed, company in added
    )


def _shares(height: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(height - height.max())
    return np.asarray(raised / raised.sum())


def _likeness(
    share: NDArray[np.float64], vectors: NDArray[np.float32]
) -> NDArray[np.float64]:
    first = np.argsort(-share, kind="stable")[:FIRST]
    middle = share[first] @ vectors[first]
    return np.asarray(vectors @ middle / (np.linalg.norm(middle) or 1.0))


def _company(
    share: NDArray[np.float64], candidates: Sequence[Candidate]
) -> NDArray[np.float64]:
    titles = [c.passage.source.title.casefold() for c in candidates]
    numbers = {title: n for n, title in enumerate(dict.fromkeys(titles))}
    of = np.array([numbers[title] for title in titles])
    return np.asarray(np.bincount(of, weights=share)[of] - share)
