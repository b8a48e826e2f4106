"""a build's steps -> a bar on a terminal, a line every few seconds elsewhere; on
stderr.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from askreport.ingest.assemble import Step, Tell

EVERY = 3.0
"""Seconds between plain lines: often enough to see life, rare enough for a log."""


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


@contextmanager
def _bar(console: Console) -> Iterator["Tell"]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=None)

        def tell(step: "Step") -> None:
            progress.update(
                task, description=step.doing, completed=step.done, total=step.total
            )

        yield tell


def _lines(console: Console) -> "Tell":
    last = 0.0

    def tell(step: "Step") -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= EVERY or step.done == step.total:
            last = now
            line = f"{step.doing}: {step.done} of {step.total}"
            console.print(line, markup=False, highlight=False)

    return tell
