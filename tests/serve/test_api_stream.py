"""Answers as server-sent events: the same answer, told as it comes about."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from askreport import Answer, Library, errors
from askreport.serve import render
from askreport.serve.api import links, streamed
from askreport.settings import Shelf

Serve = Callable[[Library], AbstractContextManager[httpx.Client]]
Event = tuple[str, Any]

ASKED = "How many passengers does each ferry carry, and who is the harbour master?"


def events(response: httpx.Response) -> Iterator[Event]:
    """Each event as it arrives, read as the standard says; comments are ("", text)."""
    name, data = "message", []
    for line in response.iter_lines():
        if line.startswith(":"):
            yield "", line[1:].strip()
        elif line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data.append(line.removeprefix("data: "))
        elif not line and data:
            yield name, json.loads("\n".join(data))
            name, data = "message", []


def asked(client: httpx.Client, **more: Any) -> list[Event]:
    """All events of an answer."""
    with client.stream("POST", "/ask/stream", json={"question": ASKED, **more}) as said:
        assert said.status_code == 200
        assert said.headers["content-type"].startswith("text/event-stream")
        assert said.headers["x-accel-buffering"] == "no"
        return list(events(said))


def test_the_last_event_is_the_answer_and_the_others_add_up_to_it(
    client: httpx.Client, library: Library
) -> None:
    said = asked(client)
    there = links.Links(str(client.base_url).rstrip("/"))
    answer = json.loads(render.answer_json(links.linked(library.ask(ASKED), there)))
    assert said[-1] == ("answer", answer)
    texts = [data for name, data in said if name == "text"]
    assert "".join(part["text"] for part in texts) == answer["text"]
    assert [c for name, c in said if name == "citation"] == answer["citations"]
    cited = {marker for part in texts for marker in part["markers"]}
    assert cited == {c["marker"] for c in answer["citations"]}
    stages = [data["stage"] for name, data in said if name == "stage"]
    assert stages == ["encode", "retrieve", "score", "verify"]


def test_an_explanation_and_a_filter_are_as_elsewhere(
    client: httpx.Client, library: Library
) -> None:
    said = asked(client, explain=True, top=1, filter={"documents": ["bridges-pdf"]})
    name, answer = said[-1]
    assert name == "answer"
    assert answer["explained"]
    assert answer["coverage"]["documents"] == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"question": ""}, 422, "QuestionRefused"),
        ({"question": "Who?", "filter": {"documents": ["none"]}}, 404, "NotFound"),
        ({"question": "Who?", "stream": True}, 422, "RequestInvalid"),
    ],
)
def test_a_refusal_is_a_problem_with_its_status(
    client: httpx.Client, body: object, status: int, code: str
) -> None:
    refused = client.post("/ask/stream", json=body)
    assert refused.status_code == status
    assert refused.json()["code"] == code


class Held(Library):
    """A library that answers, or fails, when the test says so."""

    def __init__(self, shelf: Shelf, version: str) -> None:
        super().__init__(shelf, version)
        self.go = threading.Event()
        self.fails = False
        self.asked: list[str] = []

    def ask(self, question: str, **more: Any) -> Answer:
        """The answer, late."""
        self.asked.append(question)
        assert self.go.wait(30)
        if self.fails:
            raise errors.IndexDamaged(f"at {self.shelf.root}", hint="build")
        return super().ask(question, **more)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams that begin soon and say often that they are alive."""
    monkeypatch.setattr(streamed, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(streamed, "ALIVE_SECONDS", 0.05)


@pytest.mark.usefixtures("impatient")
def test_what_takes_long_says_that_it_is_alive_and_then_answers(
    serve: Serve, built: Path
) -> None:
    library = Held.open(built)
    with serve(library) as client:
        body = {"question": ASKED}
        with client.stream("POST", "/ask/stream", json=body) as said:
            heard = events(said)
            first = next(heard)
            assert next(heard) == ("", "still at it")
            library.go.set()
            rest = list(heard)
    assert first[0] == "waiting"
    assert rest[-1][0] == "answer"


@pytest.mark.usefixtures("impatient")
def test_a_failure_after_the_stream_began_is_its_last_event(
    serve: Serve, built: Path
) -> None:
    library = Held.open(built)
    library.fails = True
    with serve(library) as client:
        body = {"question": ASKED}
        with client.stream("POST", "/ask/stream", json=body) as said:
            heard = events(said)
            next(heard)
            library.go.set()
            name, problem = list(heard)[-1]
    assert name == "problem"
    assert (problem["code"], problem["status"]) == ("IndexDamaged", 503)
    assert str(built) not in json.dumps(problem)
    assert problem["request"] == said.headers["x-request-id"]


@pytest.mark.usefixtures("impatient")
def test_a_reader_who_goes_away_leaves_nothing_waiting(
    serve: Serve, built: Path
) -> None:
    library = Held.open(built)
    with serve(library) as client:
        for _ in range(6):
            with client.stream("POST", "/ask/stream", json={"question": ASKED}) as said:
                next(events(said))
        time.sleep(0.3)
        waits = client.get("/metrics").text
        library.go.set()
    assert "askreport_queue_waiting 0.0" in waits
    assert len(library.asked) == 2  # two were under way; the others never began
