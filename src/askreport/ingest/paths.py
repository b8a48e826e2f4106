"""`sources/` -> the files in it that a build looks at, without following links.

Looked at once: what the system says of a folder's entries tells files from folders and
links, so a shelf of a thousand files costs a few milliseconds.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class File:
    """A file, or a link to one or to nothing."""

    name: str
    """Relative to the folder, with forward slashes."""
    link: bool

    def at(self, folder: Path) -> Path:
        """Where it is."""
        return folder / self.name

    def real(self, root: str) -> str:
        """Where it really is, all links followed; `root` is where the folder is."""
        path = f"{root}/{self.name}"
        return os.path.realpath(path) if self.link else os.path.normpath(path)


def of(folder: Path) -> tuple[File, ...]:
    """The folder's files and those below it, except hidden ones and editors' leftovers.

    In the order of their paths, part by part. A link to nothing is among them, so that
    it is reported and not passed over; links to folders are not.
    """
    found = _below(os.fspath(folder), "")
    return tuple(sorted(found, key=lambda file: file.name.split("/")))


def _below(folder: str, front: str) -> Iterator[File]:
    entries: list[os.DirEntry[str]] = []
    with suppress(OSError), os.scandir(folder) as inside:  # gone, or not ours to see
        entries = list(inside)
    for entry in entries:
        name = f"{front}{entry.name}"
        if entry.name.startswith((".", "~$")):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path, f"{name}/")
        elif not entry.name.endswith("~") and _counts(entry):
            yield File(name, entry.is_symlink())


def _counts(entry: "os.DirEntry[str]") -> bool:
    """Whether it is a file; a link to nothing, or in a circle, counts too."""
    try:
        return entry.is_file() or (entry.is_symlink() and not os.path.exists(entry))  # noqa: PTH110 - not a Path
    except OSError:
        return entry.is_symlink()
