"""What is worth quoting: scored, each thing once, above the floor, at most so many."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.query.conftest import Find, Look

from askreport import Library, late
from askreport.query import evidence, signals
from askreport.query.evidence import Logistic, Weights
from askreport.types import Candidate, Passage, Source

FERRIES = "How many passengers does each ferry carry?"
EVEN = Logistic(0.0, {})
LEVEL = Weights({}, {}, EVEN, EVEN)


def graded(candidates: Sequence[Candidate], scores: Sequence[float]) -> list[Candidate]:
    """Some of the candidates with scores of the test's own, best first."""
    some = [replace(c, score=s) for c, s in zip(candidates, scores, strict=False)]
    return sorted(some, key=lambda c: -c.score)


def test_scores_are_probabilities_best_first(find: Find) -> None:
    scored = evidence.score(find(FERRIES))
    assert [c.score for c in scored] == sorted((c.score for c in scored), reverse=True)
    assert all(0 <= c.score <= 1 for c in scored)
    assert scored[0].passage.section == ("Ferries",)


def test_equal_scores_come_in_passage_order(find: Find) -> None:
    flat = evidence.score(find(FERRIES)[::-1], LEVEL)
    assert [c.row for c in flat] == sorted(c.row for c in flat)
    assert {c.score for c in flat} == {0.25}


def test_the_order_is_that_of_the_weighed_signals(find: Find) -> None:
    weights = Weights({"late": 1.0}, {}, EVEN, EVEN)
    late = [c.signals["late"] for c in evidence.score(find(FERRIES), weights)]
    assert late == sorted(late, reverse=True)
    assert late != [c.signals["late"] for c in find(FERRIES)[::-1]]


def test_the_scale_of_a_signal_does_not_matter(find: Find) -> None:
    found = find(FERRIES)
    louder = [
        replace(c, signals={**c.signals, "late": 1000 * c.signals["late"] - 3})
        for c in found
    ]
    one = evidence.standardised(found, ["late"])
    other = evidence.standardised(louder, ["late"])
    assert np.argsort(one[:, 0]).tolist() == np.argsort(other[:, 0]).tolist()
    assert abs(other[:, 0]).max() <= evidence.APART


def test_the_first_score_is_the_product_of_the_two_probabilities(find: Find) -> None:
    weights = Weights({"late": 1.0}, {}, Logistic(1.0, {}), Logistic(-1.0, {}))
    first = evidence.score(find(FERRIES), weights)[0]
    assert first.score == pytest.approx(0.7310586 * 0.2689414)


def test_what_comes_after_a_passage_counts_for_whether_it_answers(find: Find) -> None:
    found = find(FERRIES)
    best = evidence.reaching(found)
    cosines = [c.signals["cosine"] for c in found]
    for i, candidate in enumerate(best):
        these = cosines[i : i + evidence.AFTER]
        assert candidate.signals["best_cosine"] == max(these)
    assert best[0].signals["best_cosine"] > best[-1].signals["best_cosine"]
    weights = Weights({"late": 1.0}, {}, Logistic(0.0, {"best_met": 1.0}), EVEN)
    first = evidence.score(found, weights)[0]
    met = max(c.signals["met"] for c in found[: evidence.AFTER])
    assert first.score == pytest.approx(0.5 / (1 + np.exp(-met)))


def test_what_is_asked_for_is_looked_for_in_the_nearest_only(find: Find) -> None:
    values = [0.2, 0.0, 0.4, 0.9, 0.1]
    found = [
        replace(c, signals={"fitting": value, "absent": 1 - value})
        for c, value in zip(find(FERRIES), values, strict=False)
    ]
    reached = [c.signals for c in evidence.reaching(found)]
    assert [r["best_fitting"] for r in reached] == [0.4, 0.9, 0.9, 0.9, 0.1]
    least = [r["least_absent"] for r in reached]
    assert least == pytest.approx([0.6, 0.1, 0.1, 0.1, 0.9])


def test_a_name_that_no_passage_holds_makes_an_answer_less_likely(find: Find) -> None:
    with_it = evidence.score(find("How many passengers does each ferry carry?"))
    without = evidence.score(
        [replace(c, signals={**c.signals, "absent": 1.0}) for c in with_it]
    )
    assert [c.row for c in without] == [c.row for c in with_it]
    assert without[0].score < 0.9 * with_it[0].score


