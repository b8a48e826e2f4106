"""a file that arrived and what its sender says of it -> a document of the catalogue."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

from fastapi import Query

from askreport import errors
from askreport.library import Library
from askreport.types import Source
from askreport.upkeep.documents import (
    PARTIAL,
    Arriving,
    DocumentThere,
    Stored,
    Unwritable,
)


class DocumentRefused(errors.AskreportError):
    """A document that cannot be read, or of which something impossible is said."""


def _about(description: str, longest: int = 500) -> object:
    return Query(min_length=1, max_length=longest, description=description)


@dataclass(frozen=True, slots=True)
class About:
    """What the catalogue is to say of a document; what is left out, it says itself."""

    title: Annotated[str | None, _about("As it is cited.")] = None
    publisher: Annotated[str | None, _about("Who published it.")] = None
    date: Annotated[str | None, _about("2018, 2018-03 or 2018-03-15.")] = None
    author: Annotated[str | None, _about("Who wrote it.")] = None
    kind: Annotated[
        str | None, _about("In a word or two; report if not said.", 100)
    ] = None
    words: Annotated[str | None, _about("`original` or `digest`.", 10)] = None
    licence: Annotated[str | None, _about("Under which it may be used.")] = None
    url: Annotated[str | None, _about("Where the original is.", 2000)] = None
    id: Annotated[
        str | None, _about("Its id; from its own title or name if not said.", 100)
    ] = None

    def said(self) -> dict[str, str]:
        """What was said."""
        return {key: value for key, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class Listed:
    """A document that is in sources/ and its catalogue now."""

    stored: Stored
    source: Source


def add(
    library: Library, arriving: Arriving, name: str, said: Mapping[str, str]
) -> Listed:
    """Put a file that has arrived on the shelf, under a name that was checked.

    It is read first: what cannot be read is refused. Raises DocumentRefused,
    DocumentThere, Unwritable; CatalogueWrong where the catalogue was wrong before.
    """
    folder = library.shelf.sources
    taken = {source.id for source in library.sources()}
    if (folder / name).exists():
        raise DocumentThere(
            f"there is a document {name!r} already",
            hint="choose another name, or replace it and say nothing of it: what the "
            "catalogue says of it stays",
        )
    if said.get("id") in taken:
        raise DocumentThere("there is a document of that id", hint="choose another id")
    room = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=folder))
    try:
        stored = arriving.placed(room / name, replace=False)
        source = _added(library, room / name, said)
        return Listed(replace(stored, path=source.path), source)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _added(library: Library, path: Path, said: Mapping[str, str]) -> Source:
    try:
        (added,) = library.add([str(path)], stated=said)
    except errors.BuildFailed as error:
        raise Unwritable(
            "sources/ does not take it", hint="free some space there, or allow writing"
        ) from error
    except errors.CatalogueWrong as error:  # it was sound before
        raise DocumentRefused(
            "the catalogue cannot hold what was said of it",
            hint="date is 2018, 2018-03 or 2018-03-15; words is original or digest; id "
            "is letters, digits and hyphens; docs/catalogue.md says more",
        ) from error
    if added.same:
        raise DocumentThere(
            f"this very file is on the shelf as {added.same!r}",
            hint="DELETE /admin/documents/{id} removes it",
        )
    if added.source is None:
        told = added.refused.replace(str(path), path.name)
        raise DocumentRefused(f"it cannot be read: {told}", hint="send another file")
    return added.source
