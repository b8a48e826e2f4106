"""Names and dates of a question that no passage holds."""

from typing import Any

import pytest
from tests.query.conftest import Find, Look

from askreport import Library
from askreport.query import absent, candidates, question

PIERS = {
    "east.txt": "EASTMERE PIER\n\nThe pier was rated good in 2017 and has 40 lamps.",
    "west.txt": "WESTMERE PIER\n\nThe pier was rated poor in 2018; its lamps are lit.",
}


@pytest.fixture(scope="module")
def piers(make_library: Any) -> Library:
    library: Library = make_library(PIERS)
    return library


def named(look: Look, text: str) -> set[str]:
    asked = look(text)
    return {asked.terms[i] for i in absent.named(asked)}


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("What rating did Oxleas get from CQC in 2019?", {"oxlea", "cqc", "2019"}),
        ("what rating did oxleas get in july 2019?", {"juli", "2019"}),
        ("How many wards has the Port of Eastmere?", {"port", "eastmer"}),
        ("Suppose it is full. Lamps are lit by whom?", set()),
        ("Lamps on the pier", set()),
        ("CQC and the pier", {"cqc"}),
        ("Eastmere Pier and its lamps", {"eastmer", "pier"}),
        ("What Is The Best Month For Planting Tulips?", set()),
        ("HOW MANY LAMPS HAS THE PIER OF EASTMERE?", set()),
        ("Who ran A&E at Eastmere?", {"e", "eastmer"}),
        ("How many lamps has the pier?", set()),
        ("What is the mean lamp life (MLL) of Eastmere in FY2019?", {"eastmer"}),
    ],
)
def test_names_are_known_by_capitals_and_dates_by_figures_and_months(
    look: Look, text: str, terms: set[str]
) -> None:
    assert named(look, text) == terms


def test_a_story_names_nothing_that_the_answer_must_hold(look: Look) -> None:
    story = "I moved from Westmere in 2011 with my aunt Ada."
    assert named(look, f"{story} Is the pier of Eastmere lit?") == {"eastmer"}


def test_what_is_absent_counts_by_how_rare_its_rarest_is(look: Look) -> None:
    asked = look("Is Eastmere nearer than Ferries?")
    rarity = dict(zip(asked.terms, asked.rarity, strict=True))
    assert rarity["eastmer"] > rarity["ferri"] > 0
    both, one, none = (
        [t in held for t in asked.terms] for held in ((), {"eastmer"}, rarity)
    )
    share = rarity["ferri"] / max(asked.rarity)
    assert absent.of(asked, [both, one, none], [set()] * 3, set()) == [
        1.0,
        pytest.approx(share),
        0.0,
    ]


def test_an_abbreviation_that_the_shelf_does_not_know_does_not_count(
    look: Look,
) -> None:
    asked = look("What did the RNLI spend at Eastmere?")
    assert "rnli" in asked.terms
    held = [[term != "rnli" for term in asked.terms]]
    (absent_,) = absent.of(asked, held, [set()], set())
    assert absent_ > 0
    assert absent.of(asked, held, [set()], {"rnli"}) == [0.0]
    rest = [[term == "rnli" for term in asked.terms]]  # a name is no abbreviation
    assert absent.of(asked, rest, [set()], {"rnli", "eastmer"})[0] > 0


def test_a_question_that_names_nothing_misses_nothing(look: Look) -> None:
    asked = look("How many lamps has the pier?")
    assert absent.of(asked, [[False] * len(asked.terms)] * 2, [set()] * 2, set()) == [
        0.0,
        0.0,
    ]
    assert absent.of(look("???? who"), [[]], [set()], set()) == [0.0]


def missing(library: Library, text: str) -> dict[str, float]:
    """What each document's passage misses."""
    generation = library.generation
    asked = question.ask(text, library.encoder, generation.lexical, most_chars=4000)
    found = candidates.find(asked, generation, most=50)
    return {c.passage.source.path: c.signals["absent"] for c in found}


def test_a_heading_or_title_above_a_passage_holds_a_name(piers: Library) -> None:
    missed = missing(piers, "How was the pier of Eastmere rated in 2018?")
    assert missed.keys() == PIERS.keys()
    assert all(share > 0.9 for share in missed.values())
    missed = missing(piers, "How was the pier of Eastmere rated in 2017?")
    assert missed["east.txt"] == 0 < missed["west.txt"]


def test_every_candidate_says_what_it_misses(find: Find) -> None:
    found = find("Which ferry of Atlantis carried passengers in 1066?")
    assert {c.signals["absent"] for c in found} == {1.0}
    assert {c.signals["absent"] for c in find("Who lit fires?")} == {0.0}


@pytest.mark.parametrize(
    "text",
    [
        "What did Eastmere Ferries pay its crews in 2019?",
        "What did Eastmere Ferries's crews cost?",
        "What is the FY2019 pay of crews at Eastmere Ferries?",
    ],
)
def test_what_a_title_runs_together_is_not_absent(make_library: Any, text: str) -> None:
    said = {
        "EASTMEREFERRIES_2019_10K.txt": "The crews were paid 3 million in the year.",
        "WESTMEREFERRIES_2019_10K.txt": "Crews cost 4 million, a third of the whole.",
    }
    paths = list(said)
    library = make_library(said)
    found = {h.passage.source.path: h.signals["absent"] for h in library.search(text)}
    assert found[paths[0]] == 0
    assert found[paths[1]] > 0.5
    alone = make_library({paths[0]: said[paths[0]]})
    (hit,) = alone.search(text)
    assert hit.signals["absent"] == 0
