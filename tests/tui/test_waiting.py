"""Slow answers, refused questions, shelves that cannot answer yet."""

import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from tests.tui.seen import painted
from textual.pilot import Pilot
from textual.widgets import Static

from askreport import Answer, Library
from askreport.embedding import Encoded, HashingEncoder, Progress
from askreport_tui.app import AskreportApp
from askreport_tui.screens.reading import ReadingScreen
from askreport_tui.widgets.answer_pane import DECLINED, AnswerPane
from askreport_tui.widgets.question_bar import QuestionBar
from askreport_tui.widgets.shelf_line import ShelfLine
from askreport_tui.widgets.trouble_panel import TroublePanel

Show = Callable[..., AskreportApp]
Ask = Callable[[Pilot[None], str], Awaitable[ReadingScreen]]
Ready = Callable[[Pilot[None]], Awaitable[ReadingScreen]]

PAINTED = "Who painted the pier?"
ABSENT = "What does zeppelin upholstery cost?"
WIDE = (120, 36)
PATIENCE = 20.0
"""Seconds after which a thread that nobody releases lets go: a failing test ends."""


def answer_text(screen: ReadingScreen) -> str:
    return str(screen.query_one(AnswerPane).query_one(Static).content)


class Waiting(HashingEncoder):
    """The hashing encoder, but one question takes until it is released."""

    def __init__(self, question: str) -> None:
        self.question = question
        self.reached = threading.Event()
        self.gate = threading.Event()

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Encoded:
        if self.question in texts:
            self.reached.set()
            self.gate.wait(PATIENCE)
        return super().encode(texts, progress)


class Slow(Library):
    """A library that answers its first question only after the second."""

    gate: threading.Event
    asked: int

    def ask(self, question: str, **limits: Any) -> Answer:
        self.asked += 1
        if self.asked == 1:
            self.gate.wait(PATIENCE)
        return super().ask(question, **limits)


async def test_an_older_answer_never_replaces_a_newer_one(
    show: Show, piers_shelf: Path, ready: Ready
) -> None:
    library = Slow.open(piers_shelf)
    library.gate, library.asked = threading.Event(), 0
    app = show(library=library)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ready(pilot)
        bar = screen.query_one(QuestionBar)
        bar.value = ABSENT
        await pilot.press("enter")
        while library.asked == 0:
            await pilot.pause()
        bar.value = PAINTED
        await pilot.press("slash", "end", "enter")
        await app.workers.wait_for_complete()
        library.gate.set()
        for thread in threading.enumerate():
            if thread.name == "askreport-aside":
                thread.join(PATIENCE)
        await pilot.pause()
        assert screen.reading is not None
        assert screen.reading.answer.question == PAINTED
        assert DECLINED not in answer_text(screen)


async def test_escape_stops_waiting_and_brings_back_what_was_read(
    show: Show, piers_shelf: Path, ask: Ask
) -> None:
    library = Library.open(piers_shelf)
    encoder = Waiting(ABSENT)
    library._encoder = encoder
    app = show(library=library)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, PAINTED)
        before = answer_text(screen)
        screen.query_one(QuestionBar).value = ABSENT
        await pilot.press("slash", "end", "enter")
        while not encoder.reached.is_set():
            await pilot.pause()
        assert "Reading" in answer_text(screen)
        await pilot.press("escape")
        await pilot.pause()
        assert answer_text(screen) == before
        encoder.gate.set()
        await pilot.press("2")
        assert screen.citation is not None
        assert screen.citation.marker == 2


async def test_a_question_asked_while_the_model_loads_waits_and_is_answered(
    show: Show, piers_shelf: Path, ready: Ready
) -> None:
    library = Library.open(piers_shelf)
    app = show(library=library)
    with library._lock:  # what loading an encoder holds for seconds
        async with app.run_test(size=WIDE) as pilot:
            screen = app.screen
            assert isinstance(screen, ReadingScreen)
            bar = screen.query_one(QuestionBar)
            while not bar.has_focus:
                await pilot.pause()
            await pilot.press(*"Who painted it", "enter")
            assert bar.value == "Who painted it"
            assert "Waiting" in answer_text(screen)
            library._lock.release()
            try:
                await app.workers.wait_for_complete()
                await pilot.pause()
            finally:
                library._lock.acquire()
            assert screen.reading is not None
            assert screen.query_one(ShelfLine).state == "ready"


async def test_an_empty_question_is_refused_in_words(
    show: Show, piers: Library, ask: Ask
) -> None:
    app = show(library=piers)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ask(pilot, "   ")
        panel = screen.query_one(TroublePanel)
        assert panel.display
        assert screen.query_one(QuestionBar).has_focus
        await pilot.press("escape", "escape")
        assert not panel.display


async def test_a_shelf_without_an_index_is_built_from_the_panel_and_then_answers(
    show: Show, shelf: Path, ready: Ready, ask: Ask
) -> None:
    app = show(shelf)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ready(pilot)
        assert screen.query_one(TroublePanel).display
        await pilot.press("b")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert not screen.query_one(TroublePanel).display
        await ask(pilot, "Who kept the lamp burning in the storm?")
        assert "Ada Marsh" in answer_text(screen)


async def test_a_folder_that_is_no_shelf_is_said_and_tried_again_on_request(
    show: Show, tmp_path: Path, built: Path, ready: Ready
) -> None:
    app = show(tmp_path)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ready(pilot)
        panel = screen.query_one(TroublePanel)
        assert "askreport.toml" in painted(app)
        for name in ("askreport.toml", "sources", "index"):
            (tmp_path / name).symlink_to(built / name)
        await pilot.press("escape", "escape", "r")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert not panel.display
        assert screen.query_one(ShelfLine).state == "ready"


async def test_a_build_that_fails_says_so_and_the_screen_goes_on(
    show: Show, shelf: Path, ready: Ready
) -> None:
    app = show(shelf)
    (shelf / "sources" / "catalogue.toml").write_text("not toml", "utf-8")
    async with app.run_test(size=WIDE) as pilot:
        screen = await ready(pilot)
        await pilot.press("b")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "catalogue.toml" in painted(app)
        assert screen.query_one(TroublePanel).display
