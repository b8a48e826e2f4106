"""a filter and a generation -> the part of the shelf to look in, down to its rows.

Counts over documents, and over headings where a section is asked for, so that its cost
grows with the shelf's documents and not with its passages.
"""

import difflib
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from askreport import dates, errors
from askreport.generation.opened import Generation, Rows
from askreport.query import filters
from askreport.types import Document, Filter, Source, Unread

NEAR = 3
"""How many known values a refusal offers in place of an unknown one."""

COMPARED = 2000
"""Known values that are compared with an unknown one: half a second at most, however
many headings the shelf has."""

KEPT = 16
"""Filters remembered for each generation: what one depends on is the generation only,
and a conversation asks with the same few. At most 8 bytes a row each."""

_folded = lru_cache(maxsize=2**16)(filters.folded)
_words = lru_cache(maxsize=2**16)(filters.words)
"""For the shelf's own names only: what is asked may be as long and varied as anybody
likes."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a filter leaves of a shelf, and what it left out that may be missed."""

    among: Filter
    """The filter as it was understood: normalised, each value once, sorted."""
    documents: tuple[Document, ...]
    rows: Sequence[int] | None
    """Rows of the passages to look in, ascending; None for all of them."""
    passages: int
    unread: tuple[Unread, ...]
    superseded: tuple[str, ...]
    undated: int


_SCOPES: WeakKeyDictionary[Generation, dict[Filter, Scope]] = WeakKeyDictionary()


def of(generation: Generation, among: Filter) -> Scope:
    """What `among` leaves of a generation.

    Raises FilterWrong for a filter that contradicts itself, NotFound for a document,
    publisher, kind or section that the generation does not know.
    """
    asked = filters.read(among)
    kept = _SCOPES.setdefault(generation, {})
    found = kept.get(asked)
    if found is None:
        found = _looked_up(generation, asked)
        if len(kept) >= KEPT:
            kept.clear()
        kept[asked] = found
    return found


def _looked_up(generation: Generation, asked: Filter) -> Scope:
    _check_known(generation, asked)
    wanted = _wanted(asked)
    held = _held(generation, asked.sections)
    judged = [(d, _judged(d.source, wanted)) for d in generation.documents]
    fitting = [d for d, verdict in judged if all(verdict)]
    over = {} if asked.superseded else replaced(generation, asked.as_of)
    left_out = over.keys() - set(asked.documents)
    kept = [d for d in fitting if d.source.id not in left_out]
    inside = [d for d in kept if not asked.sections or d.source.id in held]
    rows = _rows(held, inside)
    failed = [d for d in generation.unreadable if all(_judged(d.source, wanted))]
    gone = (d.source.id for d in fitting if d.source.id in left_out)
    return Scope(
        among=asked,
        documents=tuple(inside),
        rows=None if len(rows) == len(generation.passages) else rows,
        passages=len(rows),
        unread=tuple(item for d in (*kept, *failed) for item in d.unread),
        superseded=tuple(name for name in gone if name in held),
        undated=sum(_lacks_a_date(verdict) for _, verdict in judged),
    )


def replaced(generation: Generation, as_of: str | None = None) -> dict[str, str]:
    """The documents that others supersede, each with the next newer one that answers.

    Only what can answer supersedes: a document with passages that was published by
    `as_of`. A chain holds across a link that cannot answer. Documents that supersede
    one another in a circle all stay.
    """
    sources = [d.source for d in (*generation.documents, *generation.unreadable)]
    older = _straight({s.id: s.supersedes for s in sources if s.supersedes})
    wanted = _wanted(Filter(as_of=as_of))
    answering = {
        s.id
        for s in sources
        if older and s.id in generation.rows_of and all(_judged(s, wanted))
    }
    found: dict[str, str] = {}
    for newest in (s.id for s in sources if s.id in answering):
        newer, at = newest, older.get(newest)
        while at is not None and at not in found:
            found[at] = newer
            newer, at = at if at in answering else newer, older.get(at)
    return found


def may_hold(source: Source, asked: Filter) -> bool:
    """Whether a document not yet built may turn out to satisfy a filter."""
    return False not in _judged(source, _wanted(asked))


# Checking names.


def _check_known(generation: Generation, asked: Filter) -> None:
    """Raises NotFound for a value that nothing in the generation has."""
    if not (asked.documents or asked.publishers or asked.kinds or asked.sections):
        return
    documents = [d.source for d in generation.documents]
    failed = [d.source for d in generation.unreadable]
    _refuse_unreadable(generation, asked.documents)
    ids = [s.id for s in documents]
    _check("document", asked.documents, ids, keyed=str)
    publishers = [s.publisher for s in (*documents, *failed) if s.publisher]
    _check("publisher", asked.publishers, publishers, keyed=filters.folded)
    kinds = [s.kind for s in (*documents, *failed)]
    _check("kind", asked.kinds, kinds, keyed=filters.folded)
    for section in asked.sections:
        if not _headings(generation, [section]):
            raise _unknown("section", section, generation.headings)


