"""Keeping: history, copies, exports, opening the source, comparing answers."""

import json
import re
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input, Static

from askreport import Filter, Library, errors
from askreport.types import Source
from askreport_tui import clipboard, export, kept, opening, place, reading
from askreport_tui.app import AskreportApp
from askreport_tui.export import ExportRefused, Wish
from askreport_tui.kept import History
from askreport_tui.screens.compare import CompareScreen
from askreport_tui.screens.forms import ExportScreen, PathField
from askreport_tui.screens.history import HistoryScreen
from askreport_tui.screens.reading import ReadingScreen
from askreport_tui.widgets.filter_bar import FilterBar
from askreport_tui.widgets.question_bar import Completion, QuestionBar
from askreport_tui.widgets.table import Table

Show = Callable[..., AskreportApp]
Ask = Callable[[Pilot[None], str], Awaitable[ReadingScreen]]
Ready = Callable[[Pilot[None]], Awaitable[ReadingScreen]]
Calm = Callable[[Pilot[None]], Awaitable[None]]

PAINTED = "Who painted the pier?"
ABSENT = "What does zeppelin upholstery cost?"
WIDE = (120, 36)


def shown(app: AskreportApp) -> type:
    """What kind of screen is uppermost."""
    return type(app.screen)


def test_an_answer_comes_back_from_disk_as_it_was(
    piers: Library, tmp_path: Path
) -> None:
    history = History(tmp_path / "deep" / "asked.jsonl")
    assert history.read() == ()
    among = Filter(documents=("south-pier",))
    first = kept.of(piers.ask(PAINTED), Filter())
    second = kept.of(piers.ask(PAINTED, among=among), among)
    history.add(first)
    history.add(second)
    assert history.read() == (second, first)
    assert stat.S_IMODE(history.path.stat().st_mode) == 0o600
    with history.path.open("ab") as file:
        file.write(b'{"id": "half a li')
    assert history.read() == (second, first)
    history.forget((second.id,))
    assert history.read() == (first,)


