"""Every route of the service, asked over a real socket."""

import json
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic_core import to_jsonable_python

from askreport import Answer, Filter, Library
from askreport.embedding import Encoder
from askreport.serve import render
from askreport.serve.api import links
from askreport.settings import Shelf

Serve = Callable[[Library], AbstractContextManager[httpx.Client]]

FERRIES = "How many passengers does each ferry carry?"
BRIDGE = "Who measured a crack in the second arch of the bridge?"


def ready(client: httpx.Client) -> httpx.Response:
    """The first answer of /readyz that is not "still opening"."""
    pause = threading.Event()
    for _ in range(200):
        found = client.get("/readyz")
        if "Warming" not in found.text:
            return found
        pause.wait(0.05)
    raise AssertionError("never ready")


def as_told(answer: Answer, client: httpx.Client) -> Any:
    """The answer as the service gives it: each citation opens there."""
    there = links.Links(str(client.base_url).rstrip("/"))
    return json.loads(render.answer_json(links.linked(answer, there)))


def test_the_link_of_a_citation_opens_at_its_words(client: httpx.Client) -> None:
    cited = client.post("/ask", json={"question": BRIDGE}).json()["citations"][0]
    address, place = cited["link"].split("#")
    page = client.get(address)
    assert page.status_code == 200
    lit = page.text.split(f'<mark id="{place}"')[1].split("</mark>")[0]
    assert cited["quote"] in lit


def test_an_answer_over_http_is_the_answer_of_the_library(
    client: httpx.Client, library: Library
) -> None:
    said = client.post("/ask", json={"question": FERRIES})
    assert said.status_code == 200
    assert said.json() == as_told(library.ask(FERRIES), client)
    assert "explained" not in said.json()
    assert said.json()["status"] == "answered"
    assert "410" in said.json()["citations"][0]["quote"]


def test_top_and_filter_reach_the_library(
    client: httpx.Client, library: Library
) -> None:
    asked = {"question": BRIDGE, "top": 1, "filter": {"documents": ["bridges-pdf"]}}
    said = client.post("/ask", json=asked).json()
    mine = library.ask(BRIDGE, top=1, among=Filter(documents=("bridges-pdf",)))
    assert said == as_told(mine, client)
    assert {c["document"] for c in said["citations"]} == {"bridges-pdf"}


def test_a_filter_over_http_is_the_filter_of_the_library(
    client: httpx.Client, library: Library
) -> None:
    asked = {
        "documents": ["harbour-report"],
        "publishers": ["port authority"],
        "kinds": ["Report"],
        "sections": ["ferries"],
        "since": "2021",
        "until": "2021-05",
        "as_of": "2022-01-31",
        "superseded": True,
    }
    assert list(asked) == [field.name for field in fields(Filter)]
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in asked.items()
    }
    said = client.post("/ask", json={"question": FERRIES, "filter": asked})
    wanted = library.ask(FERRIES, among=Filter(**values))
    assert said.json() == as_told(wanted, client)
    found = client.post("/search", json={"question": FERRIES, "filter": asked})
    hits = library.search(FERRIES, among=Filter(**values))
    assert found.json() == to_jsonable_python(hits)
    assert hits


def test_a_question_the_shelf_does_not_answer_is_a_success_that_declines(
    client: httpx.Client,
) -> None:
    said = client.post(
        "/ask", json={"question": "Who wrote the national anthem of Peru?"}
    )
    assert said.status_code == 200
    assert (said.json()["status"], said.json()["citations"]) == ("no-evidence", [])


def test_search_gives_the_hits_of_the_library(
    client: httpx.Client, library: Library
) -> None:
    found = client.post("/search", json={"question": FERRIES, "top": 2})
    assert found.status_code == 200
    assert found.json() == to_jsonable_python(library.search(FERRIES, top=2))
    assert [hit["rank"] for hit in found.json()] == [1, 2]


