"""a build's steps -> a bar on a terminal, lines elsewhere, events for programs.

Bar and lines go to stderr, events to stdout; all of them say how fast it goes and how
long it will take.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
)

if TYPE_CHECKING:
    from askreport.ingest.steps import Step, Tell

EVERY = 3.0
"""Seconds between plain lines: often enough to see life, rare enough for a log."""

EVENTS = 0.25
"""Seconds between events: a program that shows them needs no more."""


class Pace:
    """How fast a step goes and how long it has to go, since it began."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._first = self._done = self._total = -1

    def move(self, step: "Step") -> None:
        """Note how far it is; another total is another step."""
        if step.total != self._total or step.done < self._done:
            self._began, self._first, self._total = self._clock(), step.done, step.total
        self._done = step.done

    @property
    def rate(self) -> float | None:
        """How many a second; None if that cannot be told yet."""
        spent = self._clock() - self._began
        return (self._done - self._first) / spent if spent > 0.05 else None

    @property
    def left(self) -> float | None:
        """Seconds until it is done, going on like this; None if nobody knows."""
        rate = self.rate
        return (self._total - self._done) / rate if rate else None

    def said(self) -> str:
        """In words; empty if it cannot be told yet."""
        if not self.rate or self.left is None:
            return ""
        minutes, seconds = divmod(round(self.left), 60)
        return f"{self.rate:,.1f} a second, {minutes}:{seconds:02} left"


@contextmanager
def shown(console: Console, *, quiet: bool = False) -> Iterator["Tell"]:
    """What to hand to a build so that its steps are shown on `console`."""
    if quiet:
        yield lambda step: None
    elif console.is_terminal:
        with _bar(console) as bar:
            yield bar
    else:
        yield _lines(console)


def events(tell: Callable[[str], None]) -> "Tell":
    """What to hand to a build so that each line told is a step as JSON."""
    pace, last = Pace(), 0.0

    def told(step: "Step") -> None:
        nonlocal last
        pace.move(step)
        now = time.monotonic()
        if now - last >= EVENTS or step.done in (0, step.total):
            last = now
            tell(event("step", **asdict(step), rate=pace.rate, left=pace.left))

    return told


def event(name: str, **said: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    """A line that a program can read."""
    return json.dumps({"event": name, **said}, ensure_ascii=True)


@contextmanager
def _bar(console: Console) -> Iterator["Tell"]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}", markup=False),
    )
    pace = Pace()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=None, pace="")

        def tell(step: "Step") -> None:
            pace.move(step)
            progress.update(
                task,
                description=step.doing,
                completed=step.done,
                total=step.total,
                pace=pace.said(),
            )

        yield tell


def _lines(console: Console) -> "Tell":
    pace, last = Pace(), 0.0

    def tell(step: "Step") -> None:
        nonlocal last
        pace.move(step)
        now = time.monotonic()
        if now - last >= EVERY or step.done == step.total:
            last = now
            said = pace.said() if step.done < step.total else ""
            line = f"{step.doing}: {step.done} of {step.total}"
            line += f" ({said})" if said else ""
            console.print(line, markup=False, highlight=False)

    return tell
