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
from askreport.serve.keys import Keys

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


def address(running: subprocess.Popen[str], whom: str) -> str:
    """The address the service says it listens on, and to whom."""
    assert running.stderr is not None
    said = running.stderr.readline()
    found = re.search(r"http://\S+:\d+", said)
    assert found is not None
    assert said.strip().endswith(whom)
    return found.group()


def test_it_says_where_it_listens_never_what_it_is_asked_and_stops_when_told(
    built: Path,
) -> None:
    with service(built, "127.0.0.1") as running:
        at = address(running, "(without keys, to this machine only)")
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


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - what is refused
def test_without_keys_it_refuses_to_serve_other_machines(
    library: Library, host: str
) -> None:
    with pytest.raises(errors.SettingsWrong, match="without keys") as caught:
        run.run(library, host, 0)
    assert "askreport keys add" in caught.value.hint


def test_told_to_it_serves_other_machines_without_keys_and_warns(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASKREPORT_OPEN_ACCESS", "true")
    with service(built, "0.0.0.0") as running:  # noqa: S104 - what is warned about
        assert running.stderr is not None
        assert "there are no keys" in running.stderr.readline()


def test_with_keys_it_serves_other_machines_and_stops_on_a_polite_signal(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASKREPORT_KEYS_FILE", str(tmp_path / "keys.json"))
    key = Keys(tmp_path / "keys.json").add("mine", "read")
    with service(built, "0.0.0.0") as running:  # noqa: S104 - with a key
        at = address(running, "(to those who have a key)")
        at = at.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        refused = httpx.get(f"{at}/documents", timeout=60)
        sent = {"Authorization": f"Bearer {key}"}
        served = httpx.get(f"{at}/documents", headers=sent, timeout=60)
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=60)
    assert running.returncode in (0, -signal.SIGTERM)
    assert (refused.status_code, served.status_code) == (401, 200)


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
