"""an ASGI app -> the same app behind its gate: names, origins, headers, refusals.

Knows HTTP and nothing of shelves. Whatever is raised inside becomes a response here.
"""

import asyncio
import contextlib
import re
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from askreport.serve.api import errors

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every response, unless a route sets its own: shelves may be confidential, so
nothing is kept by caches, framed, or told to the sites that a page links to."""

MOST_DRAINED = 8 * 2**20
"""Bytes of a refused body that are read, and dropped, before the refusal is sent: a
connection closed on a client that is still sending is reset, and the client never
learns why."""

DRAIN_SECONDS = 2.0
"""How long that may take."""


class Guard:
    """Checks whom a request is meant for and where it comes from, adds headers, turns
    exceptions into refusals.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Collection[str] = (),
        origins: Collection[str] = (),
    ) -> None:
        """Answer to `hosts` only, or to any name where there are none.

        Naming them keeps a web page that points its own name at a loopback address (DNS
        rebinding) from reading the shelf through its visitor's browser. `origins` are
        the web sites whose scripts may call, beside our own.
        """
        self.app = app
        self.hosts = frozenset(name.lower() for name in hosts)
        self.origins = frozenset(origin.lower().rstrip("/") for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        inbox, reply = _Inbox(receive), _Reply(send)
        try:
            self._check(Headers(scope=scope))
            await self.app(scope, inbox, reply)
        except Exception as error:  # noqa: BLE001 - the last resort; it logs, then says 500
            refused = errors.refusal(error)
            if not reply.started:
                if "expect" not in Headers(scope=scope):  # it has not begun to send
                    await inbox.drain()
                response = errors.response(scope, refused)
                await response(scope, receive, reply)

    def _check(self, headers: Headers) -> None:
        host = headers.get("host", "").lower()
        name = re.sub(r":\d*$", "", host)
        if self.hosts and name and name not in self.hosts:
            raise errors.HostUnknown(
                "this service does not answer to the name in the Host header",
                hint="ask for 127.0.0.1 or localhost, or add the name to the setting "
                "hosts",
            )
        origin = headers.get("origin")
        if origin is None or origin.lower() in self.origins:
            return
        if not host or _named(origin.lower()) != host:
            raise errors.OriginRefused(
                "scripts of other web sites may not call this service",
                hint="add the site to the setting origins, if it is yours",
            )


def _named(origin: str) -> str:
    """The name and port of an origin; empty for one that is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


class _Inbox:
    """Hands on what arrives; knows whether more is to come."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._more = True

    async def __call__(self) -> Message:
        message = await self._receive()
        self._more = message["type"] == "http.request" and message.get(
            "more_body", False
        )
        return message

    async def drain(self) -> None:
        read = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while self._more and read <= MOST_DRAINED:
                    read += len((await self()).get("body", b""))


class _Reply:
    """Sends a response with the headers above; knows whether it has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)
