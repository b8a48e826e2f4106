"""Keys and clicks that come faster than the screen changes."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from rich.style import Style
from tests.tui.seen import painted
from textual import events
from textual.pilot import Pilot

from askreport import Library
from askreport_tui.app import AskreportApp
from askreport_tui.screens.history import HistoryScreen
from askreport_tui.screens.outline import OutlineScreen
from askreport_tui.screens.palette import Palette
from askreport_tui.screens.reading import ReadingScreen
from askreport_tui.screens.shelf import ShelfScreen
from askreport_tui.widgets.key_line import KeyLine
from askreport_tui.widgets.options import Options

Show = Callable[..., AskreportApp]
Ask = Callable[[Pilot[None], str], Awaitable[ReadingScreen]]
Calm = Callable[[Pilot[None]], Awaitable[None]]

PAINTED = "Who painted the pier?"


def shown(app: AskreportApp) -> type:
    """What kind of screen is uppermost."""
    return type(app.screen)


async def test_a_screen_closes_itself_once_and_no_other(
    show: Show, piers: Library, ask: Ask, calm: Calm
) -> None:
    app = show(library=piers)
    async with app.run_test(size=(120, 36)) as pilot:
        reading = await ask(pilot, PAINTED)
        await pilot.press("s")
        await calm(pilot)
        shelf = app.screen
        assert isinstance(shelf, ShelfScreen)
        await pilot.press("o")
        await calm(pilot)
        outline = app.screen
        assert isinstance(outline, OutlineScreen)
        shelf.dismiss(None)  # what it looked for has come late
        await calm(pilot)
        assert app.screen is reading
        await pilot.press("h")
        await calm(pilot)
        for left in (shelf, outline, shelf):
            left.dismiss(None)
        await calm(pilot)
        assert shown(app) is HistoryScreen
        await pilot.press("ctrl+p")
        await calm(pilot)
        palette = app.screen
        assert shown(app) is Palette
        for kind in (events.MouseDown, events.MouseUp) * 2:  # twice beside it
            app.post_message(kind(None, 0, 35, 0, 0, 1, False, False, False, 0, 35))
        await calm(pilot)
        assert shown(app) is HistoryScreen
        palette.dismiss(None)
        await calm(pilot)
        assert shown(app) is HistoryScreen
        assert "unexpected" not in painted(app)


async def test_a_list_without_room_takes_every_key(
    show: Show, piers: Library, ask: Ask, calm: Calm
) -> None:
    app = show(library=piers)
    async with app.run_test(size=(120, 36)) as pilot:
        reading = await ask(pilot, PAINTED)
        await pilot.press("o")
        await calm(pilot)
        listed = app.screen.query_one(Options)
        for size in ((20, 2), (120, 36)):
            await pilot.resize_terminal(*size)
            await pilot.press("pageup", "pagedown", "end", "home")
            await calm(pilot)
        assert listed.highlighted == 0
        await pilot.press("escape")
        assert app.screen is reading


async def test_what_is_typed_before_the_panes_are_there_is_asked(
    show: Show, piers: Library, calm: Calm, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = asyncio.Event()
    begin = ReadingScreen.begin

    async def later(screen: ReadingScreen) -> None:
        await held.wait()
        await begin(screen)

    monkeypatch.setattr(ReadingScreen, "begin", later)
    app = show(library=piers)
    async with app.run_test(size=(120, 36)) as pilot:
        reading = app.screen
        assert isinstance(reading, ReadingScreen)
        reading.bar.value = PAINTED
        await reading.bar.action_submit()
        assert not reading.whole
        held.set()
        while reading.reading is None:
            await pilot.pause()
        await calm(pilot)
        assert reading.reading.answer.question == PAINTED


async def test_a_click_on_what_a_list_has_no_longer_does_nothing(
    show: Show, piers: Library, ask: Ask, calm: Calm
) -> None:
    app = show(library=piers)
    async with app.run_test(size=(120, 36)) as pilot:
        reading = await ask(pilot, PAINTED)
        before = reading.citation
        late = Style.from_meta({"option": 99})
        click = events.Click(
            reading.citations, 3, 3, 0, 0, 1, False, False, False, style=late
        )
        reading.citations.post_message(click)
        await calm(pilot)
        assert reading.citation == before


async def test_the_keys_at_the_bottom_are_made_anew_for_other_keys_only(
    show: Show, piers: Library, ask: Ask, calm: Calm, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[KeyLine] = []
    recompose = KeyLine.recompose

    async def seen(line: KeyLine) -> None:
        made.append(line)
        await recompose(line)

    app = show(library=piers)
    async with app.run_test(size=(120, 36)) as pilot:
        await ask(pilot, PAINTED)
        await calm(pilot)
        monkeypatch.setattr(KeyLine, "recompose", seen)
        await pilot.press("a", "c", "a")
        await calm(pilot)
        assert not made
        await pilot.press("slash")
        await calm(pilot)
        assert made
        assert "Earlier" in painted(app)
