"""A second look: what the first passages say of the others."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.query.conftest import Find

from askreport.query import evidence, second
from askreport.query.evidence import Logistic, Weights
from askreport.types import Candidate

FERRIES = "How many passengers does each ferry carry?"
EVEN = Logistic(0.0, {})
LATE = Weights({"late": 1.0}, {}, EVEN, EVEN)


def directions(count: int) -> NDArray[np.float32]:
    """Vectors that have nothing to do with each other, shape (count, count)."""
    return np.eye(count, dtype=np.float32)


def of_documents(found: tuple[Candidate, ...], *titles: str) -> list[Candidate]:
    """The candidates as if they stood in documents of these titles."""
    return [
        replace(
            c,
            passage=replace(
                c.passage, source=replace(c.passage.source, title=title, id=f"d{i}")
            ),
        )
        for i, (c, title) in enumerate(zip(found, titles, strict=False))
    ]


def signal(found: tuple[Candidate, ...], name: str) -> list[float]:
    """What a signal of each candidate is."""
    return [c.signals[name] for c in found]


def test_nothing_is_added_but_three_signals_and_the_order_stays(find: Find) -> None:
    found = find(FERRIES)
    looked = second.look(found, directions(len(found)), LATE)
    for before, after in zip(found, looked, strict=True):
        added = set(after.signals) - set(before.signals)
        assert added <= set(evidence.RELATIVE)
        assert replace(after, signals=before.signals) == before
    assert second.look((), directions(1)) == ()


def test_what_is_like_the_first_passages_is_told_from_what_is_not(find: Find) -> None:
    found = evidence.score(find(FERRIES), LATE)[:8]
    vectors = directions(8)
    vectors[6] = vectors[0]  # as the first
    alike = signal(second.look(found, vectors, LATE), "likeness")
    assert alike[6] == pytest.approx(alike[0])
    assert alike[5] == alike[7] == pytest.approx(0)
    assert alike[0] == max(alike)
    agreed = signal(second.look(found, vectors, LATE), "agreed")
    assert agreed == [min(one, second.AGREED) for one in alike]
    alone = second.look(found[:1], directions(1), LATE)
    assert signal(alone, "agreed") == [second.AGREED]
    assert np.linalg.norm(alike[: second.FIRST]) == pytest.approx(1)


def test_passages_of_one_document_keep_each_other_company(find: Find) -> None:
    found = find(FERRIES)[:5]
    titles = ("Ferries", "FERRIES", "Piers", "Ferries", "Quays")
    looked = second.look(of_documents(found, *titles), directions(5), LATE)
    company = signal(looked, "company")
    height = evidence.contributions(found, LATE).sum(axis=1)
    share = np.exp(height) / np.exp(height).sum()
    ferries = share[[0, 1, 3]].sum()
    assert company == pytest.approx(
        [ferries - share[0], ferries - share[1], 0, ferries - share[3], 0]
    )


def test_a_passage_in_good_company_comes_before_its_equal(find: Find) -> None:
    best, equal, other = find(FERRIES)[:3]
    worse = replace(equal, signals={**equal.signals, "late": best.signals["late"] / 2})
    found = of_documents(
        (best, worse, replace(other, signals=worse.signals)), "A", "B", "A"
    )
    weights = Weights({"late": 1.0, "company": 0.6}, {}, EVEN, EVEN)
    scored = evidence.score(second.look(found, directions(3), weights), weights)
    assert [c.passage.source.title for c in scored] == ["A", "A", "B"]