@given(
    st.dictionaries(st.sampled_from(["late", "cosine", "new"]), st.floats(-1e6, 1e6))
)
def test_a_probability_is_one_whatever_the_signals(measured: dict[str, float]) -> None:
    weights = Logistic(-1.0, {"late": 100.0, "cosine": -3.0, "gone": 5.0})
    assert 0 <= weights.probability(measured) <= 1


def test_a_missing_signal_counts_as_nothing() -> None:
    assert Logistic(0.0, {"late": 9.0}).probability({}) == 0.5


def test_nothing_found_has_no_score_and_no_confidence() -> None:
    assert evidence.score(()) == ()
    assert evidence.confidence(()) == 0


def test_the_shipped_weights_weigh_signals_that_are_measured(find: Find) -> None:
    measured = evidence.score(find(FERRIES))[0].signals
    weights = evidence.shipped()
    for used in (weights.order, weights.answers.weights, weights.quoted.weights):
        assert set(used) <= set(measured)
    assert set(weights.tables) <= set(weights.order)


def test_tables_are_compared_with_tables_and_prose_with_prose(find: Find) -> None:
    prose = [
        replace(c, signals={"late": 0.8 + i / 100, "table": 0.0})
        for i, c in enumerate(find(FERRIES)[:4])
    ]
    tables = [
        replace(c, signals={"late": 0.4 + i / 100, "table": 1.0})
        for i, c in enumerate(find(FERRIES)[4:8])
    ]
    apart = evidence.standardised([*prose, *tables], ["late"])[:, 0]
    together = [replace(c, signals={**c.signals, "table": 0.0}) for c in tables]
    mixed = evidence.standardised([*prose, *together], ["late"])[:, 0]
    gaps = [found[:4].mean() - found[4:].mean() for found in (apart, mixed)]
    assert 0 < gaps[0] < gaps[1]


def test_how_passages_stand_to_each_other_is_compared_among_all(find: Find) -> None:
    found = [
        replace(c, signals=dict.fromkeys(evidence.RELATIVE, i / 10) | {"table": i % 2})
        for i, c in enumerate(find(FERRIES)[:8])
    ]
    standing = evidence.standardised(found, evidence.RELATIVE)
    assert (np.diff(standing, axis=0) > 0).all()
    assert evidence.standardised(found[::2], ["likeness"])[:, 0] != pytest.approx(
        standing[::2, 0]
    )


def test_a_table_is_weighed_by_weights_of_its_own(find: Find) -> None:
    weights = Weights({"late": 1.0}, {"late": -2.0}, EVEN, EVEN)
    prose = find(FERRIES)
    tables = [replace(c, signals={**c.signals, "table": 1.0}) for c in prose]
    one = evidence.contributions(prose, weights)
    other = evidence.contributions(tables, weights)
    assert one == pytest.approx(-other)


def test_no_single_signal_outweighs_all_others(find: Find) -> None:
    found = [
        replace(c, signals={**c.signals, "phrase": 0.0 if i else 1.0})
        for i, c in enumerate(find(FERRIES))
    ]
    assert evidence.standardised(found, ["phrase"]).max() == evidence.APART


@given(st.lists(st.floats(0, 1), min_size=8, max_size=8), st.floats(0, 1))
def test_something_is_kept_if_and_only_if_the_confidence_reaches_the_floor(
    library: Library, look: Look, find: Find, scores: list[float], floor: float
) -> None:
    scored = graded(find(FERRIES), scores)
    kept = evidence.keep(
        look(FERRIES), scored, library.generation, most=50, floor=floor
    )
    assert bool(kept) == (evidence.confidence(scored) >= floor)


def test_what_is_much_less_probable_than_the_best_is_not_quoted(
    library: Library, look: Look, find: Find
) -> None:
    scored = graded(find(FERRIES), [0.8, 0.5, 0.37, 0.35, 0.1])
    kept = evidence.keep(look(FERRIES), scored, library.generation, most=9, floor=0.05)
    assert [p.candidate.score for p in kept] == [0.8, 0.5, 0.37]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_most_is_respected_and_markers_count_from_one(
    library: Library, look: Look, find: Find, most: int
) -> None:
    scored = graded(find(FERRIES), [0.9] * 8)
    kept = evidence.keep(
        look(FERRIES), scored, library.generation, most=most, floor=0.1
    )
    assert [piece.marker for piece in kept] == list(range(1, most + 1))


