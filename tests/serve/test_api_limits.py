"""How much of the service one caller can take, and who may call it from where."""

import asyncio
import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from askreport import Answer, Library
from askreport.serve.api import guard, intake, pace, patience
from askreport.serve.api.later import TookTooLong
from askreport.serve.api.pace import Pace
from askreport.serve.api.queue import AT_ONCE, Queue
from askreport.serve.keys import Keys
from askreport.settings import Shelf

Serve = Callable[[Library], AbstractContextManager[httpx.Client]]

ASK = {"question": "How many passengers does each ferry carry?"}


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


# The pace of a caller


def test_a_caller_may_send_a_minutes_worth_at_once_and_then_one_a_share() -> None:
    clock = Clock()
    kept = Pace(6, clock)
    assert [kept.take("a").requests for _ in range(6)] == [5, 4, 3, 2, 1, 0]
    refused = kept.take("a")
    assert (refused.refused, refused.seconds) == (True, 10.0)
    assert not kept.take("b").refused
    clock.now += 9.9
    assert kept.take("a").refused
    clock.now += 0.1
    assert not kept.take("a").refused
    assert kept.take("a").refused
    clock.now += 120
    assert [kept.take("a").refused for _ in range(7)] == [False] * 6 + [True]


def test_no_more_than_the_pace_gets_through_in_any_minute() -> None:
    clock = Clock()
    kept = Pace(30, clock)
    passed: list[float] = []
    for _ in range(2000):
        clock.now += 0.37
        if not kept.take("a").refused:
            passed.append(clock.now)
    # A minute's worth at once and, while those are paid back, as many again.
    for start in passed:
        assert sum(start <= at < start + 60 for at in passed) <= 60
    assert len(passed) == pytest.approx(2000 * 0.37 / 60 * 30, abs=31)


def test_even_accounts_are_forgotten_when_there_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace, "MOST_CALLERS", 100)
    clock = Clock()
    kept = Pace(60, clock)
    for i in range(1000):
        clock.now += 2
        kept.take(f"caller {i}")
    assert len(kept._even) <= 101


@pytest.fixture
def keyed(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, dict[str, str]]:
    """A shelf with two keys and five requests a minute."""
    root = shutil.copytree(built, tmp_path / "shelf")
    monkeypatch.setenv("ASKREPORT_REQUESTS_PER_MINUTE", "5")
    keys = Keys(root / "keys.json")
    return root, {name: keys.add(name, "read") for name in ("one", "two")}


def test_a_key_beyond_its_pace_is_429_and_told_when_to_come_back(
    serve: Serve, keyed: tuple[Path, dict[str, str]]
) -> None:
    root, keys = keyed
    with serve(Library.open(root)) as client:

        def get(name: str) -> httpx.Response:
            sent = {"Authorization": f"Bearer {keys[name]}"}
            return client.get("/documents", headers=sent)

        passed = [get("one") for _ in range(5)]
        refused, other = get("one"), get("two")
        healthy = [client.get("/healthz").status_code for _ in range(9)]
    assert [found.status_code for found in passed] == [200] * 5
    assert passed[0].headers["ratelimit-policy"] == '"default";q=5;w=60'
    assert passed[0].headers["ratelimit"].startswith('"default";r=4;t=')
    assert refused.status_code == 429
    assert refused.json()["code"] == "TooMany"
    wait = int(refused.headers["retry-after"])
    assert 1 <= wait <= 12
    assert refused.headers["ratelimit"] == f'"default";r=0;t={wait}'
    assert refused.headers["ratelimit-policy"] == '"default";q=5;w=60'
    assert other.status_code == 200
    assert healthy == [200] * 9


# The queue


class Held(Library):
    """A library that answers when the test says so."""

    def __init__(self, shelf: Shelf, version: str) -> None:
        super().__init__(shelf, version)
        self.begun = threading.Semaphore(0)
        self.go = threading.Event()

    def ask(self, question: str, **more: Any) -> Answer:
        """The answer, late."""
        self.begun.release()
        assert self.go.wait(30)
        return super().ask(question, **more)


