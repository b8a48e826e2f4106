"""a document -> its passages with all that indexing needs of them, cut only once."""

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from askreport import termlists
from askreport import text as texts
from askreport.generation import manifest, sentences
from askreport.generation.sentences import Sentences
from askreport.ingest import cache, passages, readings
from askreport.ingest.cache import Cache
from askreport.termlists import Terms
from askreport.types import Document, Passage, Span

N = TypeVar("N", bound=np.generic)

SIZE = hashlib.sha256().digest_size

KIND = "passages"


@dataclass(frozen=True, slots=True)
class Cut:
    """Passages and what is derived from each; all of equal length."""

    passages: tuple[Passage, ...]
    terms: Terms
    """What each is found by: its words, headings, title and publisher."""
    sentences: Sentences
    keys: NDArray[np.uint8]
    """Shape (passages, 32): the digest of what each is encoded from."""


@dataclass(frozen=True, slots=True)
class Cutter:
    """How documents are cut."""

    cutting: passages.Cutting
    fits: Callable[[str], bool]
    """Whether the encoder reads a text whole."""
    model: str
    """The digest of that encoder's files."""
    means: str = ""
    """What `readings.means` says."""


def of(document: Document, cutter: Cutter, kept: Cache | None = None) -> Cut:
    """The document's passages, from what was kept if it was cut before. Raises as
    `passages.cut` does.
    """
    name = _name(document, cutter)
    raw = None if kept is None else kept.get(KIND, name)
    if raw is not None:
        found = _restored(document, json.loads(raw))
    else:
        found = _cut(document, cutter)
        if kept is not None:
            kept.put(KIND, name, json.dumps(_row(found)).encode())
    return replace(found, terms=found.terms.after(_outside(document)))


def _cut(document: Document, cutter: Cutter) -> Cut:
    found = passages.cut(document, cutter.cutting, fits=cutter.fits)
    keys = b"".join(key(one) for one in found)
    return Cut(
        found,
        termlists.terms([texts.terms(passages.encoded(one)) for one in found]),
        sentences.build(found),
        np.frombuffer(keys, dtype=np.uint8).reshape(-1, SIZE),
    )


def key(passage: Passage) -> bytes:
    """The digest of what a passage is encoded from and of where its text begins."""
    whole = passages.encoded(passage)
    front = len(whole) - len(passage.text)
    return hashlib.sha256(f"{front} {whole}".encode()).digest()


def _name(document: Document, cutter: Cutter) -> str:
    """The digest of all that a cut depends on: not the document's id nor what is
    `_outside` of it, which are put in when it is restored.
    """
    source = document.source
    return cache.key(
        "cutting",
        manifest.READING,
        readings.name(source, cutter.means),
        source.title if source.titled else "",
        asdict(cutter.cutting),
        cutter.model,
        texts.signature(),
    )


def _row(found: Cut) -> dict[str, Any]:
    """As JSON, before anything is put in from `_outside`."""
    return {
        "places": [[p.page, p.start, p.end, p.section] for p in found.passages],
        "words": found.terms.words,
        "sequence": _packed(found.terms.sequence),
        "lengths": _packed(found.terms.lengths),
        "spans": _packed(found.sentences.spans),
        "starts": _packed(found.sentences.starts),
        "keys": _packed(found.keys),
    }


def _restored(document: Document, row: dict[str, Any]) -> Cut:
    source = document.source
    pages = {page.number: page for page in document.pages}
    seen: Counter[str] = Counter()
    return Cut(
        tuple(
            passages.placed(source, pages[page], tuple(section), Span(start, end), seen)
            for page, start, end, section in row["places"]
        ),
        Terms(
            tuple(row["words"]),
            _unpacked(row["sequence"], np.int32),
            _unpacked(row["lengths"], np.int32),
        ),
        Sentences(
            _unpacked(row["spans"], np.int32).reshape(-1, 2),
            _unpacked(row["starts"], np.int64),
        ),
        _unpacked(row["keys"], np.uint8).reshape(-1, SIZE),
    )


def _packed(values: NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode()


def _unpacked(text: str, kind: type[N]) -> NDArray[N]:
    return np.frombuffer(base64.b64decode(text), dtype=kind)


def _outside(document: Document) -> list[str]:
    """The terms that every passage is found by and that are not encoded: those of the
    publisher, and of a title that is only the file's name.
    """
    source = document.source
    named = [] if source.titled else texts.terms(source.title)
    return [*texts.terms(source.publisher or ""), *named]
