"""Requests that nobody sends by mistake: none gets in, none crashes, none leaks."""

import base64
import hashlib
import hmac
import json
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.serve.chat.conftest import (
    FERRY,
    MATTERMOST_TOKEN,
    SLACK_SECRET,
    TEAMS_SECRET,
)
from tests.serve.chat.test_librechat import token

from askreport.serve.chat import signed

OPEN = ("/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/mcp", "/query")
SIGNED = tuple(
    "/slack/commands /slack/events /teams /mattermost /librechat/query".split()
)

FUZZED = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)


def sound(answer: httpx.Response, shelf: Path) -> None:
    """No crash, and no word of how or where the service runs."""
    assert answer.status_code < 500, (answer.request.content[:300], answer.text)
    assert "Traceback" not in answer.text
    assert str(shelf) not in answer.text
    assert "site-packages" not in answer.text


def mutated(chance: random.Random, body: bytes) -> bytes:
    """The body with something wrong in it."""
    at = chance.randrange(len(body) + 1)
    kind = chance.randrange(5)
    if kind == 0:
        return body[:at]
    if kind == 1:
        return body[:at] + chance.randbytes(chance.randrange(1, 9)) + body[at:]
    if kind == 2:
        return body.replace(b'"', chance.choice((b"'", b"", b'""')), 3)
    if kind == 3:
        return body + body
    return chance.randbytes(chance.randrange(200))


BODIES: dict[str, Any] = {
    "/v1/chat/completions": {
        "model": "askreport",
        "messages": [{"role": "user", "content": FERRY}],
    },
    "/v1/responses": {"model": "askreport", "input": FERRY},
    "/v1/embeddings": {"model": "hashing", "input": [FERRY]},
    "/mcp": {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}},
    "/query": {"file_id": "harbour-report", "query": FERRY},
}


@pytest.mark.parametrize("path", [*OPEN, *SIGNED])
def test_random_malformed_requests_are_refused(
    http: httpx.Client, shelf: Path, path: str
) -> None:
    chance = random.Random(path)  # noqa: S311 - the same every time
    body = json.dumps(BODIES.get(path, BODIES["/v1/responses"])).encode()
    kinds = ("application/json", "text/plain", "application/x-www-form-urlencoded", "")
    for _ in range(30):
        headers = {
            "Content-Type": chance.choice(kinds),
            "Accept": chance.choice(("*/*", "application/json, text/event-stream")),
            "Authorization": chance.choice(("x", "HMAC x", "Token x", "Bearer x")),
            "X-Slack-Request-Timestamp": str(chance.randrange(2 * 10**9)),
            "X-Slack-Signature": f"v0={chance.randbytes(32).hex()}",
        }
        answer = http.request(
            chance.choice(("POST",) * 8 + ("GET", "PUT", "DELETE", "PATCH")),
            path,
            content=mutated(chance, body),
            headers=headers,
        )
        sound(answer, shelf)
        if path in SIGNED:
            assert answer.status_code in (401, 405)


@FUZZED
@given(ANYTHING, st.sampled_from(OPEN))
def test_any_json_is_answered_or_refused(
    http: httpx.Client, shelf: Path, body: Any, path: str
) -> None:
    sound(http.post(path, json=body), shelf)


@FUZZED
@given(ANYTHING, ANYTHING)
def test_any_message_of_a_conversation_is_answered_or_refused(
    http: httpx.Client, shelf: Path, content: Any, more: Any
) -> None:
    turn = {"role": "user", "content": content, "name": more}
    chat = {"model": "askreport", "messages": [turn], "stream": more, "n": more}
    sound(http.post("/v1/chat/completions", json=chat), shelf)
    response = {"model": "askreport", "input": [turn]}
    sound(http.post("/v1/responses", json=response), shelf)


@FUZZED
@given(ANYTHING)
def test_any_arguments_of_a_tool_are_answered_or_refused(
    http: httpx.Client, shelf: Path, given: Any
) -> None:
    for name in ("search", "fetch", "ask", "list_documents"):
        params = {"name": name, "arguments": given}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        accept = {"Accept": "application/json, text/event-stream"}
        sound(http.post("/mcp", json=body, headers=accept), shelf)


@FUZZED
@given(st.dictionaries(st.text(max_size=10), ANYTHING, max_size=3), ANYTHING)
def test_any_signed_event_of_slacks_is_taken(
    http: httpx.Client, shelf: Path, event: Any, more: Any
) -> None:
    said = {"type": "event_callback", "event": event, "event_id": more, "x": more}
    body = json.dumps(said | {"event": event | {"type": "app_mention"}})
    stamp = str(int(time.time()))
    signature = signed.slack(SLACK_SECRET, stamp, body.encode())
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
    sound(http.post("/slack/events", content=body, headers=headers), shelf)


@FUZZED
@given(ANYTHING)
def test_any_signed_message_of_teams_is_answered(
    http: httpx.Client, shelf: Path, text: Any
) -> None:
    when = datetime.fromtimestamp(time.time(), UTC).isoformat()
    body = json.dumps({"type": "message", "timestamp": when, "text": text}).encode()
    digest = hmac.new(base64.b64decode(TEAMS_SECRET), body, hashlib.sha256).digest()
    sent = {"Authorization": f"HMAC {base64.b64encode(digest).decode()}"}
    answer = http.post("/teams", content=body, headers=sent)
    sound(answer, shelf)
    assert answer.status_code in (200, 401)  # 401: the same body within a second


@FUZZED
@given(st.text(max_size=60))
def test_any_text_of_a_mattermost_command_is_answered(
    http: httpx.Client, shelf: Path, text: str
) -> None:
    trigger = base64.b64encode(
        f"{time.time_ns()}:user:{int(time.time() * 1000)}:signature".encode()
    ).decode()
    form = {"token": MATTERMOST_TOKEN, "trigger_id": trigger, "text": text}
    sent = {"Authorization": f"Token {MATTERMOST_TOKEN}"}
    answer = http.post("/mattermost", data=form, headers=sent)
    sound(answer, shelf)
    assert answer.status_code == 200


@FUZZED
@given(ANYTHING)
def test_any_signed_query_of_librechats_is_answered_or_refused(
    http: httpx.Client, shelf: Path, body: Any
) -> None:
    sent = {"Authorization": f"Bearer {token()}"}
    sound(http.post("/librechat/query", json=body, headers=sent), shelf)


@pytest.mark.parametrize("path", [*OPEN, *SIGNED])
def test_an_overlong_body_is_refused(http: httpx.Client, path: str) -> None:
    most = 2**20 if path.startswith(("/v1/", "/mcp")) else 2**16
    answer = http.post(path, content=b"x" * (most + 1))
    assert answer.status_code == 413


@pytest.mark.parametrize("path", [*OPEN, *SIGNED])
def test_another_sites_script_is_refused(http: httpx.Client, path: str) -> None:
    answer = http.post(path, json={}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
