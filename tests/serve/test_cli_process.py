"""The command line as a process of its own: signals, pipes, terminals, shells."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.serve.commands import ENVIRONMENT, FERRIES, NEVER, start

from askreport import Library


@pytest.mark.parametrize(
    ("args", "stdin", "code"),
    [
        (("ask", "-"), FERRIES.encode(), 0),
        (("ask", FERRIES, "--document", "nope"), b"", 1),
        (("ask",), b"", 2),
        (("ask", "--nope"), b"", 2),
        (("ask", FERRIES, "--floor"), b"", 2),
    ],
)
def test_exit_codes_of_a_real_process(
    built: Path, args: tuple[str, ...], stdin: bytes, code: int
) -> None:
    process = start(built, *args)
    out, err = process.communicate(stdin, timeout=60)
    assert process.returncode == code
    assert bool(out) == (code == 0)
    assert bool(err) == (code != 0)
    assert b"Traceback" not in err
    assert b"\x1b" not in out + err


def test_no_evidence_is_exit_code_3_of_a_real_process(built: Path) -> None:
    process = start(built, "ask", FERRIES, **NEVER)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (3, b"")
    assert out.startswith(b"No evidence")


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_is_exit_code_130_without_a_traceback(built: Path) -> None:
    process = start(built, "ask", "-")
    assert process.stdin is not None
    # More than a pipe holds: once it is written, the command is reading its question.
    process.stdin.write(b" " * 2**20)
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    process.wait(timeout=60)
    out, err = process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"interrupted\n")


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell")
def test_a_reader_that_goes_away_leaves_no_traceback(built: Path) -> None:
    command = f"{sys.executable} -m askreport ask '{FERRIES}' --json | head -c1"
    done = subprocess.run(
        ["sh", "-c", command], cwd=built, env=ENVIRONMENT, capture_output=True
    )
    assert (done.stdout, done.stderr) == (b"{", b"")


def test_a_reader_that_was_never_there_leaves_no_traceback(built: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as stdout:
        done = subprocess.run(
            [sys.executable, "-m", "askreport", "ask", FERRIES, "--json"],
            cwd=built,
            env=ENVIRONMENT,
            stdout=stdout,
            stderr=subprocess.PIPE,
        )
    assert (done.returncode, done.stderr) == (1, b"")


def test_an_encoding_that_lacks_a_character_is_no_reason_to_fail(built: Path) -> None:
    process = start(built, "ask", f"{FERRIES} 漢", "--json", PYTHONIOENCODING="ascii")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert json.loads(out)["question"] == f"{FERRIES} 漢"


def on_a_terminal(shelf: Path, *args: str, **env: str) -> str:
    """What a command writes to stdout where that is a terminal."""
    mine, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "askreport", *args],
        cwd=shelf,
        env=ENVIRONMENT | {"TERM": "xterm-256color", "COLUMNS": "200"} | env,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            said += os.read(mine, 65536)
        except OSError:  # the terminal is gone with the last who wrote to it
            break
    process.communicate(timeout=60)
    os.close(mine)
    return said.decode().replace("\r\n", "\n")


@pytest.mark.skipif(os.name == "nt", reason="POSIX terminals")
@pytest.mark.parametrize("command", ["ask", "show"])
def test_a_terminal_gets_styles_unless_colour_is_not_wanted(
    built: Path, library: Library, command: str
) -> None:
    cited = library.ask(FERRIES).citations[0]
    args = (command, FERRIES if command == "ask" else cited.passage)
    styled = on_a_terminal(built, *args)
    plain = on_a_terminal(built, *args, NO_COLOR="1")
    assert "\x1b[" in styled
    assert "\x1b" not in plain
    assert on_a_terminal(built, *args, "--plain") == plain
    assert bare(styled) == bare(plain)


def bare(said: str) -> str:
    """The words without styles, blanks and the marks that differ."""
    return re.sub(r"\x1b\[[\d;]*m|[“”\"><\s]", "", said)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_shown_for_the_shell_that_the_environment_names(
    built: Path, shell: str
) -> None:
    script = Path(sys.executable).with_name("askreport")
    done = subprocess.run(
        [script],
        cwd=built,
        env=ENVIRONMENT | {"_ASKREPORT_COMPLETE": f"source_{shell}"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "_ASKREPORT_COMPLETE=complete_" in done.stdout


def test_completion_completes_commands(built: Path) -> None:
    script = Path(sys.executable).with_name("askreport")
    more = {
        "_ASKREPORT_COMPLETE": "complete_bash",
        "COMP_WORDS": "askreport s",
        "COMP_CWORD": "1",
    }
    done = subprocess.run(
        [script], cwd=built, env=ENVIRONMENT | more, capture_output=True, text=True
    )
    wanted = "save saved search serve show sources".split()
    assert sorted(done.stdout.split()) == wanted


# The documentation
