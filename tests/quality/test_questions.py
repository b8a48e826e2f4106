"""The quality questions are well formed, and the texts hold what they point at."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SOURCES = ROOT / "sources"
ORIGINALS = ROOT.parent / "shared" / "originals"

LEAST_OF_KIND = {
    "fact": 10,
    "figure": 16,
    "name": 14,
    "paraphrase": 24,
    "who-said": 14,
    "comparison": 10,
    "near-miss": 16,
    "off-topic": 10,
}
UNANSWERABLE = {"near-miss", "off-topic"}
SPLITS = {"tune", "held"}
LEAST_TUNE, MOST_TUNE = 0.60, 0.70
MOST_WORDS = 5
REACH = 1600

HEADING = re.compile(r"#{1,6}\s")
FENCE = re.compile(r"\s*(```|~~~)")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

Lists: TypeAlias = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Question:
    id: str
    ask: str
    kind: str
    split: str
    evidence: Lists = ()
    originals: Lists = ()

    @property
    def answerable(self) -> bool:
        return self.kind not in UNANSWERABLE


def frozen(lists: list[list[str]]) -> Lists:
    return tuple(tuple(strings) for strings in lists)


def read_question(entry: dict[str, Any]) -> Question:
    """An unknown or missing field raises TypeError."""
    for field in ("evidence", "originals"):
        if field in entry:
            entry = {**entry, field: frozen(entry[field])}
    return Question(**entry)


@cache
def questions() -> tuple[Question, ...]:
    text = (HERE / "questions.toml").read_text(encoding="utf-8")
    return tuple(read_question(entry) for entry in tomllib.loads(text)["question"])


def normalise(text: str) -> str:
    return " ".join(text.split()).casefold()


def split_at_headings(markdown: str) -> Iterator[str]:
    """The text under each heading, without the heading itself."""
    lines: list[str] = []
    fenced = False
    for line in markdown.splitlines():
        fenced ^= bool(FENCE.match(line))
        if HEADING.match(line) and not fenced:
            yield "\n".join(lines)
            lines = []
        else:
            lines.append(line)
    yield "\n".join(lines)


def sections() -> list[str]:
    return [
        normalise(section)
        for path in sorted(SOURCES.glob("*.md"))
        for section in split_at_headings(path.read_text(encoding="utf-8"))
    ]


def holds_all(text: str, strings: tuple[str, ...]) -> bool:
    return all(normalise(string) in text for string in strings)


def holds_all_within_reach(text: str, strings: tuple[str, ...]) -> bool:
    """True if some stretch of REACH characters holds every string."""
    return any(
        holds_all(text[found.start() : found.start() + REACH], strings)
        for string in strings
        for found in re.finditer(re.escape(normalise(string)), text)
    )


def tune_share(chosen: list[Question]) -> float:
    return sum(question.split == "tune" for question in chosen) / len(chosen)


def test_every_id_is_a_unique_slug() -> None:
    ids = Counter(question.id for question in questions())
    assert [name for name, count in ids.items() if count > 1] == []
    assert [name for name in ids if not SLUG.fullmatch(name)] == []


def test_every_question_is_asked_once() -> None:
    asked = Counter(normalise(question.ask) for question in questions())
    assert [text for text, count in asked.items() if not text or count > 1] == []


def test_there_are_enough_questions_of_every_kind() -> None:
    kinds = Counter(question.kind for question in questions())
    assert set(kinds) == set(LEAST_OF_KIND)
    too_few = {
        kind: kinds[kind] for kind, n in LEAST_OF_KIND.items() if kinds[kind] < n
    }
    assert too_few == {}


def test_there_are_enough_answerable_and_unanswerable_questions() -> None:
    answerable = sum(question.answerable for question in questions())
    assert answerable >= 80
    assert len(questions()) - answerable >= 25


def test_about_two_thirds_of_the_questions_are_for_tuning() -> None:
    assert {question.split for question in questions()} == SPLITS
    assert LEAST_TUNE <= tune_share(list(questions())) <= MOST_TUNE


@pytest.mark.parametrize("kind", LEAST_OF_KIND)
def test_about_two_thirds_of_each_kind_are_for_tuning(kind: str) -> None:
    of_kind = [question for question in questions() if question.kind == kind]
    assert LEAST_TUNE <= tune_share(of_kind) <= MOST_TUNE


def test_only_answerable_questions_point_at_passages() -> None:
    for question in questions():
        assert bool(question.evidence) == question.answerable, question.id
        assert bool(question.originals) == question.answerable, question.id


def test_the_strings_that_point_at_passages_are_short_and_not_blank() -> None:
    wrong = [
        (question.id, string)
        for question in questions()
        for strings in question.evidence + question.originals
        for string in strings or ("",)
        if not 1 <= len(string.split()) <= MOST_WORDS
    ]
    assert wrong == []


def test_every_evidence_list_is_held_by_one_section_of_the_digests() -> None:
    texts = sections()
    astray = [
        (question.id, strings)
        for question in questions()
        for strings in question.evidence
        if not any(holds_all(text, strings) for text in texts)
    ]
    assert astray == []


@pytest.mark.shared
@pytest.mark.skipif(
    not ORIGINALS.is_dir(), reason="the original texts are not beside the checkout"
)
def test_every_originals_list_stands_close_together_in_one_original() -> None:
    texts = [
        normalise(path.read_text(encoding="utf-8"))
        for path in sorted(ORIGINALS.glob("*.txt"))
    ]
    astray = [
        (question.id, strings)
        for question in questions()
        for strings in question.originals
        if not any(holds_all_within_reach(text, strings) for text in texts)
    ]
    assert astray == []


def test_a_heading_ends_a_section_and_is_not_part_of_one() -> None:
    markdown = "# One\n\nfirst text\n## Two\nsecond\n  text\n```\n# three\n```\n"
    found = [normalise(section) for section in split_at_headings(markdown)]
    assert found == ["", "first text", "second text ``` # three ```"]
