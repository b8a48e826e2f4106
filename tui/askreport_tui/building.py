"""a shelf -> a build in a process of its own, told step by step, that can be stopped.

Typing must not wait for a build, so it never runs in this process.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askreport import errors

if TYPE_CHECKING:
    from askreport.library import Built
    from askreport.upkeep.rebuilds import Failure, Rebuild


class Stopped(errors.BuildFailed):
    """The reader stopped the build."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far a build is."""

    doing: str
    done: int
    total: int
    rate: float | None = None
    """A second; None while nobody can tell."""
    left: float | None = None
    """Seconds."""

    @property
    def said(self) -> str:
        """In words."""
        said = f"{self.doing}  {self.done:,} of {self.total:,}"
        if self.rate and self.left is not None and self.done < self.total:
            minutes, seconds = divmod(round(self.left), 60)
            said += f" · {self.rate:,.1f} a second · {minutes}:{seconds:02} left"
        return said


STARTING = Step("starting", 0, 0)
"""Of which nothing is known yet."""

Tell = Callable[[Step], None]


class Build:
    """One build of the shelf at `root`; `stop` ends it from another thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._rebuild: Rebuild | None = None
        self._stopped = False

    def run(self, tell: Tell) -> "Built":
        """Build. Raises what the build raises, or Stopped."""
        from askreport.upkeep.rebuilds import Rebuild

        with self._lock:
            self._rebuild = Rebuild(self._root)
            if self._stopped:
                self._rebuild.stop()
        ended = self._rebuild.run(lambda event: _told(event, tell))
        if ended.built is None:
            raise raised(ended.failure)
        return ended.built

    def stop(self) -> None:
        """End it; the index that answers is untouched."""
        with self._lock:
            self._stopped = True
            if self._rebuild is not None:
                self._rebuild.stop()


def _told(event: Any, tell: Tell) -> None:  # noqa: ANN401 - JSON
    if event.get("event") == "step":
        names = ("doing", "done", "total", "rate", "left")
        tell(Step(**{name: event[name] for name in names}))


def raised(failure: "Failure | None") -> errors.AskreportError:
    """Why a build published nothing, as an error."""
    if failure is None or failure.type == "Stopped":
        return Stopped(
            "the build was stopped; the index is as it was", hint="b starts it again"
        )
    kind: object = getattr(errors, failure.type, None)
    if isinstance(kind, type) and issubclass(kind, errors.AskreportError):
        return kind(failure.message, hint=failure.hint)
    return errors.BuildFailed(failure.message, hint=failure.hint)
