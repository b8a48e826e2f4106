"""Parts of the screen that break, and the app that goes on without a traceback."""

import stat
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from tests.tui.seen import painted
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, Static

from askreport import Library
from askreport_tui import faults
from askreport_tui.app import AskreportApp
from askreport_tui.desk import Desk
from askreport_tui.screens.fault import FaultScreen
from askreport_tui.screens.filter import FilterScreen
from askreport_tui.screens.help import HelpScreen
from askreport_tui.screens.history import HistoryScreen
from askreport_tui.screens.outline import OutlineScreen
from askreport_tui.screens.reading import ReadingScreen
from askreport_tui.screens.shelf import ShelfScreen
from askreport_tui.widgets.answer_pane import AnswerPane
from askreport_tui.widgets.citation_list import CitationList
from askreport_tui.widgets.page_view import PageView
from askreport_tui.widgets.question_bar import QuestionBar
from askreport_tui.widgets.table import Table
from askreport_tui.widgets.trouble_panel import TroublePanel

Show = Callable[..., AskreportApp]
Ask = Callable[[Pilot[None], str], Awaitable[ReadingScreen]]

PAINTED = "Who painted the pier?"
WIDE = (120, 36)

BROKEN = {
    "the action of a key": (ReadingScreen, "action_copy", ("y",)),
    "a handler of the screen": (ReadingScreen, "_read", ("2",)),
    "a handler of a widget": (CitationList, "_follow", ("c", "down")),
    "a handler of a widget's own keys": (QuestionBar, "action_recall", ("slash", "up")),
    "a watcher": (Table, "watch_cursor_coordinate", ("h",)),
    "a worker": (ReadingScreen, "_looked", ("left_square_bracket",)),
    "what a worker found": (ReadingScreen, "open_place", ("left_square_bracket",)),
    "the making of a screen": (ShelfScreen, "body", ("s",)),
    "the mounting of a screen": (HistoryScreen, "show_matching", ("h",)),
    "the making of a widget": (AnswerPane, "compose", ("h",)),
    "a screen that is imported": (OutlineScreen, "__init__", ("o",)),
    "the making of a dialogue": (FilterScreen, "_lines", ("f",)),
    "a row of a page": (PageView, "render_line", ("n",)),
    "how high something is": (Static, "get_content_height", ("h",)),
}


class Log:
    """What was written down."""

    def __init__(self) -> None:
        self.path = faults.log()

    def read(self) -> str:
        return self.path.read_text("utf-8")


@pytest.fixture
def log() -> Iterator[Log]:
    """The log, taken away once the test has looked at it."""
    found = Log()
    yield found
    assert stat.S_IMODE(found.path.stat().st_mode) == 0o600
    found.path.unlink()


def shown(app: App[None]) -> type:
    """What kind of screen is uppermost."""
    return type(app.screen)


async def settled(pilot: Pilot[None]) -> None:
    """Wait until nothing is at work; a worker may have failed."""
    for _ in range(3):
        while not all(worker.is_finished for worker in pilot.app.workers):
            await pilot.pause()
        await pilot.pause()


def broken(*_arguments: object, **_named: object) -> Any:
    raise ZeroDivisionError("by nought")


async def test_whatever_breaks_is_a_panel_and_the_app_goes_on(
    show: Show, piers: Library, ask: Ask, log: Log
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, PAINTED)
        for part, (owner, name, keys) in BROKEN.items():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(owner, name, broken)
                for key in keys:
                    await pilot.press(key)
                    await settled(pilot)
            seen = painted(app)
            assert "unexpected ZeroDivisionError: by nought" in seen, part
            assert "→ this is a bug in askreport" in seen, part
            assert "Traceback" not in seen, part
            await closed(pilot)
            assert app.screen is screen, part
            screen.set_focus(screen.query_one(CitationList))
            await pilot.press("1", "n")
            await settled(pilot)
            assert screen.citation is not None
            assert screen.citation.marker == 2, part
            assert "┃" in painted(app), part
    assert app._exception is None
    assert log.read().count("in broken") >= len(BROKEN)
    assert PAINTED not in log.read()


async def closed(pilot: Pilot[None]) -> None:
    """Escape until nothing is open over the reading screen, nor a panel in it."""
    for _ in range(5):
        panels = pilot.app.screen.query(TroublePanel)
        if len(pilot.app.screen_stack) == 1 and not any(p.display for p in panels):
            return
        await pilot.press("escape")
        await settled(pilot)
    pytest.fail(painted(pilot.app))


async def test_a_fault_below_a_dialogue_comes_before_it(
    show: Show, piers: Library, ask: Ask, log: Log
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        await ask(pilot, PAINTED)
        await pilot.press("escape", "question_mark")
        app.call_later(broken)
        await settled(pilot)
        assert shown(app) is FaultScreen
        assert "by nought" in painted(app)
        await pilot.press("enter")
        assert shown(app) is HelpScreen
        app.set_timer(0.01, broken)
        while shown(app) is not FaultScreen:
            await pilot.pause()
        await settled(pilot)
        await pilot.click("#dismiss")
        assert shown(app) is HelpScreen
    assert "in broken" in log.read()


async def test_what_cannot_be_painted_is_told_once_and_the_rest_is_painted(
    show: Show,
    piers: Library,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
    log: Log,
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, PAINTED)
        whole = PageView.render_line
        monkeypatch.setattr(PageView, "render_line", broken)
        for _ in range(5):
            screen.query_one(PageView).refresh()
            await settled(pilot)
        assert log.read().count("in broken") == 1
        assert "Citations" in painted(app)
        await pilot.press("escape")
        assert not screen.query_one(TroublePanel).display
        screen.query_one(PageView).refresh()
        await settled(pilot)
        assert not screen.query_one(TroublePanel).display
        monkeypatch.setattr(PageView, "render_line", whole)
        screen.query_one(PageView).refresh()
        await settled(pilot)
        assert "┃" in painted(app)


async def test_a_broken_panel_is_a_notice(
    show: Show,
    piers: Library,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
    log: Log,
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await ask(pilot, PAINTED)
        monkeypatch.setattr(TroublePanel, "report", broken)
        app.call_later(broken)
        await settled(pilot)
        assert "unexpected ZeroDivisionError" in painted(app)
        await pilot.press("escape", "2")
        assert screen.citation is not None
        assert screen.citation.marker == 2
    assert "in broken" in log.read()


async def test_where_nothing_can_be_written_the_panel_still_comes(
    show: Show,
    piers: Library,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        await ask(pilot, PAINTED)
        monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
        app.call_later(broken)
        await settled(pilot)
        assert "please report it with these words" in painted(app)


async def test_a_question_whose_worker_breaks_is_no_longer_waited_for(
    show: Show,
    piers: Library,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
    log: Log,
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, PAINTED)
        monkeypatch.setattr(Desk, "ask", broken)
        screen.query_one(Input).value = PAINTED
        await pilot.press("slash", "enter")
        await settled(pilot)
        assert "Escape stops waiting" not in painted(app)
    assert "in broken" in log.read()
