"""a file -> its sha256, read again only if the file was touched.

A model's weights take a tenth of a second to digest on a good processor and several on
a small one, which every command would pay. What was digested is remembered in the
user's cache folder: a file is told by where the disk keeps it, its size and its times
of change, of which the system sets the second and nobody else can.
"""

import hashlib
import json
import os
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

import platformdirs

WORTH = 2**20
"""Bytes of a file below which reading it costs less than remembering it."""

SETTLED = 2.0
"""Seconds: a file changed no longer ago may change again within the same tick of a
coarse clock, unseen, so its digest is not remembered."""

MOST = 200
"""Files remembered; the last ones digested are kept."""


def sha256(path: Path) -> str:
    """The digest of a file's bytes, in hexadecimal. Raises OSError."""
    at, settled = _stamp(path)
    known = _remembered().get(at)
    if known is not None:
        return known
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
        size = os.fstat(file.fileno()).st_size
    if size >= WORTH and settled and _stamp(path)[0] == at:
        _remember(at, found)
    return found


def _stamp(path: Path) -> tuple[str, bool]:
    """Which file it is and how it stands; whether it can be told from what may come."""
    known = path.stat()
    times = f"{known.st_mtime_ns} {known.st_ctime_ns}"
    where = f"{known.st_dev} {known.st_ino} {known.st_size} {times}"
    return where, abs(time.time() - known.st_ctime) > SETTLED


def _kept() -> Path:
    return platformdirs.user_cache_path("askreport") / "digests.json"


@cache
def _remembered() -> dict[str, str]:
    """What earlier processes digested; nothing where that cannot be read."""
    try:
        found = json.loads(_kept().read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {k: v for k, v in found.items() if isinstance(v, str)}


def _remember(at: str, digest: str) -> None:
    """Keep a digest for later processes, if there is anywhere to keep it."""
    known = _remembered()
    known[at] = digest
    for oldest in list(known)[:-MOST]:
        del known[oldest]
    path = _kept()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(known, file)
            Path(aside).replace(path)
        except OSError:
            Path(aside).unlink(missing_ok=True)
            raise
