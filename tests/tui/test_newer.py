"""An index that is built elsewhere is noticed while the screen is open."""

import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from askreport import Library
from askreport_tui.app import AskreportApp
from askreport_tui.screens.reading import ReadingScreen
from askreport_tui.widgets.shelf_line import ShelfLine

Show = Callable[..., AskreportApp]
Ask = Callable[[Pilot[None], str], Awaitable[ReadingScreen]]

WITHIN = 5.0
"""Seconds to wait on a busy machine; it takes one or two."""


async def test_an_index_built_elsewhere_answers_the_next_question(
    show: Show, piers_shelf: Path, tmp_path: Path, ask: Ask
) -> None:
    root = shutil.copytree(piers_shelf, tmp_path / "shelf")
    async with show(root).run_test(size=(120, 36)) as pilot:
        screen = await ask(pilot, "Who painted the north pier?")
        assert screen.reading is not None
        before = screen.reading.answer
        path = root / "sources" / "pier.txt"
        path.write_text("The west pier has 12 lamps.", "utf-8")
        newer = Library.open(root).build()
        line = screen.query_one(ShelfLine)
        until = time.monotonic() + WITHIN
        while time.monotonic() < until:
            await pilot.pause(0.1)
            if line.opened and len(line.opened.sources) == newer.documents:
                break
        assert line.opened is not None
        assert len(line.opened.sources) == newer.documents
        assert screen.reading.answer == before
        screen.action_ask()
        await pilot.pause()
        screen = await ask(pilot, "How many lamps has the west pier?")
        assert screen.reading is not None
        assert screen.reading.answer.receipt.generation == newer.generation
