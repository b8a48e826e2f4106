"""The shelf: its documents, adding, removing, building, stopping, going back."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.conftest import write_pdf
from tests.tui.seen import built
from textual.pilot import Pilot
from textual.widgets import Button, Input, OptionList, Static

from askreport import Library
from askreport.types import Shelved, Source, Unread
from askreport_tui import building, shelving, standing
from askreport_tui.app import AskreportApp
from askreport_tui.screens.forms import AddScreen, ConfirmScreen, PathField, completed
from askreport_tui.screens.generations import GenerationsScreen
from askreport_tui.screens.outline import OutlineScreen
from askreport_tui.screens.reading import ReadingScreen
from askreport_tui.screens.shelf import ShelfScreen
from askreport_tui.widgets.build_panel import BuildPanel
from askreport_tui.widgets.page_view import PageView
from askreport_tui.widgets.shelf_line import ShelfLine
from askreport_tui.widgets.table import Table
from askreport_tui.widgets.trouble_panel import TroublePanel

Show = Callable[..., AskreportApp]
Ready = Callable[[Pilot[None]], Awaitable[ReadingScreen]]
Calm = Callable[[Pilot[None]], Awaitable[None]]
Ask = Callable[[Pilot[None], str], Awaitable[ReadingScreen]]

WIDE = (120, 36)


def shown(app: AskreportApp) -> type:
    """What kind of screen is uppermost."""
    return type(app.screen)


@pytest.fixture
def own(piers_shelf: Path, tmp_path: Path) -> Path:
    """A built shelf that the test may change."""
    return Path(shutil.copytree(piers_shelf, tmp_path / "shelf"))


async def shelf_of(pilot: Pilot[None], ready: Ready, calm: Calm) -> ShelfScreen:
    """The shelf, over the reading screen."""
    await ready(pilot)
    await pilot.press("escape", "s")
    await calm(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, ShelfScreen)
    return screen


def rows(app: AskreportApp) -> list[str]:
    """The table of the screen, a line a row."""
    table = app.screen.query_one(Table)
    return [
        "|".join(str(cell) for cell in table.get_row_at(number))
        for number in range(table.row_count)
    ]


def detail(app: AskreportApp) -> str:
    return str(app.screen.query_one("#detail Static", Static).content)


def at(app: AskreportApp, name: str) -> int:
    """The row of a document."""
    table = app.screen.query_one(Table)
    return table.get_row_index(name)


async def test_every_document_is_listed_with_how_it_stands(
    show: Show, own: Path, ready: Ready, calm: Calm
) -> None:
    (own / "sources" / "orchard.txt").write_text("Pears.", "utf-8")
    (own / "sources" / "late.txt").write_text("A late file.", "utf-8")
    app = show(own)
    async with app.run_test(size=WIDE) as pilot:
        screen = await shelf_of(pilot, ready, calm)
        listed = rows(app)
        assert len(listed) == len(screen.documents) == 7
        told = {one.source.id: standing.status(one) for one in screen.documents}
        assert told["orchard-digest"] == "changed since the build"
        assert told["late-txt"] == "new, not built"
        assert told["harbour-report"] == "read"
        bridges = next(line for line in listed if "Bridges" in line)
        assert bridges.split("|")[3] == "2"
        screen.query_one(Table).move_cursor(row=at(app, "late-txt"))
        await pilot.pause()
        assert "late.txt" in detail(app)


def test_what_could_not_be_read_is_told_with_the_reason() -> None:
    source = Source("scan", "A scan", "scan.pdf", "", publisher="Pier Trust")
    unread = (Unread("scan", 3, "no text layer"), Unread("scan", 4, "no text layer"))
    one = Shelved(source, "indexed", 9, 12, unread, superseded_by="scan-2")
    assert standing.status(one) == "read, 2 pages unread, superseded"
    told = "\n".join(standing.told(one))
    assert "page 3: no text layer" in told
    assert "superseded by scan-2" in told
    seen = Shelved(source, "changed", 9, 12, unread, recognised=7)
    assert standing.status(seen) == "changed since the build, by OCR, 2 pages unread"
    partly = Shelved(source, "indexed", 9, 12, unread[:1], recognised=7)
    assert standing.status(partly) == "read, 7 pages by OCR, 1 page unread"
    failed = Shelved(source, "failed", unread=(Unread("scan", None, "damaged"),))
    assert standing.status(failed) == "not read"
    assert "damaged" in "\n".join(standing.told(failed))


async def test_a_pdf_is_added_built_asked_about_and_rolled_back(
    show: Show, own: Path, tmp_path: Path, ready: Ready, calm: Calm, ask: Ask
) -> None:
    pages = (("Windmills", "Miller Rosa Quint ground 31 sacks of rye in May 1911."),)
    write_pdf(tmp_path / "windmill.pdf", pages)
    question = "Who ground the rye?"
    app = show(own)
    async with app.run_test(size=WIDE) as pilot:
        screen = await shelf_of(pilot, ready, calm)
        await pilot.press("a")
        await calm(pilot)
        assert shown(app) is AddScreen
        app.screen.query_one(PathField).value = str(tmp_path / "windmill.pdf")
        await pilot.press("enter")
        await calm(pilot)
        assert app.screen is screen
        assert any("new, not built" in line for line in rows(app))
        await pilot.press("b")
        await pilot.pause()
        assert screen.query_one(BuildPanel).display
        await built(pilot, calm)
        assert not screen.query_one(BuildPanel).display
        assert not any("new, not built" in line for line in rows(app))

        await pilot.press("escape", "slash")
        reading = await ask(pilot, question)
        assert reading.reading is not None
        assert "Rosa Quint" in reading.reading.answer.text
        newer = reading.reading.answer.receipt.generation

        await pilot.press("s", "g")
        await calm(pilot)
        assert shown(app) is GenerationsScreen
        assert rows(app)[0].startswith("now|")
        await pilot.press("down", "enter")
        await calm(pilot)
        assert rows(app)[1].startswith("now|")
        await pilot.press("escape", "escape")
        await pilot.pause()
        line = reading.query_one(ShelfLine)
        while line.opened is None or len(line.opened.sources) != 6:
            await pilot.pause(0.1)
        await pilot.press("slash")
        reading = await ask(pilot, question)
        assert reading.reading is not None
        assert "Rosa Quint" not in reading.reading.answer.text
        assert reading.reading.answer.receipt.generation != newer


async def test_a_document_is_removed_only_when_the_reader_is_sure(
    show: Show, own: Path, ready: Ready, calm: Calm
) -> None:
    app = show(own)
    async with app.run_test(size=WIDE) as pilot:
        screen = await shelf_of(pilot, ready, calm)
        screen.query_one(Table).move_cursor(row=at(app, "south-pier"))
        await pilot.press("x")
        await pilot.pause()
        assert shown(app) is ConfirmScreen
        await pilot.press("enter")  # what has the focus is the harmless way
        await calm(pilot)
        assert (own / "sources" / "south.md").exists()
        await pilot.press("delete", "y")
        await calm(pilot)
        assert not (own / "sources" / "south.md").exists()
        assert "south-pier" not in (own / "sources" / "catalogue.toml").read_text()
        told = {o.source.id: standing.status(o) for o in screen.documents}
        assert told["south-pier"] == "removed, still answers"


async def test_a_build_can_be_stopped_with_a_key_or_the_mouse(
    show: Show, own: Path, ready: Ready, calm: Calm, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Library.open(own).generation.id
    (own / "sources" / "late.txt").write_text("A late file.", "utf-8")
    app = show(own)
    async with app.run_test(size=WIDE) as pilot:
        screen = await shelf_of(pilot, ready, calm)
        for way in ("key", "mouse"):
            await pilot.press("b")
            await pilot.pause()
            assert app.building is not None
            if way == "key":
                await pilot.press("k")
            else:
                await pilot.click(screen.query_one(BuildPanel).query_one(Button))
            await built(pilot, calm)
            assert not screen.query_one(TroublePanel).display
        assert Library.open(own).generation.id == before


async def test_a_build_goes_on_while_another_screen_is_open_and_fails_as_a_panel(
    show: Show, own: Path, ready: Ready, calm: Calm
) -> None:
    app = show(own)
    async with app.run_test(size=WIDE) as pilot:
        await shelf_of(pilot, ready, calm)
        (own / "sources" / "catalogue.toml").write_text("not toml", "utf-8")
        await pilot.press("b", "escape")
        await built(pilot, calm)
        assert shown(app) is ReadingScreen
        panel = app.screen.query_one(TroublePanel)
        assert panel.display
        assert "catalogue.toml" in str(panel.query_one(Static).content)


def test_what_a_build_tells_is_said_with_its_pace() -> None:
    step = building.Step("encoding", 1200, 4000, 12.5, 224.0)
    assert step.said == "encoding  1,200 of 4,000 · 12.5 a second · 3:44 left"
    assert building.Step("reading", 1, 1).said == "reading  1 of 1"


async def test_a_document_is_read_from_its_first_page_or_from_a_heading(
    show: Show, piers: Library, ready: Ready, calm: Calm
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await shelf_of(pilot, ready, calm)
        screen.query_one(Table).move_cursor(row=at(app, "harbour-report"))
        await pilot.press("o")
        await calm(pilot)
        assert shown(app) is OutlineScreen
        app.screen.query_one(OptionList).highlighted = 2
        await pilot.press("enter")
        await calm(pilot)
        reading = app.screen
        assert isinstance(reading, ReadingScreen)
        assert reading.place is not None
        assert reading.place.words.strip("# ") == "Ferries"
        assert reading.query_one(PageView).has_focus
        await pilot.press("s")
        await calm(pilot)
        app.screen.query_one(Table).move_cursor(row=at(app, "bridges-pdf"))
        await pilot.press("enter")
        await calm(pilot)
        assert reading.place.source.id == "bridges-pdf"
        assert reading.place.page.number == 1


def test_a_folder_is_added_with_what_can_be_read_in_it(
    own: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("One.", "utf-8")
    (folder / "deep" / "b.md").write_text("Two.", "utf-8")
    (folder / "c.exe").write_bytes(b"MZ")
    (folder / ".hidden.txt").write_text("No.", "utf-8")
    (folder / "deep" / "north.md").write_text("There is one already.", "utf-8")
    library = Library.open(own)
    found = shelving.add(library, str(folder))
    assert sorted(found.names) == ["a.txt", "b.md", "north-2.md"]
    assert "There is one" not in (own / "sources" / "north.md").read_text("utf-8")
    assert found.refused == ()
    (folder / "new.pdf").write_bytes(b"%PDF-1.4 broken")
    again = shelving.add(library, str(folder))
    assert again.names == ()
    assert any(line.startswith("a.txt: it is here already") for line in again.refused)
    assert any(
        line.startswith("new.pdf: ") and "damaged" in line for line in again.refused
    )


async def test_what_cannot_be_added_is_told_in_a_panel(
    show: Show, own: Path, ready: Ready, calm: Calm
) -> None:
    app = show(own)
    async with app.run_test(size=WIDE) as pilot:
        screen = await shelf_of(pilot, ready, calm)
        await pilot.press("a")
        await calm(pilot)
        app.screen.query_one(Input).value = "/no/such/file.pdf"
        await pilot.press("enter")
        await calm(pilot)
        panel = screen.query_one(TroublePanel)
        assert panel.display
        assert "no file or folder" in str(panel.query_one(Static).content)
        await pilot.press("escape")
        assert not screen.query_one(TroublePanel).display
        assert app.screen is screen


def test_a_path_is_completed(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / ".secret.pdf").touch()
    (tmp_path / "reports" / "annual.pdf").touch()
    assert completed(f"{tmp_path}/rep") == f"{tmp_path}/reports/"
    assert completed(f"{tmp_path}/reports/") == f"{tmp_path}/reports/annual.pdf"
    assert completed(f"{tmp_path}/none/x") is None
