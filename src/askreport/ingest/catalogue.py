"""`sources/` -> the list of what is in it, checked and digested.

`catalogue.toml` says what a file cannot say of itself: publisher, date, whose words it
holds. Files it does not mention are listed too, with what their name tells.
"""

import difflib
import hashlib
import os
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from askreport import dates, errors
from askreport import text as texts
from askreport.ingest import paths
from askreport.ingest.paths import File
from askreport.types import Source, Words

NAME = "catalogue.toml"
"""The catalogue's file name, inside `sources/`."""


def _dated(value: object) -> object:
    """A TOML date or year as the text it would be in quotes."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return f"{value:04}" if type(value) is int else value


def _one_line(value: object) -> object:
    return texts.question(value) if isinstance(value, str) else value


def _possible(value: str) -> str:
    if not dates.possible(value):
        raise PydanticCustomError("date", "no such date")
    return value


Line = Annotated[
    str, BeforeValidator(_one_line), StringConstraints(min_length=1, max_length=2000)
]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
FilePath = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]+$")]
Date = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"),
    BeforeValidator(_dated),
    AfterValidator(_possible),
]


class Entry(BaseModel):
    """One `[[document]]` of the catalogue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Id
    path: FilePath
    title: Line | None = None
    kind: Line = "report"
    words: Words = "original"
    publisher: Line | None = None
    date: Date | None = None
    url: Line | None = None
    licence: Line | None = None
    supersedes: Id | None = None
    author: Line | None = None
    original: Id | None = None
    password_env: (
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*$")] | None
    ) = None


