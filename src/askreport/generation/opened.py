"""a published folder -> a Generation: checked, read-only, wholly opened."""

from array import array
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from askreport import dense, errors, late, lexical
from askreport.generation import files, manifest, sentences
from askreport.types import Document, Page, Passage, Unread

Rows: TypeAlias = "array[int]"
"""Row numbers, ascending, eight bytes each."""


def current(index: Path) -> str:
    """The id that `CURRENT` names.

    Raises IndexMissing, IndexForeign if it is no id, IndexDamaged if it is unreadable.
    """
    try:
        named = (index / "CURRENT").read_text("utf-8").strip()
    except FileNotFoundError:
        raise errors.IndexMissing(
            f"no index at {index}", hint="run askreport build"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise errors.IndexDamaged(
            f"{index / 'CURRENT'} cannot be read: {error}", hint=manifest.REBUILD
        ) from error
    if not manifest.ID.match(named):
        raise errors.IndexForeign(
            f"{index / 'CURRENT'} does not name a generation of askreport",
            hint="point the shelf at its own index folder, or " + manifest.REBUILD,
        )
    return named


class Generation:
    """An opened generation. Everything it holds is read-only and belongs together.

    All of it is opened at once, so that it goes on answering when a later build removes
    the folder.
    """

    def __init__(self, folder: Path) -> None:
        """Open and check a folder. Raises IndexDamaged or IndexForeign."""
        self.folder = folder
        self.manifest = manifest.read(folder)
        _check(folder, self.manifest)
        try:
            self._load(folder)
        except (OSError, RuntimeError, ValueError, LookupError, TypeError) as error:
            raise errors.IndexDamaged(
                f"generation {self.id} cannot be opened: {error}", hint=manifest.REBUILD
            ) from error

    def _load(self, folder: Path) -> None:
        rows = files.read_lines(folder / "documents.jsonl")
        self.documents = tuple(files.document(row) for row in rows)
        failed = files.read_lines(folder / "failed.jsonl")
        self.unreadable = tuple(files.document(row) for row in failed)
        self._pages = {
            (d.source.id, p.number): p for d in self.documents for p in d.pages
        }
        sources = {d.source.id: d.source for d in self.documents}
        self.passages = tuple(
            files.passage(
                row, sources[row["source"]], self._pages[row["source"], row["page"]]
            )
            for row in files.read_lines(folder / "passages.jsonl")
        )
        self.dense = dense.read(folder / "dense.faiss")
        self.lexical = lexical.read(folder / "lexical")
        self.tokens = late.read(folder / "tokens")
        self.sentences = sentences.read(folder / "sentences")

    @property
    def failed(self) -> tuple[Unread, ...]:
        """Documents that yielded no page, and why."""
        return tuple(item for d in self.unreadable for item in d.unread)

    @property
    def id(self) -> str:
        """The id, which is also the folder's name."""
        return self.manifest.id

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """The row of each passage, by its id."""
        return {passage.id: row for row, passage in enumerate(self.passages)}

    @cached_property
    def rows_of(self) -> Mapping[str, Rows]:
        """The rows of each document that has any, by its id, ascending."""
        found: dict[str, Rows] = {}
        for row, passage in enumerate(self.passages):
            found.setdefault(passage.source.id, array("q")).append(row)
        return found

    @cached_property
    def rows_titled(self) -> Mapping[str, Rows]:
        """The rows of all documents of each title, ascending."""
        found: dict[str, Rows] = {}
        for row, passage in enumerate(self.passages):
            found.setdefault(passage.source.title, array("q")).append(row)
        return found

    @cached_property
    def rows_under(self) -> Mapping[str, Rows]:
        """The rows below each heading, by its words, ascending."""
        found: dict[str, Rows] = {}
        for row, passage in enumerate(self.passages):
            for heading in dict.fromkeys(passage.section):
                found.setdefault(heading, array("q")).append(row)
        return found

    def passage(self, name: str) -> Passage:
        """The passage of that id. Raises NotFound."""
        if name not in self.rows:
            raise errors.NotFound(
                f"no passage {name!r} in this index",
                hint="ids change when the text they quote changes; search again",
            )
        return self.passages[self.rows[name]]

    def document(self, name: str) -> Document:
        """The document of that id. Raises NotFound."""
        found = next((d for d in self.documents if d.source.id == name), None)
        if found is None:
            raise errors.NotFound(
                f"no document {name!r} in this index",
                hint="askreport sources lists the documents and their ids",
            )
        return found

    def page(self, source: str, number: int | None) -> Page:
        """A page as it was read. Raises NotFound."""
        if (source, number) not in self._pages:
            raise errors.NotFound(
                f"no page {number} in {source!r}", hint="pages count from 1"
            )
        return self._pages[source, number]


def open_current(index: Path) -> Generation:
    """The generation that answers now.

    Raises IndexMissing, IndexDamaged, IndexForeign.
    """
    name = current(index)
    while True:
        try:
            return Generation(index / "generations" / name)
        except errors.IndexDamaged:
            # A build may have published and removed this one since CURRENT was read.
            newer = current(index)
            if newer == name:
                raise
            name = newer


def _check(folder: Path, expected: manifest.Manifest) -> None:
    for name, digest in expected.files.items():
        try:
            sound = files.sha256(folder / name) == digest
        except OSError:
            sound = False
        if not sound:
            raise errors.IndexDamaged(
                f"{name} of generation {expected.id} is missing or damaged",
                hint=manifest.REBUILD,
            )
