"""Every protocol's response, byte for byte, as the golden files beside this hold it.

After a change that is meant: look at the difference, then
`pytest tests/serve/chat/test_golden.py --snapshot-update`.
"""

import json
import time
from datetime import datetime
from typing import Any

import httpx
import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from tests.serve.chat.conftest import (
    BEACON,
    CRACK,
    CREDENTIALS,
    FERRY,
    MATTERMOST_TOKEN,
    MONGOLIA,
    Clock,
    Platform,
    serving,
)
from tests.serve.chat.test_librechat import token
from tests.serve.chat.test_mattermost import command, triggered
from tests.serve.chat.test_slack import Workspace
from tests.serve.chat.test_teams import activity, seal

from askreport import Library
from askreport.serve.chat.shared import Chat
from askreport.serve.chat.signed import Once

QUESTIONS = {"answer": FERRY, "page": CRACK, "hostile": BEACON, "decline": MONGOLIA}


class Golden(SingleFileSnapshotExtension):
    """One file a response, its bytes as they were sent."""

    _write_mode = WriteMode.BINARY


@pytest.fixture
def golden(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Compares with a golden file."""
    return snapshot.use_extension(Golden)


def raw(answer: httpx.Response, library: Library) -> bytes:
    """Status, type and body; the index's id and age stand as words, since any change
    of how an index is made changes them.
    """
    generation = library.generation
    made = int(datetime.fromisoformat(generation.manifest.created).timestamp())
    head = f"{answer.status_code} {answer.headers.get('content-type')}\n\n"
    body = answer.content.replace(generation.id.encode(), b"GENERATION")
    body = body.replace(b'"created":%d' % made, b'"created":CREATED')
    return head.encode() + body


@pytest.mark.parametrize("kind", QUESTIONS)
@pytest.mark.parametrize("form", ["text", "annotations", "openwebui"])
@pytest.mark.parametrize("stream", [False, True])
def test_chat_completions(
    http: httpx.Client,
    chat_library: Library,
    golden: SnapshotAssertion,
    kind: str,
    form: str,
    stream: bool,
) -> None:
    body = {
        "model": "askreport",
        "messages": [{"role": "user", "content": QUESTIONS[kind]}],
        "stream": stream,
        "stream_options": {"include_usage": True},
        "askreport": {"sources": form},
    }
    answer = http.post("/v1/chat/completions", json=body)
    assert raw(answer, chat_library) == golden


@pytest.mark.parametrize("kind", QUESTIONS)
@pytest.mark.parametrize("stream", [False, True])
def test_responses(
    http: httpx.Client,
    chat_library: Library,
    golden: SnapshotAssertion,
    kind: str,
    stream: bool,
) -> None:
    body = {"model": "askreport", "input": QUESTIONS[kind], "stream": stream}
    assert raw(http.post("/v1/responses", json=body), chat_library) == golden


def test_models(
    http: httpx.Client, chat_library: Library, golden: SnapshotAssertion
) -> None:
    assert raw(http.get("/v1/models"), chat_library) == golden


def test_embeddings(
    http: httpx.Client, chat_library: Library, golden: SnapshotAssertion
) -> None:
    body = {"model": "hashing", "input": ["two ferries", "silt"]}
    answer = http.post("/v1/embeddings", json=body | {"encoding_format": "base64"})
    assert raw(answer, chat_library) == golden


def test_an_error_of_openais(
    http: httpx.Client, chat_library: Library, golden: SnapshotAssertion
) -> None:
    answer = http.post("/v1/chat/completions", json={"model": "x", "messages": []})
    assert raw(answer, chat_library) == golden


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "list": ("tools/list", {}),
    "search": ("tools/call", {"name": "search", "arguments": {"query": FERRY}}),
    "ask": ("tools/call", {"name": "ask", "arguments": {"question": FERRY}}),
    "decline": ("tools/call", {"name": "ask", "arguments": {"question": MONGOLIA}}),
    "hostile": ("tools/call", {"name": "ask", "arguments": {"question": BEACON}}),
    "documents": ("tools/call", {"name": "list_documents", "arguments": {}}),
    "fault": ("tools/call", {"name": "fetch", "arguments": {"id": "nothing"}}),
    "unknown": ("tools/call", {"name": "delete", "arguments": {}}),
}

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


def called(
    http: httpx.Client, revision: str, method: str, given: Any
) -> httpx.Response:
    """A request of MCP's, in the form of that revision."""
    headers = {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": revision,
    }
    params = given
    if revision == META["io.modelcontextprotocol/protocolVersion"]:
        params = given | {"_meta": META}
        headers |= {"Mcp-Method": method}
        headers |= {"Mcp-Name": given["name"]} if "name" in given else {}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return http.post("/mcp", json=body, headers=headers)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("revision", ["2026-07-28", "2025-11-25"])
def test_mcp(
    http: httpx.Client,
    chat_library: Library,
    golden: SnapshotAssertion,
    call: str,
    revision: str,
) -> None:
    assert raw(called(http, revision, *CALLS[call]), chat_library) == golden


def test_mcp_is_discovered(
    http: httpx.Client, chat_library: Library, golden: SnapshotAssertion
) -> None:
    answer = called(http, "2026-07-28", "server/discover", {})
    assert raw(answer, chat_library) == golden


@pytest.mark.parametrize("kind", ["answer", "hostile", "decline"])
def test_librechat(
    http: httpx.Client, chat_library: Library, golden: SnapshotAssertion, kind: str
) -> None:
    document = {"hostile": "hostile-txt"}.get(kind, "harbour-report")
    answer = http.post(
        "/librechat/query",
        json={"file_id": document, "query": QUESTIONS[kind], "k": 2},
        headers={"Authorization": f"Bearer {token()}"},
    )
    assert raw(answer, chat_library) == golden


@pytest.mark.parametrize("kind", QUESTIONS)
def test_teams(
    http: httpx.Client, chat_library: Library, golden: SnapshotAssertion, kind: str
) -> None:
    said = activity(QUESTIONS[kind], time.time(), id=f"golden {kind}")
    body = json.dumps(said).encode()
    sent = {"Authorization": seal(body), "Content-Type": "application/json"}
    assert raw(http.post("/teams", content=body, headers=sent), chat_library) == golden


@pytest.mark.parametrize("kind", QUESTIONS)
def test_mattermost(
    http: httpx.Client, chat_library: Library, golden: SnapshotAssertion, kind: str
) -> None:
    body = command(QUESTIONS[kind], triggered(time.time(), f"golden{kind}"))
    sent = {
        "Authorization": f"Token {MATTERMOST_TOKEN}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    posted = http.post("/mattermost", content=body, headers=sent)
    assert raw(posted, chat_library) == golden


@pytest.mark.parametrize("kind", QUESTIONS)
@pytest.mark.parametrize("way", ["command", "mention"])
def test_slack(
    chat_library: Library,
    platform: Platform,
    golden: SnapshotAssertion,
    way: str,
    kind: str,
) -> None:
    clock = Clock()
    chat = Chat(
        chat_library,
        CREDENTIALS,
        once=Once(clock),
        slack_api=f"{platform.address}/api/",
        slack_hooks=(f"{platform.address}/commands/",),
    )
    with serving(chat) as address:
        workspace = Workspace(address, platform, clock)
        heard = getattr(workspace, way)(QUESTIONS[kind])
        workspace.http.close()
    sent = platform.next()
    told = f"POST {sent.path} {sent.headers['content-type']}\n\n".encode() + sent.raw
    assert raw(heard, chat_library) + b"\n\n" + told == golden


def test_a_refusal(
    http: httpx.Client, chat_library: Library, golden: SnapshotAssertion
) -> None:
    paths = "/slack/commands /slack/events /teams /mattermost /librechat/query".split()
    refused = {raw(http.post(path, content=b"{}"), chat_library) for path in paths}
    assert len(refused) == 1
    assert refused.pop() == golden
