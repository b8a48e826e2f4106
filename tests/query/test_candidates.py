"""Everything that might bear on a question, by meaning and by words."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import HARBOUR
from tests.query.conftest import Look

from askreport import Library, late
from askreport import text as texts
from askreport.query import candidates, expected, signals
from askreport.query.question import Question

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


def test_terms_that_stand_above_a_passage_count_as_its_own(
    library: Library, look: Look
) -> None:
    passages = library.generation.passages
    row = next(i for i, p in enumerate(passages) if p.section == ("WEATHER",))
    asked = look("frost weather orchards union")
    (found,) = candidates.measured(
        asked, library.generation, [row], [library.generation.passages[row]]
    )
    assert found["cover"] == pytest.approx(1.0)


def slowly(question: Question, library: Library, row: int) -> dict[str, float]:
    """The signals that read a passage, taken from its text, one token at a time."""
    generation = library.generation
    passage = generation.passages[row]
    found = late.together(generation.tokens, question.tokens, [row])
    met, spans = found.scores, found.spans
    best = met.max(axis=1, initial=0.0)
    scores, asked, fitting = [0.0], [0.0], [0.0]
    for span in texts.sentences(passage.text):
        inside = [span.start <= start < span.end for start in spans[:, 0]]
        nearest = met[:, inside].max(axis=1, initial=0.0)
        score = nearest @ question.weights
        scores.append(float(score))
        asked.append(float(nearest @ question.asking))
        if expected.holds(passage.text[span.start : span.end], question.wanted):
            fitting.append(float(score))
    source = passage.source
    above = " ".join((source.publisher or "", source.title, *passage.section))
    sequence = texts.terms(f"{above}\n{passage.text}")
    terms, pairs = set(sequence), set(pairwise(sequence))
    rarity = dict(zip(question.terms, question.rarity, strict=True))
    wide = {pair: rarity[pair[0]] + rarity[pair[1]] for pair in question.pairs}
    held = [
        r for t, r in zip(question.terms, question.rarity, strict=True) if t in terms
    ]
    return {
        "late": float(best.mean()),
        "late_weighted": float(best @ question.weights),
        "asked": float(best @ question.asking),
        "sentence": max(*scores, *asked),
        "fitting": max(fitting),
        "lacking": max(scores) - max(fitting),
        "cover": sum(held) / (sum(question.rarity) or 1.0),
        "phrase": sum(w for pair, w in wide.items() if pair in pairs)
        / (sum(wide.values()) or 1.0),
    }


@pytest.mark.parametrize("form", ["full", "compressed"])
def test_signals_taken_together_are_those_taken_one_by_one(
    make_library: Any, look: Look, form: str
) -> None:
    library = make_library(
        {
            "harbour.md": HARBOUR,
            "odd.txt": "A\n\nß\n\nLate frost; 12,000 ferries.\n\n漢字 and 5 %.",
        },
        late=form,
    )
    rows = range(len(library.generation.passages))
    for text in ("How many passengers does each ferry carry?", "Who?", "frost 12000"):
        asked = look(text)
        found = candidates.measured(
            asked, library.generation, list(rows), library.generation.passages
        )
        for row, measured in zip(rows, found, strict=True):
            own = slowly(asked, library, row)
            assert {k: measured[k] for k in own} == pytest.approx(own, abs=1e-6)


@pytest.mark.parametrize(
    ("term", "code"),
    [
        ("dhaw20190031", True),
        ("20190031", True),
        ("rxk1234b", True),
        ("fy2019", False),
        ("q22023", False),
        ("1990s", False),
        ("2018", False),
        ("500pcm", False),
        ("nurses", False),
    ],
)
def test_a_code_is_told_from_years_figures_and_words(term: str, code: bool) -> None:
    assert signals.is_code(term) is code


def test_the_passage_that_holds_the_code_asked_for_comes_first(
    make_library: Any,
) -> None:
    case = "Case HB2019{:04} of the harbour board was closed after a visit."
    files = {f"case-{n}.txt": case.format(7 * n) for n in range(30)}
    library: Library = make_library(files)
    found = library.search("When was case HB20190119 of the harbour board closed?")
    assert "HB20190119" in found[0].passage.text
    assert found[0].signals["code"] == 1
