"""The command line in this process, or as a process of its own, for its tests."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from askreport.serve import cli

FERRIES = "How many passengers does each ferry carry?"
NEVER = {"ASKREPORT_FLOOR": "1.0"}
"""Makes every question one without evidence."""

ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("ASKREPORT_")}


class Ran(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs a command in this process, in the shared shelf if not told otherwise."""
    for name in [n for n in os.environ if n.startswith(("ASKREPORT_", "NO_COLOR"))]:
        monkeypatch.delenv(name)

    def ran(*args: str, stdin: bytes = b"", shelf: Path = built, **env: str) -> Ran:
        monkeypatch.chdir(shelf)
        with monkeypatch.context() as patched:
            for name, value in env.items():
                patched.setenv(name, value)
            return called(patched, capsys, *args, stdin=stdin)

    return ran


def called(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *args: str,
    stdin: bytes = b"",
) -> Ran:
    """What a command did, here and with this environment."""
    monkeypatch.setattr(sys, "argv", ["askreport", *args])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    code = ended.value.code
    return Ran(code if isinstance(code, int) else 0, said.out, said.err)


def start(shelf: Path, *args: str, **env: str) -> subprocess.Popen[bytes]:
    """A command as a process of its own, all its streams piped."""
    return subprocess.Popen(
        [sys.executable, "-m", "askreport", *args],
        cwd=shelf,
        env=ENVIRONMENT | env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file of a folder: when it changed and what it holds."""
    found = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in found}


def refused(ran: Ran, code: int, said: str, hint: str) -> None:
    """The command said what went wrong and what to do, and nothing on stdout."""
    assert (ran.code, ran.out) == (code, "")
    assert re.fullmatch(r"error: [^\n]+\nhint: [^\n]+\n", ran.err)
    error, _, advice = ran.err.partition("\nhint: ")
    assert said in error
    assert hint in advice