def test_an_explanation_is_given_where_it_is_asked_for(
    client: httpx.Client, library: Library
) -> None:
    said = client.post("/ask", json={"question": FERRIES, "explain": True}).json()
    mine = library.ask(FERRIES, explain=True)
    assert said["explained"] == to_jsonable_python(mine.explained)
    assert said["explained"][0]["why"] == "quoted as [1]"
    found = client.post("/search", json={"question": FERRIES, "explain": True}).json()
    assert found == to_jsonable_python(library.find(FERRIES, explain=True))
    assert found["hits"] == to_jsonable_python(library.search(FERRIES))


def test_a_follow_up_is_understood_by_what_was_asked_earlier(
    client: httpx.Client, library: Library
) -> None:
    body = {"question": "And cars?", "earlier": [FERRIES]}
    said = client.post("/ask", json=body).json()
    assert said["question"] == "And cars?"
    assert said["looked_up"] == "How many passengers does each ferry carry, cars?"
    hits = client.post("/search", json=body)
    mine = library.search("And cars?", earlier=[FERRIES])
    assert hits.json() == to_jsonable_python(mine)


@pytest.mark.parametrize(
    "earlier",
    ["Who?", [1], ["\ud800"], ["x" * 4001], ["Who?"] * 51, None],
)
@pytest.mark.parametrize("route", ["/ask", "/search"])
def test_earlier_turns_of_the_wrong_kind_number_or_length_are_refused(
    client: httpx.Client, route: str, earlier: object
) -> None:
    refused = client.post(
        route,
        content=json.dumps({"question": FERRIES, "earlier": earlier}),
        headers={"Content-Type": "application/json"},
    )
    assert refused.status_code == 422
    assert refused.json()["code"] == "RequestInvalid"
    assert "earlier" in refused.json()["detail"]


def test_a_passage_is_found_by_the_id_that_a_citation_gives(
    client: httpx.Client, library: Library
) -> None:
    name = client.post("/ask", json={"question": BRIDGE}).json()["citations"][0]
    found = client.get(f"/passages/{name['passage']}")
    assert found.status_code == 200
    assert found.json() == to_jsonable_python(library.passage(name["passage"]))


def test_the_documents_are_listed_with_how_they_stand(
    client: httpx.Client, library: Library
) -> None:
    found = client.get("/documents")
    assert found.status_code == 200
    assert found.json() == to_jsonable_python(library.shelved())
    assert {item["status"] for item in found.json()} == {"indexed"}


def test_a_document_is_looked_up_by_its_id(client: httpx.Client) -> None:
    found = client.get("/documents/bridges-pdf")
    assert found.status_code == 200
    assert (found.json()["source"]["id"], found.json()["pages"]) == ("bridges-pdf", 2)


def test_a_quote_stands_in_its_page_at_its_span(client: httpx.Client) -> None:
    cited = client.post("/ask", json={"question": BRIDGE}).json()["citations"][0]
    page = client.get(f"/documents/bridges-pdf/pages/{cited['page']}")
    assert page.status_code == 200
    assert page.json()["text"][cited["start"] : cited["end"]] == cited["quote"]


def test_a_document_without_pages_has_its_text_at_page_one(
    client: httpx.Client, library: Library
) -> None:
    page = client.get("/documents/harbour-report/pages/1")
    assert page.json() == to_jsonable_python(library.page("harbour-report", None))
    assert client.get("/documents/harbour-report/pages/2").status_code == 404


