"""documents <-> lines of JSON; digests and flushing of files."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from askreport.types import (
    Document,
    Heading,
    Layout,
    Page,
    Source,
    Span,
    Unread,
)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file, one a line."""
    # All at once: parsed line by line, a list of thousands takes twice as long.
    lines = path.read_bytes().rstrip(b"\n").replace(b"\n", b",")
    found: list[dict[str, Any]] = json.loads(b"[" + lines + b"]")
    return found


def document_row(document: Document) -> dict[str, Any]:
    """A document as JSON."""
    # Not by `asdict`, which takes four times as long, for a thousand documents a build.
    return {
        "source": flat(document.source),
        "pages": [page_row(page) for page in document.pages],
        "unread": [flat(item) for item in document.unread],
    }


def flat(noun: Any) -> dict[str, Any]:  # noqa: ANN401 - any flat noun
    """A noun that holds no other as JSON."""
    return {name: getattr(noun, name) for name in noun.__slots__}


def page_row(page: Page) -> dict[str, Any]:
    """A page as JSON."""
    headings = [flat(h) | {"span": flat(h.span)} for h in page.headings]
    tables = [flat(span) for span in page.tables]
    layout = None if page.layout is None else flat(page.layout)
    return flat(page) | {"headings": headings, "tables": tables, "layout": layout}


def document(row: Mapping[str, Any]) -> Document:
    """The document that `document_row` wrote."""
    return Document(
        Source(**row["source"]),
        tuple(map(page, row["pages"])),
        tuple(Unread(**item) for item in row["unread"]),
    )


def page(row: Mapping[str, Any]) -> Page:
    """The page that `page_row` wrote."""
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
