"""Questions and an open library -> how well it answers them.

A passage is right if it holds all the strings of any one of the question's lists. Ranks
are those of `search`, which never declines; declining is that of `ask`.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from askreport import Library
from askreport.types import Answer

QUESTIONS = Path(__file__).with_name("questions.toml")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question."""

    id: str
    kind: str
    answerable: bool
    rank: int | None
    """Of the first right passage among the first three; None if there is none."""
    declined: bool
    confidence: float
    answer: Answer


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares over a set of outcomes."""

    first: float
    first_three: float
    declined_answerable: float
    declined_unanswerable: float

    def __str__(self) -> str:
        """One line, to print."""
        return (
            f"right first {self.first:.3f}, in first three {self.first_three:.3f}, "
            f"declined of answerable {self.declined_answerable:.3f}, "
            f"of unanswerable {self.declined_unanswerable:.3f}"
        )


def questions(split: str | None = None) -> list[dict[str, Any]]:
    """The questions of a split, or all of them."""
    asked: list[dict[str, Any]] = tomllib.loads(QUESTIONS.read_text("utf-8"))[
        "question"
    ]
    return [q for q in asked if split is None or q["split"] == split]


def outcome(library: Library, question: Mapping[str, Any], key: str) -> Outcome:
    """Ask one question; `key` names the lists that say which passage is right."""
    wanted = question.get(key, [])
    hits = library.search(question["ask"], top=3)
    ranks = [hit.rank for hit in hits if is_right(hit.passage.text, wanted)]
    answer = library.ask(question["ask"])
    return Outcome(
        id=question["id"],
        kind=question["kind"],
        answerable=bool(wanted),
        rank=min(ranks, default=None),
        declined=answer.status == "no-evidence",
        confidence=answer.confidence,
        answer=answer,
    )


def is_right(text: str, wanted: Sequence[Sequence[str]]) -> bool:
    """Whether a passage holds all the strings of any one list."""
    folded = _folded(text)
    return any(all(_folded(part) in folded for part in parts) for parts in wanted)


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """Shares over the outcomes."""
    yes = [o for o in outcomes if o.answerable]
    no = [o for o in outcomes if not o.answerable]
    return Figures(
        first=_share(o.rank == 1 for o in yes),
        first_three=_share(o.rank is not None for o in yes),
        declined_answerable=_share(o.declined for o in yes),
        declined_unanswerable=_share(o.declined for o in no),
    )


def _share(values: Iterable[bool]) -> float:
    truths = [bool(value) for value in values]
    return sum(truths) / len(truths) if truths else 0.0


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