def test_health_is_told_without_touching_the_shelf(
    serve: Serve, tmp_path: Path, built: Path
) -> None:
    shutil.copytree(built, tmp_path / "copy")
    library = Library.open(tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy")
    with serve(library) as client:
        found = client.get("/healthz")
    assert found.status_code == 200
    assert found.json() == {"status": "ok", "version": library.version}


def test_readiness_names_the_generation_and_the_encoder(
    client: httpx.Client, library: Library
) -> None:
    found = ready(client)
    assert found.status_code == 200
    assert found.json() == {
        "status": "ready",
        "generation": library.generation.id,
        "model": library.encoder.name,
    }


class Slow(Library):
    """A library whose encoder opens when the test says so."""

    def __init__(self, shelf: Shelf, version: str) -> None:
        super().__init__(shelf, version)
        self.asked = threading.Event()
        self.may_open = threading.Event()

    @property
    def encoder(self) -> Encoder:
        """The encoder, late."""
        assert self.may_open.wait(30)
        return super().encoder

    def ask(self, question: str, **more: Any) -> Answer:
        """The answer; `asked` is set as soon as it is under way."""
        self.asked.set()
        return super().ask(question, **more)


def test_the_service_is_not_ready_before_the_encoder_is_open(
    serve: Serve, built: Path
) -> None:
    library = Slow.open(built)
    with serve(library) as client:
        before = client.get("/readyz")
        alive = client.get("/healthz")
        library.may_open.set()
        after = ready(client)
    assert before.status_code == 503
    assert before.json()["code"] == "Warming"
    assert before.headers["retry-after"] == "5"
    assert (alive.status_code, after.status_code) == (200, 200)


def test_an_answer_under_way_is_finished_before_the_service_stops(
    serve: Serve, built: Path
) -> None:
    library = Slow.open(built)
    with ThreadPoolExecutor(1) as pool:
        with serve(library) as client:
            at = client.base_url.join("/ask")
            under_way = pool.submit(
                httpx.post, at, json={"question": FERRIES}, timeout=60
            )
            assert library.asked.wait(30)
            threading.Timer(0.5, library.may_open.set).start()
        assert under_way.result().status_code == 200


def test_a_service_started_without_an_index_is_ready_once_there_is_one(
    serve: Serve, shelf: Path
) -> None:
    with serve(Library.open(shelf)) as client:
        before = ready(client)
        Library.open(shelf).build()
        after = ready(client)
    assert before.status_code == 503
    assert before.json()["code"] == "IndexMissing"
    assert after.status_code == 200


def test_sixteen_at_once_get_the_answer_that_one_gets(client: httpx.Client) -> None:
    alone = client.post("/ask", json={"question": FERRIES}).json()
    with ThreadPoolExecutor(16) as pool:
        asked = [
            pool.submit(client.post, "/ask", json={"question": FERRIES})
            for _ in range(16)
        ]
    assert [future.result().json() for future in asked] == [alone] * 16


def test_a_new_generation_answers_without_a_restart(serve: Serve, shelf: Path) -> None:
    Library.open(shelf).build()
    question = {"question": "Which kite flew over Tarn Hill?"}
    with serve(Library.open(shelf)) as client:
        before = client.post("/ask", json=question).json()
        kites = shelf / "sources" / "kites.txt"
        kites.write_text("A red kite flew over Tarn Hill in May 2017.\n", "utf-8")
        listed = client.get("/documents/kites-txt").json()
        Library.open(shelf).build()
        after, pause = before, threading.Event()
        while after["receipt"]["generation"] == before["receipt"]["generation"]:
            pause.wait(0.1)
            after = client.post("/ask", json=question).json()
    assert listed["status"] == "new"
    assert "red kite" in after["citations"][0]["quote"]


@pytest.mark.parametrize("path", ["/healthz", "/documents", "/nowhere", "/c/none"])
def test_every_response_carries_the_security_headers(
    client: httpx.Client, path: str
) -> None:
    found = client.get(path, headers={"Origin": "https://elsewhere.example"}).headers
    assert found["x-content-type-options"] == "nosniff"
    assert found["referrer-policy"] in ("no-referrer", "same-origin")
    assert "frame-ancestors 'none'" in found["content-security-policy"]
    assert found["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in found
    assert "server" not in found
