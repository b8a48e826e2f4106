"""a new index -> the one that answers: written aside, renamed, pointed to."""

import os
import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path

import filelock
import numpy as np
from numpy.typing import NDArray

from askreport import dense, errors, late, lexical
from askreport.generation import files, manifest, sentences, storing
from askreport.generation.manifest import Manifest
from askreport.generation.sentences import Sentences
from askreport.generation.stored import Stored
from askreport.generation.written import Folder
from askreport.types import Document, Unread

NEW = ".new-"
"""Before the id of a generation that is being written; no reader looks at such a
name."""

OLD = ".old-"
"""Before the id of one that is being removed, so that it is never half there."""

HOLDER = ".holder"
"""Says who holds the lock; the lock itself is `.lock`, and not its being there."""

POINTER = ".CURRENT.new"
"""What becomes `CURRENT` once it is whole."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A generation before it is written: row i of every index is passage i."""

    stored: Stored
    """Documents, pages and passages."""
    failed: tuple[Document, ...]
    """Documents that yielded no page, and why."""
    dense: dense.Index
    lexical: lexical.Index
    tokens: Sequence[late.TokenVectors]
    """Those of the passages, one part after another."""
    sentences: Sentences
    """Where those of each passage stand."""
    keys: NDArray[np.uint8] = field(
        default_factory=lambda: np.zeros((0, 32), dtype=np.uint8)
    )
    """What each passage was encoded from, digested; empty: not to be reused."""
    origins: NDArray[np.uint8] = field(
        default_factory=lambda: np.zeros((0, 32), dtype=np.uint8)
    )
    """What each document was made of, digested; empty: not to be taken over."""
    probe: NDArray[np.float32] = field(
        default_factory=lambda: np.zeros(0, dtype=np.float32)
    )
    """What the encoder makes of `embedding.PROBE`; empty: nobody asked it."""
    encoded: int = 0
    """How many of the passages were encoded for this; the others were before."""

    @property
    def unread(self) -> tuple[Unread, ...]:
        """All that could not be read, whole documents first."""
        each = (*(d.unread for d in self.failed), *self.stored.unread)
        return tuple(one for unread in each for one in unread)


@contextmanager
def writing(index: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold the shelf's one writer's lock, waiting for it for so many seconds at most.

    The lock is the operating system's, so a process that dies lets go of it. What a
    dead one left half-written is swept away. Raises BuildBusy naming who holds it.
    """
    with _locked(index, wait):
        try:
            _note_holder(index)
            _sweep(index)
            yield
        finally:
            with suppress(OSError):
                (index / HOLDER).unlink(missing_ok=True)


@contextmanager
def _locked(index: Path, wait: float) -> Iterator[None]:
    try:
        index.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(index / ".lock", timeout=wait)
        lock.acquire()
    except filelock.Timeout:
        raise errors.BuildBusy(
            f"another build of this shelf is running ({_holder(index)})",
            hint="wait for it (askreport build --wait 600), or stop that process",
        ) from None
    except OSError as error:
        raise unwritable(index, error) from error
    try:
        yield
    finally:
        lock.release()


def _left(index: Path) -> list[Path]:
    """What builds that were cut off have left (or the one that runs now is writing)."""
    places = (
        f"generations/{NEW}*",
        f"generations/{OLD}*",
        f"cache/{NEW}*",
        f"encoders/{NEW}*",
    )
    found = [path for place in places for path in index.glob(place)]
    pointer = index / POINTER
    return [*found, pointer] if pointer.exists() else found


def _sweep(index: Path) -> None:
    for left in _left(index):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            with suppress(OSError):
                left.unlink(missing_ok=True)


def tidy(index: Path) -> None:
    """Sweep what dead builds left, if there is any and no build is running."""
    if _left(index) or (index / HOLDER).exists():
        with suppress(errors.BuildFailed), writing(index):
            pass


def unwritable(index: Path, error: OSError) -> errors.BuildFailed:
    """The failure to raise where the index folder does not take what is written."""
    return errors.BuildFailed(
        f"cannot write to {index}: {error.strerror or error}",
        hint="free some space or allow writing there; the old index still answers",
    )


def _holder(index: Path) -> str:
    try:
        return (index / HOLDER).read_text("utf-8").strip() or "unknown process"
    except OSError:
        return "unknown process"


def _note_holder(index: Path) -> None:
    since = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
    said = f"process {os.getpid()} on {socket.gethostname()} since {since}\n"
    try:
        (index / HOLDER).write_text(said, "utf-8")
    except OSError as error:
        raise unwritable(index, error) from error


def publish(index: Path, made: Manifest, contents: Contents) -> str:
    """Write a generation aside, move it into place and make it current; its folder.

    Each step leaves either the old or the new generation answering. Call within
    `writing`. Raises BuildFailed if the disk does not take it.
    """
    generations = index / "generations"
    aside = generations / f"{NEW}{made.id}"
    name = _free(generations, made.id)
    try:
        aside.mkdir(parents=True)
        _write(aside, replace(made, number=_number(generations)), contents)
        files.sync_tree(aside)
        aside.replace(generations / name)
        files.sync(generations)
    except OSError as error:
        raise unwritable(index, error) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    point(index, name)
    return name


def _free(generations: Path, name: str) -> str:
    """The id, or with a number behind it where a folder of that name answers yet: it
    cannot be replaced in one step, so it is left and pruned in its turn.
    """
    names = chain([name], (f"{name}-{n}" for n in count(2)))
    return next(one for one in names if not (generations / one).exists())


def _number(generations: Path) -> int:
    """One more than the greatest of the generations that can be read."""
    most = 0
    for folder in generations.iterdir():
        if manifest.FOLDER.match(folder.name):
            with suppress(errors.AskreportError):
                most = max(most, manifest.read(folder).number)
    return most + 1


def point(index: Path, name: str) -> None:
    """Make `CURRENT` name a published generation, atomically."""
    aside = index / POINTER
    try:
        aside.write_text(name + "\n", "utf-8")
        files.sync(aside)
        aside.replace(index / "CURRENT")
        files.sync(index)
    except OSError as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise unwritable(index, error) from error


def _write(path: Path, made: Manifest, contents: Contents) -> None:
    folder = Folder(path)
    storing.write(contents.stored, folder, "passages")
    folder.lines("failed.jsonl", map(files.document_row, contents.failed))
    folder.lines("unread.jsonl", map(files.flat, contents.unread))
    for name in ("keys", "origins", "probe"):
        folder.array(f"{name}.npy", [getattr(contents, name)])
    folder.raw("dense.faiss", dense.raw(contents.dense))
    for name, array in dense.laid(contents.dense).items():
        folder.array(name, [array], blocked=name == dense.WHOLE)
    for name in lexical.FILES:
        folder.array(f"lexical/{name}.npy", [getattr(contents.lexical, name)])
    for name, parts in late.laid(contents.tokens).items():
        folder.array(f"tokens/{name}.npy", parts, blocked=name == "codes")
    for name in sentences.FILES:
        folder.array(f"sentences/{name}.npy", [getattr(contents.sentences, name)])
    manifest.write(path, replace(made, files=folder.digests))
