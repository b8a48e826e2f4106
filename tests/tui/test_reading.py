"""Asking, walking, copying, leaving: every key."""

from collections.abc import Awaitable, Callable

import pytest
from tests.tui.seen import painted
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import Static, Tabs

from askreport import Library
from askreport_tui.app import AskreportApp
from askreport_tui.screens.help import HelpScreen
from askreport_tui.screens.reading import ReadingScreen
from askreport_tui.widgets.answer_pane import DECLINED, AnswerPane
from askreport_tui.widgets.citation_list import CitationList
from askreport_tui.widgets.page_view import PageView
from askreport_tui.widgets.question_bar import QuestionBar

Show = Callable[..., AskreportApp]
Ask = Callable[[Pilot[None], str], Awaitable[ReadingScreen]]
Ready = Callable[[Pilot[None]], Awaitable[ReadingScreen]]

PAINTED = "Who painted the pier?"
ABSENT = "What does zeppelin upholstery cost?"
WIDE = (120, 36)
NARROW = (80, 24)


def answer_text(screen: ReadingScreen) -> str:
    return str(screen.query_one(AnswerPane).query_one(Static).content)


def lit(screen: ReadingScreen) -> str:
    """The words of the page that are painted as the quote."""
    view = screen.query_one(PageView)
    look = view.get_component_rich_style("page--quote").bgcolor
    strips = [view.render_line(y) for y in range(view.size.height)]
    return " ".join(
        segment.text.strip()
        for strip in strips
        for segment in strip
        if segment.style is not None and segment.style.bgcolor == look
    )


async def test_every_way_to_follow_a_citation_lights_the_same_words(
    show: Show, piers: Library, ask: Ask
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, PAINTED)
        assert screen.reading is not None
        quotes = [citation.quote for citation in screen.reading.cited]
        assert len(quotes) == 2
        walk = [("2", 1), ("p", 0), ("n", 1), ("1", 0), ("n", 1), ("up", 0)]
        for key, number in [*walk, ("down", 1), ("enter", 1)]:
            await pilot.press(key)
            await pilot.pause()
            assert lit(screen) == quotes[number], key
            assert screen.query_one(CitationList).highlighted == number


async def test_walking_past_the_last_citation_begins_again(
    show: Show, piers: Library, ask: Ask
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, PAINTED)
        await pilot.press("p")
        assert screen.citation is not None
        assert screen.citation.marker == 2


async def test_a_marker_without_a_citation_does_nothing(
    show: Show, piers: Library, ask: Ask
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, PAINTED)
        await pilot.press("9")
        assert screen.citation is not None
        assert screen.citation.marker == 1


async def test_clicking_a_marker_follows_it(
    show: Show, piers: Library, ask: Ask
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, PAINTED)
        text = screen.query_one(AnswerPane).query_one(Static)
        rows = [text.render_line(y).text for y in range(text.size.height)]
        row = next(y for y, line in enumerate(rows) if "[2]" in line)
        await pilot.click(text, offset=(rows[row].index("[2]") + 1, row))
        await pilot.pause()
        assert screen.citation is not None
        assert screen.citation.marker == 2


async def test_narrow_goes_to_the_page_with_enter_and_stays_in_the_list_with_arrows(
    show: Show, piers: Library, ask: Ask
) -> None:
    app = show(library=piers)
    async with app.run_test(size=NARROW) as pilot:
        screen = await ask(pilot, PAINTED)
        tabs = screen.query_one(Tabs)
        assert tabs.active == "answer"
        await pilot.press("c", "down")
        await pilot.pause()
        assert tabs.active == "citations"
        await pilot.press("enter")
        await pilot.pause()
        assert tabs.active == "page"
        assert screen.citation is not None
        assert lit(screen) == screen.citation.quote
        await pilot.press("a")
        assert tabs.active == "answer"


async def test_resizing_keeps_the_quote_in_view(
    show: Show, piers: Library, ask: Ask
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, "When did the storm lamp burn without relief?")
        assert screen.citation is not None
        for size in (NARROW, (30, 12), (220, 60), WIDE):
            await pilot.resize_terminal(*size)
            await pilot.press("d")
            await pilot.pause()
            await pilot.pause()
            words = lit(screen)
            assert words
            assert screen.citation.quote.startswith(words)


async def test_copying_takes_the_quote_and_its_reference(
    show: Show, piers: Library, ask: Ask
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, PAINTED)
        await pilot.press("y")
        assert screen.citation is not None
        quote, reference = app.clipboard.splitlines()
        assert quote == f'"{screen.citation.quote}"'
        assert "digest, not the original's words" in reference
        assert screen.citation.passage in reference


async def test_copying_before_anything_is_read_says_so(
    show: Show, piers: Library, ready: Ready
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await pilot.press("escape", "y")
        assert app.clipboard == ""


@pytest.mark.parametrize("key", ["slash", "ctrl+l"])
async def test_a_key_goes_back_to_the_question(
    show: Show, piers: Library, ask: Ask, key: str
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, PAINTED)
        assert not screen.query_one(QuestionBar).has_focus
        await pilot.press(key, "b", "e", "d")
        bar = screen.query_one(QuestionBar)
        assert (bar.has_focus, bar.value) == (True, "bed")


async def test_keys_that_mean_something_are_letters_while_a_question_is_written(
    show: Show, piers: Library, ready: Ready
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ready(pilot)
        await pilot.press("q", "n", "1", "question_mark", "slash", "t", "b")
        assert screen.query_one(QuestionBar).value == "qn1?/tb"
        await pilot.press("escape")
        assert not screen.query_one(QuestionBar).has_focus


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_a_key_leaves(show: Show, piers: Library, ready: Ready, key: str) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await pilot.press("escape", key)
        await pilot.pause()
        assert not app.is_running
        assert app.return_code == 0


async def test_help_opens_and_closes(show: Show, piers: Library, ready: Ready) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        for close in ("escape", "question_mark", "q"):
            await pilot.press("escape", "question_mark")
            assert isinstance(app.screen, HelpScreen)
            await pilot.press(close)
            assert isinstance(app.screen, ReadingScreen)


@pytest.mark.parametrize("key", ["t", "ctrl+p"])
async def test_a_key_opens_the_palette(
    show: Show, piers: Library, ready: Ready, key: str
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await pilot.press("escape", key)
        await pilot.pause()
        assert isinstance(app.screen, CommandPalette)
        await pilot.press("escape")
        await app.workers.wait_for_complete()


async def test_a_decline_is_an_answer_of_its_own(
    show: Show, piers: Library, ask: Ask
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, ABSENT)
        text = answer_text(screen)
        assert DECLINED in text
        assert "Searched 6 documents" in text
        assert screen.citation is not None
        assert lit(screen) == screen.citation.quote


async def test_document_text_is_shown_literally(
    show: Show, piers: Library, ask: Ask
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, PAINTED)
        await pilot.press("2")
        await pilot.pause()
        assert "[bold red]wet paint[/] and [2]" in painted(app).replace("\n", " ")
        assert "[bold]signed[/bold]" in painted(app).replace("\n", " ")
        screen.query_one(QuestionBar).value = "\x1b[31m [red]who[/red]?"
        await pilot.press("slash", "end", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "\x1b" not in painted(app)
        assert "[red]who[/red]" in painted(app)
