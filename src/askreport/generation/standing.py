"""index/ -> the generations that stand in it: listed, chosen, set aside, pruned."""

import logging
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from askreport import errors
from askreport.generation import manifest, opened, publish
from askreport.generation.manifest import FOLDER, Manifest
from askreport.generation.opened import Generation

log = logging.getLogger("askreport")

State = Literal["sound", "damaged", "foreign"]

DAMAGED = ".damaged-"
"""In the name of a folder that was set aside; no reader looks at such a name."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A generation's folder and what its manifest says."""

    name: str
    current: bool
    state: State
    said: str
    """What is wrong; empty if nothing is known to be."""
    bytes: int
    manifest: Manifest | None
    """None where it cannot be read."""


def listed(index: Path) -> tuple[Standing, ...]:
    """Every generation, newest first, then those set aside. Reads manifests only."""
    named = _named(index)
    inside = _folders(index)
    found = [_standing(p, named) for p in inside if FOLDER.match(p.name)]
    aside = [_standing(p, named) for p in inside if DAMAGED in p.name]
    newest = sorted(found, key=lambda one: (_number(one), one.name), reverse=True)
    return (*newest, *aside)


def find(index: Path, name: str) -> Generation:
    """The generation of that folder, id, or beginning of one. Raises NotFound."""
    found = [one for one in listed(index) if FOLDER.match(one.name)]
    exact = [one for one in found if one.name == name]
    meant = exact or [one for one in found if name and one.name.startswith(name)]
    ids = {manifest.of_folder(one.name) for one in meant}
    if len(ids) != 1:
        what = "more than one generation" if ids else "no generation"
        raise errors.NotFound(
            f"{what} {name!r} in this index", hint="askreport generations lists them"
        )
    return Generation(index / "generations" / meant[0].name)


def sound(index: Path, name: str) -> str | None:
    """A folder that holds the generation of that id, every file of it checked.

    One that is damaged, or not ours, is set aside on the way.
    """
    for folder in _folders(index):
        if FOLDER.match(folder.name) and manifest.of_folder(folder.name) == name:
            try:
                Generation(folder).verify()
            except (errors.IndexDamaged, errors.IndexForeign):
                set_aside(folder)
            else:
                return folder.name
    return None


def use(index: Path, name: str, *, model_digest: str) -> Generation:
    """Make a generation the one that answers, every file of it checked first.

    Raises NotFound, IndexDamaged, IndexForeign, BuildBusy, or ModelChanged where it was
    built with another model than settings name.
    """
    with publish.writing(index):
        found = find(index, name).verify()
        if found.manifest.model_digest != model_digest:
            raise errors.ModelChanged(
                f"generation {found.id} was built with {found.manifest.model}, which "
                "is not the model that settings name",
                hint=f"set model to {found.manifest.model} first, then use it",
            )
        publish.point(index, found.folder.name)
    return found


def fall_back(
    index: Path, damaged: Path, damage: errors.IndexDamaged, *, model_digest: str
) -> Generation:
    """The newest sound generation of that model beside a damaged one.

    Where the index can be written, the damaged folder is set aside and `CURRENT` names
    the other one. Raises `damage` if there is none. Nothing is deleted.
    """
    found = _newest_sound(index, damaged.name, model_digest)
    if found is None:
        raise damage
    kept = "left where it is"
    with suppress(errors.BuildFailed), publish.writing(index):
        if _named(index) == damaged.name:
            publish.point(index, found.folder.name)
        if damaged.exists():
            kept = f"set aside as {set_aside(damaged).name}"
    log.warning(
        "%s; it is %s, and generation %s answers; run askreport build",
        damage.message,
        kept,
        found.id,
    )
    return found


def _newest_sound(index: Path, damaged: str, model: str) -> Generation | None:
    for one in listed(index):
        fits = one.manifest is not None and one.manifest.model_digest == model
        if fits and one.name != damaged:
            with suppress(errors.IndexDamaged):
                return Generation(index / "generations" / one.name).verify()
    return None


def quarantine(index: Path, *, sound: Callable[[Path, Manifest], bool]) -> None:
    """Set the generation that `CURRENT` names aside if `sound` says it is damaged."""
    try:
        found = opened.open_current(index)
        if not sound(found.folder, found.manifest):
            found.verify()
    except errors.IndexDamaged:
        with suppress(errors.AskreportError):
            set_aside(index / "generations" / opened.current(index))
    except errors.AskreportError:
        return  # there is none, or it is not ours to move


def set_aside(folder: Path) -> Path:
    """Rename a damaged folder so that it is kept, never read, and out of the way."""
    names = (folder.with_name(f"{folder.name}{DAMAGED}{n}") for n in range(1, 1000))
    free = next((name for name in names if not name.exists()), None)
    if free is None:
        raise errors.BuildFailed(
            f"too many damaged copies of {folder}",
            hint="remove the *.damaged-* folders",
        )
    try:
        folder.rename(free)
    except OSError as error:
        raise publish.unwritable(folder, error) from error
    return free


def prune(index: Path, *, keep: int) -> tuple[str, ...]:
    """Keep `keep` generations: the current one and the newest others; what was removed.

    Damaged ones are neither counted nor removed. What cannot be removed now is left for
    a later build. Call within `publish.writing`.
    """
    others = [
        one
        for one in listed(index)
        if FOLDER.match(one.name) and one.state != "damaged" and not one.current
    ]
    leaving = [index / "generations" / one.name for one in others[max(0, keep - 1) :]]
    return tuple(folder.name for folder in leaving if _removed(folder))


def models(index: Path) -> tuple[str, ...]:
    """The digests of the models that generations were built with."""
    made = (one.manifest for one in listed(index))
    return tuple({one.model_digest for one in made if one is not None})


def _removed(folder: Path) -> bool:
    leaving = folder.with_name(publish.OLD + folder.name)
    try:
        folder.rename(leaving)
    except OSError:
        return False
    shutil.rmtree(leaving, ignore_errors=True)
    return True


def _standing(folder: Path, named: str) -> Standing:
    found: Manifest | None = None
    state: State = "sound"
    said = ""
    try:
        found = None if DAMAGED in folder.name else manifest.read(folder)
    except errors.IndexForeign as error:
        state, said = "foreign", error.message
    except errors.IndexDamaged as error:
        state, said = "damaged", error.message
    if DAMAGED in folder.name:
        state, said = "damaged", "was found damaged and set aside"
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    return Standing(folder.name, folder.name == named, state, said, size, found)


def _number(one: Standing) -> int:
    return one.manifest.number if one.manifest is not None else -1


def _folders(index: Path) -> list[Path]:
    try:
        return sorted(p for p in (index / "generations").iterdir() if p.is_dir())
    except OSError:  # nothing was ever published
        return []


def _named(index: Path) -> str:
    """What `CURRENT` names; empty if it names nothing of ours."""
    with suppress(errors.AskreportError):
        return opened.current(index)
    return ""
