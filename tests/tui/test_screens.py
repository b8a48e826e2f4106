"""What the screen looks like in each of its states."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from askreport import Library

Snap = Callable[..., bool]
Before = Callable[[Pilot[None]], Awaitable[None]]

PAINTED = "Who painted the pier?"
ABSENT = "What does zeppelin upholstery cost?"


@pytest.fixture
def after(ask: Callable[..., Awaitable[object]]) -> Callable[..., Before]:
    """Ask a question and press keys before the picture is taken."""

    def asked(question: str, *keys: str) -> Before:
        async def run(pilot: Pilot[None]) -> None:
            await ask(pilot, question)
            await pilot.press(*keys)
            await pilot.pause()

        return run

    return asked


def test_empty_shows_what_is_on_the_shelf(
    snap_compare: Snap, show: Callable[..., object], piers: Library, ready: Before
) -> None:
    app = show(library=piers)
    assert snap_compare(app, terminal_size=(120, 36), run_before=ready)


def test_answered_shows_answer_citations_and_page(
    snap_compare: Snap,
    show: Callable[..., object],
    piers: Library,
    after: Callable[..., Before],
) -> None:
    app = show(library=piers)
    before = after(PAINTED, "2")
    assert snap_compare(app, terminal_size=(120, 36), run_before=before)


def test_declined_shows_what_was_searched_and_what_came_nearest(
    snap_compare: Snap,
    show: Callable[..., object],
    piers: Library,
    after: Callable[..., Before],
) -> None:
    app = show(library=piers)
    assert snap_compare(app, terminal_size=(120, 36), run_before=after(ABSENT))


def test_no_index_shows_a_panel_that_offers_to_build(
    snap_compare: Snap, show: Callable[..., object], shelf: Path, ready: Before
) -> None:
    app = show(shelf)
    assert snap_compare(app, terminal_size=(120, 36), run_before=ready)


@pytest.mark.parametrize("keys", [(), ("c",), ("2",)], ids=["answer", "list", "page"])
def test_narrow_shows_one_pane_at_a_time(
    snap_compare: Snap,
    show: Callable[..., object],
    piers: Library,
    after: Callable[..., Before],
    keys: tuple[str, ...],
) -> None:
    app = show(library=piers)
    before = after(PAINTED, *keys)
    assert snap_compare(app, terminal_size=(80, 24), run_before=before)


def test_wide_gives_the_page_its_room(
    snap_compare: Snap,
    show: Callable[..., object],
    piers: Library,
    after: Callable[..., Before],
) -> None:
    app = show(library=piers)
    assert snap_compare(app, terminal_size=(160, 50), run_before=after(PAINTED))


def test_help_shows_every_key(
    snap_compare: Snap,
    show: Callable[..., object],
    piers: Library,
    after: Callable[..., Before],
) -> None:
    app = show(library=piers)
    before = after(PAINTED, "question_mark")
    assert snap_compare(app, terminal_size=(80, 24), run_before=before)


def test_without_colour_the_quote_still_stands_out(
    snap_compare: Snap,
    show: Callable[..., object],
    piers: Library,
    after: Callable[..., Before],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = show(library=piers)
    assert snap_compare(app, terminal_size=(120, 36), run_before=after(PAINTED))
