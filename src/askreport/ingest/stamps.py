"""a file -> the digest of its bytes, read again only if the file was touched.

A file is told by where the disk keeps it and by when it changed last: device, inode,
size, times of change. Which of two times is later is never asked, so a clock that goes
back does no harm.
"""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from askreport.generation import files
from askreport.generation.manifest import Manifest
from askreport.ingest import cache
from askreport.ingest.cache import Cache

KIND = "stamps"

NAME = cache.key("stamps", 1)

SETTLED = 2.0
"""Seconds: a file changed no longer ago may change again within the same tick of a
coarse clock, unseen, so its digest is not remembered."""

WORTH = 64 * 2**20
"""Bytes that were read in vain before a build that changes nothing writes down their
digests."""


class Stamps:
    """Digests of files as they were last read."""

    def __init__(self, kept: Cache | None, *, trusted: bool = True) -> None:
        """`kept` None: remembered while this lives. `trusted` False: every file is
        read, whatever is remembered.
        """
        self._kept = kept
        raw = kept.get(KIND, NAME) if kept and trusted else None
        self._before: dict[str, str] = json.loads(raw) if raw else {}
        self._now: dict[str, str] = {}
        self._read = 0

    def digest(self, path: Path, by: Callable[[Path], str] = files.sha256) -> str:
        """What `by` says of the file's bytes. Raises OSError."""
        at, settled = _stamp(path)
        known = self._now.get(at) or self._before.get(at)
        if known is None:
            known = by(path)
            if not settled or _stamp(path)[0] != at:
                return known
            self._read += path.stat().st_size
        self._now[at] = known
        return known

    def learn(self, path: Path, digest: str) -> None:
        """Remember the digest of a file of a generation that was just written."""
        with suppress(OSError):
            at, settled = _stamp(path)
            # It is dated before it was written: a later change shows in its date.
            if settled or _aged(path):
                self._now[at] = digest

    def sound(self, folder: Path, made: Manifest) -> bool:
        """Whether every file of a generation is what was written."""
        try:
            return all(
                self.digest(folder / name, partial(_of, made, folder)) == expected
                for name, expected in made.files.items()
            )
        except OSError:
            return False

    def keep(self, *, always: bool) -> None:
        """Remember what was looked at, if that saves the next build much work."""
        if self._kept and (always or self._read > WORTH):
            self._kept.put(KIND, NAME, json.dumps(self._now, sort_keys=True).encode())


def _of(made: Manifest, folder: Path, path: Path) -> str:
    return made.digest(folder, path.relative_to(folder).as_posix())


def _aged(path: Path) -> bool:
    known = path.stat()
    return abs(known.st_ctime - known.st_mtime) > SETTLED


def _stamp(path: Path) -> tuple[str, bool]:
    known = path.stat()
    changed = known.st_ctime_ns / 1e9
    times = f"{known.st_mtime_ns} {known.st_ctime_ns}"
    where = f"{known.st_dev} {known.st_ino} {known.st_size} {times}"
    return where, abs(time.time() - changed) > SETTLED
