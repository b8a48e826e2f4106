"""Every way to be refused: its status, its body, and what it does not give away."""

import json
import shutil
import socket
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askreport import Answer, Library, errors
from askreport.serve.api import errors as mapped

Serve = Callable[[Library], AbstractContextManager[httpx.Client]]

ASK = {"question": "How many passengers does each ferry carry?"}
JSON = {"Content-Type": "application/json"}


FIELDS = "type title status detail hint code request".split()


def told(response: httpx.Response) -> dict[str, Any]:
    """The problem of a response, which holds nothing else."""
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert list(problem) == FIELDS
    assert all(problem.values())
    assert problem["status"] == response.status_code
    assert problem["type"] == f"/problems/{problem['code']}"
    assert problem["request"] == response.headers["x-request-id"]
    return problem


@pytest.mark.parametrize("route", ["/ask", "/search"])
@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ({"question": ""}, "QuestionRefused", "the question is empty"),
        ({"question": " \n?!"}, "QuestionRefused", "the question is empty"),
        ({"question": "a" * 10_000}, "QuestionRefused", "10,000 characters"),
        ({}, "RequestInvalid", "question: Field required"),
        ({"question": 7}, "RequestInvalid", "question: "),
        ({**ASK, "documnets": []}, "RequestInvalid", "unknown key 'documnets'"),
        ({**ASK, "top": 0}, "RequestInvalid", "top: "),
        ({**ASK, "top": 51}, "RequestInvalid", "top: "),
        ({**ASK, "top": "3"}, "RequestInvalid", "top: "),
        ({**ASK, "top": True}, "RequestInvalid", "top: "),
        ({**ASK, "filter": None}, "RequestInvalid", "filter: "),
        ({**ASK, "filter": {"documents": "a"}}, "RequestInvalid", "filter.documents: "),
        ({**ASK, "filter": {"kinds": [None]}}, "RequestInvalid", "filter.kinds.0: "),
        ({**ASK, "filter": {"since": 2018}}, "RequestInvalid", "filter.since: "),
        ({**ASK, "filter": {"superseded": "no"}}, "RequestInvalid", "superseded: "),
        ({**ASK, "filter": {"since": "2018-13"}}, "FilterWrong", "'2018-13' is no"),
        ({**ASK, "filter": {"kinds": [""]}}, "FilterWrong", "an empty kind"),
        (
            {**ASK, "filter": {"since": "2019", "until": "2018"}},
            "FilterWrong",
            "later than until 2018",
        ),
        ([], "RequestInvalid", "not a JSON object"),
        (None, "RequestInvalid", "not a JSON object"),
    ],
)
def test_a_request_that_is_not_understood_is_422_and_names_the_fault(
    client: httpx.Client, route: str, body: object, kind: str, words: str
) -> None:
    refused = client.post(route, content=json.dumps(body), headers=JSON)
    assert refused.status_code == 422
    assert told(refused)["code"] == kind
    assert words in told(refused)["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"question=Who",
        b'{"question": "a"}}',
        b'{"question": "\xff"}',
        b'{"question": "Who? \\ud800"}',
        b'{"\\ud800": 1, "question": "Who?"}',
        b'{"question": "Who?", "top": NaN}',
        b'{"question": "Who?", "top": ' + b"9" * 5000 + b"}",
        b"[" * 60_000,
    ],
)
def test_a_body_that_is_no_json_object_is_422(
    client: httpx.Client, body: bytes
) -> None:
    refused = client.post("/ask", content=body, headers=JSON)
    assert refused.status_code == 422
    assert told(refused)["code"] == "RequestInvalid"


def test_json_sent_as_something_else_is_422_and_says_how_to_send_it(
    client: httpx.Client,
) -> None:
    refused = client.post("/ask", data=ASK)
    assert refused.status_code == 422
    assert "Content-Type: application/json" in told(refused)["hint"]


def test_an_unknown_key_comes_with_the_nearest_known_one(client: httpx.Client) -> None:
    near = client.post("/ask", json={**ASK, "documnets": []})
    assert told(near)["hint"] == "did you mean 'filter.documents'?"
    far = client.post("/ask", json={**ASK, "zzz": []})
    assert told(far)["hint"] == "known keys: question, top, filter, earlier, explain"
    within = client.post("/ask", json={**ASK, "filter": {"knids": []}})
    assert told(within)["hint"] == "did you mean 'filter.kinds'?"
    lost = client.post("/ask", json={**ASK, "filter": {"zzz": []}})
    assert told(lost)["hint"].startswith("known keys: filter.documents, filter.")


