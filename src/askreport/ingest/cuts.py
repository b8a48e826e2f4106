"""a document -> its passages with all that indexing needs of them, cut only once."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from askreport import text as texts
from askreport.generation import manifest, sentences
from askreport.ingest import cache, passages, readings
from askreport.ingest.cache import Cache
from askreport.types import Document, Passage, Span

KIND = "passages"


@dataclass(frozen=True, slots=True)
class Cut:
    """Passages and what is derived from each; all of equal length."""

    passages: tuple[Passage, ...]
    terms: tuple[list[str], ...]
    """What each is found by: its words, headings, title and publisher."""
    sentences: tuple[Sequence[int], ...]
    """As `sentences.found` says."""
    keys: tuple[bytes, ...]
    """The digest of what each is encoded from."""
    outside: int = 0
    """How many of the terms are those of `_outside`."""


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
    if kept is None:
        return _cut(document, cutter)
    name = _name(document, cutter)
    raw = kept.get(KIND, name)
    if raw is not None:
        return _restored(document, json.loads(raw))
    found = _cut(document, cutter)
    kept.put(KIND, name, json.dumps(_rows(found)).encode())
    return found


def _cut(document: Document, cutter: Cutter) -> Cut:
    found = passages.cut(document, cutter.cutting, fits=cutter.fits)
    outside = _outside(document)
    return Cut(
        found,
        tuple([*outside, *texts.terms(passages.encoded(one))] for one in found),
        tuple(sentences.found(one.text) for one in found),
        tuple(key(one) for one in found),
        len(outside),
    )


def joined(cuts: Sequence[Cut]) -> Cut:
    """The passages of several documents, one after another."""
    return Cut(
        tuple(one for found in cuts for one in found.passages),
        tuple(one for found in cuts for one in found.terms),
        tuple(one for found in cuts for one in found.sentences),
        tuple(one for found in cuts for one in found.keys),
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


def _rows(found: Cut) -> list[list[Any]]:
    return [
        [
            [p.page, p.start, p.end, list(p.section)],
            " ".join(found.terms[i][found.outside :]),
            list(found.sentences[i]),
            found.keys[i].hex(),
        ]
        for i, p in enumerate(found.passages)
    ]


def _restored(document: Document, rows: list[list[Any]]) -> Cut:
    source = document.source
    pages = {page.number: page for page in document.pages}
    seen: Counter[str] = Counter()
    outside = _outside(document)
    return Cut(
        tuple(
            passages.placed(source, pages[page], tuple(section), Span(start, end), seen)
            for (page, start, end, section), *_ in rows
        ),
        tuple([*outside, *(row[1].split(" ") if row[1] else [])] for row in rows),
        tuple(tuple(row[2]) for row in rows),
        tuple(bytes.fromhex(row[3]) for row in rows),
        len(outside),
    )


def _outside(document: Document) -> list[str]:
    """The terms that every passage is found by and that are not encoded: those of the
    publisher, and of a title that is only the file's name.
    """
    source = document.source
    named = [] if source.titled else texts.terms(source.title)
    return [*texts.terms(source.publisher or ""), *named]
