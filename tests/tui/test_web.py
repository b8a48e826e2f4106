"""The terminal UI in a browser: who gets in, and who does not."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer
from typer.testing import CliRunner

from askreport import errors
from askreport.serve import cli
from askreport_tui import web as browser

KEY = "a-key"
PORT = 8421


async def _said(_request: web.Request) -> web.Response:
    return web.Response(text="the page")


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """Of a server that is guarded as the real one is."""
    app = web.Application()
    app.add_routes([web.get("/", _said), web.get("/ws", _said)])
    browser.guard(app, KEY, PORT)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


async def test_only_who_has_the_key_gets_in_and_keeps_it_as_a_cookie(
    address: str,
) -> None:
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
        for path in ("/", "/?key=wrong", "/?key=%C3%A9", "/ws"):
            async with client.get(address + path) as refused:
                assert refused.status == 403, path
        async with client.get(f"{address}/?key={KEY}") as page:
            assert (page.status, await page.text()) == (200, "the page")
            assert "key=" not in str(page.url)
            assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        async with client.get(f"{address}/ws") as page:
            assert page.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Host": "elsewhere.example"},
        {"Host": "127.0.0.1.elsewhere.example:8421"},
    ],
)
async def test_no_other_site_can_drive_it_even_with_the_cookie(
    address: str, headers: dict[str, str]
) -> None:
    async with ClientSession(cookies={f"askreport-{PORT}": KEY}) as client:
        async with client.get(f"{address}/ws") as page:
            assert page.status == 200
        async with client.get(f"{address}/ws", headers=headers) as refused:
            assert refused.status == 403


def test_what_is_named_on_the_command_line_reaches_the_program() -> None:
    told = browser.arguments(Path("/a shelf"), None, Path("key"))
    assert told == ["--shelf", "/a shelf", "--key-file", "key"]


def test_without_the_extra_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    with pytest.raises(errors.ExtraMissing) as raised:
        browser.run([], port=PORT)
    assert "askreport[web]" in raised.value.hint


def test_plain_and_web_exclude_each_other() -> None:
    done = CliRunner().invoke(cli.app, ["tui", "--plain", "--web"])
    assert done.exit_code == 2
