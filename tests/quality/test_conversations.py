"""A floor on follow-up questions: the right passage among the first three.

Each conversation is asked with what was said before and without, so that what carrying
over gives is seen, and what it costs where the subject changes.
"""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import own_documents
from tests.quality.asking import is_right

from askreport import Library

CONVERSATIONS = Path(__file__).with_name("conversations.toml")

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("quality")]


def conversations(split: str | None = None) -> list[dict[str, Any]]:
    """The conversations of a split, or all of them."""
    found: list[dict[str, Any]] = tomllib.loads(CONVERSATIONS.read_text("utf-8"))[
        "conversation"
    ]
    return [one for one in found if split is None or one["split"] == split]


@pytest.fixture(scope="module")
def digests(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The repository's own documents."""
    return own_documents(tmp_path_factory.mktemp("turns") / "shelf")


def share(library: Library, asked: list[dict[str, Any]], *, carrying: bool) -> float:
    """The share of conversations whose right passage is among the first three."""
    right = []
    for one in asked:
        earlier = one["earlier"] if carrying else []
        hits = library.search(one["ask"], top=3, earlier=earlier)
        right.append(any(is_right(h.passage.text, one["evidence"]) for h in hits))
        if not right[-1] and carrying and one["split"] == "tune":
            print(f"missed: {one['id']}")
    return sum(right) / len(right)


@pytest.mark.parametrize(("split", "floor"), [("tune", 0.90), ("held", 0.85)])
def test_follow_ups_find_their_passage_by_what_was_said(
    digests: Library, split: str, floor: float
) -> None:
    asked = conversations(split)
    with_, without = (share(digests, asked, carrying=c) for c in (True, False))
    print(f"\n{split}, {len(asked)} conversations, right passage in the first three:")
    print(f"  carrying over {with_:.3f}, without {without:.3f}")
    assert with_ >= floor
    assert with_ >= without + 0.15


def test_a_change_of_subject_is_not_held_back_by_what_was_said(
    digests: Library,
) -> None:
    switching = [one for one in conversations() if one["id"].startswith("switch")]
    assert len(switching) >= 3
    for one in switching:
        answer = digests.ask(one["ask"], earlier=one["earlier"])
        assert answer.looked_up == one["ask"]
        assert answer.citations == digests.ask(one["ask"]).citations
