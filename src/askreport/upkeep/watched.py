"""sources/ -> a rebuild whenever it has changed and stands still again.

One rebuild at a time; what changes meanwhile is taken together into the next. One that
fails is told and tried again, later each time, while the old index answers.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from askreport import errors
from askreport.upkeep.rebuilds import Failure

SETTLED = 1.0
"""Seconds without a change before a rebuild: a file that is being copied grows."""

LOOK = 0.2
"""Seconds between two looks at the clock."""

FIRST_RETRY = 2.0
"""Seconds before a failed rebuild is tried again; doubled each time, up to the next."""

LAST_RETRY = 300.0

LEFTOVERS = (".tmp", ".temp", ".swp", ".swx", ".part", ".partial", ".crdownload")
"""Endings of what editors and browsers write before a file is what it is to be."""

Rebuild = Callable[[], Failure | None]
"""Builds and says why it failed, if it did."""


def bears(folder: Path, path: Path) -> bool:
    """Whether a change of that path is one of the documents below `folder`."""
    parts = path.relative_to(folder).parts
    if any(part.startswith((".", "~$", "#")) for part in parts):
        return False
    name = path.name.lower()
    # Vim writes a file of this name to see whether it may write there.
    return name != "4913" and not name.endswith((*LEFTOVERS, "~"))


@dataclass(slots=True)
class _Due:
    """When the next rebuild is due, and how often it has failed."""

    at: float | None
    failures: int = 0


class Watch:
    """Rebuilds when the documents below `folder` change, until it is stopped."""

    def __init__(
        self, folder: Path, rebuild: Rebuild, tell: Callable[[str], None]
    ) -> None:
        self._folder = folder.resolve()
        self._rebuild = rebuild
        self._tell = tell
        self._seen: tuple[object, ...] = ()
        self.ended = threading.Event()
        """Set it to stop."""

    def run(self) -> None:
        """Build what has changed since the last build, then whenever something does.

        Raises ShelfMissing if there is no such folder.
        """
        if not self._folder.is_dir():
            raise errors.ShelfMissing(
                f"{self._folder} is no folder", hint="askreport init makes a shelf"
            )
        due = _Due(time.monotonic())
        self._seen = self._stamp()
        for changed in self._changes():
            if changed:
                due = _Due(time.monotonic() + SETTLED)
            if due.at is not None and time.monotonic() >= due.at:
                due = self._build(due)

    def _build(self, due: _Due) -> _Due:
        stamp = self._stamp()
        if stamp != self._seen:  # something is being written yet
            self._seen = stamp
            return _Due(time.monotonic() + SETTLED, due.failures)
        failure = self._rebuild()
        if failure is None or self.ended.is_set():
            return _Due(None)
        wait = min(LAST_RETRY, FIRST_RETRY * 2**due.failures)
        self._tell(
            f"not rebuilt: {failure.message} ({failure.hint}); the old index answers; "
            f"trying again in {wait:.0f} s, or when something changes"
        )
        return _Due(time.monotonic() + wait, due.failures + 1)

    def _changes(self) -> Iterator[bool]:
        """Whether something has changed, again and again, until it is stopped."""
        import watchfiles

        changes = watchfiles.watch(
            self._folder,
            watch_filter=lambda _, path: bears(self._folder, Path(path)),
            debounce=400,
            rust_timeout=int(1000 * LOOK),
            yield_on_timeout=True,
            stop_event=self.ended,
            raise_interrupt=True,
        )
        for changed in changes:
            yield bool(changed)

    def _stamp(self) -> tuple[object, ...]:
        """Sizes and times of everything that is watched."""
        found: list[object] = []
        for path in sorted(self._folder.rglob("*")):
            try:
                known = path.stat()
            except OSError:
                continue
            if bears(self._folder, path):
                found.append((str(path), known.st_size, known.st_mtime_ns))
        return tuple(found)
