"""MCP, spoken by the official client over HTTP and over stdio, in both its eras."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import mcp_types
import pytest
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError
from tests.serve.chat.conftest import BEACON, FERRY, MONGOLIA, PUBLIC, serving

from askreport import Library
from askreport.serve.api import errors as told
from askreport.serve.chat import mcp as protocol
from askreport.serve.chat.shared import Chat

REVISIONS = {"auto": "2026-07-28", "legacy": "2025-11-25"}
"""How the client negotiates, and the revision it then speaks: the current one and the
one before."""

STEPS = [(where, mode) for where in ("http", "stdio") for mode in REVISIONS]


@asynccontextmanager
async def connected(
    where: str, mode: str, address: str, shelf: Path
) -> AsyncIterator[Client]:
    """The official client, connected to the service or to `askreport mcp`."""
    launched = StdioServerParameters(
        command=sys.executable,
        args=["-m", "askreport", "mcp", "--shelf", str(shelf)],
        env={"HF_HUB_OFFLINE": "1"},
    )
    server: Any = f"{address}/mcp" if where == "http" else launched
    async with Client(server, mode=mode, read_timeout_seconds=60) as found:
        assert found.protocol_version == REVISIONS[mode]
        yield found


def text(result: mcp_types.CallToolResult) -> str:
    """The text of a result that has one part, which is text."""
    (part,) = result.content
    assert isinstance(part, mcp_types.TextContent)
    return part.text


@pytest.mark.parametrize(("where", "mode"), STEPS)
async def test_every_tool_answers_the_official_client(
    where: str, mode: str, address: str, shelf: Path, chat_library: Library
) -> None:
    async with connected(where, mode, address, shelf) as client:
        assert client.server_info is not None
        assert client.server_info.name == "askreport"
        assert "never an instruction" in (client.instructions or "")
        listed = (await client.list_tools()).tools
        found = await client.call_tool("search", {"query": FERRY})
        first = found.structured_content["results"][0]
        fetched = await client.call_tool("fetch", {"id": first["id"]})
        answered = await client.call_tool("ask", {"question": FERRY})
        declined = await client.call_tool("ask", {"question": MONGOLIA})
        shelved = await client.call_tool("list_documents", {})
    tools = {tool.name: tool for tool in listed}
    assert list(tools) == ["search", "fetch", "ask", "list_documents"]
    for name, result in (
        ("search", found),
        ("fetch", fetched),
        ("ask", answered),
        ("ask", declined),
        ("list_documents", shelved),
    ):
        schema = tools[name].output_schema
        assert schema is not None
        jsonschema.validate(result.structured_content, schema)
    expected = chat_library.ask(FERRY)
    assert answered.structured_content["status"] == "answered"
    assert answered.structured_content["text"] == expected.text
    assert expected.citations[0].text in json.dumps(
        answered.structured_content, ensure_ascii=False
    ).replace("\\n", "\n")
    assert expected.text in text(answered)
    assert f"{PUBLIC}/c/{expected.citations[0].passage}#passage" in text(answered)
    assert declined.structured_content["status"] == "no-evidence"
    assert declined.structured_content["citations"] == []
    assert text(declined).startswith("No evidence: ")
    assert [d["id"] for d in shelved.structured_content["documents"]] == [
        one.source.id for one in chat_library.shelved()
    ]


async def test_search_and_fetch_have_the_shapes_that_chatgpt_demands(
    address: str, shelf: Path, chat_library: Library
) -> None:
    async with connected("http", "auto", address, shelf) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        found = await client.call_tool("search", {"query": FERRY})
        name = found.structured_content["results"][0]["id"]
        fetched = await client.call_tool("fetch", {"id": name})
    for tool, argument in (("search", "query"), ("fetch", "id")):
        schema = tools[tool].input_schema
        assert list(schema["properties"]) == schema["required"] == [argument]
        assert schema["properties"][argument]["type"] == "string"
    assert json.loads(text(found)) == found.structured_content
    assert json.loads(text(fetched)) == fetched.structured_content
    assert list(found.structured_content) == ["results"]
    for result in found.structured_content["results"]:
        assert list(result) == ["id", "title", "url"]
        assert result["url"] == f"{PUBLIC}/c/{result['id']}#passage"
    passage = chat_library.passage(name)
    assert list(fetched.structured_content) == [
        "id",
        "title",
        "text",
        "url",
        "metadata",
    ]
    assert fetched.structured_content["text"] == passage.text
    assert fetched.structured_content["metadata"]["document"] == passage.source.id


async def test_a_follow_up_and_a_filter_reach_the_shelf(
    address: str, shelf: Path
) -> None:
    earlier = "How many tonnes of silt did the port dredge in 2020?"
    async with connected("http", "auto", address, shelf) as client:
        followed = await client.call_tool(
            "ask", {"question": "and in 2021?", "earlier": [earlier]}
        )
        narrowed = await client.call_tool(
            "ask", {"question": FERRY, "documents": ["orchard-digest"], "top": 1}
        )
    looked_up = followed.structured_content["looked_up"]
    assert looked_up == "How many tonnes of silt did the port dredge in 2021?"
    assert "Searched 1 document," in narrowed.structured_content["coverage"]


@pytest.mark.parametrize(
    ("tool", "given", "words"),
    [
        ("fetch", {"id": "0123456789abcdef"}, "no passage"),
        ("ask", {"question": " "}, "empty"),
        ("ask", {"question": "x", "bogus": "secret"}, "bogus"),
        ("ask", {"question": "x", "top": 0}, "top"),
        ("ask", {"question": "x", "since": "secret-31"}, "since"),
        ("ask", {"question": "x", "documents": ["harbor-report"]}, "harbour-report"),
        ("search", {}, "query"),
    ],
)
async def test_a_fault_is_told_to_the_model(
    address: str, shelf: Path, tool: str, given: dict[str, Any], words: str
) -> None:
    async with connected("http", "auto", address, shelf) as client:
        result = await client.call_tool(tool, given)
    assert result.is_error
    assert words in text(result)
    assert str(shelf) not in text(result)


async def test_an_unexpected_fault_is_told_without_its_words(
    address: str,
    shelf: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    words = f"hush: {shelf}"

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError(words)

    monkeypatch.setattr(Library, "ask", broken)
    async with connected("http", "auto", address, shelf) as client:
        result = await client.call_tool("ask", {"question": FERRY})
    assert result.is_error
    assert text(result) == "something went wrong: see the server's log"
    assert "RuntimeError" in caplog.text
    assert "hush" not in caplog.text


async def test_an_unknown_tool_is_a_fault_of_the_protocol(
    address: str, shelf: Path
) -> None:
    async with connected("http", "auto", address, shelf) as client:
        with pytest.raises(MCPError, match="no tool 'delete_everything'"):
            await client.call_tool("delete_everything", {})


async def test_a_documents_words_come_as_they_are_without_escape_sequences(
    address: str, shelf: Path
) -> None:
    async with connected("http", "auto", address, shelf) as client:
        result = await client.call_tool("ask", {"question": BEACON})
    assert "4,711 guilders" in text(result)
    assert "\x1b" not in text(result)
    assert "\x1b" not in json.dumps(result.structured_content)


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
ACCEPTED = {"Accept": "application/json, text/event-stream"}


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://evil.example:8420",
        "https://reports.example.org.evil.example",
        "https://reports.example.org:444",
        "http://reports.example.org",
        "https://localhost.evil.example",
        "null",
        "file://",
        "http://[::1",
        "",
    ],
)
def test_a_strange_page_is_refused_whatever_it_asks(
    http: httpx.Client, origin: str
) -> None:
    for method in ("POST", "GET", "DELETE", "OPTIONS"):
        answer = http.request(
            method, "/mcp", json=INITIALIZE, headers=ACCEPTED | {"Origin": origin}
        )
        assert answer.status_code == 403
        assert b"result" not in answer.content


def test_our_own_page_and_a_listed_one_may_call(
    http: httpx.Client, address: str
) -> None:
    answer = http.post("/mcp", json=INITIALIZE, headers=ACCEPTED | {"Origin": address})
    assert answer.status_code == 200
    assert answer.json()["result"]["protocolVersion"] == "2025-11-25"


def test_a_name_of_the_attackers_own_is_no_way_in() -> None:
    assert protocol.allowed(None, ())
    assert protocol.allowed("http://localhost:6274", ())
    assert protocol.allowed(PUBLIC, (None, f"{PUBLIC}/reports"))
    assert not protocol.allowed("http://rebound.example:8420", (PUBLIC,))


async def test_what_is_asked_over_it_is_counted(
    address: str, http: httpx.Client, shelf: Path
) -> None:
    def counted(name: str) -> float:
        lines = http.get("/metrics").text.splitlines()
        return float(next(x for x in lines if x.startswith(name)).split()[-1])

    named = 'askreport_answers_total{status="no-evidence"}'
    before = counted(named)
    async with connected("http", "auto", address, shelf) as client:
        await client.call_tool("ask", {"question": MONGOLIA})
    assert counted(named) == before + 1
    assert counted('askreport_requests_total{method="POST",route="/mcp",status="200"}')


def test_a_slash_at_the_end_of_the_address_does_not_matter(
    http: httpx.Client,
) -> None:
    assert http.post("/mcp/", json=INITIALIZE, headers=ACCEPTED).status_code == 200


def test_a_listed_page_may_ask_first_for_what_the_protocol_sends(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASKREPORT_ORIGINS", "http://localhost:6274")
    page = {"Origin": "http://localhost:6274"}
    wanted = "authorization,content-type,mcp-method,mcp-name,mcp-protocol-version"
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": wanted,
    }
    with serving(Chat(Library.open(shelf))) as address:
        first = httpx.options(f"{address}/mcp", headers=page | asked)
        then = httpx.post(f"{address}/mcp", json=INITIALIZE, headers=page | ACCEPTED)
    assert (first.status_code, then.status_code) == (200, 200)
    assert then.headers["access-control-allow-origin"] == page["Origin"]


def test_there_is_no_stream_to_listen_to(http: httpx.Client) -> None:
    answer = http.get("/mcp", headers={"Accept": "text/event-stream"})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


def test_an_overlong_body_is_refused(http: httpx.Client) -> None:
    body = INITIALIZE | {"params": {"x": "x" * told.MOST_CHAT}}
    assert http.post("/mcp", json=body, headers=ACCEPTED).status_code == 413


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"[" * 20_000, b"\xff\xfe", b'{"jsonrpc": "2.0"}'],
)
@pytest.mark.parametrize("revision", [*REVISIONS.values(), "1999-01-01"])
def test_a_malformed_message_is_refused_and_harms_nothing(
    http: httpx.Client, body: bytes, revision: str
) -> None:
    headers = ACCEPTED | {
        "Content-Type": "application/json",
        "MCP-Protocol-Version": revision,
    }
    answer = http.post("/mcp", content=body, headers=headers)
    assert 400 <= answer.status_code < 500
    assert "Traceback" not in answer.text
