"""a model's name and a shelf -> a library that builds with it, then settings that say
so.

The index is built first and the settings file replaced last: until then every process
reads old settings and an old index, which agree.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import tomlkit

from askreport import embedding, errors, settings
from askreport.generation import files, opened, publish
from askreport.library import Library

DIGEST = "model_digest"


@contextmanager
def chosen(name: str, start: Path | None) -> Iterator[Library]:
    """A library of the shelf with another model; build it inside, and if that goes well
    the settings name the model from then on.

    A pin (`model_digest`) that the file holds is set to the model's digest. Raises
    ModelMissing, ModelChanged, or SettingsWrong where the file cannot be replaced or a
    variable says otherwise.
    """
    shelf = settings.open_shelf(start)
    _check_variables(name)
    found = embedding.find(_absolute(name))
    path = shelf.root / settings.FILE
    said = {"model": _written(name, shelf.root)}
    pin = found.digest if shelf.settings.model_digest is not None else None
    said |= {} if pin is None else {DIGEST: pin}
    made = _made(path, said)
    try:
        before = _current(shelf.index)
        yield Library.open(shelf.root, flags={"model": _absolute(name), DIGEST: pin})
        _made(path, said)  # anew: somebody may have edited the file meanwhile
        _put(made, path, shelf.index, before)
    finally:
        made.unlink(missing_ok=True)


def _check_variables(name: str) -> None:
    """Refuse a choice that the environment would override at the next question."""
    for key in ("model", DIGEST):
        variable = settings.PREFIX + key.upper()
        if variable in os.environ:
            raise errors.SettingsWrong(
                f"{variable} is set and would override the choice of {name}",
                hint=f"unset {variable} first",
            )


def _absolute(name: str) -> str:
    """A folder by its whole path; any other name as it is."""
    return str(Path(name).expanduser().resolve()) if _is_folder(name) else name


def _written(name: str, root: Path) -> str:
    """What the settings file says: a folder inside the shelf from there, so that the
    shelf can be moved.
    """
    if not _is_folder(name):
        return name
    whole = Path(_absolute(name))
    inside = whole.is_relative_to(root)
    return whole.relative_to(root).as_posix() if inside else str(whole)


def _is_folder(name: str) -> bool:
    from askreport import models

    if name in (embedding.HASHING, models.DEFAULT) or name in models.added():
        return False
    with suppress(OSError, RuntimeError, ValueError):
        return Path(name).expanduser().is_dir()
    return False


def _made(path: Path, said: dict[str, str]) -> Path:
    """The file as it will be, beside the one that it will replace."""
    made = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        document = tomlkit.parse(path.read_bytes().decode("utf-8"))
        document.update(said)
        made.write_bytes(tomlkit.dumps(document).encode("utf-8"))
        shutil.copymode(path, made)
        files.sync(made)
    except OSError as error:
        made.unlink(missing_ok=True)
        raise _unwritable(path, error) from error
    return made


def _unwritable(path: Path, error: OSError) -> errors.SettingsWrong:
    return errors.SettingsWrong(
        f"{path} cannot be replaced: {error.strerror}",
        hint="check the permissions of the shelf's folder",
    )


def _current(index: Path) -> str | None:
    with suppress(errors.AskreportError):
        return opened.current(index)
    return None


def _put(made: Path, path: Path, index: Path, before: str | None) -> None:
    """Replace the settings file; where that fails, the old index answers again."""
    try:
        made.replace(path.resolve())
        files.sync(path.parent)
    except OSError as error:
        if before is not None and (index / "generations" / before).is_dir():
            with publish.writing(index):
                publish.point(index, before)
        raise _unwritable(path, error) from error
