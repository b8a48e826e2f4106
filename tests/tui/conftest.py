"""A shelf whose answers have several citations, and how to wait for the screen."""

import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from askreport import Library
from askreport_tui import faults
from askreport_tui.app import AskreportApp
from askreport_tui.screens.reading import ReadingScreen
from askreport_tui.widgets.question_bar import QuestionBar
from askreport_tui.widgets.shelf_line import ShelfLine

NORTH = """\
# Log of the north pier

## Painting

Painter Olu Grant painted the north pier in June 2015. The note on the rail said [bold
red]wet paint[/] and [2] in chalk.
"""

SOUTH = """\
# Log of the south pier

## Painting

Painter Mia Strand painted the south pier in June 2016. The work took nine days.
"""

LISTED = r"""
[[document]]
id = "north-pier"
path = "north.md"
title = "Log of the north pier \u001b]0;owned\u0007 [bold]signed[/bold]"
publisher = "Pier \u001b[31mTrust"
date = "2015"

[[document]]
id = "south-pier"
path = "south.md"
title = "Log of the south pier"
publisher = "Pier Trust"
date = "2016"
words = "digest"
"""

Ask = Callable[[Pilot[None], str], Awaitable[ReadingScreen]]
Ready = Callable[[Pilot[None]], Awaitable[ReadingScreen]]
Calm = Callable[[Pilot[None]], Awaitable[None]]
Show = Callable[..., AskreportApp]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a developer's own terminal is set to must not show in a snapshot, nor what a
    test asks in the developer's history.
    """
    for name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_ANIMATIONS", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture(autouse=True)
def no_bug_unnoticed(plain_environment: None) -> Iterator[None]:
    """The app survives its bugs; a test does not, unless it looks for one."""
    yield
    if faults.log().exists():
        pytest.fail(faults.log().read_text("utf-8"))


@pytest.fixture(scope="session")
def piers_shelf(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shared shelf with two logs that answer one question, built."""
    root = tmp_path_factory.mktemp("piers") / "shelf"
    shutil.copytree(built, root)
    with (root / "sources" / "catalogue.toml").open("a", encoding="utf-8") as file:
        file.write(LISTED)
    (root / "sources" / "north.md").write_text(NORTH, "utf-8")
    (root / "sources" / "south.md").write_text(SOUTH, "utf-8")
    Library.open(root).build()
    return root


@pytest.fixture(scope="session")
def piers(piers_shelf: Path) -> Library:
    """The open library of that shelf."""
    return Library.open(piers_shelf)


@pytest.fixture
def show() -> Show:
    """The app as tests want it: one theme, nothing that moves."""

    def make(
        shelf: Path | None = None, *, library: Library | None = None
    ) -> AskreportApp:
        app = AskreportApp(shelf, library=library)
        app.theme = "textual-dark"
        app.animation_level = "none"
        return app

    return make


@pytest.fixture
def ready() -> Ready:
    """Wait until the shelf and its encoder are open, or have failed to open."""

    async def wait(pilot: Pilot[None]) -> ReadingScreen:
        screen = pilot.app.screen
        assert isinstance(screen, ReadingScreen)
        screen.query_one(QuestionBar).cursor_blink = False
        line = screen.query_one(ShelfLine)
        while screen.focused is None or line.state.startswith("opening"):
            await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        return screen

    return wait


@pytest.fixture
def calm() -> Calm:
    """Wait until nothing is at work and everything is painted."""

    async def wait(pilot: Pilot[None]) -> None:
        for _ in range(3):
            await pilot.app.workers.wait_for_complete()
            await pilot.pause()

    return wait


@pytest.fixture
def ask(ready: Ready) -> Ask:
    """Type a question, press Enter, wait for what comes of it."""

    async def typed(pilot: Pilot[None], question: str) -> ReadingScreen:
        screen = await ready(pilot)
        screen.query_one(QuestionBar).value = question
        await pilot.press("enter")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.pause()
        return screen

    return typed
