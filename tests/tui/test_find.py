"""Finding: on a page, across the shelf, by heading; and why an answer is what it is."""

from collections.abc import Awaitable, Callable

from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from askreport import Library
from askreport_tui import finding
from askreport_tui.app import AskreportApp
from askreport_tui.screens.explain import ExplainScreen
from askreport_tui.screens.outline import OutlineScreen
from askreport_tui.screens.reading import ReadingScreen
from askreport_tui.screens.search import SearchScreen
from askreport_tui.widgets.find_bar import FindBar
from askreport_tui.widgets.page_pane import PagePane
from askreport_tui.widgets.page_view import PageView
from askreport_tui.widgets.table import Table

Show = Callable[..., AskreportApp]
Ask = Callable[[Pilot[None], str], Awaitable[ReadingScreen]]
Ready = Callable[[Pilot[None]], Awaitable[ReadingScreen]]
Calm = Callable[[Pilot[None]], Awaitable[None]]

PAINTED = "Who painted the pier?"
WIDE = (120, 36)


def shown(app: AskreportApp) -> type:
    """What kind of screen is uppermost."""
    return type(app.screen)


async def test_words_are_found_on_the_page_and_walked_in_a_circle(
    show: Show, piers: Library, ask: Ask
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, "When did the storm lamp burn without relief?")
        for key in ("w", "ctrl+f"):
            await pilot.press(key)
            bar, pane = screen.query_one(FindBar), screen.query_one(PagePane)
            assert bar.has_focus
            bar.value = ""
            await pilot.press(*"THE")
            await pilot.pause()
            assert screen.place is not None
            number = len(finding.find("the", screen.place.page.text))
            assert number > 2
            assert pane.border_subtitle == f"1 of {number}"
            await pilot.press("enter", "down")
            await pilot.pause()
            assert pane.border_subtitle == f"3 of {number}"
            await pilot.press("up", "up", "up")
            await pilot.pause()
            assert pane.border_subtitle == f"{number} of {number}"
            await pilot.press(*"zz")
            await pilot.pause()
            assert pane.border_subtitle == "not on this page"
            await pilot.press("escape")
            await pilot.pause()
            assert not bar.display
            assert screen.query_one(PageView).has_focus


@given(st.text(alphabet="ab \nAß", max_size=60), st.text(alphabet="abA ß", max_size=4))
def test_what_is_found_stands_there(text: str, words: str) -> None:
    found = finding.find(words, text)
    said = "".join(words.split()).lower()
    for span in found:
        assert "".join(span.of(text).split()).lower() == said
    assert bool(found) <= bool(said)


async def test_a_hit_of_a_search_is_lit_in_its_page_and_a_cited_one_as_its_citation(
    show: Show, piers: Library, ask: Ask, calm: Calm
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, PAINTED)
        assert screen.reading is not None
        await pilot.press("g")
        await pilot.pause()
        assert app.screen.query_one(Input).value == PAINTED
        await pilot.press("enter")
        await calm(pilot)
        search = app.screen
        assert isinstance(search, SearchScreen)
        found = [p.passage_id for p in search._hits]
        cited = screen.reading.cited[1]
        app.screen.query_one(OptionList).highlighted = found.index(cited.passage)
        await pilot.press("enter")
        await calm(pilot)
        assert screen.citation == cited
        assert screen.place is not None
        assert screen.place.words == cited.quote

        await pilot.press("g")
        await pilot.pause()
        app.screen.query_one(Input).value = "whale oil lamp"
        await pilot.press("enter")
        await calm(pilot)
        await pilot.press("slash")
        assert app.screen.query_one(Input).has_focus
        await pilot.press("down", "enter")
        await calm(pilot)
        assert screen.place.source.id == "lighthouse-page"
        assert "whale oil" in screen.place.words


async def test_an_empty_search_is_refused_in_words_and_left(
    show: Show, piers: Library, ready: Ready, calm: Calm
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ready(pilot)
        await pilot.press("escape", "g", "enter")
        await calm(pilot)
        assert app.screen.query_one("TroublePanel").display
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert app.screen is screen


async def test_pages_are_turned_one_by_one_up_to_the_last(
    show: Show, piers: Library, ask: Ask, calm: Calm
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, "How many blocks did masons replace?")
        assert screen.place is not None
        assert (screen.place.source.id, screen.place.page.number) == ("bridges-pdf", 2)
        await pilot.press("left_square_bracket")
        await calm(pilot)
        assert screen.place.page.number == 1
        await pilot.press("left_square_bracket")
        await calm(pilot)
        assert screen.place.page.number == 1
        await pilot.press("right_square_bracket")
        await calm(pilot)
        assert screen.place.page.number == 2


async def test_the_outline_leads_to_its_headings(
    show: Show, piers: Library, ask: Ask, calm: Calm
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, "What did the port dredge?")
        await pilot.press("o")
        await calm(pilot)
        assert shown(app) is OutlineScreen
        listed = app.screen.query_one(OptionList)
        said = [str(listed.get_option_at_index(i).prompt) for i in range(3)]
        assert [line.strip() for line in said] == [
            "The harbour report",
            "Dredging",
            "Ferries",
        ]
        await pilot.press("down", "down", "enter")
        await calm(pilot)
        assert screen.place is not None
        assert screen.place.words.endswith("Ferries")


async def test_every_candidate_is_explained_and_can_be_read(
    show: Show, piers: Library, ask: Ask, calm: Calm
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, PAINTED)
        await pilot.press("e")
        await calm(pilot)
        assert shown(app) is ExplainScreen
        expected = piers.ask(PAINTED, explain=True).explained
        table = app.screen.query_one(Table)
        assert table.row_count == len(expected)
        first = [str(cell) for cell in table.get_row_at(0)]
        assert first[1:3] == [f"{expected[0].score:.2f}", "quoted"]
        told = str(app.screen.query_one("#detail Static", Static).content)
        assert "late interaction" in told
        assert all(name in told for name in expected[0].signals)
        table.move_cursor(row=len(expected) - 1)
        await pilot.press("enter")
        await calm(pilot)
        assert screen.place is not None
        assert screen.place.passage_id == expected[-1].passage


async def test_what_needs_an_answer_or_a_page_says_so_before_there_is_one(
    show: Show, piers: Library, ready: Ready, calm: Calm
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ready(pilot)
        await pilot.press("escape")
        for key in (
            "e",
            "o",
            "w",
            "x",
            "v",
            "Y",
            "equals_sign",
            "right_square_bracket",
        ):
            await pilot.press(key)
            await calm(pilot)
            assert app.screen is screen, key
        assert len(app._notifications) >= 7
