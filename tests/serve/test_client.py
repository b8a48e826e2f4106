"""A shelf that another process serves: the same answers, the same errors."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from askreport import Filter, Library, errors
from askreport.serve import cli, client, render
from askreport.serve.api import links
from askreport.serve.client import Service
from askreport.serve.keys import Keys

Serve = Callable[[Library], AbstractContextManager[httpx.Client]]

FERRIES = "How many passengers does each ferry carry?"


@pytest.fixture(scope="module")
def keyed(
    serve: Serve, built: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """The address of a service, and a file with a key of it."""
    folder = tmp_path_factory.mktemp("remote")
    root = shutil.copytree(built, folder / "shelf")
    file = folder / "chat.key"
    file.write_text(Keys(root / "keys.json").add("chat", "read") + "\n", "utf-8")
    with serve(Library.open(root)) as served:
        yield str(served.base_url).rstrip("/"), file


@pytest.fixture(scope="module")
def service(keyed: tuple[str, Path]) -> Service:
    """That service, opened with its key."""
    return Service(keyed[0], key=client.key_of(keyed[1]))


def test_its_answers_are_those_of_the_library(
    service: Service, library: Library
) -> None:
    more: dict[str, Any] = {"top": 2, "among": Filter(since="2019"), "explain": True}
    earlier: dict[str, Any] = {"earlier": ("Who is the harbour master?",)}
    there = links.Links(service.address)
    for asked in ({}, {"top": 1}, earlier, more):
        mine = links.linked(library.ask(FERRIES, **asked), there)
        assert service.ask(FERRIES, **asked) == mine
    declined = service.ask("Who wrote the national anthem of Peru?")
    mine = library.ask("Who wrote the national anthem of Peru?")
    assert declined == links.linked(mine, there)


def test_everything_else_it_tells_is_the_librarys_too(
    service: Service, library: Library
) -> None:
    found = service.find(FERRIES, top=2)
    assert found == library.find(FERRIES, top=2, explain=True)
    name = found.hits[0].passage.id
    assert service.passage(name) == library.passage(name)
    assert service.page("bridges-pdf", 2) == library.page("bridges-pdf", 2)
    assert service.page("harbour-report", None) == library.page("harbour-report", None)
    assert service.shelved() == library.shelved()
    among = Filter(since="2021")
    assert service.coverage(among) == library.coverage(among)
    assert service.coverage() == library.coverage()
    assert service.ready().generation == library.generation.id
    assert service.permalink(name) == f"{service.address}/c/{name}"


def test_its_refusals_are_the_librarys_errors(service: Service) -> None:
    with pytest.raises(errors.QuestionRefused, match="empty"):
        service.ask("?!")
    with pytest.raises(errors.FilterWrong):
        service.ask(FERRIES, among=Filter(since="2018-13"))
    with pytest.raises(errors.NotFound) as caught:
        service.ask(FERRIES, among=Filter(documents=("harbor-report",)))
    assert "did you mean" in caught.value.hint
    with pytest.raises(errors.NotFound):
        service.passage("none")
    with pytest.raises(errors.ServiceFailed, match="no such route"):
        service.passage("../documents")


def test_a_key_that_is_missing_or_wrong_is_told(keyed: tuple[str, Path]) -> None:
    for key in (None, "askreport_000000000000_wrong"):
        with pytest.raises(errors.ServiceFailed, match="needs a key"):
            Service(keyed[0], key=key).ask(FERRIES)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "localhost:8420",
        "ftp://a.example",
        "https://",
        "file:///etc/passwd",
        "http:///x",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(errors.SettingsWrong, match="no address"):
        Service(address)


def test_a_key_is_not_sent_in_the_clear_to_another_machine() -> None:
    for address in ("http://shelf.example", "http://10.0.0.1:8420"):
        with pytest.raises(errors.SettingsWrong) as caught:
            Service(address, key="askreport_a_b")
        assert "https://" in caught.value.hint
    for address in ("http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"):
        Service(address, key="askreport_a_b")
    Service("https://shelf.example", key="askreport_a_b")


@pytest.mark.parametrize(
    "text", ["", "\n", "two words", "é", "a\nb", "\x00", "\x1b[2J"]
)
def test_a_file_without_a_key_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key"
    file.write_text(text, "utf-8")
    with pytest.raises(errors.KeysWrong):
        client.key_of(file)
    with pytest.raises(errors.KeysWrong, match="cannot be read"):
        client.key_of(tmp_path / "none")


class Answering(BaseHTTPRequestHandler):
    """Answers everything with one body."""

    status, body = 200, b""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """A service of somebody else's making."""
    handler = type("One", (Answering,), {"status": status, "body": body})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *((200, b""), (200, b"<html>"), (200, b"{}"), (200, b"[]"), (500, b"oops")),
        *((200, b"[" * 10**5), (404, b'{"detail": []}'), (502, b"null"), (301, b"{}")),
    ],
)
def test_what_is_no_askreport_is_told_as_that(status: int, body: bytes) -> None:
    with (
        answering(status, body) as at,
        pytest.raises(errors.ServiceFailed, match="no askreport"),
    ):
        Service(at).ask(FERRIES)


def test_an_answer_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_BYTES", 10**6)
    with (
        answering(200, b" " * 10**7) as at,
        pytest.raises(errors.ServiceFailed, match="no askreport"),
    ):
        Service(at).ask(FERRIES)


def test_a_service_that_is_not_there_is_told() -> None:
    with pytest.raises(errors.ServiceFailed, match="does not answer"):
        Service("http://127.0.0.1:9").ask(FERRIES)


def test_what_a_service_says_cannot_drive_a_terminal(library: Library) -> None:
    said = json.loads(render.answer_json(library.ask(FERRIES)))
    said["text"] = "\x1b[2Jowned\u202e"
    said["citations"][0]["title"] = "\x07bell"
    with answering(200, json.dumps(said).encode()) as at:
        found = Service(at).ask(FERRIES)
    assert (found.text, found.citations[0].title) == ("[2Jowned", "bell")


def test_the_command_line_asks_a_service_and_needs_no_shelf(
    keyed: tuple[str, Path], library: Library, tmp_path: Path
) -> None:
    address, file = keyed
    command = ["ask", "--server", address, "--key-file", str(file), "--plain", FERRIES]
    ran = subprocess.run(
        [sys.executable, "-m", "askreport", *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    mine = links.linked(library.ask(FERRIES), links.Links(address))
    assert ran.stdout.strip() == render.plain(mine)
    declined = [*command[:-1], "Who wrote the national anthem of Peru?"]
    assert CliRunner().invoke(cli.app, declined).exit_code == 3
    for wrong in (
        ["ask", "--key-file", str(file), FERRIES],
        ["ask", "--server", address, "--build", FERRIES],
    ):
        assert CliRunner().invoke(cli.app, wrong).exit_code == 2