class Catalogue(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: tuple[Entry, ...] = Field(default=())


Tried = Literal["", "opens", "wrong"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of the shelf: what is known of it, where it is, if a title was given."""

    source: Source
    path: Path
    titled: bool
    password_env: str | None = None
    """The environment variable that holds its password."""
    tried: Tried = ""
    """What came of the passwords at hand, if it wants one: it is then read, or refused
    in other words, though nothing else changed."""


Digest = Callable[[Path], str]
"""sha256 of a file's bytes, in hexadecimal; raises OSError."""


def read(folder: Path, *, digest: Digest | None = None) -> tuple[Listed, ...]:
    """Every document of `sources/`: the catalogue's in its order, then others by path.

    `digest` may remember files that it has read before.

    Raises CatalogueWrong, naming the entry, for an unknown key, a missing file, a path
    that leaves the folder or a duplicate id.
    """
    entries = _standing_back(_entries(folder / NAME))
    digested = named(_read if digest is None else digest)
    root = os.path.realpath(folder)
    there = {file.name: file for file in paths.of(folder) if file.name != NAME}
    listed = [_listed(folder, entry, digested, there) for entry in entries]
    known = {_real(item, there, root) for item in listed}
    taken = {item.source.id for item in listed}
    for file in there.values():
        real = file.real(root)
        if real not in known:
            listed.append(_uncatalogued(folder, file, taken, digested))
            taken.add(listed[-1].source.id)
            known.add(real)
    return tuple(listed)


def _real(item: Listed, there: Mapping[str, File], root: str) -> str:
    file = there.get(item.source.path)
    return os.path.realpath(item.path) if file is None else file.real(root)


def _standing_back(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Each original supersedes the digest that stands for it, once it is listed.

    What the original itself supersedes, the digest then does in its turn.
    """
    known = {entry.id: entry for entry in entries}
    for digest_ in entries:
        original = known.get(digest_.original or "")
        if original is None or original.supersedes == digest_.id:
            continue
        older = original.supersedes
        known[original.id] = original.model_copy(update={"supersedes": digest_.id})
        if older is not None and digest_.supersedes is None:
            known[digest_.id] = digest_.model_copy(update={"supersedes": older})
    found = tuple(known[entry.id] for entry in entries)
    _check_supersedes(Path(NAME), {entry.id: entry.supersedes for entry in found})
    return found


def digest(listed: tuple[Listed, ...]) -> str:
    """sha256 over everything the build takes from the shelf."""
    whole = hashlib.sha256()
    for item in listed:
        tried = f" {item.tried}" if item.tried else ""
        whole.update(f"{item.source!r} {item.titled}{tried}\n".encode())
    return whole.hexdigest()


def entries(folder: Path) -> tuple[Entry, ...]:
    """What the catalogue itself says, in its order. Raises CatalogueWrong."""
    return _entries(folder / NAME)


def _entries(path: Path) -> tuple[Entry, ...]:
    if not path.exists():
        return ()
    try:
        return parsed(path, path.read_text("utf-8"))
    except UnicodeDecodeError as error:
        raise errors.CatalogueWrong(
            f"{path} is not valid TOML: {error}", hint="correct that line"
        ) from error
    except OSError as error:
        raise errors.CatalogueWrong(
            f"{path} cannot be read: {error.strerror}",
            hint="make it a file that you may read, or take it away",
        ) from error


def parsed(path: Path, text: str) -> tuple[Entry, ...]:
    """The entries of a catalogue that says this. Raises CatalogueWrong, naming
    `path`.
    """
    try:
        entries = Catalogue.model_validate(tomllib.loads(text)).document
    except tomllib.TOMLDecodeError as error:
        raise errors.CatalogueWrong(
            f"{path} is not valid TOML: {error}", hint="correct that line"
        ) from error
    except ValidationError as error:
        raise _explained(path, error) from error
    _check(path, entries)
    return entries


def _check(path: Path, entries: tuple[Entry, ...]) -> None:
    named = {
        "id": [entry.id for entry in entries],
        "path": [os.path.normpath(entry.path) for entry in entries],
    }
    for what, names in named.items():
        seen = Counter(names)
        twice = next((name for name in names if seen[name] > 1), None)
        if twice is not None:
            raise errors.CatalogueWrong(
                f"{path}: two documents have the {what} {twice!r}",
                hint=f"give each document its own {what}",
            )
    _check_supersedes(path, {entry.id: entry.supersedes for entry in entries})


def _check_supersedes(path: Path, older: Mapping[str, str | None]) -> None:
    """Every link leads to a document of the catalogue, and none in a circle."""
    straight: set[str] = set()
    for start in older:
        chain = [start]
        while (named := older[chain[-1]]) is not None and named not in straight:
            if named not in older:
                raise errors.CatalogueWrong(
                    f"{path}: {chain[-1]} supersedes {named!r}, which is not listed",
                    hint="name the id of another document of the catalogue",
                )
            if named in chain:
                circle = " supersedes ".join([*chain[chain.index(named) :], named])
                raise errors.CatalogueWrong(
                    f"{path}: {circle}, in a circle",
                    hint="take supersedes from the oldest of them",
                )
            chain.append(named)
        straight.update(chain)


def _explained(path: Path, error: ValidationError) -> errors.CatalogueWrong:
    """The first thing wrong, where it is, and the nearest thing that would be right."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    key = str(first["loc"][-1]) if first["loc"] else ""
    hint = "see docs/catalogue.md for the keys and their values"
    if first["type"] == "extra_forbidden":
        inside = len(first["loc"]) > 1
        known = list(Entry.model_fields if inside else Catalogue.model_fields)
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
        return errors.CatalogueWrong(f"{path}: unknown key {where!r}", hint=hint)
    return errors.CatalogueWrong(f"{path}: {where}: {first['msg']}", hint=hint)


def _listed(
    folder: Path, entry: Entry, digest: Digest, there: Mapping[str, File]
) -> Listed:
    path = folder / os.path.normpath(entry.path)
    file = there.get(os.path.normpath(entry.path))
    if file is None or file.link:
        _check_path(folder, entry, path)
    given = entry.model_dump(exclude={"title", "path", "original", "password_env"})
    source = Source(
        title=entry.title or title(path),
        path=path.relative_to(folder).as_posix(),
        digest=digest(path),
        titled=entry.title is not None,
        **given,
    )
    return Listed(source, path, entry.title is not None, entry.password_env)


def _check_path(folder: Path, entry: Entry, path: Path) -> None:
    """Refuse a path that leads out of the folder, or to no file."""
    if not _inside(folder, path):
        raise _outside(folder, f"{entry.id}: {entry.path}")
    if not path.is_file():
        raise errors.CatalogueWrong(
            f"{entry.id}: {entry.path} does not exist",
            hint=f"put the file into {folder} or take the entry out of {NAME}",
        )


def _inside(folder: Path, path: Path) -> bool:
    """Whether the file itself, links followed, lies in the folder."""
    return path.resolve().is_relative_to(folder.resolve())


def _outside(folder: Path, what: str) -> errors.CatalogueWrong:
    return errors.CatalogueWrong(
        f"{what} lies outside sources/", hint=f"copy the file itself into {folder}"
    )


def _uncatalogued(folder: Path, file: File, taken: set[str], digest: Digest) -> Listed:
    name = texts.question(file.name)
    path = file.at(folder)
    if file.link and not _inside(folder, path):
        raise _outside(folder, name)
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:80] or "document"
    if slug in taken:
        slug = f"{slug}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    source = Source(
        id=slug,
        title=title(path),
        path=name,
        digest=digest(path),
        kind="document",
        titled=False,
    )
    return Listed(source, path, titled=False)


def title(path: Path) -> str:
    """What a file's name says, for a title."""
    words = texts.question(re.sub(r"[-_]+", " ", path.stem)) or "Untitled"
    return words[0].upper() + words[1:]


def named(digest: Digest) -> Digest:
    """The same; a file that cannot be read has the digest of its reason.

    It is listed all the same, and the reader then says why it cannot be read.
    """

    def known(path: Path) -> str:
        try:
            return digest(path)
        except OSError as error:
            return hashlib.sha256(f"unreadable {error.errno}".encode()).hexdigest()

    return known


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
