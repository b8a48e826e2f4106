"""a filter as it was asked -> the same filter normalised, in words, in a receipt.

Knows no shelf: whether a name in it means anything is for `scope` to say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from askreport import dates, errors
from askreport import text as texts
from askreport.types import Filter, Parameter

MOST_TOLD = 3
"""Values of one field that are spelled out; a receipt holds them all."""

TOLD = 200
"""Characters of a value that a refusal repeats: wide enough for any name."""


def read(among: Filter) -> Filter:
    """The filter normalised. Raises FilterWrong, saying what is wrong with which."""
    asked = Filter(
        documents=_values("document", among.documents),
        publishers=_values("publisher", among.publishers),
        kinds=_values("kind", among.kinds),
        sections=_values("section", among.sections),
        since=_date("since", among.since),
        until=_date("until", among.until),
        as_of=_date("as of", among.as_of),
        superseded=bool(among.superseded),
    )
    wordless = next((s for s in asked.sections if not words(s)), None)
    if wordless is not None:
        raise errors.FilterWrong(
            f"section {wordless[:TOLD]!r} holds no word", hint="give words of a heading"
        )
    _check_range(asked.since, asked.until)
    return asked


def _check_range(since: str | None, until: str | None) -> None:
    if since and until and dates.first(since) > dates.last(until):
        raise errors.FilterWrong(
            f"since {since} is later than until {until}",
            hint="swap them: since is where the range begins",
        )


def _values(field: str, said: Sequence[str]) -> tuple[str, ...]:
    if isinstance(said, str):
        raise errors.FilterWrong(
            f"{field}s is one text where several may stand",
            hint=f"give a tuple: ({said[:TOLD]!r},)",
        )
    values = {texts.question(value) for value in said}
    if "" in values:
        raise errors.FilterWrong(
            f"an empty {field} to look in", hint="leave it out to look everywhere"
        )
    return tuple(sorted(values))


def _date(field: str, said: str | None) -> str | None:
    if said is None:
        return None
    date = texts.question(str(said))
    if not dates.possible(date):
        raise errors.FilterWrong(
            f"{field} {date[:TOLD]!r} is no date",
            hint="write a year, a month or a day: 2018, 2018-03 or 2018-03-15",
        )
    return date


def told(asked: Filter) -> str:
    """A filter that was read, in words; empty where nothing is asked."""
    fields = {
        "document": asked.documents,
        "publisher": asked.publishers,
        "kind": asked.kinds,
        "section": asked.sections,
        "since": _one(asked.since),
        "until": _one(asked.until),
        "as of": _one(asked.as_of),
    }
    said = [f"{name} {listed(values)}" for name, values in fields.items() if values]
    return "; ".join([*said, *(["superseded too"] if asked.superseded else [])])


def parameters(asked: Filter) -> Mapping[str, Parameter]:
    """The fields of a filter that are set, for the receipt."""
    return {name: value for name, value in asdict(asked).items() if value}


def folded(text: str) -> str:
    """What names are compared by."""
    return texts.question(text).casefold()


def words(text: str) -> str:
    """What headings are compared by: their words, a blank before each."""
    return "".join(f" {word}" for word in texts.words(folded(text)))


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


def listed(values: Sequence[str], *, joint: str = " or ") -> str:
    """The first few values, and how many more there are."""
    more = len(values) - MOST_TOLD
    said = joint.join(values[:MOST_TOLD])
    return f"{said} and {more} more" if more > 0 else said
