"""two generations -> documents and passages that were added, removed or changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from askreport.generation.opened import Generation
from askreport.types import Passage, Source

Change = Literal["added", "removed", "changed", "renamed", "described"]
"""Renamed: the same bytes under another id or path. Described: the same bytes, of which
the catalogue, or a newer reader, says something else."""


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """A document that differs."""

    change: Change
    document: str
    path: str
    was: str | None = None
    """Renamed: the path before."""


@dataclass(frozen=True, slots=True)
class PassageChange:
    """A passage that differs; of one that was added there is no text before."""

    change: Literal["added", "removed", "changed"]
    document: str
    page: int | None
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What one generation has and another has not."""

    before: str
    after: str
    documents: tuple[DocumentChange, ...]
    passages: tuple[PassageChange, ...]


def compare(before: Generation, after: Generation) -> Difference:
    """From `before` to `after`. Raises IndexDamaged."""
    return Difference(
        before.id,
        after.id,
        documents(_sources(before), _sources(after)),
        tuple(_passages(before, after)),
    )


def documents(
    before: Sequence[Source], after: Sequence[Source]
) -> tuple[DocumentChange, ...]:
    """Which documents differ: those that are there now, then those that are gone."""
    old = {source.id: source for source in before}
    new = {source.id: source for source in after}
    moved = {s.digest: s for s in before if s.id not in new}
    found = []
    for source in after:
        was = old.get(source.id)
        origin = moved.pop(source.digest, None) if was is None else was
        change = _change(origin, source)
        if change is not None:
            was_at = origin.path if origin and change == "renamed" else None
            found.append(DocumentChange(change, source.id, source.path, was_at))
    renamed = {one.was for one in found if one.change == "renamed"}
    found += [
        DocumentChange("removed", s.id, s.path)
        for s in before
        if s.id not in new and s.path not in renamed
    ]
    return tuple(found)


def _change(was: Source | None, now: Source) -> Change | None:
    if was is None:
        return "added"
    if was.digest != now.digest:
        return "changed"
    if (was.id, was.path) != (now.id, now.path):
        return "renamed"
    return "described" if was != now else None


def _sources(generation: Generation) -> list[Source]:
    everything = (*generation.documents, *generation.unreadable)
    return [document.source for document in everything]


def _passages(before: Generation, after: Generation) -> Iterator[PassageChange]:
    """Document by document; what stands in the place of another has changed."""
    names = dict.fromkeys(
        d.source.id for found in (after, before) for d in found.documents
    )
    for name in names:
        old, new = _of(before, name), _of(after, name)
        ids = [p.id for p in old], [p.id for p in new]
        for what, a, b, c, d in SequenceMatcher(None, *ids, False).get_opcodes():
            if what != "equal":
                yield from _replaced(name, old[a:b], new[c:d])


def _replaced(
    name: str, old: Sequence[Passage], new: Sequence[Passage]
) -> Iterator[PassageChange]:
    both = min(len(old), len(new))
    for was, now in zip(old, new, strict=False):
        yield PassageChange("changed", name, now.page, was.text, now.text)
    for was in old[both:]:
        yield PassageChange("removed", name, was.page, was.text, None)
    for now in new[both:]:
        yield PassageChange("added", name, now.page, None, now.text)


def _of(generation: Generation, name: str) -> list[Passage]:
    return [generation.passages[row] for row in generation.rows_of.get(name, ())]
