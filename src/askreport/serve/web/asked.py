"""the fields of the page's form -> a question with its filter, as everywhere.

Nothing here is trusted: a field that is empty is a field that was not filled in, one
that is unknown is left aside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from askreport.types import Filter

MOST_EARLIER = 12
"""Turns that are read; as many as the library looks at."""

SEVERAL = {
    "document": "documents",
    "publisher": "publishers",
    "kind": "kinds",
    "section": "sections",
}
"""Fields of the form that may be given several times, and what a filter calls them."""

ONE = ("since", "until", "as_of")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form says."""

    question: str = ""
    among: Filter = Filter()
    earlier: tuple[str, ...] = ()
    explain: bool = False

    @property
    def narrowed(self) -> bool:
        """Whether a part of the shelf was asked for."""
        return self.among != Filter()


def read(sent: QueryParams) -> Asked:
    """The question of an address such as `/?q=Who?&since=2019`."""
    given: dict[str, Any] = {
        field: _all(sent.getlist(name)) for name, field in SEVERAL.items()
    }
    given |= {name: sent.get(name, "").strip() or None for name in ONE}
    return Asked(
        question=sent.get("q", "").strip(),
        among=Filter(**given, superseded=sent.get("superseded") == "yes"),
        earlier=_all(sent.getlist("earlier"))[-MOST_EARLIER:],
        explain=sent.get("explain") == "yes",
    )


def _all(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(value.strip() for value in values if value.strip())
