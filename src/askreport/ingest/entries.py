"""what is said of documents -> catalogue.toml, changed at once, its comments kept.

Whoever changes the catalogue does it here, one at a time: two documents that arrive
together are both listed. A change that would make it wrong is refused before it counts.
"""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock
import tomlkit
from tomlkit.exceptions import TOMLKitError

from askreport import errors
from askreport.generation import files
from askreport.ingest import catalogue
from askreport.types import Source

ASIDE = ".catalogue-"
"""Before the name of a catalogue that is being written."""

WAIT = 30.0
"""Seconds that a change waits for another: each takes milliseconds."""

LOCK = ".catalogue.lock"
"""The file in the folder that is held meanwhile; hidden, so no reader takes it."""


@contextmanager
def edited(folder: Path) -> Iterator[tomlkit.TOMLDocument]:
    """The catalogue of `folder`, to be changed; at the end it takes the place of the
    old one, unless nothing was changed.

    Raises CatalogueWrong, before anything is written, where it is or would become
    wrong; OSError where the folder does not take it.
    """
    with _locked(folder):
        whole = _parsed(folder / catalogue.NAME, _text(folder / catalogue.NAME))
        yield whole
        write(folder, whole)


def write(folder: Path, whole: tomlkit.TOMLDocument) -> None:
    """What `edited` does at its end, for who has to know that it was done."""
    path = folder / catalogue.NAME
    after = tomlkit.dumps(whole)
    if after != _text(path):
        catalogue.parsed(path, after)
        _replace(path, after)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the catalogue. Raises CatalogueWrong where somebody else holds it long."""
    try:
        with filelock.FileLock(folder / LOCK, timeout=WAIT):
            yield
    except filelock.Timeout as error:
        raise errors.CatalogueWrong(
            f"{folder / catalogue.NAME} is being changed by somebody else",
            hint="try again",
        ) from error


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")  # whatever its lines end with
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise errors.CatalogueWrong(
            f"{path} is not valid TOML: {error}", hint="correct it first"
        ) from error


def enter(whole: tomlkit.TOMLDocument, entry: Mapping[str, str]) -> None:
    """Add an entry, or what it says to the one of the same id and path.

    Raises CatalogueWrong where another path has that id.
    """
    tables: Any = whole.setdefault("document", tomlkit.aot())
    known = next((one for one in tables if one.get("id") == entry["id"]), None)
    if known is None:
        table = tomlkit.table()
        table.update(entry)
        tables.append(table)
    elif os.path.normpath(known["path"]) == entry["path"]:
        known.update({k: v for k, v in entry.items() if k != "path"})
    else:
        raise errors.CatalogueWrong(
            f"there is a document {entry['id']!r} already", hint="choose another id"
        )


def describe(
    whole: tomlkit.TOMLDocument, source: Source, stated: Mapping[str, str]
) -> None:
    """Have the catalogue say this of a document, listed in it or not."""
    if stated:
        enter(whole, {"id": source.id, "path": source.path, **stated})


def strike(whole: tomlkit.TOMLDocument, document: str) -> None:
    """Take an entry out, and whatever says that it supersedes it."""
    tables: Any = whole.get("document", [])
    for number in reversed(range(len(tables))):
        if tables[number].get("id") == document:
            del tables[number]
    for entry in tables:
        if entry.get("supersedes") == document:
            del entry["supersedes"]


def _parsed(path: Path, text: str) -> tomlkit.TOMLDocument:
    catalogue.parsed(path, text)
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise errors.CatalogueWrong(
            f"{path} is not valid TOML: {error}", hint="correct it first"
        ) from error


def _replace(path: Path, text: str) -> None:
    aside = path.with_name(f"{ASIDE}{secrets.token_hex(8)}")
    try:
        aside.write_text(text, "utf-8", newline="")
        files.sync(aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
