"""Nothing a reader or a document does breaks the screen."""

import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from tests.tui.seen import painted
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.binding import Binding
from textual.pilot import Pilot

from askreport import Library
from askreport_tui.app import AskreportApp
from askreport_tui.reading_keys import READING
from askreport_tui.screens.reading import ReadingScreen
from askreport_tui.widgets.citation_list import CitationList
from askreport_tui.widgets.page_view import PageView
from askreport_tui.widgets.question_bar import QuestionBar

Show = Callable[..., AskreportApp]
Ask = Callable[[Pilot[None], str], Awaitable[ReadingScreen]]
Ready = Callable[[Pilot[None]], Awaitable[ReadingScreen]]
Calm = Callable[[Pilot[None]], Awaitable[None]]

PAINTED = "Who painted the pier?"
WIDE = (120, 36)

FOREIGN = """\
# Лог пирса

## צביעה

הצבע אולו צבע את המזח ב-2015. ‮ABC‬ ⁦x⁩ 漢字漢字漢字漢字漢字 é́́́ 👩‍👩‍👧‍👦 👍🏽 ﷽

Painter Zoe Lund painted the east pier in 2019 \u202e\u2066 الرصيف الشرقي.
"""


async def test_the_palette_has_everything_that_a_key_does(
    show: Show, piers: Library, ready: Ready
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ready(pilot)
        offered = {
            command.title for command in app.get_system_commands(cast(Any, screen))
        }
    for binding in Binding.make_bindings(READING):
        if not binding.action.startswith("follow"):
            assert binding.tooltip in offered


async def test_right_to_left_and_wide_text_keep_the_layout(
    show: Show, piers_shelf: Path, tmp_path: Path, ask: Ask
) -> None:
    root = tmp_path / "shelf"
    shutil.copytree(piers_shelf, root)
    (root / "sources" / "east.md").write_text(FOREIGN, "utf-8")
    Library.open(root).build()
    app = show(root)
    for size in ((120, 36), (80, 24)):
        async with app.run_test(size=size) as pilot:
            screen = await ask(pilot, "Who painted the east pier in 2019?")
            await pilot.press("d")
            await pilot.pause()
            strips = screen._compositor.render_strips()
            assert {strip.cell_length for strip in strips} == {size[0]}
            shown = painted(app)
            assert "Zoe Lund" in shown
            assert not set("\u202e\u2066\u202d\u200f\x1b") & set(shown)
            view = screen.query_one(PageView)
            rows = [view.render_line(y) for y in range(view.size.height)]
            width = view.scrollable_content_region.width
            assert {row.cell_length for row in rows} == {width}
        app = show(root)


@pytest.mark.parametrize("theme", ["high-contrast", "textual-light", "dracula"])
async def test_the_quote_stands_out_in_every_kind_of_theme(
    show: Show, piers: Library, ask: Ask, theme: str
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        app.theme = theme
        screen = await ask(pilot, PAINTED)
        view = screen.query_one(PageView)
        quote = view.get_component_rich_style("page--quote")
        text = view.rich_style
        assert quote.bgcolor != text.bgcolor
        assert quote.bold


@pytest.mark.skipif(not hasattr(signal, "SIGTERM"), reason="no such signal here")
async def test_being_told_to_end_ends_in_good_order(
    show: Show, piers: Library, ready: Ready
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        os.kill(os.getpid(), signal.SIGTERM)
        while app.is_running:
            await pilot.pause(0.01)
    assert app.return_code == 143


OPENED = ("s", "s g", "s a", "s x", "g", "o", "e", "h", "x", "f", "w", "question_mark")
"""Keys that open one screen or dialogue after the other."""

SIZES = ((80, 24), (20, 6), (300, 80), (120, 36))


async def test_every_screen_opens_is_resized_and_closes(
    show: Show, piers: Library, ask: Ask, calm: Calm
) -> None:
    app = show(library=piers)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await ask(pilot, PAINTED)
        for number, keys in enumerate(OPENED):
            await pilot.press(*keys.split())
            await calm(pilot)
            opened = app.screen
            for size in (SIZES[number % 4], SIZES[(number + 1) % 4]):
                await pilot.resize_terminal(*size)
                strips = app.screen._compositor.render_strips()
                assert {strip.cell_length for strip in strips} == {size[0]}, keys
                assert len(strips) == size[1]
                assert app.screen is opened
            for _ in keys.split():
                await pilot.press("escape")
            await calm(pilot)
            assert app.screen is screen, keys
            assert screen.reading is not None


async def test_a_key_repaints_what_it_changes_and_not_the_screen(
    show: Show, piers: Library, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted_: list[object] = []
    display = AskreportApp._display

    def seen(app: AskreportApp, screen: Any, renderable: object) -> None:
        painted_.append(renderable)
        display(app, screen, cast(Any, renderable))

    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, PAINTED)
        monkeypatch.setattr(AskreportApp, "_display", seen)
        for place, keys in (
            (QuestionBar, [*"boats", "up", "left"]),
            (CitationList, ["n", "p", "2", "down"]),
            (PageView, ["n", "down"]),
        ):
            screen.query_one(place).focus()
            await pilot.pause()
            painted_.clear()
            await pilot.press(*keys)
            await pilot.pause()
            assert not any(isinstance(one, LayoutUpdate) for one in painted_), place
            assert any(isinstance(one, ChopsUpdate) for one in painted_), place
        await pilot.press("t")  # and what does change all is seen as such
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert any(isinstance(one, LayoutUpdate) for one in painted_)
