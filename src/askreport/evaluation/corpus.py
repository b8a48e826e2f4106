"""rows of a corpus -> a library over them, its index kept in the cache and made once.

Each row becomes a document whose id is the row's; a long row is cut as any document is.
The index is made and published as a shelf's is, below a folder named for everything
that went into it, so that one is never mistaken for another.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from askreport import __version__, errors, frozen
from askreport import text as texts
from askreport.evaluation.lines import Row
from askreport.generation import opened, publish, standing
from askreport.ingest import indexed
from askreport.library import Library, Tell
from askreport.settings import Settings, Shelf
from askreport.types import Document, Page, Source

FOLDER = "evaluation"
"""Of the cache; may be removed at any time."""

MOST_NAME = 60
"""Characters of a set's name in its folder's name: enough to know it by, and far from
what file systems refuse."""


def index(
    rows: Sequence[Row], name: str, *, known: Settings, cache: Path, tell: Tell
) -> Library:
    """The library over these rows. Raises BuildFailed, BuildBusy, ModelMissing."""
    documents = tuple(map(_document, rows))
    recipe = Library(Shelf(cache, known), __version__).recipe()
    digest = hashlib.sha256(repr(documents).encode()).hexdigest()
    made = recipe.name(digest)
    shelf = Shelf(cache / FOLDER / f"{name[:MOST_NAME]}-{made}", known)
    if not _sound(shelf.index, made):
        _make_room(shelf)
        with publish.writing(shelf.index):
            there = standing.sound(shelf.index, made)
            if there is not None:
                publish.point(shelf.index, there)
            else:
                model = replace(recipe.model, home=_home(shelf))
                model.freeze()
                encoder = model.open()
                contents = indexed.of(documents, (), encoder, recipe, tell)
                described = indexed.described(made, digest, recipe, contents)
                publish.publish(shelf.index, described, contents)
    return Library(shelf, __version__)


def _home(shelf: Shelf) -> Path | None:
    """Where frozen copies of models are kept, if settings want any."""
    return shelf.index / frozen.FOLDER if shelf.settings.frozen else None


def _sound(index: Path, name: str) -> bool:
    try:
        return opened.open_current(index).verify().id == name
    except errors.AskreportError:
        return False


def _make_room(shelf: Shelf) -> None:
    try:
        shelf.sources.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise errors.BuildFailed(
            f"{shelf.root} cannot be made: {error.strerror}",
            hint="name another folder with --cache",
        ) from error


def _document(row: Row) -> Document:
    title = texts.question(row.title or "")
    source = Source(id=row.id, title=title, path=row.id, digest="")
    return Document(source, (Page(row.page, None, texts.normalise(row.text)),))
