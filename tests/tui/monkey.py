"""A seed -> random keys, clicks and resizes, each of which the app must survive."""

import random
from collections.abc import Sequence
from pathlib import Path

from textual.pilot import OutOfBounds, Pilot

from askreport_tui.app import AskreportApp
from askreport_tui.faults import Unexpected

KEYS: Sequence[str] = (
    *"fnpwgosehacdyYvrxk123456789=",
    "slash",
    "left_square_bracket",
    "right_square_bracket",
    "question_mark",
    "ctrl+f",
    "ctrl+l",
    "ctrl+p",
    "ctrl+r",
    *("escape",) * 6,
    *("enter",) * 4,
    *("tab", "shift+tab", "up", "down", "left", "right"),
    *("pageup", "pagedown", "home", "end", "space", "backspace", "delete"),
    *"漢é\u202e",
)
"""No key leaves: that would end the run, not the app. Nor does one build: a process is
started by it, whose end is waited for in tests of its own."""

SIZES = ((80, 24), (120, 36), (220, 50), (40, 12), (20, 6), (99, 20), (100, 19))


class Broken(Exception):
    """The app showed what it never may."""


async def play(pilot: Pilot[None], events: int, *, seed: int) -> None:
    """Throw so many events at the app. Raises what the app dies of, and Broken."""
    app = pilot.app
    assert isinstance(app, AskreportApp)
    met = _watch(app)
    chance = random.Random(seed)  # noqa: S311 - a seed is the point
    for number in range(events):
        said = await _event(pilot, chance)
        if app._exception is not None:
            raise app._exception
        if met:
            raise Broken(f"event {number}, {said}: {met[0]}")
        if not app.is_running:
            raise Broken(f"event {number}, {said}: the app has ended")


def _watch(app: AskreportApp) -> list[str]:
    """What the app shows as a bug, as it shows it."""
    met: list[str] = []
    shown = app.show_trouble

    def seen(error: Exception) -> None:
        if isinstance(error, Unexpected):
            met.append(str(error))
        shown(error)  # type: ignore[arg-type]

    async def stay() -> None:
        """A click on Quit ends the run otherwise."""

    app.show_trouble = seen  # type: ignore[method-assign]
    app.action_quit = stay  # type: ignore[method-assign]
    return met


async def _event(pilot: Pilot[None], chance: random.Random) -> str:
    what = chance.random()
    if what < 0.02:
        size = chance.choice(SIZES)
        await pilot.resize_terminal(*size)
        return f"size {size}"
    if what < 0.25:
        wide, high = pilot.app.size
        at = (chance.randrange(max(wide, 1)), chance.randrange(max(high, 1)))
        try:
            await pilot.click(offset=at)
        except OutOfBounds:
            return "a click beside the screen"
        return f"click {at}"
    key = chance.choice(KEYS)
    await pilot.press(key)
    return f"key {key!r}"


def at_home(folder: Path) -> dict[str, str]:
    """An environment in which nothing of the reader's own is touched."""
    return {"XDG_STATE_HOME": str(folder), "HOME": str(folder)}
