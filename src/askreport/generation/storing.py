"""documents and passages, an earlier shelf's too -> the arrays of a new shelf."""

import json
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from askreport.generation import files
from askreport.generation.stored import FILES, NAME, NONE, Stored
from askreport.generation.written import Folder
from askreport.types import Document, Page, Passage

WORD = 8
"""Ids are filled up to so many bytes, and compared so many at a time."""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()


def build(documents: Sequence[Document], passages: Sequence[Passage]) -> Stored:
    """The documents with their passages, which must be in the same order."""
    owned: dict[str, list[Passage]] = {d.source.id: [] for d in documents}
    for passage in passages:
        owned[passage.source.id].append(passage)
    return joined([_of(d, owned[d.source.id]) for d in documents])


def _of(document: Document, passages: Sequence[Passage]) -> Stored:
    """A document alone."""
    pages = document.pages
    texts = [_bytes(page.text) for page in pages]
    details = [part for page in pages for part in _details(page)]
    homes = {page.number: n for n, page in enumerate(pages)}
    own = [homes[passage.page] for passage in passages]
    starts = list(accumulate(map(len, texts), initial=0))
    named: dict[bytes, int] = {}
    sections = [named.setdefault(_json(p.section), len(named)) for p in passages]
    spans = [(p.start, p.end) for p in passages]
    return Stored(
        (document.source,),
        (document.unread,),
        _joined_bytes(texts),
        _ends(texts),
        _joined_bytes(details),
        _ends(details).reshape(-1, 2),
        np.array([NONE if p.number is None else p.number for p in pages], np.int32),
        np.array([0, len(pages)], dtype=np.int64),
        np.array([0, len(passages)], dtype=np.int64),
        np.array(own, dtype=np.int32),
        np.array(spans, dtype=np.int32).reshape(-1, 2),
        _places(pages, own, spans, starts),
        _joined_bytes(list(named)),
        _ends(list(named)),
        np.array(sections, dtype=np.int32),
        _ids([p.id for p in passages]),
        np.zeros(0, dtype=np.int32),
    )


def _details(page: Page) -> tuple[bytes, bytes]:
    row = files.page_row(page)
    first = [row.pop(name) for name in ("label", "unit", "ocr")]
    del row["text"], row["number"]
    return _json(first), _json(row)


