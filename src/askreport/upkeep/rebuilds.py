"""a shelf -> a build in a process of its own, followed by what it tells.

A process of its own, because a service that answers must not slow down, grow or die
with a build; and because it reads settings anew, so that what it builds with is what
the shelf says now.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from askreport.library import Built

_BUILT = TypeAdapter(Built)

Event = Mapping[str, Any]
"""A line of `askreport build --json`."""

WAIT = 3600
"""Seconds that a build waits for one that somebody else has started."""

NICE = 10
"""How far a build steps back for whoever answers questions, on systems that know it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a build published nothing. The old index answers."""

    type: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a build ended: with what it built, or with why it did not."""

    built: Built | None = None
    failure: Failure | None = None


STOPPED = Failure("Stopped", "the build was stopped", "start it again")


class Rebuild:
    """One build of the shelf at `root`; `stop` ends it from another thread."""

    def __init__(self, root: Path, *, full: bool = False) -> None:
        more = ["--full"] if full else []
        waiting = ["--json", "--wait", str(WAIT), "--shelf", str(root)]
        self._command = [sys.executable, "-m", "askreport", "build", *waiting, *more]
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = threading.Event()

    def run(self, tell: Callable[[Event], None] = lambda event: None) -> Ended:
        """Build; `tell` is called with each event as it comes. Raises nothing."""
        if self._stopped.is_set():
            return Ended(failure=STOPPED)
        last: Event = {}
        with subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
            self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as child:
            self._child = child
            if self._stopped.is_set():  # while the process was being started
                child.terminate()
            _step_back(child.pid)
            for line in child.stdout or ():
                with suppress(ValueError):
                    last = json.loads(line)
                    tell(last)
        return self._ended(last, child.returncode)

    def stop(self) -> None:
        """End it, now or before it begins. Nothing half done is left to be seen."""
        self._stopped.set()
        if self._child is not None:
            with suppress(ProcessLookupError):
                self._child.terminate()

    def _ended(self, last: Event, code: int) -> Ended:
        if last.get("event") == "built":
            said = {name: value for name, value in last.items() if name != "event"}
            return Ended(_BUILT.validate_python(said))
        if last.get("event") == "failed":
            why = (str(last.get(k, "")) for k in ("type", "message", "hint"))
            return Ended(failure=Failure(*why))
        if self._stopped.is_set():
            return Ended(failure=STOPPED)
        message = f"the build ended unexpectedly, with code {code}"
        return Ended(
            failure=Failure("Unexpected", message, "run askreport build to see why")
        )


def _step_back(pid: int) -> None:
    if hasattr(os, "setpriority"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, pid, NICE)
