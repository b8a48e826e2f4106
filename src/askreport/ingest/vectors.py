"""passages -> one matrix of passage vectors and one store of token vectors.

Row i of both belongs to passage i. What was encoded before is taken from where it is
kept; the rest is encoded in batches by the Encoder, equal texts once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from askreport import late
from askreport.embedding import Encoder, Progress
from askreport.ingest import cuts, reused
from askreport.ingest import passages as cutting
from askreport.ingest.cache import Cache
from askreport.ingest.reused import Known, Place, Vectors
from askreport.ingest.taken import Before
from askreport.types import Passage

__all__ = ["Reuse", "Vectors", "encode"]

AT_ONCE = 1024
"""Passages whose token vectors are held as floats at one time: 300 MB of them at 384
dimensions, where those of a whole shelf could be more than there is memory."""


@dataclass(frozen=True, slots=True)
class Reuse:
    """What need not be encoded again, and where to keep what was."""

    known: Known = field(default_factory=Known)
    kept: Cache | None = None
    """Where a build that is cut off leaves what it had encoded."""
    before: Before | None = None
    """Where documents are taken over from."""

    @property
    def probe(self) -> NDArray[np.float32]:
        """What the encoder made of its probe, where that is known; else empty."""
        found = self.before.generation if self.before else None
        return self.known.probe if found is None else found.probe


@dataclass(frozen=True, slots=True)
class _Encoding:
    """How passages are encoded."""

    encoder: Encoder
    keeping: late.Keeping
    kept: Cache | None
    progress: Progress | None


def encode(
    passages: Sequence[Passage],
    encoder: Encoder,
    *,
    keeping: late.Keeping = late.KEEPING,
    progress: Progress | None = None,
    reuse: Reuse | None = None,
    keys: Sequence[bytes] | None = None,
) -> Vectors:
    """Encode every passage with its title and section path in front.

    `keys` are those of the passages (`cuts.key`), where they are known already.
    """
    reuse = reuse or Reuse()
    if keys is None:
        keys = [cuts.key(passage) for passage in passages]
    how = _Encoding(encoder, keeping, reuse.kept, progress)
    places = _sound(reuse.known, keys, keeping)
    first = {key: i for i, key in reversed(list(enumerate(keys)))}
    fresh = [i for i, key in enumerate(keys) if places[i] is None and first[key] == i]
    made = list(_made([passages[i] for i in fresh], [keys[i] for i in fresh], how))
    if not passages:
        return _nothing(encoder)
    used = {place.store for place in places if place is not None}
    known = enumerate(reuse.known.stores)
    stores = [store.vectors if n in used else None for n, store in known]
    where = _numbered([keys[i] for i in fresh], made, len(stores))
    whole = [place or where[key] for place, key in zip(places, keys, strict=True)]
    return _gathered([*stores, *made], whole, keeping)


def fresh(keys: Sequence[bytes], known: Known, keeping: late.Keeping) -> int:
    """How many texts would be encoded."""
    places = _sound(known, keys, keeping)
    return len({k for k, place in zip(keys, places, strict=True) if place is None})


def _sound(
    known: Known, keys: Sequence[bytes], keeping: late.Keeping
) -> list[Place | None]:
    """Where each is; compressed stores left out where the whole would fit in full."""
    places = known.places(keys)
    if keeping.form != "auto":
        return places
    bytes_ = 0
    short = set()
    for place in places:
        if place is not None:
            tokens = known.stores[place.store].vectors.tokens
            count = int(tokens.starts[place.row + 1] - tokens.starts[place.row])
            bytes_ += count * (tokens.dimensions + 4)
            if tokens.form == "compressed":
                short.add(place.store)
    if not short or bytes_ > keeping.most_bytes:
        return places
    for number in short:
        known.stores[number].drop()
    return known.places(keys)


def _numbered(
    keys: Sequence[bytes], made: Sequence[Vectors], before: int
) -> dict[bytes, Place]:
    """Where each of the fresh ones is, their stores numbered from `before` on."""
    places = (
        Place(before + n, row) for n, one in enumerate(made) for row in _rows(one)
    )
    return dict(zip(keys, places, strict=True))


def _rows(vectors: Vectors) -> range:
    return range(len(vectors.whole))


def _gathered(
    stores: Sequence[Vectors | None], places: Sequence[Place], keeping: late.Keeping
) -> Vectors:
    """The rows at those places, neighbours copied together."""
    runs = groupby(enumerate(places), lambda item: _run(*item))
    slices = []
    for (store, offset), run in runs:
        held = [i for i, _ in run]
        slices.append((store, slice(held[0] + offset, held[-1] + offset + 1)))

    def parts() -> Iterator[late.TokenVectors]:
        for number, rows in slices:
            yield late.taken(_held(stores, number).tokens, rows)

    whole = [_held(stores, number).whole[rows] for number, rows in slices]
    return Vectors(np.concatenate(whole), late.kept(parts(), keeping))


def _run(i: int, place: Place) -> tuple[int, int]:
    """Equal for places that follow each other in one store."""
    return place.store, place.row - i


def _held(stores: Sequence[Vectors | None], number: int) -> Vectors:
    found = stores[number]
    assert found is not None  # noqa: S101 - only those pointed to are asked for
    return found


def _made(
    passages: Sequence[Passage], keys: Sequence[bytes], how: _Encoding
) -> Iterator[Vectors]:
    """Fresh vectors, in parts, in as little memory as their form allows."""
    size = 0
    for start in range(0, len(passages), AT_ONCE):
        own = slice(start, start + AT_ONCE)
        part = _encoded(passages[own], how.encoder, how.progress)
        if how.kept is not None:
            reused.keep(how.kept, how.encoder.digest, keys[own], part)
        size += part.tokens.size
        over = how.keeping.form == "auto" and size > how.keeping.most_bytes
        if over or how.keeping.form == "compressed":
            part = Vectors(part.whole, late.compressed(part.tokens))
        yield part


def _nothing(encoder: Encoder) -> Vectors:
    none = np.zeros((0, encoder.dimensions), dtype=np.float32)
    return Vectors(none, late.build([], [], dimensions=encoder.dimensions))


def _encoded(
    passages: Sequence[Passage], encoder: Encoder, progress: Progress | None
) -> Vectors:
    texts = [cutting.encoded(passage) for passage in passages]
    found = encoder.encode(texts, progress)
    # Offsets are kept relative to the stored text; those of the front become negative.
    spans: list[NDArray[np.int32]] = [
        offsets - np.int32(len(text) - len(passage.text))
        for text, passage, offsets in zip(texts, passages, found.offsets, strict=True)
    ]
    tokens = late.build(found.tokens, spans, dimensions=encoder.dimensions)
    return Vectors(found.vectors, tokens)