def _joined_bytes(parts: Sequence[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(parts), dtype=np.uint8)


def _ends(parts: Sequence[bytes]) -> NDArray[np.int64]:
    return np.cumsum([len(part) for part in parts], dtype=np.int64)


def _ids(names: Sequence[str]) -> NDArray[np.uint8]:
    raw = [_bytes(name) for name in names]
    width = -(-max(map(len, raw), default=0) // WORD) * WORD
    whole = b"".join(name.ljust(width, b"\0") for name in raw)
    return np.frombuffer(whole, dtype=np.uint8).reshape(len(raw), width)


def _places(
    pages: Sequence[Page],
    homes: Sequence[int],
    spans: Sequence[tuple[int, int]],
    starts: Sequence[int],
) -> NDArray[np.int64]:
    """Spans of characters of pages as bytes of all texts."""
    edges: dict[int, set[int]] = {}
    for home, span in zip(homes, spans, strict=True):
        edges.setdefault(home, set()).update(span)
    at = {home: _offsets(pages[home].text, sorted(e)) for home, e in edges.items()}
    found = [
        [starts[home] + at[home][edge] for edge in span]
        for home, span in zip(homes, spans, strict=True)
    ]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _offsets(text: str, edges: Sequence[int]) -> Mapping[int, int]:
    """Characters of a text, in ascending order, as bytes of it."""
    if text.isascii():
        return {edge: edge for edge in edges}
    found, before, size = {}, 0, 0
    for edge in edges:
        size += len(_bytes(text[before:edge]))
        found[edge], before = size, edge
    return found


def taken(stored: Stored, documents: slice) -> Stored:
    """The documents of those places, as views."""
    first, last = documents.start, documents.stop
    p, q = int(stored.pages[first]), int(stored.pages[last])
    r, s = int(stored.rows[first]), int(stored.rows[last])
    text = int(stored.text_ends[p - 1]) if p else 0
    detail = int(stored.detail_ends[p - 1][1]) if p else 0
    text_ends, detail_ends = stored.text_ends[p:q], stored.detail_ends[p:q]
    return Stored(
        stored.sources[documents],
        stored.unread[documents],
        stored.texts[text : int(text_ends[-1]) if q > p else text],
        text_ends - text,
        stored.details[detail : int(detail_ends[-1][1]) if q > p else detail],
        detail_ends - detail,
        stored.numbers[p:q],
        stored.pages[first : last + 1] - p,
        stored.rows[first : last + 1] - r,
        stored.homes[r:s] - np.int32(p),
        stored.spans[r:s],
        stored.places[r:s] - text,
        stored.paths,
        stored.path_ends,
        stored.sections[r:s],
        stored.ids[r:s],
        np.zeros(0, dtype=np.int32),
    )


def joined(parts: Sequence[Stored]) -> Stored:
    """The documents of all parts, one part after another."""
    pages = [int(part.pages[-1]) for part in parts]
    sizes = [len(part.texts) for part in parts]
    details = [len(part.details) for part in parts]
    paths, sections = _named(parts)
    ids = _widened([part.ids for part in parts])

    def shifted(name: str, by: Sequence[int]) -> NDArray[Any]:
        own = [getattr(part, name) for part in parts]
        before = accumulate(by, initial=0)
        moved = [one + one.dtype.type(n) for one, n in zip(own, before, strict=False)]
        return np.concatenate(moved)

    def plain(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts])

    def owners(name: str) -> NDArray[np.int64]:
        own = [np.diff(getattr(part, name)) for part in parts]
        return np.concatenate([[0], np.cumsum(np.concatenate(own))]).astype(np.int64)

    return Stored(
        tuple(source for part in parts for source in part.sources),
        tuple(unread for part in parts for unread in part.unread),
        plain("texts"),
        shifted("text_ends", sizes),
        plain("details"),
        shifted("detail_ends", details),
        plain("numbers"),
        owners("pages"),
        owners("rows"),
        shifted("homes", pages),
        plain("spans"),
        shifted("places", sizes),
        _joined_bytes(paths),
        _ends(paths),
        sections,
        ids,
        _ordered(ids),
    )


def _named(parts: Sequence[Stored]) -> tuple[list[bytes], NDArray[np.int32]]:
    """Every path that a passage has, as they are met, and which each passage has."""
    named: dict[bytes, int] = {}
    found = []
    for part in parts:
        used, first, own = np.unique(
            part.sections, return_index=True, return_inverse=True
        )
        numbers = np.empty(len(used), dtype=np.int32)
        for place in np.argsort(first).tolist():
            name = part.raw_path(int(used[place]))
            numbers[place] = named.setdefault(name, len(named))
        found.append(numbers[own])
    return list(named), np.concatenate(found).astype(np.int32)


def _widened(each: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Ids of several parts, all as wide as the widest."""
    width = max(one.shape[1] for one in each)
    return np.concatenate(
        [np.pad(one, ((0, 0), (0, width - one.shape[1]))) for one in each]
    )


def _ordered(ids: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Rows in the order of their ids, equal ones in their own."""
    words = np.ascontiguousarray(ids).view(">u8")
    return np.lexsort(words.T[::-1]).astype(np.int32) if len(ids) else _none()


def _none() -> NDArray[np.int32]:
    return np.zeros(0, dtype=np.int32)


def write(stored: Stored, folder: Folder, name: str) -> None:
    """Store it as files of `folder`, the arrays inside `name`; `read` gives it back."""
    rows = (
        {"source": files.flat(source), "unread": [files.flat(one) for one in unread]}
        for source, unread in zip(stored.sources, stored.unread, strict=True)
    )
    folder.lines(NAME, rows)
    for one in FILES:
        folder.array(f"{name}/{one}.npy", [getattr(stored, one)])
