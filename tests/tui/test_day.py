"""A reader's ten minutes with the real model in a real terminal, played fast.

Ask, follow citations, filter, search in the page, export, add a PDF, rebuild, ask about
it, roll back, resize, leave: each step waits for what the screen must show.
"""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import own_documents, write_pdf
from tests.tui.terminal import COMMAND, Terminal

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]

BEDS = "How did Oxleas ease the pressure on beds?"
ANSWERED = "12 beds"
CULTURE = "What do leaders say about culture?"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path, wide=140, high=40)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first shelf, with the index that a build with the real model makes of it."""
    return own_documents(tmp_path_factory.mktemp("day") / "shelf").shelf.root


def asks_and_follows(terminal: Terminal) -> None:
    terminal.ask(BEDS)
    terminal.wait_for(ANSWERED, "││ [1] ")
    terminal.type("/")
    terminal.ask(CULTURE)
    terminal.wait_for("[3]", "││ [1] ")
    for marker in ("2", "3"):
        terminal.type(marker)
        terminal.wait_for(f"││ [{marker}] ")  # in the heading of the page


def filters_and_finds(terminal: Terminal) -> None:
    terminal.type("f")
    terminal.wait_for("Look in")
    terminal.press("Tab", "Tab")
    terminal.wait_for("news article · report")
    terminal.type("report")
    terminal.wait_for("Kind       report")
    terminal.press("Enter")
    terminal.wait_for("kind: report")
    terminal.press("Escape")
    terminal.wait_gone("kind: report")
    terminal.type("w")
    terminal.wait_for("Find on this page")
    terminal.type("the")
    terminal.wait_for("1 of ")
    terminal.press("Enter")
    terminal.wait_for("2 of ")
    terminal.press("Escape")
    terminal.wait_gone("Find on this page")


def exports(terminal: Terminal, path: Path) -> None:
    terminal.type("x")
    terminal.wait_for("With a bibliography")
    terminal.press("C-u")
    terminal.wait_gone("-what-do-leaders")
    terminal.type(str(path))
    terminal.press("Enter")
    terminal.wait_for("Written")
    assert CULTURE in path.read_text("utf-8")


def adds_builds_and_asks(terminal: Terminal, path: Path) -> None:
    terminal.type("s")
    terminal.wait_for("Passages")
    terminal.type("a")
    terminal.wait_for("Put a file")
    terminal.type(str(path))
    terminal.press("Enter")
    terminal.wait_for("new, not built")
    terminal.type("b")
    terminal.wait_for("Index built: 6 documents")
    terminal.press("Escape")
    terminal.wait_gone("Passages")
    terminal.type("/")
    terminal.ask("How many sacks of rye were ground?")
    terminal.wait_for("Rosa Quint")


def rolls_back(terminal: Terminal) -> None:
    terminal.type("s")
    terminal.wait_for("Passages")
    terminal.type("g")
    terminal.wait_for("Generations", "sound")
    terminal.press("Down", "Enter")
    terminal.wait_for("answers now.")
    terminal.press("Escape", "Escape")
    terminal.wait_for("5 documents")


def resizes(terminal: Terminal) -> None:
    # In this order: a tmux window that shrinks and then grows keeps lines of whatever
    # program has the alternate screen, an empty Textual app's too.
    terminal.resize(220, 50)
    terminal.wait_for("Question")
    terminal.resize(80, 24)
    terminal.wait_for("Answer  Citations  Page")  # columns are tabs now


def test_a_readers_ten_minutes(terminal: Terminal, shelf: Path, tmp_path: Path) -> None:
    pages = (("Windmills", "Miller Rosa Quint ground 31 sacks of rye in May 1911."),)
    write_pdf(tmp_path / "windmill.pdf", pages)
    terminal.start(f"{COMMAND} --shelf {shelf}")
    terminal.wait_for("ready")
    asks_and_follows(terminal)
    filters_and_finds(terminal)
    exports(terminal, tmp_path / "out.md")
    adds_builds_and_asks(terminal, tmp_path / "windmill.pdf")
    rolls_back(terminal)
    resizes(terminal)
    terminal.type("q")
    terminal.expect_left(0)


def test_being_told_to_end_restores_the_terminal(
    terminal: Terminal, piers_shelf: Path
) -> None:
    terminal.start(f"{COMMAND} --shelf {piers_shelf}")
    terminal.wait_for("ready")
    os.kill(terminal.child(), signal.SIGTERM)
    terminal.expect_left(143)
    terminal.type("stty -a | grep -c -- ' echo '")
    terminal.press("Enter")
    terminal.wait_for("1")


def test_no_document_can_reach_the_terminal_itself(
    terminal: Terminal, piers_shelf: Path
) -> None:
    terminal.start(f"{COMMAND} --shelf {piers_shelf}")
    terminal.wait_for("ready")
    terminal.ask("Who painted the pier?")
    terminal.wait_for("││ [1] ")
    terminal.type("2")
    terminal.wait_for("││ [2] ", "[bold]signed[/bold]")
    assert "owned" not in terminal.title()
    terminal.type("q")
    terminal.expect_left(0)