def test_beyond_the_queue_a_question_is_503_at_once_and_the_rest_are_answered(
    serve: Serve, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASKREPORT_QUEUE", "3")
    library = Held.open(built)
    with serve(library) as client, ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(client.post, "/ask", json=ASK) for _ in range(12)]
        while sum(future.done() for future in asked) < 12 - 3 - AT_ONCE:
            time.sleep(0.01)
        told = client.get("/metrics").text
        page = client.get("/passages/nothing")
        library.go.set()
        found = [future.result() for future in asked]
    assert sorted(f.status_code for f in found) == [200] * 5 + [503] * 7
    refused = next(f for f in found if f.status_code == 503)
    assert refused.json()["code"] == "Busy"
    assert int(refused.headers["retry-after"]) >= 1
    assert "askreport_queue_waiting 3.0" in told
    assert f"askreport_queue_running {AT_ONCE}.0" in told
    assert page.status_code == 404  # what needs no answer does not wait


def test_an_answer_that_takes_too_long_is_503_and_its_place_is_freed(
    serve: Serve, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASKREPORT_ANSWER_SECONDS", "0.3")
    library = Held.open(built)
    with serve(library) as client:
        late = client.post("/ask", json=ASK)
        library.go.set()
        after = client.post("/ask", json=ASK)
        while after.status_code != 200:  # the late ones are being finished
            after = client.post("/ask", json=ASK)
    assert late.status_code == 503
    assert late.json()["code"] == "TookTooLong"
    assert int(late.headers["retry-after"]) >= 1


async def test_what_still_waits_when_its_time_is_over_is_never_begun(
    library: Library,
) -> None:
    queue = Queue(library, most=10, seconds=0.2)
    go, begun = threading.Event(), []

    def work() -> None:
        begun.append(1)
        go.wait(10)

    waiting = [asyncio.ensure_future(queue.run(work)) for _ in range(6)]
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(error) for error in ended] == [TookTooLong] * 6
    assert (len(begun), queue.waiting, queue.running) == (AT_ONCE, 0, AT_ONCE)
    go.set()
    for _ in range(100):
        await asyncio.sleep(0.01)
    assert queue.running == 0
    queue.close()


async def test_an_error_of_the_work_is_the_error_of_the_queue(library: Library) -> None:
    queue = Queue(library, most=1, seconds=5)

    def fails() -> None:
        raise TimeoutError("my own")

    with pytest.raises(TimeoutError, match="my own"):
        await queue.run(fails)
    assert queue.running == 0
    queue.close()


# Slow callers


def raw(client: httpx.Client) -> socket.socket:
    """A connection to the service."""
    at = (str(client.base_url.host), int(client.base_url.port or 0))
    return socket.create_connection(at, timeout=20)


def until_closed(connection: socket.socket) -> bytes:
    """All that is sent until the service closes or resets the connection."""
    said = b""
    with suppress(ConnectionResetError):
        while part := connection.recv(65536):
            said += part
    return said


