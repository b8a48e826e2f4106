"""The terminal UI in a browser: who gets in, and who does not."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer
from PIL import Image
from typer.testing import CliRunner

from askreport import errors
from askreport.serve import cli
from askreport_tui import web as browser

KEY = "a-key"
PORT = 8421

BROWSING = Path(__file__).with_name("browsing.py")
ASKED = ("Who painted the pier?", "Painter Mia Strand painted")


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


@pytest.mark.slow
@pytest.mark.xdist_group("chromium")
@pytest.mark.skipif(
    shutil.which("chromium") is None, reason="chromium is not installed"
)
def test_a_question_typed_in_a_browser_is_answered_there(
    piers_shelf: Path, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "askreport", "tui", "--web", "--port", str(port)]
    home = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    with subprocess.Popen(
        [*command, "--shelf", str(piers_shelf)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | home | {"PYTHONUNBUFFERED": "1"},
    ) as serving:
        try:
            assert serving.stdout is not None
            address = next(
                word
                for line in serving.stdout
                for word in line.split()
                if word.startswith("http://")
            )
            picture = tmp_path / "seen.png"
            ran = subprocess.run(
                [sys.executable, str(BROWSING), address, str(picture), *ASKED],
                capture_output=True,
                text=True,
                timeout=400,
                check=False,
            )
        finally:
            serving.terminate()
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["ready"], seen
    assert seen["answered"], seen
    assert seen["errors"] == []
    assert "key=" not in seen["at"]
    drawn = Image.open(picture).convert("RGB")
    assert len(drawn.getcolors(2**24) or ()) > 100  # letters, and more than one colour