def test_a_thousand_faults_are_told_in_a_few_words(client: httpx.Client) -> None:
    refused = client.post("/ask", json=dict.fromkeys(map(str, range(1000)), 0))
    assert refused.status_code == 422
    assert "and 996 more" in told(refused)["detail"]


def test_a_refusal_never_repeats_what_was_sent(client: httpx.Client) -> None:
    refused = client.post("/ask", json={"question": ["my secret"], "top": "my secret"})
    assert refused.status_code == 422
    assert "my secret" not in refused.text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/passages/nothing", "no passage 'nothing'"),
        ("/documents/nothing", "no document 'nothing'"),
        ("/documents/nothing/pages/1", "no document 'nothing'"),
        ("/documents/bridges-pdf/pages/99", "no page 99"),
        ("/passages/%00%ff..%2f", "no "),
    ],
)
def test_what_is_not_there_is_404(client: httpx.Client, path: str, words: str) -> None:
    refused = client.get(path)
    assert refused.status_code == 404
    assert words in told(refused)["detail"]


@pytest.mark.parametrize("route", ["/ask", "/search"])
@pytest.mark.parametrize("field", ["documents", "publishers", "kinds", "sections"])
def test_an_unknown_name_to_look_in_is_404(
    client: httpx.Client, route: str, field: str
) -> None:
    asked = {**ASK, "filter": {field: ["nothing"]}}
    refused = client.post(route, json=asked)
    assert refused.status_code == 404
    assert told(refused)["code"] == "NotFound"
    assert f"no {field[:-1]} 'nothing'" in told(refused)["detail"]


@pytest.mark.parametrize("number", ["0", "-1", "one", "1.5", "9" * 5000])
def test_a_page_number_that_is_none_is_422(client: httpx.Client, number: str) -> None:
    refused = client.get(f"/documents/bridges-pdf/pages/{number}")
    assert refused.status_code == 422
    assert told(refused)["detail"].startswith("number: ")


@pytest.mark.parametrize("path", ["/nowhere", "/ask/", "/docs", "/../etc/passwd"])
def test_an_unknown_route_is_404_in_the_same_shape(
    client: httpx.Client, path: str
) -> None:
    refused = client.get(path)
    assert refused.status_code == 404
    assert told(refused)["code"] == "RouteUnknown"


def test_a_wrong_method_is_405_and_says_which_are_right(client: httpx.Client) -> None:
    refused = client.get("/ask")
    assert refused.status_code == 405
    assert refused.headers["allow"] == "POST"
    assert told(refused)["code"] == "MethodNotAllowed"


