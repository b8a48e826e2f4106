"""generations and what cut-off builds left -> the vectors of passages encoded before.

Rows are found by the digest of what was encoded. A generation's files are checked
before a row is taken from it: what is damaged must not be handed on.
"""

import io
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from askreport import arrays, errors, late
from askreport.generation import manifest, standing
from askreport.generation.opened import Generation
from askreport.ingest import cache
from askreport.ingest.cache import Cache

KIND = "vectors"

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Vectors:
    """What an encoder made of some passages; row i of all belongs together."""

    whole: Floats
    """Shape (passages, dimensions), unit length."""
    tokens: late.TokenVectors


class Store:
    """Vectors that can be taken, read only if they are."""

    def __init__(
        self, keys: NDArray[np.uint8], load: Callable[[], Vectors], probe: Floats
    ) -> None:
        """`keys` has shape (passages, 32); `probe` may be empty."""
        self._keys = keys
        self._load = load
        self.probe = probe

    def rows(self, keys: Collection[bytes]) -> dict[bytes, int]:
        """Which row holds each of those keys that are held."""
        if not keys or not len(self._keys):
            return {}
        # By their first eight bytes, of which hardly two are alike, all at once.
        held = np.ascontiguousarray(np.asarray(self._keys)[:, :8]).view(np.uint64)
        sought = np.frombuffer(b"".join(key[:8] for key in keys), dtype=np.uint64)
        alike = np.flatnonzero(np.isin(held[:, 0], sought)).tolist()
        found = {self._keys[row].tobytes(): row for row in alike}
        return {key: row for key, row in found.items() if key in keys}

    def drop(self) -> None:
        """Hold nothing any more."""
        self._keys = self._keys[:0]

    @cached_property
    def vectors(self) -> Vectors:
        """All of them. Raises IndexDamaged."""
        return self._load()


@dataclass(frozen=True, slots=True)
class Place:
    """Where the vectors of a passage are."""

    store: int
    row: int


class Known:
    """Every store that can be had, and which row of which holds what."""

    def __init__(self, stores: Sequence[Store] = ()) -> None:
        """The first store that holds a key gives its row."""
        self.stores = list(stores)

    def places(self, keys: Sequence[bytes]) -> list[Place | None]:
        """Where each is, in stores that turn out to be sound; None: nowhere."""
        found = self._places(keys)
        for number in {place.store for place in found if place is not None}:
            try:
                _ = self.stores[number].vectors
            except errors.IndexDamaged:
                self.stores[number].drop()
                return self.places(keys)
        return found

    def _places(self, keys: Sequence[bytes]) -> list[Place | None]:
        held: dict[bytes, Place] = {}
        sought = frozenset(keys)
        for number, store in reversed(list(enumerate(self.stores))):
            held |= {k: Place(number, row) for k, row in store.rows(sought).items()}
        return [held.get(key) for key in keys]

    @property
    def probe(self) -> Floats:
        """What the encoder made of its probe, where a store says so; else empty."""
        found = (store.probe for store in self.stores if store.probe.size)
        return next(found, np.zeros(0, dtype=np.float32))


def of(index: Path, kept: Cache, *, model: str, keeping: late.Keeping) -> Known:
    """What generations of that model hold, the current one first, and what builds that
    were cut off had encoded.

    Compressed token vectors are only taken where the index will be compressed too.
    """
    stores = []
    for one in sorted(standing.listed(index), key=lambda one: not one.current):
        with suppress(errors.IndexDamaged, errors.IndexForeign):
            folder = index / "generations" / one.name
            found = Generation(folder, manifest.VECTORS)
            fits = found.manifest.model_digest == model
            if fits and _usable(found.manifest.late, keeping):
                stores.append(Store(found.keys, _taking(found), found.probe))
    return Known([*stores, *_left(kept, model)])


def keep(kept: Cache, model: str, keys: Sequence[bytes], vectors: Vectors) -> None:
    """Keep vectors in the full form until the index that holds them is published."""
    out = io.BytesIO()
    tokens = {name: getattr(vectors.tokens, name) for name in late.FILES}
    made = np.frombuffer(model.encode(), dtype=np.uint8)
    np.savez(out, keys=array(keys), whole=vectors.whole, model=made, **tokens)
    name = cache.key("vectors", model, *keys)
    kept.put(KIND, name, out.getvalue(), packed=0)


def array(keys: Sequence[bytes]) -> NDArray[np.uint8]:
    """One row a key."""
    return np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(-1, 32)


def _left(kept: Cache, model: str) -> list[Store]:
    none = np.zeros(0, dtype=np.float32)
    found = []
    for name in kept.names(KIND):
        raw = kept.get(KIND, name)
        if raw is not None:
            held = arrays.unpacked(raw)
            if held["model"].tobytes().decode() == model:
                found.append(Store(held["keys"], _given(held), none))
    return found


def _given(held: Mapping[str, arrays.Array]) -> Callable[[], Vectors]:
    tokens = late.TokenVectors(*(held[name] for name in late.FILES))
    whole = np.asarray(held["whole"], dtype=np.float32)
    return lambda: Vectors(whole, tokens)


def _taking(found: Generation) -> Callable[[], Vectors]:
    def load() -> Vectors:
        # Wholly checked, since any of it may be copied.
        _ = np.asarray(found.tokens.codes)
        return Vectors(np.asarray(found.vectors), found.tokens)

    return load


def _usable(form: str, keeping: late.Keeping) -> bool:
    return form == "full" or keeping.form != "full"
