"""Random keys, clicks and resizes: a scaled-down run of benchmarks/monkey.py."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.tui import monkey
from textual.pilot import Pilot

from askreport_tui.app import AskreportApp
from askreport_tui.screens.reading import ReadingScreen

Show = Callable[..., AskreportApp]
Ask = Callable[[Pilot[None], str], Awaitable[ReadingScreen]]


async def test_no_run_of_keys_clicks_and_sizes_breaks_it(
    show: Show,
    piers_shelf: Path,
    tmp_path: Path,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in monkey.at_home(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.chdir(tmp_path)
    app = show(shutil.copytree(piers_shelf, tmp_path / "shelf"))
    async with app.run_test(size=(120, 36)) as pilot:
        await ask(pilot, "Who painted the pier?")
        await monkey.play(pilot, 60, seed=1)
