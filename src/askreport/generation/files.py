"""documents and passages <-> lines of JSON; digests and flushing of files."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from askreport.types import (
    Document,
    Heading,
    Layout,
    Page,
    Passage,
    Source,
    Span,
    Unread,
)


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object a line."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(_ENCODED(row) + "\n")


_ENCODED = json.JSONEncoder(ensure_ascii=False).encode


def read_lines(path: Path) -> list[dict[str, Any]]:
    """What `write_lines` wrote."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def document_row(document: Document) -> dict[str, Any]:
    """A document as JSON."""
    # Not by `asdict`, which takes four times as long, for a thousand documents a build.
    return {
        "source": _row(document.source),
        "pages": [_page_row(page) for page in document.pages],
        "unread": [_row(item) for item in document.unread],
    }


def _row(noun: Any) -> dict[str, Any]:  # noqa: ANN401 - any flat noun
    return {name: getattr(noun, name) for name in noun.__slots__}


def _page_row(page: Page) -> dict[str, Any]:
    headings = [_row(h) | {"span": _row(h.span)} for h in page.headings]
    tables = [_row(span) for span in page.tables]
    layout = None if page.layout is None else _row(page.layout)
    return _row(page) | {"headings": headings, "tables": tables, "layout": layout}


def document(row: Mapping[str, Any]) -> Document:
    """The document that `document_row` wrote."""
    return Document(
        Source(**row["source"]),
        tuple(_page(page) for page in row["pages"]),
        tuple(Unread(**item) for item in row["unread"]),
    )


def _page(row: Mapping[str, Any]) -> Page:
    headings = tuple(
        Heading(Span(**h["span"]), h["level"], h["text"]) for h in row["headings"]
    )
    layout = row["layout"]
    return Page(
        row["number"],
        row["label"],
        row["text"],
        headings,
        unit=row["unit"],
        tables=tuple(Span(**span) for span in row["tables"]),
        ocr=row["ocr"],
        layout=None if layout is None else Layout(**layout),
    )


def passage_row(passage: Passage) -> dict[str, Any]:
    """A passage as JSON, without its text: that is what stands at its span."""
    return {
        "id": passage.id,
        "page": passage.page,
        "start": passage.start,
        "end": passage.end,
        "section": passage.section,
        "source": passage.source.id,
    }


def passage(row: Mapping[str, Any], source: Source, page: Page) -> Passage:
    """The passage that `passage_row` wrote, given its source and page."""
    return Passage(
        id=row["id"],
        source=source,
        page=page.number,
        label=page.label,
        start=row["start"],
        end=row["end"],
        section=tuple(row["section"]),
        text=page.text[row["start"] : row["end"]],
        unit=page.unit,
        ocr=page.ocr,
    )


def digests(folder: Path) -> dict[str, str]:
    """sha256 of every file below `folder`, by its path there."""
    found = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): sha256(p) for p in found}


def sha256(path: Path) -> str:
    """The digest of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Flush a file or folder to the disk, where the system can flush folders."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Flush everything below `folder`, then the folder."""
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)
