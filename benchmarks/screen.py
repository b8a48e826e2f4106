"""The terminal UI: first paint beside an empty app's, latency of typing, memory.

    python -m benchmarks.screen [paint] [memory] [typing]
        [--shelf .] [--runs 21] [--keys 300] [--questions 500]

paint: a pseudo-terminal, from the start of the process to the frame that shows the
question to be asked, and to the one that shows all panes and keys; in turns with an app
that has one line and nothing else.
memory: as many questions as were asked for, one after the other, what the process then
holds, and how much it grows by.
typing: keys into the question while this shelf's copy is rebuilt in full, from the
moment the key's event was made (by Textual's clock) until the frame that shows it.
"""

import argparse
import asyncio
import fcntl
import os
import pty
import select
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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

SEEN: Mapping[str, Sequence[bytes]] = {
    "question": (b"Question",),
    "panes": (b"Question", b"Answer", b"Citations", b"Page"),
    "keys": (b"Question", b"Answer", b"Citations", b"Page", b"Earlier"),
}
"""What is on the screen by then: the first frame has the question to be written, the
next one the panes by their titles, the third the keys in the footer.
"""

STARTED: Mapping[str, Sequence[str]] = {
    "askreport tui": ("-m", "askreport", "tui"),
    "with --shelf": ("-m", "askreport", "tui", "--shelf", "."),
    "askreport_tui": ("-m", "askreport_tui"),
}
"""As a reader starts it; with an option, which the command line parses first; and
without any command line.
"""

PAGE = os.sysconf("SC_PAGE_SIZE")

PATIENCE = 30.0
"""Seconds after which a frame will not come any more."""

PAUSE = 0.03
"""Seconds between two keys: thirty a second, faster than anybody types."""


def painted(
    command: list[str], awaited: Iterable[Sequence[bytes]], *, where: Path
) -> Iterator[float]:
    """Seconds from the start of a process in that folder until each of those words were
    there, one after the other.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
    began = time.perf_counter()
    child = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True, cwd=where
    )
    os.close(theirs)
    got = b""
    try:
        for words in awaited:
            while not all(word in got for word in words):
                ready, _, _ = select.select([ours], [], [], PATIENCE)
                if not ready or time.perf_counter() - began > PATIENCE:
                    raise TimeoutError(got[-500:])
                got += os.read(ours, 2**16)
            yield time.perf_counter() - began
    finally:
        child.kill()
        child.wait()
        os.close(ours)


def paints(shelf: Path, runs: int) -> None:
    """Print the medians, taking turns."""
    named = [f"{one}, {part}" for one in STARTED for part in SEEN]
    taken: dict[str, list[float]] = {name: [] for name in ("empty app", *named)}
    for run in range(runs + 1):
        empty = [sys.executable, "-c", EMPTY]
        seconds = [*painted(empty, [[b"Question"]], where=shelf)]
        for words in STARTED.values():
            ours = [sys.executable, *words]
            seconds += painted(ours, SEEN.values(), where=shelf)
        if run:  # the first fills the caches of the disk
            for name, took in zip(taken, seconds, strict=True):
                taken[name].append(took)
    medians = {name: statistics.median(found) for name, found in taken.items()}
    for name, took in medians.items():
        print(
            f"first paint, {name}: {took:.3f} s, {took / medians['empty app']:.2f} "
            f"times the empty app's (median of {runs}; middle half "
            f"{_middle(taken[name])})"
        )


def _middle(taken: list[float]) -> str:
    first, _, third = statistics.quantiles(taken, n=4)
    return f"{first:.3f} to {third:.3f}"


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
    """Print what the process holds after each fifth of the questions, and its slope
    after the first fifth and in the later half: caches fill before.
    """
    from askreport_tui import messages
    from askreport_tui.app import AskreportApp

    path = Path(__file__).parents[1] / "tests" / "quality" / "questions.toml"
    asked = [q["ask"] for q in tomllib.loads(path.read_text("utf-8"))["question"]]
    app = AskreportApp(shelf)
    taken: list[float] = []
    async with app.run_test(size=(120, 36)) as pilot:
        await app.workers.wait_for_complete()
        for number, question in enumerate(islice(cycle(asked), questions), start=1):
            app.screen.post_message(messages.QuestionAsked(question))
            await pilot.pause()
            await app.workers.wait_for_complete()
            taken.append(held())
            if number in (1, 10) or number % (questions // 5) == 0:
                print(f"after {number} questions: {taken[-1]:.0f} MB", flush=True)
    for since in (questions // 5, questions // 2):
        later = range(since, questions)
        slope, _ = statistics.linear_regression(later, taken[since:])
        print(f"from question {since} on: {100 * slope:+.2f} MB for 100 questions")


def load() -> str:
    """How busy the machine is with all that runs on it."""
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


def main() -> None:
    """Measure one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", help=f"of {', '.join(PARTS)}; else all")
    parser.add_argument("--shelf", type=Path, default=Path(__file__).parents[1])
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--keys", type=int, default=300)
    parser.add_argument("--questions", type=int, default=500)
    given = parser.parse_args()
    if unknown := set(given.what) - set(PARTS):
        parser.error(f"{', '.join(unknown)}: there is only {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_STATE_HOME"] = name
        shelf = Path(name) / "shelf"
        shelf.mkdir()
        for part in ("sources", "index"):
            shutil.copytree(given.shelf / part, shelf / part)
        shutil.copy(given.shelf / "askreport.toml", shelf)
        for part in given.what or PARTS:
            print(f"{part}: {load()}")
            PARTS[part](shelf, given)
        print(load())


PARTS: Mapping[str, Callable[[Path, argparse.Namespace], None]] = {
    "paint": lambda shelf, given: paints(shelf, given.runs),
    "memory": lambda shelf, given: asyncio.run(remembering(shelf, given.questions)),
    "typing": lambda shelf, given: asyncio.run(typing(shelf, given.keys)),
}
"""What is measured, in this order."""


if __name__ == "__main__":
    main()
