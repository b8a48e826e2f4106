"""What became of every candidate, and what its score was made of."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as configured
from hypothesis import strategies as st
from tests.query.conftest import Find, Look

from askreport import Library
from askreport.query import ask as asking
from askreport.query import evidence, explained, scope, verify
from askreport.types import Answer, Explained, Filter

FERRIES = "How many passengers does each ferry carry?"
BEDS = "How many beds were bought in June 2017?"
ASKED = st.sampled_from(
    [FERRIES, "Who lit straw fires?", "the keeper and the lamp", "xyzzy", "damage"]
)


def by_fate(found: tuple[Explained, ...]) -> dict[str, list[Explained]]:
    """The explained candidates, by what became of them."""
    fates: dict[str, list[Explained]] = {}
    for one in found:
        fates.setdefault(one.fate, []).append(one)
    return fates


def test_nothing_is_explained_unless_asked_for(library: Library) -> None:
    assert library.ask(FERRIES).explained == ()
    assert library.find(FERRIES).explained == ()


def test_explaining_changes_nothing_of_an_answer(library: Library) -> None:
    said = library.ask(FERRIES, explain=True)
    assert said.explained
    assert replace(said, explained=()) == library.ask(FERRIES)
    assert library.find(FERRIES, explain=True).hits == library.search(FERRIES)


@given(ASKED)
@configured(max_examples=10)
def test_a_score_is_what_its_contributions_say(library: Library, asked: str) -> None:
    found = library.ask(asked, explain=True).explained
    assert [one.place for one in found] == list(range(1, len(found) + 1))
    weights = evidence.shipped()
    height = [sum(one.contributions.values()) for one in found]
    assert height == sorted(height, reverse=True)
    for one, own in zip(found, height, strict=True):
        assert set(one.contributions) == set(weights.order)
        first = found[0].answers * found[0].quoted
        assert one.score == pytest.approx(first * math.exp(own - height[0]))
        assert one.answers == weights.answers.probability(one.signals)
        assert one.quoted == weights.quoted.probability(one.signals)


@given(ASKED, st.integers(1, 8))
@configured(max_examples=20)
def test_ranks_and_fused_scores_agree_with_each_other(
    library: Library, asked: str, most: int
) -> None:
    limits = replace(library.limits(), candidates=most)
    whole = scope.of(library.generation, Filter())
    wanted = asking.Asked(
        asked, library.generation, library.encoder, whole, explain=True
    )
    found = asking.find(wanted, limits).explained
    assert sorted(one.ranks.fused for one in found) == list(range(1, len(found) + 1))
    by_fused = sorted(found, key=lambda one: one.ranks.fused)
    assert [one.fused for one in by_fused] == sorted(
        (one.fused for one in found), reverse=True
    )
    for one in found:
        seen = (one.ranks.meaning, one.ranks.words, *one.ranks.named)
        places = [place for place in seen if place is not None]
        assert places
        assert all(1 <= place <= most for place in places)
        assert one.fused == pytest.approx(sum(1 / (60 + p) for p in places))


def test_every_citation_is_a_quoted_candidate(library: Library) -> None:
    said = library.ask(FERRIES, explain=True)
    quoted = by_fate(said.explained)["quoted"]
    assert [(one.passage, one.marker) for one in quoted] == [
        (cited.passage, cited.marker) for cited in said.citations
    ]
    assert quoted[0].why == "quoted as [1]"


def test_a_repeat_names_the_passage_that_stands_for_it(echoes: Library) -> None:
    said = echoes.ask(BEDS, explain=True)
    cited = {other: c.passage for c in said.citations for other in c.also}
    repeats = by_fate(said.explained)["repeat"]
    assert {one.passage: one.why for one in repeats} == {
        other: f"repeats passage {name}" for other, name in cited.items()
    }
    assert repeats[0].marker is None


def test_what_is_worth_too_little_beside_the_best_is_told_so(library: Library) -> None:
    weak = by_fate(library.ask(FERRIES, explain=True).explained)["weak"]
    best = library.ask(FERRIES).citations[0].score
    assert all(one.score < evidence.WORTH * best for one in weak)
    assert weak[0].why == f"below {evidence.WORTH * best:.2f}, 45% of the best score"


def test_what_is_beyond_the_most_wanted_is_told_so(echoes: Library) -> None:
    said = echoes.ask(BEDS, top=1, explain=True)
    fates = by_fate(said.explained)
    assert len(fates["quoted"]) == 1
    assert {one.why for one in fates["surplus"]} == {"beyond the most wanted"}


def test_a_decline_names_the_floor_for_all_and_the_nearest(library: Library) -> None:
    never = Library.open(library.shelf.root, flags={"floor": 1.0})
    said: Answer = never.ask(FERRIES, explain=True)
    assert {one.fate for one in said.explained} == {"floor"}
    shown = {one.passage: one.marker for one in said.explained if one.marker}
    assert shown == {c.passage: c.marker for c in said.nearest}
    assert said.explained[0].why == (
        f"the confidence {said.confidence:.2f} is below the floor of 1.00; shown as "
        "nearest [1]"
    )


def test_what_verification_removes_is_told_so(
    library: Library, look: Look, find: Find
) -> None:
    found = evidence.score(find(FERRIES))
    kept = evidence.keep(look(FERRIES), found, library.generation, most=3, floor=0.0)
    cited = [verify.cite(kept[0], library.generation, marker=1)]
    shown = explained.Shown(kept, cited, (), 0.5, 0.0)
    fates = by_fate(explained.of_answer(found, shown))
    assert [one.passage for one in fates["quoted"]] == [cited[0].passage]
    removed = {piece.candidate.passage.id for piece in kept[1:]}
    assert {one.passage for one in fates.get("unverified", [])} == removed
    unshown = by_fate(
        explained.of_answer(found, replace(shown, citations=())),
    )
    assert unshown["unverified"][0].why == "removed by verification"


def test_a_search_tells_listed_repeats_and_the_rest_apart(echoes: Library) -> None:
    found = echoes.find(BEDS, top=2, explain=True)
    fates: Any = by_fate(found.explained)
    few: Any = by_fate(echoes.find(BEDS, top=1, explain=True).explained)
    assert [one.passage for one in fates["listed"]] == [
        h.passage.id for h in found.hits
    ]
    assert fates["listed"][0].why == "listed as 1."
    assert set(fates) == {"listed", "repeat"}
    assert len(few["listed"]) == 1
    assert "surplus" in few


def test_every_signal_has_a_meaning_for_readers(library: Library) -> None:
    found = library.find(FERRIES, explain=True).explained
    assert set(found[0].signals) <= set(explained.MEANING)
    assert set(evidence.shipped().order) <= set(explained.MEANING)
    assert all("\n" not in meaning for meaning in explained.MEANING.values())