def head(length: int) -> bytes:
    """The head of a question whose body has yet to come."""
    return (
        "POST /ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


def test_a_body_that_dawdles_is_408(
    serve: Serve, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake.Intake.__init__, "__kwdefaults__", {"seconds": 0.3})
    monkeypatch.setattr(guard, "DRAIN_SECONDS", 0.1)
    with serve(Library.open(built)) as client, raw(client) as slow:
        slow.sendall(head(1000) + b'{"question": ')
        said = until_closed(slow)
        others = client.get("/healthz")
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"BodySlow" in said
    assert others.status_code == 200


def test_a_head_that_dawdles_is_cut_and_one_that_has_come_is_not(
    serve: Serve, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.3)
    body = json.dumps(ASK).encode()
    with (
        serve(Library.open(built)) as client,
        raw(client) as silent,
        raw(client) as slow,
        raw(client) as whole,
    ):
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: local")
        whole.sendall(head(len(body)))
        time.sleep(0.6)
        whole.sendall(body)
        answered = whole.recv(65536)
        cut = [until_closed(connection) for connection in (silent, slow)]
    assert answered.startswith(b"HTTP/1.1 200 ")
    assert cut == [b"", b""]


def test_a_second_head_on_a_connection_may_not_dawdle_either(
    serve: Serve, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.3)
    with serve(Library.open(built)) as client, raw(client) as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert slow.recv(65536).startswith(b"HTTP/1.1 200 ")
        slow.sendall(b"GET /healthz HT")
        began = time.perf_counter()
        rest = until_closed(slow)
    assert b"HTTP/1.1" not in rest
    assert time.perf_counter() - began < 3


def test_beyond_the_most_connections_idle_ones_make_room_for_those_that_ask(
    serve: Serve, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "MOST_CONNECTIONS", 8)
    library = Held.open(built)
    with serve(library) as client, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(client.post, "/ask", json=ASK)
        assert library.begun.acquire(timeout=30)
        held = [raw(client) for _ in range(20)]
        for _ in range(5):  # each on a connection of its own
            assert httpx.get(client.base_url.join("/healthz")).status_code == 200
        library.go.set()
        assert asked.result().status_code == 200
        cut = 0
        for each in held:
            each.settimeout(0.2)
            with suppress(TimeoutError):
                cut += until_closed(each) == b""
            each.close()
    assert cut >= 12


def test_small_answers_are_not_held_back_to_be_sent_with_more(
    serve: Serve, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delays: list[int] = []
    received = patience.Patient.data_received

    def counted(self: patience.Patient, data: bytes) -> None:
        sock = self.transport.get_extra_info("socket")
        delays.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        received(self, data)

    monkeypatch.setattr(patience.Patient, "data_received", counted)
    with serve(Library.open(built)) as client:
        assert client.get("/healthz").status_code == 200
    assert delays
    assert all(delays)


# Other web sites

ELSEWHERE = "https://elsewhere.example"


@pytest.fixture(scope="module")
def listed(serve: Serve, built: Path) -> Iterator[httpx.Client]:
    """A service that lists one web site, and has a name."""
    flags = {"origins": ["https://chat.example"], "hosts": ["shelf.example"]}
    with serve(Library.open(built, flags=flags)) as client:
        yield client


@pytest.mark.parametrize(
    "origin",
    [
        *(ELSEWHERE, "null", "http://localhost.example", "http://127.0.0.1:1"),
        *("https://chat.example.evil", "https://chat.example:444", "file://", ""),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_scripts_of_other_sites_are_refused(
    listed: httpx.Client, origin: str, method: str
) -> None:
    sent = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    refused = listed.request(method, "/ask", headers=sent)
    assert refused.status_code == 403
    assert refused.json()["code"] == "OriginRefused"
    assert "access-control-allow-origin" not in refused.headers


def test_a_listed_site_may_call_and_read(listed: httpx.Client) -> None:
    origin = {"Origin": "https://chat.example"}
    asked = {"Access-Control-Request-Method": "POST"}
    asked["Access-Control-Request-Headers"] = "authorization,content-type"
    before = listed.options("/ask", headers=origin | asked)
    said = listed.post("/ask", json=ASK, headers=origin)
    assert before.status_code == 200
    for response in (before, said):
        allowed = response.headers["access-control-allow-origin"]
        assert allowed == "https://chat.example"
        assert "access-control-allow-credentials" not in response.headers
    assert said.json()["status"] == "answered"


def test_the_service_is_no_other_site_to_itself(client: httpx.Client) -> None:
    own = {"Origin": str(client.base_url).rstrip("/")}
    assert client.post("/ask", json=ASK, headers=own).status_code == 200
