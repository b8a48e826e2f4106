"""The protocols behind keys: who sends one, who signs instead, who is refused."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import httpx2
import openai
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from tests.serve.chat.conftest import CREDENTIALS, FERRY, serving

from askreport import Library
from askreport.serve.chat.shared import Chat
from askreport.serve.keys import Keys


@dataclass(frozen=True, slots=True)
class Keyed:
    """A service that has a key, and that key."""

    address: str
    key: str


@pytest.fixture(scope="module")
def keyed(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    """The shelf, served to those who have a key."""
    root = tmp_path_factory.mktemp("keyed") / "shelf"
    shutil.copytree(shelf, root)
    library = Library.open(root)
    key = Keys(library.shelf.keys).add("chat", "read")
    with serving(Chat(library, CREDENTIALS)) as address:
        yield Keyed(address, key)


def test_openais_client_sends_its_key(keyed: Keyed) -> None:
    base = f"{keyed.address}/v1"
    with openai.OpenAI(base_url=base, api_key=keyed.key, max_retries=0) as known:
        assert known.models.list().data
        made = known.responses.create(model="askreport", input=FERRY)
        assert "410 passengers" in made.output_text
    with openai.OpenAI(base_url=base, api_key="wrong", max_retries=0) as unknown:
        with pytest.raises(openai.AuthenticationError) as caught:
            unknown.models.list()
        assert caught.value.code == "KeyMissing"
        assert caught.value.type == "authentication_error"


async def test_the_mcp_client_sends_its_key(keyed: Keyed) -> None:
    sent = {"Authorization": f"Bearer {keyed.key}"}
    async with (
        httpx2.AsyncClient(headers=sent, timeout=60) as http,
        Client(
            streamable_http_client(f"{keyed.address}/mcp", http_client=http)
        ) as client,
    ):
        result = await client.call_tool("ask", {"question": FERRY})
    assert result.structured_content["status"] == "answered"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/models"),
        ("POST", "/v1/chat/completions"),
        ("POST", "/v1/responses"),
        ("POST", "/v1/embeddings"),
        ("POST", "/mcp"),
        ("GET", "/mcp"),
        ("POST", "/mcp/"),
        ("POST", "//mcp"),
        ("POST", "/query"),
        ("POST", "/v1/../mcp"),
        ("POST", "/slack/../v1/chat/completions"),
        ("POST", "/slack/%2e%2e/v1/chat/completions"),
        ("POST", "/%76%31/chat/completions"),
    ],
)
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic eDp5", "Bearer "])
def test_nobody_else_gets_in(
    keyed: Keyed, method: str, path: str, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header.strip()}
    answer = httpx.request(
        method, keyed.address + path, headers=headers, content=b'{"input": "x"}'
    )
    assert answer.status_code in (401, 404)
    assert "passengers" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/slack/commands",
        "/slack/events",
        "/teams",
        "/mattermost",
        "/librechat/query",
    ],
)
def test_a_key_is_no_signature(keyed: Keyed, path: str) -> None:
    answer = httpx.post(
        keyed.address + path,
        headers={"Authorization": f"Bearer {keyed.key}"},
        json={"file_id": "harbour-report", "query": FERRY, "text": FERRY},
    )
    assert (answer.status_code, answer.content) == (401, b"")
