"""Query, EvaluationSet, Outcome -> what every module here hands to the next.

Knows nothing of where questions come from or what is measured of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from askreport.library import Library
from askreport.types import Passage, Status

Unit = Literal["document", "passage"]
"""What judgements name and runs rank."""

DEPTH = 100
"""Hits of a question that are looked at: what recall@100 needs."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question, and what is known of its answer."""

    id: str
    text: str
    gold: tuple[str, ...] = ()
    """Strings that answer, as the set gives them; empty where none are known."""
    answerable: bool = True


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """Questions with judgements, and the library that they are put to."""

    name: str
    library: Library
    queries: tuple[Query, ...]
    judged: Mapping[str, Mapping[str, int]]
    """By query id, the units that answer it and their gains, above 0."""
    texts: Mapping[str, str]
    """Text of every judged unit."""
    unit: Unit = "document"
    any_counts: bool = False
    """Whether any one of the units that answer a question is as good as all."""

    def unit_of(self, passage: Passage) -> str:
        """What a passage counts as: itself, or the document it is of."""
        return passage.source.id if self.unit == "document" else passage.id


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds that a question took."""

    retrieval: float
    """Encoding it and looking it up by meaning and by words."""
    searching: float
    """All of a search: retrieval, and scoring what it found."""
    asking: float
    """All of an answer."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """What one method found: units best first, each once, and its best raw score."""

    units: tuple[str, ...]
    best: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question."""

    query: Query
    ranked: tuple[str, ...]
    """Units best first, each once, at most DEPTH."""
    status: Status
    confidence: float
    quotes: tuple[str, ...]
    """In the order shown; what a decline shows is no quote."""
    timed: Timed
    baselines: Mapping[str, Ranked] = field(default_factory=dict)
