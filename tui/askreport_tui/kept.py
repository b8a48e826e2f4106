"""answers -> the reader's own history on disk, and back; newest first.

It belongs to the reader and not to the shelf, which may be shared or not writable: one
file a shelf in the user's state folder, which nobody else may read. One line an answer,
so that a crash loses at most the last.
"""

import hashlib
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from askreport import errors
from askreport.types import Answer, Filter

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MOST_BYTES = 16 * 10**6
"""Of one shelf's file, some two thousand answers; then its newer half is kept."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A question with its answer, and when it was asked."""

    id: str
    at: str
    """The time in UTC, as ISO 8601 has it."""
    among: Filter
    answer: Answer

    @property
    def question(self) -> str:
        """As it was asked."""
        return self.answer.question


def of(answer: Answer, among: Filter) -> Kept:
    """An answer as it is kept; what explains it is left out."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Kept(secrets.token_hex(4), now, among, replace(answer, explained=()))


def matching(words: str, kept: Sequence[Kept]) -> tuple[Kept, ...]:
    """Those whose question, answer or sources hold every word."""
    said = words.casefold().split()
    return tuple(one for one in kept if all(word in _text(one) for word in said))


def _text(one: Kept) -> str:
    answer = one.answer
    titles = " ".join(c.title for c in answer.citations)
    return f"{one.at} {answer.question} {answer.text} {titles}".casefold()


def place(of_shelf: str) -> Path:
    """The file that keeps what was asked of the shelf at that folder or address."""
    import platformdirs

    folder = platformdirs.user_state_path("askreport", appauthor=False) / "asked"
    digest = hashlib.sha256(of_shelf.encode()).hexdigest()[:16]
    return folder / f"{digest}.jsonl"


class History:
    """What was asked of one shelf. Each call may wait for the disk."""

    def __init__(self, path: Path) -> None:
        """At `path`; nothing is touched before it is needed."""
        self.path = path

    def read(self) -> tuple[Kept, ...]:
        """What is kept, newest first; lines that are damaged are passed over.

        Raises SavedWrong where the file is there and cannot be read.
        """
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _unusable(self.path, error) from error
        shape = _shape()
        found = []
        for line in lines:
            with suppress(ValueError):
                found.append(shape.validate_json(line))
        return tuple(reversed(found))

    def add(self, one: Kept) -> None:
        """Keep one more. Raises SavedWrong."""
        with self._held():
            descriptor = os.open(
                self.path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600
            )
            with os.fdopen(descriptor, "ab") as file:
                file.write(_shape().dump_json(one) + b"\n")
                long = file.tell() > MOST_BYTES
            if long:
                kept = self.read()
                self._write(kept[: len(kept) // 2])

    def forget(self, ids: Sequence[str]) -> None:
        """Keep those no longer. Raises SavedWrong."""
        with self._held():
            self._write([one for one in self.read() if one.id not in set(ids)])

    def _write(self, newest_first: Sequence[Kept]) -> None:
        aside = self.path.with_suffix(f".{os.getpid()}")
        lines = [_shape().dump_json(one) + b"\n" for one in reversed(newest_first)]
        descriptor = os.open(aside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(lines)
        aside.replace(self.path)

    def _held(self) -> "_Held":
        return _Held(self.path)


class _Held:
    """The file, while no other process changes it."""

    def __init__(self, path: Path) -> None:
        import filelock

        self._path = path
        self._lock = filelock.FileLock(path.with_suffix(".lock"), timeout=5, mode=0o600)

    def __enter__(self) -> None:
        import filelock

        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock.acquire()
        except (OSError, filelock.Timeout) as error:
            raise _unusable(self._path, error) from error

    def __exit__(self, kind: object, error: object, _trace: object) -> None:
        self._lock.release()
        if isinstance(error, OSError):
            raise _unusable(self._path, error) from error


def _shape() -> "TypeAdapter[Kept]":
    from pydantic import TypeAdapter

    return TypeAdapter(Kept)


def _unusable(path: Path, error: Exception) -> errors.SavedWrong:
    reason = getattr(error, "strerror", None) or str(error)
    return errors.SavedWrong(
        f"what you ask cannot be kept in {path}: {reason}",
        hint="allow writing there, or set XDG_STATE_HOME to a folder of yours",
    )
