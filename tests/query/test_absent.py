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
    assert absent.of(asked, [both, one, none]) == [1.0, pytest.approx(share), 0.0]


def test_a_question_that_names_nothing_misses_nothing(look: Look) -> None:
    asked = look("How many lamps has the pier?")
    assert absent.of(asked, [[False] * len(asked.terms)] * 2) == [0.0, 0.0]
    assert absent.of(look("???? who"), [[]]) == [0.0]


def test_a_heading_or_title_above_a_passage_holds_a_name(piers: Library) -> None:
    generation = piers.generation
    asked = question.ask(
        "How was the pier of Eastmere rated in 2018?",
        piers.encoder,
        generation.lexical,
        most_chars=4000,
    )
    found = candidates.find(asked, generation, most=50)
    missing = {c.passage.source.path: c.signals["absent"] for c in found}
    assert missing.keys() == PIERS.keys()
    assert all(share > 0.9 for share in missing.values())
    asked = question.ask(
        "How was the pier of Eastmere rated in 2017?",
        piers.encoder,
        generation.lexical,
        most_chars=4000,
    )
    found = candidates.find(asked, generation, most=50)
    missing = {c.passage.source.path: c.signals["absent"] for c in found}
    assert missing["east.txt"] == 0 < missing["west.txt"]


def test_every_candidate_says_what_it_misses(find: Find) -> None:
    found = find("Which ferry of Atlantis carried passengers in 1066?")
    assert {c.signals["absent"] for c in found} == {1.0}
    assert {c.signals["absent"] for c in find("Who lit fires?")} == {0.0}
