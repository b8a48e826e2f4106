"""Everything that might bear on a question, by meaning and by words."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.query.conftest import Look

from askreport import Library
from askreport.query import candidates

ASKED = st.sampled_from(
    ["Who lit straw fires?", "ferry passengers", "the crack in the arch", "xyzzy"]
)


@given(ASKED, st.sets(st.integers(0, 7), max_size=8), st.integers(1, 20))
def test_a_restricted_search_is_exact(
    library: Library, look: Look, asked: str, among: set[int], most: int
) -> None:
    assert len(library.generation.passages) == 8
    found = candidates.find(
        look(asked), library.generation, most=most, among=sorted(among)
    )
    rows = [candidate.row for candidate in found]
    assert set(rows) <= among
    assert len(rows) == len(set(rows)) == min(most, len(among))


@given(ASKED, st.sets(st.integers(0, 7), min_size=1))
def test_a_restriction_changes_no_signal(
    library: Library, look: Look, asked: str, among: set[int]
) -> None:
    question = look(asked)
    whole = candidates.find(question, library.generation, most=50)
    some = candidates.find(question, library.generation, most=50, among=sorted(among))
    signals = {candidate.row: candidate.signals for candidate in whole}
    for candidate in some:
        assert candidate.signals == pytest.approx(signals[candidate.row], abs=1e-5)
        assert candidate.passage == library.generation.passages[candidate.row]


def test_candidates_come_best_first(library: Library, look: Look) -> None:
    asked = look("How many passengers does each ferry carry?")
    found = candidates.find(asked, library.generation, most=50)
    assert all(a.score >= b.score for a, b in pairwise(found))
    assert found[0].passage.section == ("Ferries",)


def test_equal_passages_stand_for_one_another(make_library: Any) -> None:
    same = {f"{name}.txt": "Lamps are lit at dusk." for name in "abcdef"}
    library = make_library(same)
    ids = {passage.id for passage in library.generation.passages}
    assert len(library.search("When are lamps lit?", top=50)) == 1
    cited = library.ask("When are lamps lit?").citations
    assert [{c.passage, *c.also} for c in cited] == [ids]


def test_fusing_rewards_what_several_rankings_agree_on() -> None:
    fused = candidates.fuse([5, 6, 7], [6, 8])
    assert max(fused, key=fused.__getitem__) == 6
    assert fused[5] == pytest.approx(1 / (candidates.FUSION + 1))
    assert fused[6] == pytest.approx(
        1 / (candidates.FUSION + 2) + 1 / (candidates.FUSION + 1)
    )
    assert candidates.fuse() == candidates.fuse([], []) == {}


@given(st.lists(st.permutations(range(6)), min_size=1, max_size=4))
def test_fusing_keeps_every_row_and_does_not_care_which_ranking_is_which(
    rankings: list[list[int]],
) -> None:
    fused = candidates.fuse(*rankings)
    assert set(fused) == set(range(6))
    assert fused == pytest.approx(candidates.fuse(*rankings[::-1]))


def test_terms_of_a_passage_include_what_stands_above_it(library: Library) -> None:
    passage = next(p for p in library.generation.passages if p.section == ("WEATHER",))
    found = candidates.terms(passage)
    assert {"frost", "weather", "orchard", "union"} <= found
