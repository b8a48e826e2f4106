"""Looking in a part of the shelf: the form, its completion, the chips."""

from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Static

from askreport import Filter, Library
from askreport.types import Source
from askreport_tui import filtering
from askreport_tui.app import AskreportApp
from askreport_tui.screens.filter import FilterScreen
from askreport_tui.screens.reading import ReadingScreen
from askreport_tui.widgets.filter_bar import FilterBar
from askreport_tui.widgets.filter_field import FilterField
from askreport_tui.widgets.superseded_box import SupersededBox

Show = Callable[..., AskreportApp]
Ask = Callable[[Pilot[None], str], Awaitable[ReadingScreen]]
Ready = Callable[[Pilot[None]], Awaitable[ReadingScreen]]
Snap = Callable[..., bool]

PAINTED = "Who painted the pier?"
WIDE = (120, 36)


async def opened(pilot: Pilot[None], ready: Ready) -> ReadingScreen:
    """The form over the reading screen."""
    screen = await ready(pilot)
    await pilot.press("escape", "f")
    await pilot.pause()
    assert isinstance(pilot.app.screen, FilterScreen)
    return screen


async def wrote(pilot: Pilot[None], field: str, value: str) -> None:
    """What is typed into a field, and its completion."""
    found = pilot.app.screen.query_one(f"#{field}", FilterField)
    found.focus()
    await pilot.press(*value)
    await pilot.pause()
    await pilot.pause()


async def applied(pilot: Pilot[None]) -> None:
    """Enter, and the check that follows."""
    await pilot.press("enter")
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    await pilot.pause()


def refused(app: AskreportApp) -> str:
    return str(app.screen.query_one("#refused", Static).content)


async def test_a_filter_is_completed_applied_shown_and_asked(
    show: Show, piers: Library, ready: Ready, ask: Ask
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(pilot, ready)
        await wrote(pilot, "documents", "SOUTH")
        await pilot.press("right")
        assert app.screen.query_one("#documents", FilterField).value == "south-pier"
        await wrote(pilot, "since", "2016")
        await applied(pilot)
        assert app.screen is screen
        bar = screen.query_one(FilterBar)
        assert bar.among == Filter(documents=("south-pier",), since="2016")
        assert bar.display
        assert "document: south-pier" in str(bar.render())
        await pilot.press("slash")
        await ask(pilot, PAINTED)
        assert screen.reading is not None
        assert {c.document for c in screen.reading.cited} == {"south-pier"}
        parameters = screen.reading.answer.receipt.parameters
        assert parameters["documents"] == ("south-pier",)


async def test_escape_leaves_the_filter_as_it_was_and_then_removes_it(
    show: Show, piers: Library, ready: Ready
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(pilot, ready)
        await wrote(pilot, "kinds", "report")
        await applied(pilot)
        bar = screen.query_one(FilterBar)
        await pilot.press("f")
        await wrote(pilot, "until", "2015")
        await pilot.press("escape")
        await pilot.pause()
        assert bar.among == Filter(kinds=("report",))
        await pilot.press("escape")
        await pilot.pause()
        assert (bar.among, bar.display) == (Filter(), False)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("since", "2018-13", "since '2018-13' is no date"),
        ("publishers", "Peer Trust", "did you mean 'Pier Trust'"),
        ("sections", "Paintings", "did you mean 'Painting'"),
        ("documents", "nothing", "no document 'nothing'"),
    ],
)
async def test_what_the_shelf_does_not_know_is_told_in_the_form(
    show: Show, piers: Library, ready: Ready, field: str, value: str, said: str
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(pilot, ready)
        app.screen.query_one(f"#{field}", FilterField).value = value
        await applied(pilot)
        assert isinstance(app.screen, FilterScreen)
        assert said in refused(app).replace('"', "'")
        assert screen.query_one(FilterBar).among == Filter()


async def test_clearing_empties_every_field_and_enter_removes_the_filter(
    show: Show, piers: Library, ready: Ready
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(pilot, ready)
        await wrote(pilot, "kinds", "report")
        app.screen.query_one(SupersededBox).focus()
        await pilot.press("space")
        await applied(pilot)
        bar = screen.query_one(FilterBar)
        assert bar.among == Filter(kinds=("report",), superseded=True)
        await pilot.press("f")
        assert app.screen.query_one("#kinds", FilterField).value == "report"
        await pilot.press("ctrl+r")
        await applied(pilot)
        assert bar.among == Filter()


async def test_the_form_opens_before_there_is_an_index_and_says_so(
    show: Show, shelf: object, ready: Ready
) -> None:
    app = show(shelf)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ready(pilot)
        screen.action_filter()
        await pilot.pause()
        await wrote(pilot, "kinds", "report")
        await applied(pilot)
        assert "no index" in refused(app)


async def test_what_is_offered_is_what_holds_the_words_written(
    show: Show, piers: Library, ready: Ready
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, ready)
        offered = app.screen.query_one("#offered", Static)
        assert "harbour-report" in str(offered.content)
        await wrote(pilot, "documents", "pier")
        assert str(offered.content) == "north-pier · south-pier"
        await wrote(pilot, "sections", "pai")
        assert str(offered.content) == "Painting"


def test_the_form_is_seen_with_what_can_be_chosen(
    snap_compare: Snap, show: Show, piers: Library, ready: Ready
) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await opened(pilot, ready)
        for field in pilot.app.screen.query(FilterField):
            field.cursor_blink = False
        await wrote(pilot, "publishers", "pi")

    app = show(library=piers)
    assert snap_compare(app, terminal_size=(80, 24), run_before=before)


def test_a_filter_in_force_is_seen_below_the_question(
    snap_compare: Snap, show: Show, piers: Library, ready: Ready, ask: Ask
) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await opened(pilot, ready)
        await wrote(pilot, "documents", "south-pier|north-pier")
        await wrote(pilot, "since", "2016")
        await applied(pilot)
        await pilot.press("slash")
        await ask(pilot, PAINTED)

    app = show(library=piers)
    assert snap_compare(app, terminal_size=WIDE, run_before=before)


WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters=filtering.OR), min_size=1
).filter(lambda said: said == said.strip())
DATES = st.none() | st.sampled_from(["2018", "2018-03", "2018-03-15"])
SEVERAL = st.lists(WORDS, max_size=3).map(tuple)


@given(
    st.builds(
        Filter,
        documents=SEVERAL,
        publishers=SEVERAL,
        kinds=SEVERAL,
        sections=SEVERAL,
        since=DATES,
        until=DATES,
        as_of=DATES,
        superseded=st.booleans(),
    )
)
def test_a_filter_comes_back_as_it_was_written(among: Filter) -> None:
    fields = filtering.written(among)
    assert filtering.read(fields, superseded=among.superseded) == among
    assert len(filtering.chips(among)) == sum(map(bool, fields.values())) + (
        among.superseded
    )


def test_the_last_alternative_is_the_one_completed() -> None:
    source = Source(id="a-1", title="", path="", digest="", publisher="Pier Trust")
    known = filtering.known([source], [])
    assert known.near("publishers", "Port | tru") == ("Pier Trust",)
    assert filtering.completed("Port | pi", "Pier Trust") == "Port | Pier Trust"
    assert filtering.completed("pi", "Pier Trust") == "Pier Trust"
