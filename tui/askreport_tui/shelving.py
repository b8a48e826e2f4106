"""what whoever keeps a shelf wants -> sources/ and index/ changed, and how they stand.

Changes nothing by itself: files are taken and generations chosen as the command line
does it, and removed as the service does it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from askreport.errors import NotFound
from askreport.types import Shelved

if TYPE_CHECKING:
    from askreport.library import Library
    from askreport.upkeep.generations import Listed

MOST_FILES = 2000
"""Of one folder: more is a mistake, such as the home folder."""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the files that were to be added."""

    names: tuple[str, ...]
    refused: tuple[str, ...]
    """A line a file that was not taken: which, and why."""


def add(library: "Library", given: str) -> Added:
    """Copy a file, the readable files below a folder, or what an address holds, into
    `sources/`, and list it in the catalogue.

    Raises NotFound where there is nothing of that name, else as `Library.add`.
    """
    named = given.strip()
    if "://" not in named:
        check(Path(named).expanduser())
    names, refused = [], []
    for one in library.add([named]):
        name = one.given if "://" in one.given else Path(one.given).name
        if one.source is not None:
            names.append(one.source.path)
        else:
            refused.append(
                f"{name}: {one.refused or f'it is here already: {one.same}'}"
            )
    return Added(tuple(names), tuple(refused))


def remove(library: "Library", one: Shelved) -> None:
    """Take a document out of `sources/`; it answers until the next build."""
    from askreport.upkeep import documents

    documents.remove(library.shelf.sources, one.source.path, one.source.id)


def generations(library: "Library") -> "tuple[Listed, ...]":
    """What stands in `index/`, newest first."""
    from askreport.upkeep import generations as standing

    return standing.listed(library.shelf.index)


def use(library: "Library", name: str) -> None:
    """Make a generation the one that answers. Raises as `standing.use`."""
    from askreport.generation import standing

    digest = library.recipe().model.digest
    standing.use(library.shelf.index, name, model_digest=digest)


def check(given: Path) -> None:
    """Refuse what is not there, and a folder so large that it is a mistake.

    Raises NotFound.
    """
    if given.is_dir():
        if any(number >= MOST_FILES for number, _ in enumerate(given.rglob("*"))):
            raise NotFound(
                f"more than {MOST_FILES} files are below {given}",
                hint="choose a smaller folder",
            )
    elif not given.is_file():
        raise NotFound(
            f"there is no file or folder {given}", hint="Tab completes a path"
        )
