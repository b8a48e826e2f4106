"""The terminal UI on a shelf that another process serves."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from tests.serve.conftest import _serving
from tests.tui.seen import built, painted
from textual.pilot import Pilot
from textual.widgets import Input

from askreport import Filter, Library, errors
from askreport.generation import publish
from askreport.library import Built
from askreport.serve.api import links
from askreport.serve.client import Service
from askreport.serve.keys import Keys
from askreport_tui.afar import Afar
from askreport_tui.app import AskreportApp
from askreport_tui.building import Step, Stopped
from askreport_tui.screens.reading import ReadingScreen
from askreport_tui.widgets.table import Table

Ask = Callable[[Pilot[None], str], Awaitable[ReadingScreen]]
Ready = Callable[[Pilot[None]], Awaitable[ReadingScreen]]
Calm = Callable[[Pilot[None]], Awaitable[None]]

QUESTION = "Who painted the pier?"


@pytest.fixture(scope="module")
def service(piers_shelf: Path) -> Iterator[Service]:
    """The service of the shelf with two logs."""
    with _serving(Library.open(piers_shelf)) as client:
        yield Service(str(client.base_url))


async def test_a_question_is_answered_with_the_pages_it_cites(
    service: Service, piers: Library
) -> None:
    desk = Afar(service)
    opened = await desk.open()
    await desk.warm()
    found = await desk.ask(QUESTION, Filter())
    mine = links.linked(piers.ask(QUESTION), links.Links(service.address))
    assert found.answer == mine
    assert opened.passages == len(piers.generation.passages)
    for cited in found.cited:
        page = found.page(cited)
        assert page == piers.page(cited.document, cited.page)
        assert page.text[cited.start : cited.end] == cited.quote
        span = found.passage(cited)
        assert span.of(page.text) == cited.text


async def test_a_filter_is_checked_by_the_service(service: Service) -> None:
    desk = Afar(service)
    left = await desk.coverage(Filter(publishers=("Pier Trust",)))
    assert left.documents >= 1
    with pytest.raises(errors.NotFound):
        await desk.coverage(Filter(documents=("none",)))


async def test_a_service_that_does_not_answer_is_told() -> None:
    with pytest.raises(errors.ServiceFailed, match="does not answer"):
        await Afar(Service("http://127.0.0.1:9")).open()


async def test_without_a_key_that_may_the_shelf_is_not_changed(
    service: Service, tmp_path: Path
) -> None:
    (tmp_path / "mill.txt").write_text("The mill.", "utf-8")
    desk = Afar(service)
    with pytest.raises(errors.ServiceFailed, match="key"):
        await desk.add(str(tmp_path / "mill.txt"))
    with pytest.raises(errors.ServiceFailed, match="key"):
        await desk.build(lambda _: None)


async def test_the_screen_shows_what_the_service_says(
    service: Service, piers: Library, ask: Ask
) -> None:
    app = AskreportApp(service=service)
    async with app.run_test(size=(120, 40)) as pilot:
        await ask(pilot, QUESTION)
        shown = painted(app)
    for citation in piers.ask(QUESTION).citations:
        assert citation.quote.split()[1] in shown


@pytest.fixture
def kept_root(piers_shelf: Path, tmp_path: Path) -> Path:
    """A shelf of the test's own."""
    return Path(shutil.copytree(piers_shelf, tmp_path / "kept"))


@pytest.fixture
def kept(kept_root: Path) -> Iterator[Service]:
    """Its service, with a key that may change it."""
    key = Keys(kept_root / "keys.json").add("keeper", "admin")
    with _serving(Library.open(kept_root)) as client:
        yield Service(str(client.base_url), key=key)


async def test_a_document_is_added_built_asked_about_and_removed_from_afar(
    kept: Service, tmp_path: Path, ready: Ready, calm: Calm, ask: Ask
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mill.txt").write_text(
        "Miller Rosa Quint ground 31 sacks of rye.", "utf-8"
    )
    (folder / "mill.exe").write_bytes(b"MZ")
    app = AskreportApp(service=kept)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await ready(pilot)
        await pilot.press("escape", "s", "a")
        await calm(pilot)
        app.screen.query_one(Input).value = str(folder)
        await pilot.press("enter")
        await calm(pilot)
        assert "new, not built" in painted(app)
        steps: list[Step | None] = []
        app.watch(app, "building", lambda step: steps.append(step))
        await pilot.press("b")
        await pilot.pause()
        await built(pilot, calm)
        assert any(step is not None and step.total for step in steps)
        assert "new, not built" not in painted(app)

        await pilot.press("escape", "slash")
        await ask(pilot, "Who ground the rye?")
        assert screen.reading is not None
        assert "Rosa Quint" in screen.reading.answer.text

        await pilot.press("s")
        await calm(pilot)
        table = app.screen.query_one(Table)
        table.move_cursor(row=table.get_row_index("mill-txt"))
        await pilot.press("x", "y")
        await calm(pilot)
        assert "removed, still answers" in painted(app)
        await pilot.press("g")
        await calm(pilot)
        shown = painted(app)
        assert shown.count("sound") == 3
        await pilot.press("down", "enter")  # the index as it was before
        await calm(pilot)
        assert [one.current for one in kept.generations()] == [False, True, False]
        await pilot.press("escape", "escape", "slash")
        await ask(pilot, "Who ground the rye?")
        assert screen.reading is not None
        assert "Rosa Quint" not in screen.reading.answer.text


async def test_a_build_elsewhere_is_noticed(kept: Service, tmp_path: Path) -> None:
    desk = Afar(kept)
    before = await desk.open()
    await desk.warm()
    assert await desk.newer() is None
    (tmp_path / "mill.txt").write_text("Rosa Quint ground the rye.", "utf-8")
    await desk.add(str(tmp_path / "mill.txt"))
    kept.rebuild()
    found = None
    while found is None:
        desk._looked = 0.0
        found = await desk.newer()
        await asyncio.sleep(0.1)
    assert found.passages == before.passages + 1
    with pytest.raises(errors.ServiceFailed, match="already"):
        await desk.add(str(tmp_path / "mill.txt"))
    with pytest.raises(errors.NotFound, match="not addresses"):
        await desk.add("https://example.org/mill.txt")


async def followed(desk: Afar) -> "asyncio.Task[Built]":
    """A build there, once it is being followed."""
    building = asyncio.create_task(desk.build(lambda _: None))
    while not desk._job:  # noqa: ASYNC110 - nothing tells of it sooner
        await asyncio.sleep(0.01)
    return building


async def test_a_build_there_is_stopped_from_here_and_leaving_leaves_it(
    kept: Service, kept_root: Path
) -> None:
    desk = Afar(kept)
    with publish.writing(kept_root / "index"):  # so that a build there waits
        building = asyncio.create_task(desk.build(lambda _: None))
        await asyncio.sleep(0)
        desk.stop_building()  # before the service has said which job it is
        with pytest.raises(Stopped, match="the index is as it was"):
            await building
        building = await followed(desk)
        desk.stop_building()
        with pytest.raises(Stopped):
            await building
        building = await followed(desk)
        desk.leave()
    assert not (await building).fresh