def test_of_nothing_nothing_is_kept(library: Library, look: Look) -> None:
    asked = look(FERRIES)
    assert evidence.keep(asked, (), library.generation, most=5, floor=0.0) == ()


def test_near_duplicates_collapse_and_are_listed(echoes: Library) -> None:
    answer = echoes.ask("What did the auditor Noor Adeyemi praise?")
    best = answer.citations[0]
    shown = [echoes.passage(name).source.id for name in (best.passage, *best.also)]
    assert sorted(shown) == ["annual-txt", "copy-txt"]


def test_overlapping_neighbours_collapse_and_are_listed(make_library: Any) -> None:
    keepers = "Ann Bob Cyd Dan Eve Fay Gus Hal Ida Jon Kim Lee".split()
    lines = " ".join(f"Keeper {name} wound the clock." for name in keepers)
    library = make_library({"keepers.txt": lines}, passage_tokens=30)
    passages = library.generation.passages
    overlapping = [
        (one, other) for one, other in pairwise(passages) if other.start < one.end
    ]
    assert overlapping
    assert all(evidence.same(one, other) for one, other in overlapping)
    answer = library.ask("Who wound the clock?", top=50)
    shown = [name for c in answer.citations for name in (c.passage, *c.also)]
    assert len(shown) == len(set(shown)) > len(answer.citations)


def moved(passage: Passage, start: int, text: str) -> Passage:
    """The passage elsewhere, saying something else."""
    return replace(passage, id=f"at-{start}", start=start, end=start + 10, text=text)


def test_passages_are_the_same_only_if_they_overlap_or_share_their_words(
    library: Library,
) -> None:
    first, second = library.generation.passages[:2]
    one = moved(first, 0, "alpha beta gamma")
    assert evidence.same(one, moved(first, 5, "delta"))
    assert not evidence.same(one, moved(first, 10, "delta"))
    assert not evidence.same(one, moved(second, 10, "delta"))
    elsewhere = replace(one, source=library.generation.passages[-1].source)
    assert not evidence.same(elsewhere, moved(first, 5, "delta epsilon"))
    assert evidence.same(elsewhere, moved(first, 99, "alpha beta gamma"))


@given(
    st.lists(st.integers(0, 3000), max_size=60, unique=True),
    st.lists(st.integers(0, 3000), max_size=14, unique=True),
    st.integers(0, 14),
)
def test_the_look_that_tells_passages_apart_changes_nothing(
    known: list[int], new: list[int], gone: int
) -> None:
    one, other = known, [*known[gone:], *new]
    source = Source(id="a", title="A", path="a", digest="")
    first, second = (
        Passage(f"p{i}", source, None, None, 9 * i, 9 * i + 5, (), text)
        for i, text in enumerate(" ".join(map(str, said)) for said in (one, other))
    )
    a, b = set(one), set(other)
    assert evidence.same(first, second) == (len(a & b) >= 0.8 * len(a | b))


def test_the_quote_is_the_sentence_that_answers(
    library: Library, look: Look, find: Find
) -> None:
    best = evidence.score(find(FERRIES))[0]
    span = evidence.quote(look(FERRIES), best, library.generation)
    page = library.page(best.passage.source.id, best.passage.page)
    said = page.text[span.start : span.end]
    assert said == "Each ferry carries 410 passengers and 62 cars."


def test_every_quote_lies_inside_its_passage(
    library: Library, look: Look, find: Find
) -> None:
    for asked in (FERRIES, "Who?", "oil paraffin 1865", "漢字"):
        for candidate in find(asked):
            span = evidence.quote(look(asked), candidate, library.generation)
            passage = candidate.passage
            assert passage.start <= span.start < span.end <= passage.end


def test_a_passage_without_a_token_is_measured_all_the_same(
    library: Library, look: Look, find: Find
) -> None:
    asked = look(FERRIES)
    candidate = find(FERRIES)[0]
    none = np.zeros((len(asked.tokens), 0), dtype=np.float32)
    columns = signals.measure(
        asked,
        [candidate.passage.text],
        late.Met(none, np.zeros((0, 2), dtype=np.int32), [0, 0]),
        signals.Held(
            np.zeros((len(asked.terms), 1), dtype=np.bool_),
            np.zeros((len(asked.pairs), 1), dtype=np.bool_),
        ),
        [library.generation.sentences.of(candidate.row)],
    )
    measured = {name: value for name, (value,) in columns.items()}
    assert measured.pop("words") > 0
    assert set(measured.values()) == {0.0}
