"""a new index -> the one that answers: written aside, renamed, pointed to."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import filelock

from askreport import dense, errors, late, lexical
from askreport.generation import files, manifest, opened, sentences
from askreport.generation.manifest import ID, Manifest
from askreport.types import Document, Passage

NEW = ".new-"
"""Before the id of a generation that is being written; no reader looks at such a
name."""

OLD = ".old-"
"""Before the id of one that is being removed, so that it is never half there."""

POINTER = ".CURRENT.new"
"""What becomes `CURRENT` once it is whole."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A generation before it is written: row i of every index is `passages[i]`."""

    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]
    failed: tuple[Document, ...]
    """Documents that yielded no page, and why."""
    dense: dense.Index
    lexical: lexical.Index
    tokens: late.TokenVectors


@contextmanager
def writing(index: Path) -> Iterator[None]:
    """Hold the shelf's one writer's lock. Raises BuildBusy naming who holds it.

    The lock is the operating system's, so a process that dies lets go of it. What a
    dead one left half-written is swept away.
    """
    with _locked(index):
        try:
            _note_holder(index)
            _sweep(index)
            yield
        finally:
            with suppress(OSError):
                (index / ".holder").unlink(missing_ok=True)


@contextmanager
def _locked(index: Path) -> Iterator[None]:
    try:
        index.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(index / ".lock", timeout=0)
        lock.acquire()
    except filelock.Timeout:
        raise errors.BuildBusy(
            f"another build of this shelf is running ({_holder(index)})",
            hint="wait for it, or stop that process",
        ) from None
    except OSError as error:
        raise unwritable(index, error) from error
    try:
        yield
    finally:
        lock.release()


def _left(index: Path) -> list[Path]:
    """What builds that were cut off have left (or the one that runs now is writing)."""
    found = [*index.glob(f"generations/{NEW}*"), *index.glob(f"generations/{OLD}*")]
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
    if _left(index):
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
        return (index / ".holder").read_text("utf-8").strip() or "unknown process"
    except OSError:
        return "unknown process"


def _note_holder(index: Path) -> None:
    try:
        (index / ".holder").write_text(f"process {os.getpid()}\n", "utf-8")
    except OSError as error:
        raise unwritable(index, error) from error


def publish(index: Path, made: Manifest, contents: Contents) -> None:
    """Write a generation aside, move it into place and make it current.

    Each step leaves either the old or the new generation answering. Call within
    `writing`. Raises BuildFailed if the disk does not take it.
    """
    generations = index / "generations"
    aside = generations / f"{NEW}{made.id}"
    try:
        aside.mkdir(parents=True)
        _write(aside, made, contents)
        files.sync_tree(aside)
        aside.replace(generations / made.id)
        files.sync(generations)
    except OSError as error:
        raise unwritable(index, error) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    point(index, made.id)


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


def published(index: Path, name: str) -> bool:
    """Whether a sound generation of that id is on disk; an unsound one is set aside."""
    folder = index / "generations" / name
    if not folder.exists():
        return False
    try:
        opened.Generation(folder)
    except (errors.IndexDamaged, errors.IndexForeign):
        set_aside(folder)
        return False
    return True


def quarantine(index: Path) -> None:
    """Set the generation that `CURRENT` names aside if it is damaged."""
    try:
        opened.open_current(index)
    except errors.IndexDamaged:
        with suppress(errors.AskreportError):
            set_aside(index / "generations" / opened.current(index))
    except errors.AskreportError:
        return  # there is none, or it is not ours to move


def set_aside(folder: Path) -> None:
    """Rename a damaged folder so that it is kept, never read, and out of the way."""
    names = (folder.with_name(f"{folder.name}.damaged-{n}") for n in range(1, 1000))
    free = next((name for name in names if not name.exists()), None)
    if free is None:
        raise errors.BuildFailed(
            f"too many damaged copies of {folder}",
            hint="remove the *.damaged-* folders",
        )
    try:
        folder.rename(free)
    except OSError as error:
        raise unwritable(folder, error) from error


def prune(index: Path, *, keep: int) -> tuple[str, ...]:
    """Keep `keep` generations: the current one and the newest others; the ids removed.

    What cannot be removed now is left for a later build.
    """
    answering = opened.current(index)
    found = [p for p in (index / "generations").iterdir() if ID.match(p.name)]
    newest = sorted(found, key=lambda p: p.stat().st_mtime_ns, reverse=True)
    others = [p for p in newest if p.name != answering]
    return tuple(p.name for p in others[max(0, keep - 1) :] if _removed(p))


def _removed(folder: Path) -> bool:
    leaving = folder.with_name(OLD + folder.name)
    try:
        folder.rename(leaving)
    except OSError:
        return False
    shutil.rmtree(leaving, ignore_errors=True)
    return True


def _write(folder: Path, made: Manifest, contents: Contents) -> None:
    documents = map(files.document_row, contents.documents)
    files.write_lines(folder / "documents.jsonl", documents)
    files.write_lines(
        folder / "passages.jsonl", map(files.passage_row, contents.passages)
    )
    failed = map(files.document_row, contents.failed)
    files.write_lines(folder / "failed.jsonl", failed)
    dense.write(contents.dense, folder / "dense.faiss")
    for name in ("lexical", "tokens", "sentences"):
        (folder / name).mkdir()
    lexical.write(contents.lexical, folder / "lexical")
    late.write(contents.tokens, folder / "tokens")
    sentences.write(sentences.build(contents.passages), folder / "sentences")
    manifest.write(folder, replace(made, files=files.digests(folder)))
