"""a published folder -> a Generation: read-only, each file checked when first read."""

from array import array
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from askreport import arrays, dense, errors, late, lexical
from askreport.generation import files, manifest, sentences
from askreport.generation.blocks import ENDING, Blocks
from askreport.types import Document, Page, Passage, Unread

T = TypeVar("T")

CODES = "codes.npy"
"""The file of the token vectors that is too large to be read whole for a question."""

Rows: TypeAlias = "array[int]"
"""Row numbers, ascending, eight bytes each."""


def current(index: Path) -> str:
    """The folder that `CURRENT` names: an id, or one with a number behind it.

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
    if not manifest.FOLDER.match(named):
        raise errors.IndexForeign(
            f"{index / 'CURRENT'} does not name a generation of askreport",
            hint="point the shelf at its own index folder, or " + manifest.REBUILD,
        )
    return named


class Generation:
    """An opened generation. Everything it holds is read-only and belongs together.

    What nobody asks for is not read. Each file is checked when it is first read (the
    token vectors, which are most of it, block by block) and is then held open, so that
    a loaded generation goes on answering when a later build removes the folder.
    """

    def __init__(self, folder: Path) -> None:
        """Open a folder. Raises IndexDamaged or IndexForeign."""
        self.folder = folder
        self.manifest = manifest.read(folder)

    def load(self) -> Self:
        """Read everything but the token vectors. Raises IndexDamaged."""
        _ = self.passages, self.unreadable, self.unread, self.dense, self.lexical
        _ = self.tokens, self.sentences, self.keys, self.probe
        return self

    def verify(self) -> Self:
        """Check the digest of every file, read or not. Raises IndexDamaged."""
        self._check(*self.manifest.files)
        return self

    def check(self, *names: str) -> None:
        """Check files of those names, or all in those folders. Raises IndexDamaged."""
        for name in names:
            self._check(*self._inside(name))

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """What was read, in the order of the catalogue."""
        return self._documents("documents.jsonl")

    @cached_property
    def unreadable(self) -> tuple[Document, ...]:
        """Documents that yielded no page, and why."""
        return self._documents("failed.jsonl")

    @cached_property
    def unread(self) -> tuple[Unread, ...]:
        """Everything that could not be read, whole documents first."""
        rows = self._read(files.read_lines, "unread.jsonl")
        return tuple(Unread(**row) for row in rows)

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """Row i of every index is `passages[i]`."""
        sources = {d.source.id: d.source for d in self.documents}

        def load(path: Path) -> tuple[Passage, ...]:
            return tuple(
                files.passage(
                    row, sources[row["source"]], self._pages[row["source"], row["page"]]
                )
                for row in files.read_lines(path)
            )

        return self._read(load, "passages.jsonl")

    @cached_property
    def dense(self) -> dense.Index:
        """The passages' vectors, checked block by block where they are mapped."""

        def load(path: Path) -> dense.Index:
            whole = dense.beside(path)
            if whole.name not in self.manifest.files:
                return dense.read(path)
            self._check(whole.name + ENDING)
            checks = Blocks(whole, self._damaged(whole.name))
            return dense.read(path, whole=whole, checks=checks)

        return self._read(load, "dense.faiss")

    @cached_property
    def lexical(self) -> lexical.Index:
        """The passages' words."""
        return self._read(lexical.read, "lexical")

    @cached_property
    def tokens(self) -> late.TokenVectors:
        """The passages' token vectors, checked block by block as they are read."""

        def load(folder: Path) -> late.TokenVectors:
            codes = folder / "codes.npy"
            return late.read(folder, Blocks(codes, self._damaged(f"tokens/{CODES}")))

        return self._read(load, "tokens", unless=f"tokens/{CODES}")

    @cached_property
    def sentences(self) -> sentences.Sentences:
        """Where the passages' sentences stand."""
        return self._read(sentences.read, "sentences")

    @cached_property
    def keys(self) -> NDArray[np.uint8]:
        """What each passage was encoded from, digested; shape (passages, 32)."""
        return np.asarray(self._read(arrays.loaded, "keys.npy"), dtype=np.uint8)

    @cached_property
    def probe(self) -> NDArray[np.float32]:
        """What the encoder made of `embedding.PROBE`; empty if nobody asked it."""
        return np.asarray(self._read(arrays.loaded, "probe.npy"), dtype=np.float32)

    def _documents(self, name: str) -> tuple[Document, ...]:
        rows = self._read(files.read_lines, name)
        return tuple(files.document(row) for row in rows)

    @cached_property
    def _pages(self) -> Mapping[tuple[str, int | None], Page]:
        return {(d.source.id, p.number): p for d in self.documents for p in d.pages}

    def _read(self, load: Callable[[Path], T], name: str, *, unless: str = "") -> T:
        """What `load` makes of a file or folder whose files are sound."""
        self._check(*(n for n in self._inside(name) if n != unless))
        try:
            return load(self.folder / name)
        except (OSError, RuntimeError, ValueError, LookupError, TypeError) as error:
            self._check(*([unless] if unless else ()))
            raise errors.IndexDamaged(
                f"{name} of generation {self.id} cannot be opened: {error}",
                hint=manifest.REBUILD,
            ) from error

    def _inside(self, name: str) -> list[str]:
        listed = self.manifest.files
        return [n for n in listed if n == name or n.startswith(f"{name}/")]

    def _check(self, *names: str) -> None:
        for name in names:
            try:
                found = files.sha256(self.folder / name)
            except OSError:
                found = ""
            if found != self.manifest.files[name]:
                raise self._damaged(name)

    def _damaged(self, name: str) -> errors.IndexDamaged:
        return errors.IndexDamaged(
            f"{name} of generation {self.id} is missing or damaged",
            hint=manifest.REBUILD,
        )

    @property
    def failed(self) -> tuple[Unread, ...]:
        """Documents that yielded no page, and why."""
        return tuple(item for d in self.unreadable for item in d.unread)

    @property
    def id(self) -> str:
        """The id; the folder has the same name, or that with a number behind it."""
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
    """The generation that answers now, nothing of it read yet.

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
