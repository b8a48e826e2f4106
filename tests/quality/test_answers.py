"""Floors on the real model: finding, and declining, on our own questions.

Every figure is printed, by kind as well, so that a change that shifts one is seen
before it breaks a floor. `held` questions are scored and never looked at.
"""

from pathlib import Path

import pytest
from tests.conftest import own_documents
from tests.quality import asking
from tests.quality.asking import Figures, Outcome

from askreport import Library

ROOT = Path(__file__).parents[2]
ORIGINALS = ROOT.parent / "shared" / "originals"

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("quality")]


@pytest.fixture(scope="module")
def digests(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The repository's own documents."""
    return own_documents(tmp_path_factory.mktemp("digests") / "shelf")


@pytest.fixture(scope="module")
def outcomes(digests: Library) -> list[Outcome]:
    """Every question asked of the digests."""
    return [asking.outcome(digests, q, "evidence") for q in asking.questions()]


def told(name: str, outcomes: list[Outcome]) -> Figures:
    """The figures, printed with those of each kind."""
    found = asking.figures(outcomes)
    print(f"\n{name}, {len(outcomes)} questions: {found}")
    for kind in dict.fromkeys(o.kind for o in outcomes):
        print(f"  {kind:11s} {asking.figures([o for o in outcomes if o.kind == kind])}")
    return found


def test_the_right_passage_is_among_the_first_three_for_nine_in_ten(
    outcomes: list[Outcome],
) -> None:
    assert told("digests", outcomes).first_three >= 0.90


def test_the_right_passage_comes_first_for_three_in_four(
    outcomes: list[Outcome],
) -> None:
    assert asking.figures(outcomes).first >= 0.75


def test_it_declines_seven_in_ten_of_what_it_cannot_answer(
    outcomes: list[Outcome],
) -> None:
    assert asking.figures(outcomes).declined_unanswerable >= 0.70


def test_it_declines_two_in_five_of_what_is_near_what_it_can_answer(
    outcomes: list[Outcome],
) -> None:
    near = [o for o in outcomes if o.kind == "near-miss"]
    assert asking.figures(near).declined_unanswerable >= 0.40


def test_it_declines_at_most_one_in_twenty_of_what_it_can_answer(
    outcomes: list[Outcome],
) -> None:
    assert asking.figures(outcomes).declined_answerable <= 0.05


def test_questions_never_tuned_on_are_scored_apart(outcomes: list[Outcome]) -> None:
    held = {q["id"] for q in asking.questions("held")}
    found = told("digests, held only", [o for o in outcomes if o.id in held])
    assert found.first >= 0.70
    assert found.first_three >= 0.80


def test_every_quote_stands_on_its_page(
    digests: Library, outcomes: list[Outcome]
) -> None:
    for answer in (outcome.answer for outcome in outcomes):
        for citation in (*answer.citations, *answer.nearest):
            page = digests.page(citation.document, citation.page)
            assert page.text[citation.start : citation.end] == citation.quote
            assert citation.quote in citation.text


@pytest.mark.shared
@pytest.mark.skipif(not ORIGINALS.is_dir(), reason="the originals are not at hand")
def test_the_same_questions_find_their_answers_in_the_originals(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = tmp_path_factory.mktemp("originals")
    (root / "askreport.toml").write_text("", "utf-8")
    (root / "sources").symlink_to(ORIGINALS, target_is_directory=True)
    library = Library.open(root)
    library.build()
    asked = [
        asking.outcome(library, q, "originals")
        for q in asking.questions()
        if q.get("originals") or not q.get("evidence")
    ]
    found = told("originals", asked)
    assert found.first >= 0.60
    assert found.first_three >= 0.70
    assert found.declined_unanswerable >= 0.50
    assert found.declined_answerable <= 0.10
