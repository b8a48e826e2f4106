"""A seed -> random keys, clicks and resizes, each of which the app must survive."""

import asyncio
import random
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from textual import events
from textual.app import App
from textual.keys import _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot

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


AT_ONCE = 10
"""Events that come one behind the other before the app is waited for."""

PATIENCE = 60.0
"""Seconds after which it hangs: nothing of the kind takes a thousandth of it."""


class Broken(Exception):
    """The app showed what it never may."""


async def play(pilot: Pilot[None], number_of: int, *, seed: int) -> None:
    """Throw so many events at the app. Raises what the app dies of, and Broken.

    A few at a time come as fast as they can be made, as from a reader who types ahead.
    """
    app = pilot.app
    assert isinstance(app, AskreportApp)
    met = _watch(app)
    chance = random.Random(seed)  # noqa: S311 - a seed is the point
    said: list[str] = []
    for number in range(1, number_of + 1):
        said.append(await _event(pilot, chance))
        await asyncio.sleep(0)
        if number % AT_ONCE == 0 or number == number_of:
            await _settled(pilot, f"event {number}, {said[-AT_ONCE:]}")
        if app._exception is not None:
            raise app._exception
        if met:
            raise Broken(f"event {number}, {said[-AT_ONCE:]}: {met[0]}")
        if not app.is_running:
            raise Broken(f"event {number}, {said[-AT_ONCE:]}: the app has ended")


async def _settled(pilot: Pilot[None], said: str) -> None:
    """Once the app has taken what was thrown. Raises Broken if it hangs."""
    taken = asyncio.Event()
    try:
        async with asyncio.timeout(PATIENCE):
            pilot.app.call_later(taken.set)
            await taken.wait()
            await pilot.pause(0)
    except TimeoutError:
        raise Broken(f"{said}: the app hangs") from None


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
        return _click(pilot.app, chance)
    return _press(pilot.app, chance.choice(KEYS))


def _click(app: App[None], chance: random.Random) -> str:
    wide, high = app.size
    at = (chance.randrange(max(wide, 1)), chance.randrange(max(high, 1)))
    for kind in (events.MouseDown, events.MouseUp):
        app.post_message(kind(None, *at, 0, 0, 1, False, False, False, *at))
    return f"click {at}"


def _press(app: App[None], key: str) -> str:
    """As a terminal's driver tells of a key."""
    named = key if len(key) > 1 or key.isalnum() else _character_to_key(key)
    written: str | None = key if len(key) == 1 else None
    with suppress(KeyError):
        written = unicodedata.lookup(_get_unicode_name_from_key(named))
    pressed = events.Key(named, written)
    pressed.set_sender(app)
    app.post_message(pressed)
    return f"key {key!r}"


def at_home(folder: Path) -> dict[str, str]:
    """An environment in which nothing of the reader's own is touched."""
    return {"XDG_STATE_HOME": str(folder), "HOME": str(folder)}
