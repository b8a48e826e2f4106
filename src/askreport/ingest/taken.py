"""the index that answers and listed files -> which documents it holds as they would be
made now, and what it holds of them.

A document of which nothing changed, neither its bytes nor what is said of it nor how
documents are read, cut and searched, is not looked at again: its rows are copied.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from askreport import errors, late, lexical
from askreport import text as texts
from askreport.generation import manifest, opened, sentences, storing
from askreport.generation.opened import Generation
from askreport.generation.sentences import Sentences
from askreport.generation.stored import Stored
from askreport.ingest import readings
from askreport.ingest.catalogue import Listed
from askreport.ingest.passages import Cutting
from askreport.ingest.reused import Vectors
from askreport.termlists import Terms

SIZE = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class Taken:
    """A document that is taken over: its place in the index before."""

    place: int


@dataclass(frozen=True, slots=True)
class Part:
    """Documents one after another, with all that is stored of them."""

    stored: Stored
    terms: Terms
    sentences: Sentences
    keys: NDArray[np.uint8]
    vectors: Vectors


class Maker:
    """How documents are made into rows, as far as it is the same for all of them."""

    def __init__(self, cutting: Cutting, model: str) -> None:
        """`model` is the digest of the encoder's files."""
        self._same = (
            manifest.READING,
            readings.means(),
            asdict(cutting),
            model,
            texts.signature(),
        )

    def origin(self, item: Listed) -> bytes:
        """The digest of all that what is stored of a document follows from."""
        made = (self._same, item.source, item.titled, item.tried)
        return hashlib.sha256(repr(made).encode()).digest()

    def origins(self, items: Sequence[Listed]) -> NDArray[np.uint8]:
        """Those of several, a row each."""
        whole = b"".join(map(self.origin, items))
        return np.frombuffer(whole, dtype=np.uint8).reshape(-1, SIZE)


@dataclass
class Before:
    """The index that answers while a new one is made; None if there is none to use."""

    maker: Maker
    generation: Generation | None = None
    places: dict[bytes, int] = field(default_factory=dict)
    """The place of each document, by its origin."""

    def document(self, item: Listed) -> Taken | None:
        """The document of that file, if it would be made as it was."""
        place = self.places.get(self.maker.origin(item)) if self.places else None
        return None if place is None else Taken(place)

    def part(self, documents: slice) -> Part:
        """All that is stored of documents that follow each other.

        Raises IndexDamaged.
        """
        found = self.generation
        assert found is not None  # noqa: S101 - it gave out their places
        first, last = found.stored.rows[[documents.start, documents.stop]].tolist()
        rows = slice(first, last)
        return Part(
            storing.taken(found.stored, documents),
            lexical.taken(found.lexical, rows, self._words),
            sentences.taken(found.sentences, rows),
            found.keys[rows],
            Vectors(self._whole[rows], late.taken(found.tokens, rows)),
        )

    @cached_property
    def _words(self) -> tuple[str, ...]:
        return () if self.generation is None else lexical.words(self.generation.lexical)

    @cached_property
    def _whole(self) -> NDArray[np.float32]:
        assert self.generation is not None  # noqa: S101 - as in `part`
        return self.generation.vectors


def of(index: Path, maker: Maker, *, model: str, keeping: late.Keeping) -> Before:
    """What can be taken of the index that answers."""
    with suppress(errors.AskreportError):
        found = opened.open_current(index)
        if found.manifest.model_digest == model and _usable(found, keeping):
            places = {row.tobytes(): n for n, row in enumerate(found.origins[:])}
            return Before(maker, found, places)
    return Before(maker)


def _usable(found: Generation, keeping: late.Keeping) -> bool:
    """Whether its token vectors can be kept in the form that is asked for; compressed
    ones only where all would be compressed anyway.
    """
    if found.manifest.late == "full" or keeping.form == "compressed":
        return True
    size = len(found.tokens.codes) * (found.tokens.dimensions + late.BESIDE)
    return keeping.form == "auto" and size > keeping.most_bytes
