"""what whoever keeps a shelf wants -> sources/ and index/ changed, and how they stand.

Changes nothing by itself: files are taken, named and removed as the service does it,
generations chosen as the command line does it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from askreport.errors import AskreportError, NotFound
from askreport.types import Shelved

if TYPE_CHECKING:
    from askreport.generation.standing import Standing
    from askreport.library import Library

MOST_FILES = 2000
"""Of one folder: more is a mistake, such as the home folder."""

BLOCK = 2**20


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the files that were to be added."""

    names: tuple[str, ...]
    refused: tuple[str, ...]
    """A line a file that was not taken: which, and why."""


def add(library: "Library", given: str) -> Added:
    """Copy a file, or the readable files below a folder, into `sources/`.

    Raises NotFound where there is nothing of that name.
    """
    names, refused = [], []
    for path in _files(Path(given.strip()).expanduser()):
        try:
            names.append(_placed(library.shelf.sources, path))
        except OSError as error:
            refused.append(f"{path.name}: {error.strerror or error}")
        except AskreportError as error:
            refused.append(f"{path.name}: {error.message}")
    return Added(tuple(names), tuple(refused))


def remove(library: "Library", one: Shelved) -> None:
    """Take a document out of `sources/`; it answers until the next build."""
    from askreport.upkeep import documents

    documents.remove(library.shelf.sources, one.source.path, one.source.id)


def generations(library: "Library") -> "tuple[Standing, ...]":
    """What stands in `index/`, newest first."""
    from askreport.generation import standing

    return standing.listed(library.shelf.index)


def use(library: "Library", name: str) -> None:
    """Make a generation the one that answers. Raises as `standing.use`."""
    from askreport.generation import standing

    digest = library.recipe().model.digest
    standing.use(library.shelf.index, name, model_digest=digest)


def _files(given: Path) -> list[Path]:
    if given.is_file():
        return [given]
    if not given.is_dir():
        raise NotFound(
            f"there is no file or folder {given}", hint="Tab completes a path"
        )
    found = list(_below(given))
    if not found:
        raise NotFound(
            f"no file below {given} has a reader",
            hint="Markdown, text, HTML and PDF are read",
        )
    return found


def _below(folder: Path) -> Iterator[Path]:
    from askreport.ingest.documents.reader import ENDINGS

    for number, path in enumerate(sorted(folder.rglob("*"))):
        if number >= MOST_FILES:
            raise NotFound(
                f"more than {MOST_FILES} files are below {folder}",
                hint="choose a smaller folder",
            )
        hidden = any(p.startswith(".") for p in path.relative_to(folder).parts)
        if path.is_file() and path.suffix.lower() in ENDINGS and not hidden:
            yield path


def _placed(sources: Path, path: Path) -> str:
    from askreport.upkeep import documents

    name = documents.checked(path.name)
    with path.open("rb") as file, documents.arriving(sources) as arriving:
        while part := file.read(BLOCK):
            arriving.add(part)
        return arriving.placed(sources / name, replace=False).path
