"""A small shelf whose bytes never change, served on real sockets to real clients."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from reportlab.pdfgen import canvas
from tests.conftest import CATALOGUE, HARBOUR, ORCHARD, PDF_PAGES

from askreport import Library
from askreport.serve.api import run
from askreport.serve.api.app import create_app
from askreport.serve.chat.credentials import Credentials
from askreport.serve.chat.shared import Chat

PUBLIC = "https://reports.example.org"

SETTINGS = f"""\
model = "hashing"
floor = 0.1
public_url = "{PUBLIC}"
"""

HOSTILE = """\
THE HOSTILE REPORT

The beacon keeper said <script>alert(1)</script> that ![pixel](https://evil.example/p.png)
and [a link](https://evil.example) and **bold** and <!channel> and <@U012AB3CD> and
@channel and @here cost 4,711 guilders \x1b[31mred\x1b[0m.
"""
"""A document that tries what documents try."""

FERRY = "How many passengers does each ferry carry?"
CRACK = "How wide was the crack that engineer Paulo Lindt measured in the second arch?"
BEACON = "What did the beacon keeper say that cost 4,711 guilders?"
MONGOLIA = "What is the capital of Mongolia?"

NOW = 1_790_000_000.0
"""When the tests of times take place."""

SLACK_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"  # noqa: S105 - Slack's own example
SLACK_TOKEN = "xoxb-for-a-test"  # noqa: S105
TEAMS_SECRET = "c2VjcmV0IG9mIGEgdGVhbXMgd2ViaG9vayBmb3IgdGVzdHM="  # noqa: S105
MATTERMOST_TOKEN = "nezum4kpu3faiec7r7c5zt6tfy"  # noqa: S105 - Mattermost's own example
JWT_SECRET = "a secret of a LibreChat for tests, 32 bytes"  # noqa: S105

CREDENTIALS = Credentials(
    slack_signing_secret=(SLACK_SECRET,),
    slack_bot_token=(SLACK_TOKEN,),
    teams_secret=(TEAMS_SECRET,),
    mattermost_token=(MATTERMOST_TOKEN,),
    librechat_jwt_secret=(JWT_SECRET,),
)


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    seconds: float = NOW

    def __call__(self) -> float:
        return self.seconds


def write_pdf(path: Path) -> None:
    """The bridges' PDF, the same bytes every time."""
    sheet = canvas.Canvas(str(path), invariant=1)
    sheet.setTitle("Bridges of the valley")
    for lines in PDF_PAGES:
        for i, line in enumerate(lines):
            sheet.drawString(72, 760 - 24 * i, line)
        sheet.showPage()
    sheet.save()


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built shelf with a report, a digest, a PDF and a hostile document."""
    root = tmp_path_factory.mktemp("chat") / "shelf"
    sources = root / "sources"
    sources.mkdir(parents=True)
    (root / "askreport.toml").write_text(SETTINGS, "utf-8")
    listed = CATALOGUE.split('[[document]]\nid = "lighthouse')[0]
    (sources / "catalogue.toml").write_text(listed, "utf-8")
    (sources / "harbour.md").write_text(HARBOUR, "utf-8")
    (sources / "orchard.txt").write_text(ORCHARD, "utf-8")
    (sources / "hostile.txt").write_text(HOSTILE, "utf-8")
    write_pdf(sources / "bridges.pdf")
    Library.open(root).build()
    return root


@pytest.fixture(scope="session")
def chat_library(shelf: Path) -> Library:
    """The open library of that shelf."""
    return Library.open(shelf)


@contextmanager
def serving(chat: Chat) -> Iterator[str]:
    """The address of the service, on a real socket of 127.0.0.1."""
    listening = run.listen("127.0.0.1", 0)
    app = create_app(chat.library, hosts=run.LOOPBACK, chat=chat)
    server = run.server(app)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield run.address(listening)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


Serving = Callable[[Chat], AbstractContextManager[str]]


@dataclass
class Received:
    """A request that a chat tool got from the service."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        """The JSON it holds."""
        found: dict[str, Any] = json.loads(self.raw)
        return found


@dataclass
class Platform:
    """A chat tool's side: keeps what it is sent, on a real socket."""

    address: str = ""
    received: list[Received] = field(default_factory=list)
    came: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    status: int = 200
    refused: str = ""
    """A token that it does not know; it says so as Slack does, with a 200."""

    def next(self) -> Received:
        """The next request, waited for."""
        assert self.came.acquire(timeout=30), "nothing was sent"
        return self.received.pop(0)


@pytest.fixture
def platform() -> Iterator[Platform]:
    """A chat tool that waits for answers."""
    found = Platform()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {k.lower(): v for k, v in self.headers.items()}
            found.received.append(Received(self.path, headers, body))
            self.send_response(found.status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            known = headers.get("authorization") != f"Bearer {found.refused}"
            said = {"ok": True} if known else {"ok": False, "error": "not_authed"}
            self.wfile.write(json.dumps(said).encode())
            found.came.release()

        def log_message(self, *_: Any) -> None:
            """Nothing is said of requests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield found
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def address(chat_library: Library) -> Iterator[str]:
    """The service with every protocol, its clock the world's, its names fixed."""
    chat = Chat(chat_library, CREDENTIALS, now=lambda: NOW, name=lambda: "0" * 32)
    with serving(chat) as found:
        yield found


@pytest.fixture(scope="session")
def http(address: str) -> Iterator[httpx.Client]:
    """A plain client of that service."""
    with httpx.Client(base_url=address, timeout=60) as found:
        yield found
