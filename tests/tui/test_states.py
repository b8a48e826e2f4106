"""What the other screens look like, with one shelf behind them all."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from askreport import Answer, Filter, Library, errors
from askreport.generation import standing
from askreport_tui import export, kept
from askreport_tui.app import AskreportApp
from askreport_tui.building import Step
from askreport_tui.desk import Desk
from askreport_tui.screens.history import HistoryScreen
from askreport_tui.screens.reading import ReadingScreen
from askreport_tui.widgets.question_bar import QuestionBar

Snap = Callable[..., bool]
Show = Callable[..., AskreportApp]
Ask = Callable[[Pilot[None], str], Awaitable[ReadingScreen]]
Calm = Callable[[Pilot[None]], Awaitable[None]]
Before = Callable[[Pilot[None]], Awaitable[None]]
Then = Callable[..., Before]

PAINTED = "Who painted the pier?"
ABSENT = "What does zeppelin upholstery cost?"
AT = "2026-11-24T09:30:00+00:00"
WIDE = (120, 36)
NARROW = (80, 24)


@pytest.fixture(autouse=True)
def no_day_but_this(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name that is proposed for a file holds the date."""
    monkeypatch.setattr(export, "name", lambda *_: f"{AT[:10]}-who-painted.md")


@pytest.fixture
def then(ask: Ask, calm: Calm) -> Then:
    """Ask, press keys one after the other, and hold every cursor still."""

    def asked(*keys: str, theme: str = "textual-dark") -> Before:
        async def run(pilot: Pilot[None]) -> None:
            await ask(pilot, PAINTED)
            pilot.app.theme = theme
            for key in keys:
                await pilot.press(key)
                await calm(pilot)
                for field in pilot.app.screen.query(Input):
                    field.cursor_blink = False
            await calm(pilot)

        return run

    return asked


SCREENS = {
    "shelf": ("s",),
    "outline": ("o",),
    "search": ("g", "enter"),
    "why": ("e",),
    "find": ("w", "p", "i"),
    "add": ("s", "a"),
    "sure": ("s", "x"),
    "filter": ("f",),
    "export": ("x",),
    "page-turned": ("left_square_bracket",),
}


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_in_a_wide_terminal(
    snap_compare: Snap,
    show: Show,
    piers: Library,
    then: Then,
    name: str,
) -> None:
    app = show(library=piers)
    before = then(*SCREENS[name])
    assert snap_compare(app, terminal_size=WIDE, run_before=before)


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_in_a_narrow_terminal(
    snap_compare: Snap, show: Show, piers: Library, then: Then, name: str
) -> None:
    app = show(library=piers)
    before = then(*SCREENS[name])
    assert snap_compare(app, terminal_size=NARROW, run_before=before)


@pytest.mark.parametrize("name", ["shelf", "why", "filter"])
def test_a_screen_in_high_contrast(
    snap_compare: Snap, show: Show, piers: Library, then: Then, name: str
) -> None:
    app = show(library=piers)
    before = then(*SCREENS[name], theme="high-contrast")
    assert snap_compare(app, terminal_size=WIDE, run_before=before)


DATED = {
    "history": ("h",),
    "history-narrow": ("h",),
    "compare": ("h", "down", "equals_sign"),
    "compare-narrow": ("h", "down", "equals_sign"),
    "generations": ("s", "g"),
    "generations-narrow": ("s", "g"),
    "generations-high-contrast": ("s", "g"),
}
"""Screens that show when something was done, and the id of a generation."""


@pytest.mark.parametrize("name", DATED)
def test_a_screen_that_shows_dates(
    snap_compare: Snap,
    show: Show,
    piers: Library,
    then: Then,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    keep = kept.of

    def of(answer: Answer, among: Filter) -> kept.Kept:
        made = keep(answer, among)
        same = replace(answer.receipt, generation="0123456789abcdef")
        return replace(made, at=AT, answer=replace(made.answer, receipt=same))

    async def before(pilot: Pilot[None]) -> None:
        desk = pilot.app.desk  # type: ignore[attr-defined]
        await desk.keep(of(piers.ask(ABSENT), Filter()))
        theme = "high-contrast" if "contrast" in name else "textual-dark"
        await then(*DATED[name], theme=theme)(pilot)

    listed = standing.listed(piers.shelf.index)
    dated = [
        replace(
            one,
            name=f"0123456789abcde{number}",
            bytes=100_000,
            manifest=one.manifest and replace(one.manifest, created=AT),
        )
        for number, one in enumerate(listed)
    ]
    monkeypatch.setattr(kept, "of", of)
    monkeypatch.setattr(standing, "listed", lambda _: tuple(dated))
    app = show(library=piers)
    size = NARROW if "narrow" in name else WIDE
    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("name", ["why", "outline", "generations", "shelf"])
def test_an_error_on_another_screen_is_a_panel_there(
    snap_compare: Snap,
    show: Show,
    piers: Library,
    then: Then,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    wanted = {
        "why": ("explained", "e"),
        "outline": ("document", "o"),
        "generations": ("generations", "s g"),
        "shelf": ("shelved", "s"),
    }
    verb, keys = wanted[name]

    async def failing(*_arguments: object) -> None:
        raise errors.IndexDamaged("a file of the index is damaged", hint="b builds it")

    monkeypatch.setattr(Desk, verb, failing)
    app = show(library=piers)
    before = then(*keys.split())
    assert snap_compare(app, terminal_size=WIDE, run_before=before)


def test_high_contrast(
    snap_compare: Snap, show: Show, piers: Library, then: Then
) -> None:
    app = show(library=piers)
    before = then("2", theme="high-contrast")
    assert snap_compare(app, terminal_size=WIDE, run_before=before)


def test_vast_has_three_columns(
    snap_compare: Snap, show: Show, piers: Library, then: Then
) -> None:
    app = show(library=piers)
    assert snap_compare(app, terminal_size=(220, 50), run_before=then("2"))


def test_an_error_is_a_panel_with_its_hint(
    snap_compare: Snap, show: Show, piers: Library, ask: Ask
) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await ask(pilot, "   ")

    app = show(library=piers)
    assert snap_compare(app, terminal_size=WIDE, run_before=before)


def test_a_build_under_way_is_seen_on_every_screen(
    snap_compare: Snap, show: Show, piers: Library, ask: Ask, calm: Calm
) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await ask(pilot, PAINTED)
        app = pilot.app
        assert isinstance(app, AskreportApp)
        app.building = Step("encoding passages", 1200, 4000, 12.5, 224.0)
        await calm(pilot)

    app = show(library=piers)
    assert snap_compare(app, terminal_size=WIDE, run_before=before)


def test_working_dims_what_belongs_to_the_question_before(
    snap_compare: Snap, show: Show, piers: Library, ask: Ask
) -> None:
    async def before(pilot: Pilot[None]) -> None:
        screen = await ask(pilot, PAINTED)
        screen._waiting = "Who painted the lighthouse?"
        screen._show_answer()
        screen.query_one(QuestionBar).cursor_blink = False
        await pilot.pause()

    app = show(library=piers)
    assert snap_compare(app, terminal_size=WIDE, run_before=before)


async def test_an_empty_history_says_so(
    show: Show, piers: Library, calm: Calm, ready: Before
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await pilot.press("escape", "h")
        await calm(pilot)
        assert isinstance(app.screen, HistoryScreen)
        said = app.screen.query_one("#detail Static").render_line(0).text
        assert "Nothing was asked yet" in said