def test_a_long_history_keeps_its_newer_half(
    piers: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(tmp_path / "asked.jsonl")
    answer = piers.ask(PAINTED)
    for _ in range(8):
        history.add(kept.of(answer, Filter()))
    before = history.read()
    monkeypatch.setattr(kept, "MOST_BYTES", history.path.stat().st_size)
    newest = kept.of(answer, Filter())
    history.add(newest)
    assert history.read() == (newest, *before[:3])


def test_a_history_that_cannot_be_written_is_told(
    piers: Library, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    history = History(tmp_path / "file" / "asked.jsonl")
    with pytest.raises(errors.SavedWrong, match="cannot be kept"):
        history.add(kept.of(piers.ask(PAINTED), Filter()))


async def test_what_was_asked_is_found_read_asked_again_and_forgotten(
    show: Show, piers: Library, ask: Ask, calm: Calm
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, PAINTED)
        screen.query_one(FilterBar).set_filter(Filter(documents=("south-pier",)))
        await pilot.press("slash")
        await ask(pilot, "When was the south pier painted?")
        screen.query_one(FilterBar).remove_filter()
    app = show(library=piers)  # another day
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, ABSENT)
        await pilot.press("h")
        await calm(pilot)
        assert shown(app) is HistoryScreen
        table = app.screen.query_one(Table)
        assert table.row_count == 3
        await pilot.press("slash", *"when south")
        await calm(pilot)
        assert table.row_count == 1
        await pilot.press("enter", "enter")
        await calm(pilot)
        assert app.screen is screen
        assert screen.reading is not None
        assert screen.reading.answer.question == "When was the south pier painted?"
        among = screen.query_one(FilterBar).among
        assert among == Filter(documents=("south-pier",))
        await pilot.press("h")
        await calm(pilot)
        for key in ("x", "delete"):
            await pilot.press(key)
            await calm(pilot)
        assert app.screen.query_one(Table).row_count == 2
        path = kept.place(str(piers.shelf.root))
        assert len(path.read_text("utf-8").splitlines()) == 2


async def test_two_answers_are_compared_side_by_side(
    show: Show, piers: Library, ask: Ask, calm: Calm
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, PAINTED)
        screen.query_one(FilterBar).set_filter(Filter(documents=("south-pier",)))
        await pilot.press("slash")
        await ask(pilot, PAINTED)
        await pilot.press("equals_sign")
        await calm(pilot)
        assert shown(app) is CompareScreen
        said = str(app.screen.query_one("#heading", Static).content)
        assert "1 citation only in the older, 0 citations only in the newer" in said
        older = str(app.screen.query_one("#older Static", Static).content)
        newer = str(app.screen.query_one("#newer Static", Static).content)
        assert "only here  [" in older
        assert "only here" not in newer
        assert app.screen.query_one("#older").has_focus
        await pilot.press("o")
        assert app.screen.query_one("#newer").has_focus
        await pilot.press("escape", "h")
        await calm(pilot)
        await pilot.press("space", "down", "equals_sign")
        await calm(pilot)
        assert shown(app) is CompareScreen
        await pilot.press("escape")
        await pilot.pause()
        assert shown(app) is HistoryScreen


async def test_up_and_down_bring_questions_back(
    show: Show, piers: Library, ask: Ask
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, PAINTED)
        bar = screen.query_one(QuestionBar)
        await pilot.press("slash")
        await ask(pilot, ABSENT)
        await pilot.press("slash", *"Wh")
        await pilot.press("up")
        assert bar.value == ABSENT
        await pilot.press("up", "up")
        assert bar.value == PAINTED
        await pilot.press("down", "down", "down")
        assert bar.value == "Wh"


async def test_titles_and_questions_are_completed() -> None:
    completion = Completion()
    completion.titles = ["The harbour report", "Orchards of the north"]
    completion.asked = [PAINTED]
    suggest = completion.get_suggestion
    assert await suggest("What does orch") == "What does orchards of the north"
    assert await suggest("What says the har") == "What says the harbour report"
    assert await suggest("Who pai") == PAINTED
    assert await suggest("a") is None
    assert await suggest("") is None


async def test_the_right_arrow_takes_a_title(
    show: Show, piers: Library, ready: Ready
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ready(pilot)
        await pilot.press(*"What about Orch")
        await pilot.pause()
        await pilot.pause()
        await pilot.press("right")
        assert screen.query_one(QuestionBar).value == "What about Orchards of the north"


async def test_the_quote_alone_is_copied_with_its_own_key(
    show: Show, piers: Library, ask: Ask
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, PAINTED)
        await pilot.press("Y")
        assert screen.citation is not None
        assert app.clipboard == screen.citation.quote


def test_the_systems_clipboard_is_left_alone_without_a_desktop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not clipboard.reachable({})
    assert clipboard.reachable({"DISPLAY": ":0"})
    assert clipboard.reachable({"WAYLAND_DISPLAY": "wayland-0"})


async def test_an_answer_and_a_session_are_written_in_each_format(
    show: Show, piers: Library, ask: Ask, calm: Calm, tmp_path: Path
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        await ask(pilot, PAINTED)
        await pilot.press("slash")
        await ask(pilot, "When was the south pier painted?")
        for ending, session in ((".md", False), (".html", True), (".txt", True)):
            await pilot.press("x")
            await calm(pilot)
            assert shown(app) is ExportScreen
            path = tmp_path / f"out{ending}"
            app.screen.query_one(PathField).value = str(path)
            app.screen.query_one("#session", Checkbox).value = session
            app.screen.query_one(PathField).focus()
            await pilot.press("enter")
            await calm(pilot)
            text = path.read_text("utf-8")
            assert "Olu Grant" in text or not session
            assert (PAINTED in text) is session
            assert "Sources" in text
            assert "\x1b" not in text


async def test_a_file_that_is_there_is_replaced_only_on_the_second_enter(
    show: Show, piers: Library, ask: Ask, calm: Calm, tmp_path: Path
) -> None:
    path = tmp_path / "out.md"
    path.write_text("mine", "utf-8")
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        await ask(pilot, PAINTED)
        await pilot.press("x")
        await calm(pilot)
        app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await pilot.pause()
        assert "is there already" in str(
            app.screen.query_one("#refused", Static).content
        )
        assert path.read_text("utf-8") == "mine"
        await pilot.press("enter")
        await calm(pilot)
        assert PAINTED in path.read_text("utf-8")
        await pilot.press("x")
        await calm(pilot)
        app.screen.query_one(Input).value = str(tmp_path / "out.docx")
        await pilot.press("enter")
        await pilot.pause()
        assert "no format" in str(app.screen.query_one("#refused", Static).content)
        await pilot.press("escape")


def test_a_document_cannot_bring_markup_or_escapes_into_an_export(
    piers: Library,
) -> None:
    wish = Wish((piers.ask(PAINTED),), "Asked of <b>piers</b>", bibliography=True)
    page = export.written(wish, ".html")
    assert "<b>" not in page
    assert not re.search(
        r"<(?!/?(html|meta|title|style|h1|h2|article|p|blockquote|cite"
        r"|ul|li)\b|!doctype)",
        page,
    )
    for ending in export.ENDINGS:
        assert "\x1b" not in export.written(wish, ending)
    assert r"\[bold\]signed\[/bold\]" in export.written(wish, ".md")
    with pytest.raises(ExportRefused):
        export.written(wish, ".docx")


def test_a_source_is_opened_at_its_page_or_words(piers: Library) -> None:
    sources = piers.shelf.sources
    asked = {
        "How many blocks did masons replace?": r"file:///.*/bridges\.pdf#page=2",
        "When did paraffin replace whale oil?": (
            r"file:///.*/lighthouse\.html#:~:text=\S+"
        ),
        PAINTED: r"file:///.*/(north|south)\.md",
    }
    places = []
    for question, expected in asked.items():
        found = reading.read(piers, question, Filter())
        here = place.of_citation(found, found.cited[0])
        places.append(here)
        assert re.fullmatch(expected, opening.address(sources, here)), question
    gone = place.Place(
        Source("x", "X", "../../etc/passwd", "", url="javascript:1"),
        places[0].page,
    )
    assert opening.address(sources, gone) == ""
    assert not opening.viewable({})
    assert opening.viewable({"DISPLAY": ":0"})


async def test_without_a_viewer_the_address_of_the_source_is_copied(
    show: Show, piers: Library, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        await ask(pilot, "How many blocks did masons replace?")
        await pilot.press("v")
        assert app.clipboard.endswith("/sources/bridges.pdf#page=2")
        opened: list[str] = []
        monkeypatch.setenv("DISPLAY", ":0")
        monkeypatch.setattr(app, "open_url", lambda url, **_: opened.append(url))
        await pilot.press("v")
        assert opened == [app.clipboard]


def test_a_history_line_is_readable_json(piers: Library, tmp_path: Path) -> None:
    history = History(tmp_path / "asked.jsonl")
    history.add(kept.of(piers.ask(PAINTED), Filter()))
    line = json.loads(history.path.read_text("utf-8"))
    assert line["answer"]["question"] == PAINTED
