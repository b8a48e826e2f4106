"""LibreChat's file search, as its code calls its RAG API."""

from typing import Any

import httpx
import jwt
import pytest
from tests.serve.chat.conftest import (
    CRACK,
    CREDENTIALS,
    FERRY,
    JWT_SECRET,
    MONGOLIA,
    NOW,
    PUBLIC,
    serving,
)

from askreport import Library
from askreport.serve.chat.shared import Chat

FOREVER = 4_000_000_000


def token(secret: str = JWT_SECRET, **claims: Any) -> str:
    """A short-lived token, as LibreChat makes one for its user."""
    body = {"id": "66f0", "iat": int(NOW) - 1000, "exp": FOREVER} | claims
    kept = {k: v for k, v in body.items() if v is not None}
    return jwt.encode(kept, secret, algorithm="HS256")


def query(http: httpx.Client, sent: str | None = None, **change: Any) -> httpx.Response:
    """What its tool sends for one file."""
    body = {"file_id": "harbour-report", "query": FERRY, "k": 5, "entity_id": "agent_1"}
    headers = {} if sent == "" else {"Authorization": f"Bearer {sent or token()}"}
    return http.post("/librechat/query", json=body | change, headers=headers)


def test_passages_come_with_source_page_and_distance(
    http: httpx.Client, chat_library: Library
) -> None:
    found = query(http).json()
    assert found
    for document, distance in found:
        passage = chat_library.passage(document["metadata"]["passage"])
        assert document["page_content"] == passage.text
        assert document["metadata"]["source"] == "The harbour report"
        assert passage.source.id == "harbour-report"
        assert document["metadata"]["url"] == f"{PUBLIC}/c/{passage.id}#passage"
        assert 0 <= distance <= 1
    assert [d for _, d in found] == sorted(d for _, d in found)


def test_its_pages_count_from_one_since_it_drops_a_page_nought(
    http: httpx.Client, chat_library: Library
) -> None:
    (document,) = [
        one.source.id
        for one in chat_library.shelved()
        if one.source.path == "bridges.pdf"
    ]
    found = query(http, file_id=document, query=CRACK).json()
    assert found[0][0]["metadata"]["page"] == 1


def test_a_decline_is_nothing_found(http: httpx.Client) -> None:
    assert query(http, query=MONGOLIA).json() == []


def test_a_file_that_is_no_document_is_not_found(http: httpx.Client) -> None:
    answer = query(http, file_id="3f2504e0-4f89-41d3-9a0c-0305e82c3301")
    assert answer.status_code == 404


def test_a_token_that_librechat_did_not_sign_is_refused(http: httpx.Client) -> None:
    unsigned = jwt.encode({"id": "x", "exp": FOREVER}, "", algorithm="none")
    for sent in (
        "",
        "x",
        token("another secret that is long enough"),
        token(exp=int(NOW) - 10**8),
        token(exp=None),
        unsigned,
    ):
        answer = query(http, sent)
        assert (answer.status_code, answer.content) == (401, b""), sent


@pytest.mark.parametrize(
    "change", [{"k": 0}, {"k": 51}, {"query": None}, {"file_id": 7}]
)
def test_a_body_that_does_not_fit_is_refused(
    http: httpx.Client, change: dict[str, Any]
) -> None:
    assert query(http, **change).status_code == 422


def test_the_plain_route_needs_no_token_of_librechats(
    http: httpx.Client, chat_library: Library
) -> None:
    body = {"file_id": "harbour-report", "query": FERRY}
    assert http.post("/query", json=body).json() == query(http, k=4).json()
    with serving(Chat(chat_library, type(CREDENTIALS)())) as address:
        assert httpx.post(f"{address}/query", json=body).status_code == 200
        assert httpx.post(f"{address}/librechat/query", json=body).status_code == 404
