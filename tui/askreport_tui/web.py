"""a shelf -> the terminal UI in a browser on this machine, through textual-serve.

Each page that is opened starts the program anew. Whoever can open one can read the
shelf and change it, so it listens on this machine only, wants the key that is printed,
and takes no connection that another site's page has made.
"""

import hmac
import secrets
import shlex
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from askreport import errors

if TYPE_CHECKING:
    from aiohttp import web

HOST = "127.0.0.1"

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws:; "
    "frame-ancestors 'none'"
)
"""No font, script or picture of another machine: the page works offline."""

Handler = Callable[["web.Request"], Awaitable["web.StreamResponse"]]


def run(arguments: Sequence[str], *, port: int) -> int:
    """Serve `askreport tui` with these arguments until Ctrl-C; the exit code.

    Raises ExtraMissing.
    """
    try:
        from textual_serve.server import Server
    except ImportError as error:
        raise errors.ExtraMissing(
            "textual-serve is not installed",
            hint="pip install 'askreport[web]' brings it",
        ) from error
    key = secrets.token_urlsafe(24)
    command = shlex.join([sys.executable, "-m", "askreport", "tui", *arguments])

    class Guarded(Server):
        async def _make_app(self) -> "web.Application":
            app = await super()._make_app()
            guard(app, key, port)
            return app

        async def on_startup(self, app: "web.Application") -> None:
            self.console.print(
                f"askreport in a browser: http://{HOST}:{port}/?key={key}\n"
                "Ctrl-C ends it.",
                soft_wrap=True,
                highlight=False,
            )

    Guarded(command, host=HOST, port=port, title="askreport").serve()
    return 0


def arguments(
    shelf: Path | None, server: str | None, key_file: Path | None
) -> list[str]:
    """The command line's own, for the program behind each page."""
    named = (("--shelf", shelf), ("--server", server), ("--key-file", key_file))
    return [part for flag, said in named if said for part in (flag, str(said))]


def guard(app: "web.Application", key: str, port: int) -> None:
    """Let in who has the key, on this machine, from our own page."""
    from aiohttp import web

    cookie = f"askreport-{port}"

    @web.middleware
    async def checked(request: web.Request, handler: Handler) -> web.StreamResponse:
        if urlsplit(f"//{request.host}").hostname not in (HOST, "localhost"):
            raise web.HTTPForbidden(text="This address is not served here.")
        origin = request.headers.get("Origin")
        if origin is not None and origin != f"http://{request.host}":
            raise web.HTTPForbidden(text="Another site's page may not do this.")
        if _same(request.query.get("key", ""), key):
            answer = web.HTTPFound("/")
            answer.set_cookie(cookie, key, httponly=True, samesite="Strict")
            raise answer
        if not _same(request.cookies.get(cookie, ""), key):
            raise web.HTTPForbidden(
                text="Open the address that askreport tui --web has printed."
            )
        return await handler(request)

    async def headed(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"

    app.middlewares.append(checked)
    app.on_response_prepare.append(headed)


def _same(given: str, key: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), key.encode())
