"""a published folder -> a Generation: read-only, each file checked when first read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise, starmap
from pathlib import Path
from typing import Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from askreport import arrays, dense, errors, late, lexical
from askreport.generation import files, manifest, sentences, stored
from askreport.generation.blocks import ENDING, Blocks
from askreport.generation.stored import Pages, Passages, Stored
from askreport.types import Document, Page, Passage, Unread

T = TypeVar("T")

ARRAYS = (".npy", f".npy{ENDING}")
"""Files that are checked where they are mapped."""

Rows: TypeAlias = Sequence[int]
"""Row numbers, ascending."""


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

    def __init__(
        self, folder: Path, formats: tuple[int, ...] = (manifest.FORMAT,)
    ) -> None:
        """Open a folder. Raises IndexDamaged, or IndexForeign for another format."""
        self.folder = folder
        self.manifest = manifest.read(folder, formats)

    def load(self) -> Self:
        """Open everything: small files are read, large ones mapped.

        Raises IndexDamaged.
        """
        _ = self.stored, self.unreadable, self.unread, self.dense, self.lexical
        _ = self.tokens, self.sentences, self.keys, self.origins, self.probe
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
    def stored(self) -> Stored:
        """Documents, pages and passages as arrays."""
        self._check(stored.NAME)

        def load(folder: Path) -> Stored:
            return stored.read(folder, self.folder / stored.NAME, self._mapped)

        return self._read(load, "passages")

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """What was read, in the order of the catalogue; pages when asked for."""
        held = self.stored
        page = lru_cache(stored.KEPT_PAGES)(held.page)
        pages = starmap(range, pairwise(held.pages.tolist()))
        return tuple(
            Document(source, Pages(held, own, page), unread)
            for source, own, unread in zip(
                held.sources, pages, held.unread, strict=True
            )
        )

    @cached_property
    def unreadable(self) -> tuple[Document, ...]:
        """Documents that yielded no page, and why."""
        rows = self._read(files.read_lines, "failed.jsonl")
        return tuple(files.document(row) for row in rows)

    @cached_property
    def unread(self) -> tuple[Unread, ...]:
        """Everything that could not be read, whole documents first."""
        rows = self._read(files.read_lines, "unread.jsonl")
        return tuple(Unread(**row) for row in rows)

    @cached_property
    def passages(self) -> Sequence[Passage]:
        """Row i of every index is `passages[i]`; decoded when it is asked for."""
        return Passages(self.stored)

    @cached_property
    def dense(self) -> dense.Index:
        """The passages' vectors, checked as they are read where they are mapped."""
        exact = dense.WHOLE not in self.manifest.files

        def load(path: Path) -> dense.Index:
            return dense.read(path.parent, exact=exact, mapped=self._mapped)

        return self._read(load, "dense.faiss")

    @property
    def vectors(self) -> NDArray[np.float32]:
        """Those of all passages, shape (passages, dimensions)."""
        if dense.WHOLE in self.manifest.files:
            return self._read(self._mapped, dense.WHOLE)
        return dense.vectors(self.dense)

    @cached_property
    def lexical(self) -> lexical.Index:
        """The passages' words."""
        return self._read(lambda f: lexical.read(f, self._mapped), "lexical")

    @cached_property
    def tokens(self) -> late.TokenVectors:
        """The passages' token vectors."""
        return self._read(lambda f: late.read(f, self._mapped), "tokens")

    @cached_property
    def sentences(self) -> sentences.Sentences:
        """Where the passages' sentences stand."""
        return self._read(lambda f: sentences.read(f, self._mapped), "sentences")

    @cached_property
    def keys(self) -> NDArray[np.uint8]:
        """What each passage was encoded from, digested; shape (passages, 32)."""
        return self._read(self._mapped, "keys.npy")

    @cached_property
    def origins(self) -> NDArray[np.uint8]:
        """What each document was made of, digested; shape (documents, 32) or empty."""
        return self._read(self._mapped, "origins.npy")

    @cached_property
    def probe(self) -> NDArray[np.float32]:
        """What the encoder made of `embedding.PROBE`; empty if nobody asked it."""
        return self._read(self._mapped, "probe.npy")

    def _mapped(self, path: Path) -> arrays.Array:
        """The array of a file: small ones checked now, large ones as they are read."""
        name = path.relative_to(self.folder).as_posix()
        if name + ENDING not in self.manifest.files:
            self._check(name)
            return arrays.mapped(path)
        self._check(name + ENDING)
        try:
            return arrays.guarded(path, Blocks(path, self._damaged(name)))
        except (OSError, ValueError) as error:  # gone, or shorter than it was
            raise self._damaged(name) from error

    def _read(self, load: Callable[[Path], T], name: str) -> T:
        """What `load` makes of a file or folder. Arrays are checked by `_mapped`."""
        self._check(*(n for n in self._inside(name) if not n.endswith(ARRAYS)))
        try:
            return load(self.folder / name)
        except (OSError, RuntimeError, ValueError, LookupError, TypeError) as error:
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
                found = self.manifest.digest(self.folder, name)
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
    def rows_of(self) -> Mapping[str, Rows]:
        """The rows of each document that has any, by its id, ascending."""
        edges = pairwise(self.stored.rows.tolist())
        each = zip(self.stored.sources, edges, strict=True)
        return {s.id: range(first, last) for s, (first, last) in each if first < last}

    @cached_property
    def rows_titled(self) -> Mapping[str, Rows]:
        """The rows of all documents of each title, ascending."""
        found: dict[str, Rows] = {}
        for source in self.stored.sources:
            own = self.rows_of.get(source.id)
            if own is not None:
                before = found.get(source.title)
                found[source.title] = own if before is None else [*before, *own]
        return found

    @cached_property
    def headings(self) -> Mapping[str, Sequence[int]]:
        """The section paths that hold each heading, by its words, as they are met."""
        found: dict[str, list[int]] = {}
        for number in range(len(self.stored.path_ends)):
            for heading in dict.fromkeys(self.stored.path(number)):
                found.setdefault(heading, []).append(number)
        return found

    def rows_under(self, headings: Iterable[str]) -> Rows:
        """The rows below any of those headings, ascending."""
        paths = [path for heading in headings for path in self.headings[heading]]
        below = np.isin(np.asarray(self.stored.sections), paths)
        return np.flatnonzero(below).tolist()

    def passage(self, name: str) -> Passage:
        """The passage of that id. Raises NotFound."""
        row = self.stored.row(name)
        if row is None:
            raise errors.NotFound(
                f"no passage {name!r} in this index",
                hint="ids change when the text they quote changes; search again",
            )
        return self.stored.passage(row)

    def document(self, name: str) -> Document:
        """The document of that id. Raises NotFound."""
        place = self._places.get(name)
        if place is None:
            raise errors.NotFound(
                f"no document {name!r} in this index",
                hint="askreport sources lists the documents and their ids",
            )
        return self.documents[place]

    def counted(self, name: str) -> tuple[int, int]:
        """How many pages of that document have a number, and how many were recognised
        from pictures.
        """
        place = self._places.get(name)
        return (0, 0) if place is None else self.stored.counted(place)

    def page(self, source: str, number: int | None) -> Page:
        """A page as it was read. Raises NotFound."""
        place = self._places.get(source)
        pages = () if place is None else self.documents[place].pages
        if isinstance(pages, Pages):
            found = pages.numbered(number)
            if found is not None:
                return found
        raise errors.NotFound(
            f"no page {number} in {source!r}", hint="pages count from 1"
        )

    @cached_property
    def _places(self) -> Mapping[str, int]:
        """The place of each document, by its id."""
        return {source.id: n for n, source in enumerate(self.stored.sources)}


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
