"""a listed file -> its Document, read anew only if its bytes were never read before.

What is kept is what the file says, whoever lists it: a file that is renamed, or that
the catalogue describes otherwise, is not read again.
"""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import PurePosixPath

from askreport import errors
from askreport.generation import files, manifest
from askreport.ingest import cache
from askreport.ingest.cache import Cache
from askreport.ingest.catalogue import Listed
from askreport.ingest.stamps import Stamps
from askreport.types import Document, Source

KIND = "documents"

UNTITLED = "\x00untitled"
"""A title that no file gives itself."""


def name(source: Source) -> str:
    """The digest of all that the reading of a file depends on."""
    ending = PurePosixPath(source.path).suffix.lower()
    return cache.key("reading", manifest.READING, ending, source.digest)


class Reading:
    """Reads files that are listed, and counts those that it had to open."""

    def __init__(self, kept: Cache | None, stamps: Stamps) -> None:
        """What was read is kept in `kept`; None reads everything anew."""
        self._kept = kept
        self._stamps = stamps
        self.anew = 0

    def read(self, item: Listed) -> Document:
        """The document in a file. Raises SourceUnreadable, which is not remembered."""
        wanted = name(item.source)
        raw = self._kept.get(KIND, wanted) if self._kept is not None else None
        if raw is not None:
            return _described(item, files.document(json.loads(raw)))
        self.anew += 1
        found = _read(item)
        self._keep(item, wanted, found)
        return _described(item, found)

    def _keep(self, item: Listed, wanted: str, found: Document) -> None:
        with suppress(OSError):
            # What was read is what was listed, or it must not be found by that name.
            sound = self._stamps.digest(item.path) == item.source.digest
            if sound and self._kept is not None:
                row = json.dumps(files.document_row(found))
                self._kept.put(KIND, wanted, row.encode())


def _read(item: Listed) -> Document:
    """What the file says of itself, as if nothing else were known of it."""
    from askreport.ingest.documents import reader  # its formats take a while to import

    bare = replace(item.source, title=UNTITLED, publisher=None, date=None)
    try:
        return reader.read(bare, item.path, titled=False)
    except errors.SourceUnreadable:
        raise
    except OSError as error:  # it went while it was being read
        raise errors.SourceUnreadable(
            f"{item.path.name} cannot be read: {error.strerror or error}",
            hint="check that the file exists and that you may read it",
        ) from error


def _described(item: Listed, found: Document) -> Document:
    """The document under the name and description that the shelf has for it."""
    said = found.source
    own = item.titled or said.title == UNTITLED
    source = replace(
        item.source,
        title=item.source.title if own else said.title,
        publisher=item.source.publisher or said.publisher,
        date=item.source.date or said.date,
    )
    unread = tuple(replace(one, source=source.id) for one in found.unread)
    return Document(source, found.pages, unread)
