"""The terminal UI: first paint beside an empty app's, latency of typing, memory.

    python -m benchmarks.screen [--shelf .] [--runs 7] [--keys 300] [--questions 500]

1. First paint: a pseudo-terminal, from the start of the process to the first frame, in
   turns with an app that has one empty screen.
2. Typing: keys into the question while this shelf's copy is rebuilt in full, from the
   moment the key's event was made (by Textual's clock) until the frame that shows it.
3. Memory: as many questions as were asked for, one after the other, and what the
   process then holds.
"""

import argparse
import asyncio
import os
import pty
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.pilot import Pilot

EMPTY = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("Question")
Empty().run()
"""
"""An app that shows the word that is waited for, and nothing else."""

SEEN = b"Question"

PAGE = os.sysconf("SC_PAGE_SIZE")

PAUSE = 0.03
"""Seconds between two keys: thirty a second, faster than anybody types."""


def first_paint(command: list[str]) -> float:
    """Seconds from the start of a process to the frame that holds SEEN."""
    ours, theirs = pty.openpty()
    began = time.perf_counter()
    child = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
    )
    os.close(theirs)
    got = b""
    try:
        while SEEN not in got:
            ready, _, _ = select.select([ours], [], [], 60)
            if not ready:
                raise TimeoutError(got[-500:])
            got += os.read(ours, 2**16)
        return time.perf_counter() - began
    finally:
        child.kill()
        child.wait()
        os.close(ours)


def paints(shelf: Path, runs: int) -> None:
    """Print the medians, taking turns."""
    commands = {
        "empty app": [sys.executable, "-c", EMPTY],
        "askreport": [sys.executable, "-m", "askreport_tui", "--shelf", str(shelf)],
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for run in range(runs + 1):
        for name, command in commands.items():
            seconds = first_paint(command)
            if run:  # the first fills the caches of the disk
                taken[name].append(seconds)
    medians = {name: statistics.median(found) for name, found in taken.items()}
    for name, seconds in medians.items():
        print(f"first paint, {name}: {seconds:.3f} s (median of {runs})")
    print(f"ratio: {medians['askreport'] / medians['empty app']:.2f}")


async def typed(pilot: "Pilot[None]", keys: int) -> list[float]:
    """Milliseconds of each key, from its event to the frame that shows it."""
    from textual import events
    from textual._time import get_time  # the clock that stamps events

    from askreport_tui.widgets.question_bar import QuestionBar

    app = pilot.app
    bar = app.screen.query_one(QuestionBar)
    taken = []
    for number in range(keys):
        if number % 40 == 0:
            bar.value = ""
        before = len(bar.value)
        key = events.Key("a", "a")
        key.set_sender(app)
        app.post_message(key)
        while len(bar.value) == before:  # noqa: ASYNC110 - nothing tells of it sooner
            await asyncio.sleep(0)
        painted = asyncio.Event()
        app.screen.call_after_refresh(painted.set)
        await painted.wait()
        taken.append(1000 * (get_time() - key.time))
        await asyncio.sleep(PAUSE)
    return taken


async def typing(shelf: Path, keys: int) -> None:
    """Print the latency of typing at rest, then while a rebuild runs."""
    from askreport_tui import messages
    from askreport_tui.app import AskreportApp

    app = AskreportApp(shelf)
    async with app.run_test(size=(120, 36)) as pilot:
        await app.workers.wait_for_complete()
        _told("at rest", await typed(pilot, keys))
        taken: list[float] = []
        while len(taken) < keys:
            shutil.rmtree(shelf / "index", ignore_errors=True)
            app.post_message(messages.BuildAsked())
            await pilot.pause()
            while app.building is not None and len(taken) < keys:
                taken += await typed(pilot, 10)
        app.desk.stop_building()
        await app.workers.wait_for_complete()
        _told("while a rebuild runs", taken)


def _told(when: str, taken: list[float]) -> None:
    p50, p95 = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
    print(
        f"typing {when}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, "
        f"greatest {max(taken):.1f} ms, {len(taken)} keys"
    )


def held() -> float:
    """Megabytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * PAGE / 1e6


async def remembering(shelf: Path, questions: int) -> None:
    """Print what the process holds after each fifth of the questions."""
    from askreport_tui import messages
    from askreport_tui.app import AskreportApp

    path = Path(__file__).parents[1] / "tests" / "quality" / "questions.toml"
    asked = [q["ask"] for q in tomllib.loads(path.read_text("utf-8"))["question"]]
    app = AskreportApp(shelf)
    async with app.run_test(size=(120, 36)) as pilot:
        await app.workers.wait_for_complete()
        for number, question in enumerate(islice(cycle(asked), questions), start=1):
            app.screen.post_message(messages.QuestionAsked(question))
            await pilot.pause()
            await app.workers.wait_for_complete()
            if number in (1, 10) or number % (questions // 5) == 0:
                print(f"after {number} questions: {held():.0f} MB")


def main() -> None:
    """Measure one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shelf", type=Path, default=Path(__file__).parents[1])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--keys", type=int, default=300)
    parser.add_argument("--questions", type=int, default=500)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_STATE_HOME"] = name
        shelf = Path(name) / "shelf"
        shelf.mkdir()
        for part in ("sources", "index"):
            shutil.copytree(given.shelf / part, shelf / part)
        shutil.copy(given.shelf / "askreport.toml", shelf)
        paints(shelf, given.runs)
        asyncio.run(remembering(shelf, given.questions))
        asyncio.run(typing(shelf, given.keys))


if __name__ == "__main__":
    main()
