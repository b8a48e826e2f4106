"""Every figure against what its definition gives, worked out the long way."""

import math
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from askreport import errors
from askreport.evaluation import figures, sets
from askreport.evaluation.nouns import EvaluationSet, Outcome, Query, Timed
from askreport.evaluation.sets import Place
from askreport.types import Status

CONFIDENCE = st.floats(0, 1) | st.sampled_from([0.0, 0.1, 0.3, 0.5, 1.0])


@pytest.fixture
def found(tiny: Path, place: Place) -> EvaluationSet:
    """The small set, read."""
    return sets.read(tiny, place)


def outcome(
    query: Query, confidence: float, *quotes: str, status: Status = "answered"
) -> Outcome:
    """An outcome with nothing ranked."""
    return Outcome(query, (), status, confidence, quotes, Timed(0.01, 0.03, 0.04))


def test_ranking_figures_are_those_of_their_definitions(found: EvaluationSet) -> None:
    ranked = {
        "q1": ("kiln", "mill"),  # second
        "q2": ("kiln",),  # first
        "q3": ("mill", "kiln", "quay"),  # not found
        "q5": ("quay", "loft", "weir", "mill"),  # second and fourth
    }  # q4 found nothing at all
    second, fourth = 1 / math.log2(3), 1 / math.log2(5)
    both = (second + fourth) / (1 + second)
    told = figures.ranking(found, ranked)
    assert told["ndcg@10"] == pytest.approx((second + 1 + 0 + 0 + both) / 5)
    assert told["recall@10"] == pytest.approx((1 + 1 + 0 + 0 + 1) / 5)
    assert told["hit@1"] == pytest.approx(1 / 5)
    assert told["mrr@10"] == pytest.approx((0.5 + 1 + 0 + 0 + 0.5) / 5)


def test_what_comes_after_ten_counts_for_recall_at_100_alone(
    found: EvaluationSet,
) -> None:
    far = (*(f"x{n}" for n in range(10)), "mill")
    told = figures.ranking(found, {"q1": far})
    assert told["recall@100"] == pytest.approx(1 / 5)
    assert {told[n] for n in ("recall@10", "ndcg@10", "mrr@10", "hit@1")} == {0}


def test_where_any_one_will_do_the_best_placed_is_judged(found: EvaluationSet) -> None:
    either = replace(found, any_counts=True, judged={"q5": {"loft": 1, "mill": 1}})
    told = figures.ranking(either, {"q5": ("mill", "quay")})
    assert (told["ndcg@10"], told["recall@10"]) == (1, 1)
    assert figures.ranking(either, {"q5": ("quay",)})["recall@100"] == 0


def test_without_a_judged_question_there_is_no_ranking(found: EvaluationSet) -> None:
    assert figures.ranking(replace(found, judged={}), {}) == {}


@given(
    yes=st.lists(CONFIDENCE, min_size=1, max_size=12),
    no=st.lists(CONFIDENCE, min_size=1, max_size=12),
)
def test_auroc_is_the_share_of_pairs_in_order(
    yes: list[float], no: list[float]
) -> None:
    pairs = [1.0 if y > n else 0.5 if y == n else 0.0 for y, n in product(yes, no)]
    found = figures.auroc(np.array(yes), np.array(no))
    assert found == pytest.approx(sum(pairs) / len(pairs))


@given(graded=st.lists(st.tuples(CONFIDENCE, st.booleans()), min_size=1, max_size=30))
def test_ece_is_the_weighted_gap_of_ten_bins(graded: list[tuple[float, bool]]) -> None:
    gap = 0.0
    for one in range(10):
        inside = [(c, r) for c, r in graded if min(9, int(c * 10)) == one]
        gap += abs(sum(c for c, _ in inside) - sum(r for _, r in inside))
    sure = np.array([c for c, _ in graded])
    held = np.array([float(r) for _, r in graded])
    assert figures.ece(sure, held) == pytest.approx(gap / len(graded))


def test_answers_are_judged_by_quotes_declines_and_confidence(
    found: EvaluationSet,
) -> None:
    q1, q2, q3, q4, q5, q6, q7 = found.queries
    outcomes = [
        outcome(q1, 0.9, "It ground 40 SACKS, of flour."),
        outcome(q2, 0.8, "Beech logs.", "At once", "It fired 900 tiles."),
        outcome(q3, 0.1, status="no-evidence"),
        outcome(q4, 0.7, "Anything."),  # no gold string stands in what it is judged by
        outcome(q5, 0.6, "Straw."),
        outcome(q6, 0.2, status="no-evidence"),
        outcome(q7, 0.65, "Wrong."),
    ]
    told = figures.answers(found, outcomes)
    assert told["quote@1"] == pytest.approx(1 / 3)
    assert told["quote@3"] == pytest.approx(2 / 3)
    assert told["quote_words"] == 4  # of 6 and 2; what is declined has no words
    assert told["declined_when_answerable"] == pytest.approx(1 / 5)
    assert told["declined_when_unanswerable"] == pytest.approx(1 / 2)
    assert told["auroc"] == pytest.approx(7 / 10)
    assert figures.right(found, outcomes).tolist() == [1, 0, 0, 1, 1, 0, 0]
    gaps = (abs(0.9 - 1), 0.8, 0.1, abs(0.7 - 1), abs(0.6 + 0.65 - 1), 0.2)
    assert told["ece"] == pytest.approx(sum(gaps) / 7)


def test_figures_without_ground_are_left_out(found: EvaluationSet) -> None:
    told = figures.answers(found, [outcome(found.queries[4], 0.5, "Straw.")])
    assert set(told) == {"declined_when_answerable", "ece"}
    alone = figures.answers(found, [outcome(found.queries[6], 0.5, "Wrong.")])
    assert set(alone) == {"ece"}


def test_a_floor_trades_answers_for_declines(found: EvaluationSet) -> None:
    q1, q2, *_, q7 = found.queries
    rows = figures.floors([outcome(q1, 0.9), outcome(q2, 0.4), outcome(q7, 0.6)])
    table = {row["floor"]: row for row in rows}
    assert table[0.0]["answering_recall"] == 1
    assert table[0.0]["answering_precision"] == pytest.approx(2 / 3)
    assert "declining_precision" not in table[0.0]  # nothing is declined
    assert table[0.5]["answering_precision"] == pytest.approx(1 / 2)
    assert table[0.5]["declining_precision"] == 0
    assert table[0.7]["answering_precision"] == 1
    assert table[0.7]["declining_recall"] == 1
    assert "answering_precision" not in table[1.0]


def test_latency_tells_retrieval_and_scoring_apart(found: EvaluationSet) -> None:
    told = figures.latency([outcome(query, 0.5) for query in found.queries])
    assert told["retrieval_median_ms"] == pytest.approx(10)
    assert told["scoring_median_ms"] == pytest.approx(20)
    assert told["asking_p95_ms"] == pytest.approx(40)
    assert told["scoring_to_retrieval"] == pytest.approx(2)


def test_a_missing_package_is_named_with_the_extra_that_brings_it() -> None:
    with pytest.raises(errors.ExtraMissing, match="no_such_package") as raised:
        figures.check_installed("ir_measures", "no_such_package")
    assert "askreport[eval]" in raised.value.hint