def chunks(size: int) -> list[bytes]:
    """A body whose length is not announced."""
    return [b"x" * 1024] * (size // 1024)


@pytest.mark.parametrize("size", [mapped.MOST_BODY + 1024, 4 * 2**20])
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_the_limit_is_413(
    client: httpx.Client, size: int, announced: bool
) -> None:
    parts = chunks(size)
    body: bytes | Sequence[bytes] = b"".join(parts) if announced else parts
    content = body if isinstance(body, bytes) else iter(body)
    refused = client.post("/ask", content=content, headers=JSON)
    assert refused.status_code == 413
    assert told(refused)["code"] == "BodyLong"


def test_the_longest_question_fits_under_the_limit(client: httpx.Client) -> None:
    longest = "who " + "\U0001f6a2" * 3996
    said = client.post("/ask", content=json.dumps({"question": longest}), headers=JSON)
    assert said.status_code == 200


def test_another_name_in_the_host_header_is_421(client: httpx.Client) -> None:
    refused = client.get("/documents", headers={"Host": "rebound.example"})
    assert refused.status_code == 421
    assert told(refused)["code"] == "HostUnknown"
    named = client.get("/documents", headers={"Host": "LocalHost:99"})
    assert named.status_code == 200


def test_without_an_index_questions_are_503_with_the_hint(
    serve: Serve, shelf: Path
) -> None:
    with serve(Library.open(shelf)) as client:
        asked = [client.post(route, json=ASK) for route in ("/ask", "/search")]
        read = [client.get(path) for path in ("/passages/a", "/documents/a/pages/1")]
        documents = client.get("/documents")
        page = client.get("/c/a")
    for refused in (*asked, *read):
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "5"
        assert told(refused)["code"] == "IndexMissing"
        assert told(refused)["hint"] == "run askreport build"
        assert str(shelf) not in refused.text
    assert {item["status"] for item in documents.json()} == {"new"}
    assert (page.status_code, page.headers["content-type"]) == (
        503,
        "text/html; charset=utf-8",
    )


def test_a_damaged_index_is_503_and_names_no_path(
    serve: Serve, built: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(built, tmp_path / "copy")
    for file in root.glob("index/generations/*/documents.jsonl"):
        file.write_bytes(b"")
    with serve(Library.open(root)) as client:
        refused = client.post("/ask", json=ASK)
    assert refused.status_code == 503
    assert told(refused)["code"] == "IndexDamaged"
    assert str(tmp_path) not in refused.text


def test_a_wrong_catalogue_stops_the_list_but_not_the_answers(
    serve: Serve, built: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(built, tmp_path / "copy")
    (root / "sources" / "catalogue.toml").write_text("[[", "utf-8")
    with serve(Library.open(root)) as client:
        listed = client.get("/documents")
        said = client.post("/ask", json=ASK)
    assert listed.status_code == 503
    assert told(listed)["code"] == "CatalogueWrong"
    assert said.json()["status"] == "answered"
    assert str(tmp_path) not in listed.text + said.text


class Broken(Library):
    """A library with a bug."""

    def ask(self, question: str, **more: Any) -> Answer:
        """Fails as nobody foresaw."""
        del more
        raise RuntimeError(f"{question} of {self.shelf.root}")


def test_a_bug_is_a_plain_500_and_its_place_is_logged(
    serve: Serve, built: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serve(Broken.open(built)) as client:
        refused = client.post("/ask", json={"question": "my secret"})
        after = client.get("/healthz")
    assert refused.status_code == 500
    assert told(refused)["code"] == "Unexpected"
    assert "x-content-type-options" in refused.headers
    assert after.status_code == 200
    assert "unexpected RuntimeError" in caplog.text
    assert "test_api_errors.py" in caplog.text
    for private in ("my secret", str(built), "Traceback"):
        assert private not in refused.text
    assert "my secret" not in caplog.text


def test_every_error_of_the_tree_has_a_status(built: Path) -> None:
    tree = [errors.AskreportError]
    for kind in tree:
        tree += [k for k in kind.__subclasses__() if k.__module__ == errors.__name__]
    assert len(tree) > 12
    for kind in tree:
        refused = mapped.refusal(kind(f"at {built}", hint="do something"))
        assert 400 <= refused.status < 600
        if refused.status >= 500:
            assert str(built) not in refused.failure.message


def test_every_code_is_explained_on_a_page(client: httpx.Client) -> None:
    refused = told(client.get("/passages/nothing"))
    page = client.get(refused["type"])
    assert page.status_code == 200
    assert refused["title"] in page.text
    for code in mapped.TITLES:
        assert client.get(f"/problems/{code}").status_code == 200
    assert client.get("/problems/<b>").status_code == 404
    told_statuses = {kind.__name__ for kind in (*mapped.CALLER, *mapped.SERVER)}
    assert told_statuses - set(mapped.TITLES) == {"AskreportError"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
BODIES = VALUES | st.fixed_dictionaries(
    {"question": st.text() | VALUES},
    optional={
        "top": st.integers() | VALUES,
        "filter": VALUES
        | st.fixed_dictionaries(
            {},
            optional={
                "documents": st.lists(st.text(), max_size=2),
                "publishers": st.lists(st.text(), max_size=2),
                "sections": st.lists(st.text(), max_size=2),
                "since": st.text() | st.sampled_from(["2018", "2020-01"]),
                "as_of": st.text() | st.none(),
                "superseded": st.booleans(),
            },
        ),
    },
)


@settings(max_examples=60, deadline=None)
@given(body=BODIES)
def test_no_json_makes_the_service_fail(client: httpx.Client, body: object) -> None:
    for route in ("/ask", "/search"):
        response = client.post(route, content=json.dumps(body), headers=JSON)
        assert response.status_code in (200, 404, 422)
        if response.status_code != 200:
            told(response)


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"POST /ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
        b"GET /documents HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 10**5,
    ],
)
def test_what_is_not_http_leaves_the_service_well(
    client: httpx.Client, sent: bytes
) -> None:
    at = (str(client.base_url.host), int(client.base_url.port or 0))
    with socket.create_connection(at, timeout=5) as raw:
        raw.sendall(sent)
    assert client.get("/healthz").status_code == 200
