"""The program in a real terminal, from the prompt and back to it."""

import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]

PATIENCE = 60.0
"""Seconds to wait for the screen: a first start on a busy machine takes several."""

PROMPT = "prompt-is-back>"


class Terminal:
    """A shell in a tmux server of its own."""

    def __init__(self, folder: Path) -> None:
        self._tmux = [
            "tmux",
            "-L",
            f"askreport-{uuid.uuid4().hex[:8]}",
            "-f",
            "/dev/null",
        ]
        kept = {
            name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ
        }
        self._environment = kept | {"LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        shell = ["env", f"PS1={PROMPT}", "sh"]
        self._run(
            "new-session", "-d", "-x", "140", "-y", "30", "-c", str(folder), *shell
        )

    def type(self, text: str) -> None:
        self._run("send-keys", "-l", text)

    def press(self, key: str) -> None:
        self._run("send-keys", key)

    def screen(self) -> str:
        return self._run("capture-pane", "-p")

    def wait_for(self, words: str) -> str:
        """The screen once it shows the words."""
        end = time.monotonic() + PATIENCE
        while words not in (seen := self.screen()):
            if time.monotonic() > end:
                pytest.fail(f"{words!r} did not come up; the screen:\n{seen}")
            time.sleep(0.05)
        return seen

    def close(self) -> None:
        self._run("kill-server")

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            [*self._tmux, *command],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
        return done.stdout


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
