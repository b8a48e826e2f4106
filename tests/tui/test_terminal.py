"""The program in a real terminal, from the prompt and back to it."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.tui.terminal import PROMPT, Terminal

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path)
    yield opened
    opened.close()


def test_ask_read_follow_and_leave(terminal: Terminal, piers_shelf: Path) -> None:
    terminal.wait_for(PROMPT)
    terminal.type(f"{sys.executable} -m askreport_tui --shelf {piers_shelf}")
    terminal.press("Enter")
    terminal.wait_for("ready")
    terminal.type("Who painted the pier?")
    terminal.press("Enter")
    terminal.wait_for("[2]")
    terminal.type("2")
    seen = terminal.wait_for("[bold red]wet paint[/] and [2]")
    assert "Painter Olu Grant painted the north pier in June 2015." in seen
    terminal.type("q")
    terminal.wait_for(PROMPT)
    terminal.type("echo left with $?")
    terminal.press("Enter")
    seen = terminal.wait_for("left with 0")
    assert "Painter" not in seen  # the alternate screen is gone


def test_leaving_at_once_gives_the_prompt_back(
    terminal: Terminal, piers_shelf: Path
) -> None:
    terminal.wait_for(PROMPT)
    terminal.type(f"{sys.executable} -m askreport_tui --shelf {piers_shelf}")
    terminal.press("Enter")
    terminal.wait_for("Question")
    terminal.press("C-q")
    terminal.wait_for(PROMPT)
    terminal.type("echo left with $?")
    terminal.press("Enter")
    terminal.wait_for("left with 0")
