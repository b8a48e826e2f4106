"""what is written in the fields of a form <-> the Filter it means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from askreport.types import Filter, Source

OR = "|"
"""Between alternatives in one field; names of publishers hold commas and semicolons."""

LABELS: Mapping[str, str] = {
    "documents": "Document",
    "publishers": "Publisher",
    "kinds": "Kind",
    "sections": "Section",
    "since": "Since",
    "until": "Until",
    "as_of": "As of",
}
"""The fields that are written, in the order of the form."""

DATES = ("since", "until", "as_of")


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to choose from, by field."""

    names: Mapping[str, tuple[str, ...]]

    def near(self, field: str, written: str) -> tuple[str, ...]:
        """The names that hold what is being written, those that begin with it first."""
        said = last(written).casefold()
        held = [n for n in self.names.get(field, ()) if said in n.casefold()]
        return tuple(sorted(held, key=lambda n: not n.casefold().startswith(said)))


def known(sources: Sequence[Source], headings: Sequence[str]) -> Known:
    """What the documents and headings of an open shelf offer."""
    dates = sorted({source.date for source in sources if source.date})
    names = {
        "documents": [source.id for source in sources],
        "publishers": sorted({s.publisher for s in sources if s.publisher}),
        "kinds": sorted({source.kind for source in sources}),
        "sections": list(headings),
    }
    names |= dict.fromkeys(DATES, dates)
    return Known({field: tuple(values) for field, values in names.items()})


def last(written: str) -> str:
    """The alternative that is being written."""
    return written.rpartition(OR)[2].strip()


def completed(written: str, name: str) -> str:
    """The field with the name in place of its last alternative."""
    before = written[: len(written) - len(written.rpartition(OR)[2].lstrip())]
    return before + name


def read(fields: Mapping[str, str], *, superseded: bool) -> Filter:
    """The filter that the fields mean; empty ones are not asked about."""
    several = {
        name: tuple(part.strip() for part in said.split(OR) if part.strip())
        for name, said in fields.items()
    }
    dates = {name: fields[name].strip() or None for name in DATES}
    return Filter(
        documents=several["documents"],
        publishers=several["publishers"],
        kinds=several["kinds"],
        sections=several["sections"],
        since=dates["since"],
        until=dates["until"],
        as_of=dates["as_of"],
        superseded=superseded,
    )


def written(among: Filter) -> dict[str, str]:
    """The fields that mean this filter."""
    said = {name: getattr(among, name) for name in LABELS}
    return {
        name: value or "" if name in DATES else f" {OR} ".join(value)
        for name, value in said.items()
    }


def chips(among: Filter) -> tuple[str, ...]:
    """A few words for each field that is set."""
    said = [
        f"{LABELS[name].lower()}: {value}"
        for name, value in written(among).items()
        if value
    ]
    return (*said, *(["superseded too"] if among.superseded else []))
