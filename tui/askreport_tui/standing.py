"""a document of the shelf -> how it stands, in a few words and in full."""

from collections.abc import Iterator

from askreport import text as texts
from askreport.serve import render
from askreport.types import Shelved

MOST_UNREAD = 20
"""Pages that were not read, each with its reason; the rest are counted."""


def status(one: Shelved) -> str:
    """A few words, the most urgent first."""
    said = {
        "indexed": "read",
        "changed": "changed since the build",
        "new": "new, not built",
        "removed": "removed, still answers",
        "failed": "not read",
    }[one.status]
    if one.recognised:
        said += f", {_recognised(one)}"
    unread = sum(item.page is not None for item in one.unread)
    if unread:
        said += f", {texts.counted(unread, 'page')} unread"
    return f"{said}, superseded" if one.superseded_by else said


def _recognised(one: Shelved) -> str:
    """How much of it was read from pictures."""
    if one.recognised + sum(item.page is not None for item in one.unread) >= one.pages:
        return "by OCR"
    return f"{texts.counted(one.recognised, 'page')} by OCR"


def told(one: Shelved) -> Iterator[str]:
    """A line a thing that is known, the document first."""
    source = one.source
    yield render.source_line(source)
    counted = [texts.counted(one.pages, "page")] if one.pages else []
    counted += [texts.counted(one.passages, "passage"), status(one)]
    yield " · ".join([source.id, source.kind, *counted])
    yield " · ".join(part for part in (source.path, source.url, source.licence) if part)
    if one.superseded_by:
        yield f"superseded by {one.superseded_by}"
    for item in one.unread[:MOST_UNREAD]:
        yield render.unread(item)
    if len(one.unread) > MOST_UNREAD:
        yield f"… and {len(one.unread) - MOST_UNREAD} more that were not read"
