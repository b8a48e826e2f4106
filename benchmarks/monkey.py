"""Throw random keys, clicks and resizes at the terminal UI, with a fixed seed.

    python benchmarks/monkey.py [--events 20000] [--seed 1] [--minutes 60]

On a small shelf of its own, with the hashing encoder; nothing else is touched. Ends
with what broke, or with how many events the app survived and how long they took.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

BLOCK = 500
"""Events between two lines of progress."""


async def run(root: Path, events: int, seed: int, until: float) -> int:
    """How many events were survived."""
    from tests.tui import monkey

    from askreport_tui.app import AskreportApp

    app = AskreportApp(root)
    app.animation_level = "none"
    survived = 0
    async with app.run_test(size=(120, 36)) as pilot:
        await app.workers.wait_for_complete()
        while survived < events and time.monotonic() < until:
            await monkey.play(pilot, BLOCK, seed=seed + survived)
            survived += BLOCK
            print(f"{survived} of {events} survived", flush=True)
    return survived


def main() -> None:
    """Play, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        from tests.conftest import make_shelf
        from tests.tui import monkey

        from askreport import Library
        from askreport_tui import faults

        os.environ.update(monkey.at_home(folder))
        for display in ("DISPLAY", "WAYLAND_DISPLAY"):
            os.environ.pop(display, None)
        root = make_shelf(folder / "shelf")
        Library.open(root).build()
        os.chdir(folder)
        began = time.monotonic()
        until = began + 60 * given.minutes
        try:
            survived = asyncio.run(run(root, given.events, given.seed, until))
        except Exception:
            log = faults.log()
            if log.exists():  # where it happened
                print(log.read_text("utf-8"), file=sys.stderr)
            raise
        spent = time.monotonic() - began
    print(f"{survived} events survived, seed {given.seed}, {spent:.0f} s")


if __name__ == "__main__":
    main()