def _refuse_unreadable(generation: Generation, names: Sequence[str]) -> None:
    for document in generation.unreadable:
        if document.source.id in names:
            reasons = "; ".join(item.reason for item in document.unread)
            raise errors.NotFound(
                f"document {document.source.id!r} could not be read: {reasons}",
                hint="mend or replace its file, then run askreport build",
            )


def _check(
    field: str,
    values: Sequence[str],
    known: Iterable[str],
    *,
    keyed: Callable[[str], str],
) -> None:
    names = set(known) if values else set()
    keys = {keyed(name) for name in names}
    for value in values:
        if keyed(value) not in keys:
            raise _unknown(field, value, names)


def _unknown(field: str, value: str, known: Iterable[str]) -> errors.NotFound:
    """A refusal that names the nearest values, or where none is near the first ones."""
    names = sorted(known)
    near = _nearest(value, names)
    lists = "askreport sources lists the documents, their publishers and kinds"
    if near:
        hint = f"did you mean {' or '.join(map(repr, near))}?"
    elif names:
        hint = f"there are {filters.listed(names, joint=', ')};"
    else:
        hint = f"no document of this index states a {field};"
    return errors.NotFound(
        f"no {field} {value[: filters.TOLD]!r} in this index",
        hint=hint.rstrip(";") if field == "section" else f"{hint} {lists}",
    )


def _nearest(value: str, names: Sequence[str]) -> list[str]:
    words = set(filters.words(value).split())
    sharing = [name for name in names if words.intersection(_words(name).split())]
    by_key = {_folded(n): n for n in (*names[:COMPARED], *sharing[:COMPARED])}
    found = difflib.get_close_matches(filters.folded(value), by_key, n=NEAR)
    return [by_key[key] for key in found] or sharing[:NEAR]


# Judging documents.


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A filter as documents are compared with it."""

    documents: frozenset[str]
    publishers: frozenset[str]
    kinds: frozenset[str]
    first: str
    """The range of days; empty where no date is asked for."""
    last: str


def _wanted(asked: Filter) -> _Wanted:
    ends = [dates.last(end) for end in (asked.until, asked.as_of) if end]
    dated = bool(ends or asked.since)
    return _Wanted(
        frozenset(asked.documents),
        frozenset(map(filters.folded, asked.publishers)),
        frozenset(map(filters.folded, asked.kinds)),
        dates.first(asked.since or "0000") if dated else "",
        min(ends, default=dates.last("9999")) if dated else "",
    )


def _judged(source: Source, wanted: _Wanted) -> tuple[bool | None, ...]:
    """Whether a document satisfies each field, the date last; None where it does not
    say.
    """
    return (
        not wanted.documents or source.id in wanted.documents,
        not wanted.kinds or _folded(source.kind) in wanted.kinds,
        not wanted.publishers or _published(source.publisher, wanted),
        not wanted.last or _within(source.date, wanted),
    )


def _published(publisher: str | None, wanted: _Wanted) -> bool | None:
    return None if publisher is None else _folded(publisher) in wanted.publishers


def _within(date: str | None, wanted: _Wanted) -> bool | None:
    """Whether some day that the date may mean lies in the range."""
    if date is None or not dates.possible(date):
        return None
    return dates.first(date) <= wanted.last and dates.last(date) >= wanted.first


def _lacks_a_date(verdict: Sequence[bool | None]) -> bool:
    return verdict[-1] is None and all(verdict[:-1])


def _straight(older: Mapping[str, str]) -> dict[str, str]:
    """The links from newer to older without those that lead in a circle."""
    seen: set[str] = set()
    circled: set[str] = set()
    for start in older:
        path: list[str] = []
        at = start
        while at in older and at not in seen:
            seen.add(at)
            path.append(at)
            at = older[at]
        if at in path:
            circled.update(path[path.index(at) :])
    return {newer: old for newer, old in older.items() if newer not in circled}


# Rows.


def _held(generation: Generation, sections: Sequence[str]) -> Mapping[str, Rows]:
    """The rows of each document, of those sections where any are asked for."""
    if not sections:
        return generation.rows_of
    under = generation.rows_under(_headings(generation, sections))
    edges = generation.stored.rows
    found: dict[str, Rows] = {}
    owners = np.searchsorted(edges, np.asarray(under, dtype=np.int64), side="right") - 1
    for document, own in groupby(
        zip(owners.tolist(), under, strict=True), itemgetter(0)
    ):
        name = generation.stored.sources[document].id
        found[name] = [row for _, row in own]
    return found


def _headings(generation: Generation, sections: Sequence[str]) -> list[str]:
    """Those that hold the words of a section, beginning where a word begins."""
    wanted = [filters.words(section) for section in sections]
    return [h for h in generation.headings if any(w in _words(h) for w in wanted)]


def _rows(held: Mapping[str, Rows], documents: Iterable[Document]) -> Rows:
    each = [held.get(document.source.id, ()) for document in documents]
    whole = np.concatenate([np.zeros(0, np.int64), *map(_array, each)])
    return array("q", whole.tobytes())


def _array(rows: Rows) -> NDArray[np.int64]:
    """A run is not spelled out row by row."""
    if isinstance(rows, range):
        return np.arange(rows.start, rows.stop, dtype=np.int64)
    return np.asarray(rows, dtype=np.int64)
