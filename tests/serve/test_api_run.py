"""The service as a process: what it says, what it keeps quiet about, how it stops."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from askreport import Library, errors
from askreport.serve.api import run

SERVE = """\
import sys
from askreport import Library
from askreport.serve.api.run import run
run(Library.open(sys.argv[1]), sys.argv[2], 0)
sys.stderr.write("stopped")
"""


@contextmanager
def service(shelf: Path, host: str) -> Iterator[subprocess.Popen[str]]:
    """The service in a process of its own, on a free port."""
    running = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(shelf), host],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with running:
        try:
            yield running
        finally:
            running.kill()


def address(running: subprocess.Popen[str]) -> str:
    """The address the service says it listens on."""
    assert running.stderr is not None
    found = re.search(r"http://\S+:\d+", running.stderr.readline())
    assert found is not None
    return found.group()


def test_it_says_where_it_listens_never_what_it_is_asked_and_stops_when_told(
    built: Path,
) -> None:
    with service(built, "127.0.0.1") as running:
        at = address(running)
        said = httpx.post(
            f"{at}/ask", json={"question": "my secret ferry?"}, timeout=60
        )
        httpx.get(f"{at}/ask", params={"question": "my secret ferry?"}, timeout=60)
        httpx.post(f"{at}/ask", json={"my secret": 1}, timeout=60)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert said.status_code == 200
    assert (out, err) == ("", "stopped")
    assert running.returncode == 0


def test_it_stops_on_a_polite_signal_too(built: Path) -> None:
    with service(built, "127.0.0.1") as running:
        at = address(running)
        assert httpx.get(f"{at}/healthz", timeout=60).status_code == 200
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=60)
    assert running.returncode in (0, -signal.SIGTERM)


def test_it_warns_when_others_can_reach_it(built: Path) -> None:
    with service(built, "0.0.0.0") as running:  # noqa: S104 - what is warned about
        assert running.stderr is not None
        assert "no access control" in running.stderr.readline()


def test_a_taken_port_is_an_error_with_a_hint(library: Library) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(errors.SettingsWrong, match=f"port {port}") as caught:
            run.run(library, "127.0.0.1", port)
    assert "--port" in caught.value.hint


@pytest.mark.parametrize("host", ["256.0.0.1", "a" * 70, ""])
def test_an_address_that_is_none_is_an_error_with_a_hint(
    library: Library, host: str
) -> None:
    with pytest.raises(errors.SettingsWrong):
        run.run(library, host, 99999)
