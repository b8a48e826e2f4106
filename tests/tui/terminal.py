"""A shell in a real terminal, which a test types into and reads from."""

import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

PATIENCE = 60.0
"""Seconds to wait for the screen: a first start on a busy machine takes several."""

PROMPT = "prompt-is-back>"

COMMAND = f"{sys.executable} -m askreport_tui"


class Terminal:
    """A shell in a tmux server of its own."""

    def __init__(self, folder: Path, *, wide: int = 140, high: int = 30) -> None:
        name = f"askreport-{uuid.uuid4().hex[:8]}"
        self._tmux = ["tmux", "-L", name, "-f", "/dev/null"]
        kept = {
            name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ
        }
        self._environment = kept | {
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm-256color",
            "XDG_STATE_HOME": str(folder / "state"),
        }
        shell = ["env", f"PS1={PROMPT}", "sh"]
        size = ["-x", str(wide), "-y", str(high)]
        # What a smaller window pushes out of sight would come back in a larger one.
        forgetful = ["start-server", ";", "set-option", "-g", "history-limit", "0", ";"]
        self._run(*forgetful, "new-session", "-d", *size, "-c", str(folder), *shell)

    def start(self, command: str) -> None:
        """Run a command from the prompt."""
        self.wait_for(PROMPT)
        self.type(command)
        self.press("Enter")

    def ask(self, question: str) -> None:
        """Write a question and press Enter."""
        self.type(question)
        self.press("Enter")

    def type(self, text: str) -> None:
        """Letters as they are."""
        self._run("send-keys", "-l", text)

    def press(self, *keys: str) -> None:
        """Keys by their names, each once the one before was taken."""
        for key in keys:
            self._run("send-keys", key)
            if key == "Escape":
                time.sleep(0.2)  # with what follows it would be another key

    def resize(self, wide: int, high: int) -> None:
        """Another size of the window."""
        self._run("resize-window", "-x", str(wide), "-y", str(high))

    def screen(self) -> str:
        """What is on the screen."""
        return self._run("capture-pane", "-p")

    def title(self) -> str:
        """What the terminal's title is."""
        return self._run("display-message", "-p", "#{pane_title}")

    def child(self) -> int:
        """The process that the shell runs."""
        shell = self._run("display-message", "-p", "#{pane_pid}").strip()
        children = Path(f"/proc/{shell}/task/{shell}/children")
        return int(children.read_text().split()[0])

    def wait_for(self, *words: str) -> str:
        """The screen once it shows all of the words."""
        end = time.monotonic() + PATIENCE
        while not all(word in (seen := self.screen()) for word in words):
            if time.monotonic() > end:
                pytest.fail(f"{words!r} did not come up; the screen:\n{seen}")
            time.sleep(0.05)
        return seen

    def wait_gone(self, words: str) -> None:
        """Wait until the screen shows the words no more."""
        end = time.monotonic() + PATIENCE
        while words in (seen := self.screen()):
            if time.monotonic() > end:
                pytest.fail(f"{words!r} did not go away; the screen:\n{seen}")
            time.sleep(0.05)

    def expect_left(self, code: int) -> None:
        """The prompt is back, the program left with that code, and nothing of it is
        left on the screen.
        """
        self.wait_for(PROMPT)
        self.type("echo left with $?")
        self.press("Enter")
        seen = self.wait_for(f"left with {code}")
        for residue in ("Citations", "Question", "╭", "│"):
            assert residue not in seen, seen
        modes = self._run(
            "display-message",
            "-p",
            "#{alternate_on} #{mouse_any_flag} #{cursor_flag} #{keypad_flag}",
        )
        assert modes.split() == ["0", "0", "1", "0"]

    def close(self) -> None:
        """The terminal goes, with all that runs in it."""
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
