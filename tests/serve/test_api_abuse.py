"""What people send who mean no good: none of it gets in, crashes anything, or leaks."""

import json
import random
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import httpx
import pytest

from askreport import Library
from askreport.serve.api.queue import Queue
from askreport.serve.keys import Keys

Serve = Callable[[Library], AbstractContextManager[httpx.Client]]

INSIDE = (b"Port Authority", b"410 passengers", b"harbour-report", b"Ines Calder")
"""What stands on the shelf, and what a caller without a key must never read."""


@pytest.fixture(scope="module")
def root(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built shelf with keys of its own."""
    return shutil.copytree(built, tmp_path_factory.mktemp("attacked") / "shelf")


@pytest.fixture(scope="module")
def key(root: Path) -> str:
    """A key of that shelf."""
    return Keys(root / "keys.json").add("mine", "read")


@pytest.fixture(scope="module")
def attacked(serve: Serve, root: Path, key: str) -> Iterator[httpx.Client]:
    """Its service."""
    assert key
    with serve(Library.open(root)) as client:
        yield client


def exchange(client: httpx.Client, sent: bytes) -> bytes:
    """All that the service says to some bytes, after which nothing more is sent."""
    at = (str(client.base_url.host), int(client.base_url.port or 0))
    said = b""
    with socket.create_connection(at, timeout=5) as raw, suppress(OSError):
        raw.sendall(sent)
        raw.shutdown(socket.SHUT_WR)
        while part := raw.recv(65536):
            said += part
    return said


def seeds(key: str) -> list[bytes]:
    """Requests that are sound but for their key, to be spoiled."""
    wrong = key[:-4] + "AAAA"
    body = json.dumps({"question": "How many passengers?", "top": 3}).encode()
    head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {wrong}\r\n".encode()
    posted = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    chunked = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
    return [
        b"POST /ask HTTP/1.1\r\n" + head + posted + body,
        b"POST /search HTTP/1.1\r\n" + head + posted + body,
        b"POST /ask/stream HTTP/1.1\r\n" + head + chunked % (len(body), body),
        b"GET /documents HTTP/1.1\r\n" + head + b"\r\n",
        b"GET /documents/bridges-pdf/pages/1.png?width=300 HTTP/1.1\r\n"
        + head
        + b"\r\n",
        b"GET /c/0123456789abcdef HTTP/1.1\r\n"
        + head
        + b"Cookie: askreport=a.1.b\r\n\r\n",
        b"POST /signin HTTP/1.1\r\n" + head + b"Content-Length: 9\r\n\r\nkey=wrong",
        b"GET /metrics HTTP/1.0\r\n" + head + b"\r\n",
    ]


SPICE = (
    *(b"\x00", b"\r\n", b"\n", b"\xff", b"%00", b"..", b"//", b" ", b"\t", b";", b"\\"),
    *(b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: a\r\n"),
    *(b"HTTP/9.9", b"{{7*7}}", b"<script>", b"\x1b[2J", b"' OR 1=1", b"${jndi:ldap}"),
    *(b"Expect: 100-continue\r\n", b"Upgrade: h2c\r\nConnection: upgrade\r\n"),
)


def spoiled(sound: bytes, chance: random.Random) -> bytes:
    """A request with a few bytes changed, cut, doubled, added or in another order."""
    bad = bytearray(sound)
    for _ in range(chance.randint(1, 4)):
        at, upto = sorted(chance.randrange(len(bad) + 1) for _ in range(2))
        match chance.randrange(5):
            case 0:
                bad[at:at] = chance.choice(SPICE)
            case 1:
                bad[at : at + 1] = bytes([chance.randrange(256)])
            case 2:
                del bad[at : min(upto, at + 12)]
            case 3:
                bad[at:at] = bad[at:upto]
            case _:
                bad[at:upto] = reversed(bad[at:upto])
    return bytes(bad)


def test_a_thousand_malformed_requests_get_nothing_and_break_nothing(
    attacked: httpx.Client, key: str, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(20261124)  # noqa: S311 - the same requests every time
    kinds: dict[bytes, int] = {}
    private = (*INSIDE, str(root).encode(), b"Traceback", b'File "', key[-20:].encode())
    for number in range(1000):
        sent = spoiled(chance.choice(seeds(key)), chance)
        said = exchange(attacked, sent)
        leaked = [word for word in private if word in said]
        assert not leaked, (number, sent)
        status = said[9:12]
        assert status[:1] in (b"", b"3", b"4") or said.startswith(
            (b"HTTP/1.1 200", b"HTTP/1.1 101")
        ), (number, sent, said)
        kinds[status] = kinds.get(status, 0) + 1
    assert attacked.get("/healthz").status_code == 200
    sound = {"Authorization": f"Bearer {key}"}
    assert attacked.get("/documents", headers=sound).status_code == 200
    assert kinds[b"401"] > 100
    assert kinds[b"400"] > 100
    assert "unexpected" not in caplog.text


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1;host=localhost;proto=https"},
        {"X-Original-URL": "/healthz", "X-Rewrite-URL": "/healthz"},
        {"X-HTTP-Method-Override": "GET", "X-Method-Override": "GET"},
        {"X-Forwarded-Prefix": "/healthz", "X-Script-Name": "/healthz"},
        {"Authorization": "Bearer null"},
        {"Authorization": "Bearer undefined"},
        {"Authorization": "Bearer admin"},
        {"Authorization": "Bearer " + "a" * 8000},
        {"Cookie": "askreport=; askreport=.9999999999.; askreport=a.b.c"},
        {"X-API-Key": "'; DROP TABLE keys; --"},
    ],
)
def test_headers_that_pretend_open_nothing(
    attacked: httpx.Client, headers: dict[str, str]
) -> None:
    for path in ("/documents", "/admin/build", "/", "/metrics"):
        assert attacked.get(path, headers=headers).status_code == 401


def test_two_lengths_are_no_way_to_smuggle_a_request(
    attacked: httpx.Client, key: str
) -> None:
    hidden = b"GET /documents HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for lengths in (
        b"Content-Length: 0\r\nContent-Length: %d\r\n" % len(hidden),
        b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n" % len(hidden),
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Content-Length: +%d\r\n" % len(hidden),
    ):
        sent = (
            b"POST /ask HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
            + key.encode()
            + b"\r\n"
            + lengths
            + b"\r\n"
            + hidden
        )
        said = exchange(attacked, sent)
        assert not [word for word in INSIDE if word in said]
        assert said.count(b"HTTP/1.1 ") <= 2


def test_a_request_id_cannot_add_a_header_or_a_line_to_a_log(
    attacked: httpx.Client,
) -> None:
    sent = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: a\tb\r\n\r\n"
    head = exchange(attacked, sent).partition(b"\r\n\r\n")[0]
    assert b"x-request-id: " in head
    assert b"a\tb" not in head


@pytest.mark.parametrize(
    "path",
    [
        *("/../../../etc/passwd", "/..%2f..%2f..%2fetc%2fpasswd", "/%2e%2e/keys.json"),
        *(
            "/c/..%2f..%2fkeys.json",
            "/documents/..%2fkeys.json",
            "/static/../keys.json",
        ),
        *("/documents/bridges-pdf/pages/..%2f1.png", "/problems/..%2fkeys.json"),
        *("/keys.json", "/askreport.toml", "/index/CURRENT", "/.git/config", "/.env"),
        *("//evil.example/%2e%2e", "/signin/..;/documents", "/\\..\\keys.json"),
    ],
)
def test_no_path_leads_to_a_file(attacked: httpx.Client, key: str, path: str) -> None:
    sent = {"Authorization": f"Bearer {key}"}
    url = httpx.URL(str(attacked.base_url)).copy_with(raw_path=path.encode())
    refused = attacked.get(url, headers=sent)
    assert refused.status_code == 404
    for word in ("root:", "hash", "hashing", "generation", "bareRepository"):
        assert word not in refused.text


def test_a_hundred_dawdlers_do_not_keep_others_waiting(
    attacked: httpx.Client, key: str
) -> None:
    at = (str(attacked.base_url.host), int(attacked.base_url.port or 0))
    slow = [socket.create_connection(at, timeout=5) for _ in range(100)]
    for i, raw in enumerate(slow):
        head = (
            f"POST /ask HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        )
        body = "Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n{"
        raw.sendall((head + (body if i % 2 else "X: ")).encode())
    sent = {"Authorization": f"Bearer {key}"}
    asked = {"question": "How many passengers does each ferry carry?"}
    said = attacked.post("/ask", json=asked, headers=sent, timeout=10)
    for raw in slow:
        raw.close()
    assert said.json()["status"] == "answered"


def test_markup_and_escapes_in_a_question_come_back_as_text(
    attacked: httpx.Client, key: str
) -> None:
    sent = {"Authorization": f"Bearer {key}"}
    question = "<b>ferry</b> \x1b]0;owned\x07 \u202epassengers?\u2066"
    said = attacked.post("/ask", json={"question": question}, headers=sent)
    assert said.headers["content-type"] == "application/json"
    assert said.headers["x-content-type-options"] == "nosniff"
    text = json.dumps(said.json(), ensure_ascii=False)
    assert not set("\x1b\x07\u202e\u2066") & set(text)
    assert said.json()["question"].startswith("<b>ferry</b>")


def test_a_flood_of_wrong_keys_costs_no_answer(
    attacked: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()
    monkeypatch.setattr(Queue, "ask", lambda *_, **__: asked.set())
    wrong = {"Authorization": "Bearer askreport_000000000000_wrong"}
    for _ in range(100):
        refused = attacked.post("/ask", json={"question": "Who?"}, headers=wrong)
        assert refused.status_code == 401
    assert not asked.is_set()
