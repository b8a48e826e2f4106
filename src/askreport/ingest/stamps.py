"""a file -> the digest of its bytes, read again only if the file was touched.

A file is told by where the disk keeps it and by when it changed last: device, inode,
size, times of change. Which of two times is later is never asked, so a clock that goes
back does no harm.
"""

import hashlib
import json
import time
from contextlib import suppress
from pathlib import Path

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

    def digest(self, path: Path) -> str:
        """sha256 of the file's bytes, in hexadecimal. Raises OSError."""
        at, settled = _stamp(path)
        known = self._now.get(at) or self._before.get(at)
        if known is None:
            with path.open("rb") as file:
                known = hashlib.file_digest(file, "sha256").hexdigest()
            if not settled or _stamp(path)[0] != at:
                return known
            self._read += path.stat().st_size
        self._now[at] = known
        return known

    def learn(self, path: Path, digest: str) -> None:
        """Remember the digest of a file that was just written, or read."""
        with suppress(OSError):
            at, settled = _stamp(path)
            if settled:
                self._now[at] = digest

    def sound(self, folder: Path, made: Manifest) -> bool:
        """Whether every file of a generation is what was written."""
        try:
            return all(
                self.digest(folder / name) == expected
                for name, expected in made.files.items()
            )
        except OSError:
            return False

    def keep(self, *, always: bool) -> None:
        """Remember what was looked at, if that saves the next build much work."""
        if self._kept and (always or self._read > WORTH):
            self._kept.put(KIND, NAME, json.dumps(self._now, sort_keys=True).encode())


def _stamp(path: Path) -> tuple[str, bool]:
    known = path.stat()
    changed = known.st_ctime_ns / 1e9
    times = f"{known.st_mtime_ns} {known.st_ctime_ns}"
    where = f"{known.st_dev} {known.st_ino} {known.st_size} {times}"
    return where, abs(time.time() - changed) > SETTLED
