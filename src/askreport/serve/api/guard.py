"""an ASGI app -> the same app behind limits and security headers.

Knows HTTP and nothing of shelves. Outermost, so that it also covers what the app
refuses.
"""

import re
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from askreport.serve.api import errors

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every response, unless a route sets its own: shelves may be confidential, so
nothing is kept by caches, framed, or told to the sites that a page links to."""

MOST_READ = 8 * 2**20
"""Bytes of an overlong body that are read, and dropped, before it is refused."""


class Guard:
    """Checks the Host, bounds the body, adds headers, catches what nobody foresaw."""

    def __init__(self, app: ASGIApp, *, hosts: Collection[str] = ()) -> None:
        """Answer to `hosts` only, or to any name where there are none.

        Naming them keeps a web page that points its own name at a loopback address (DNS
        rebinding) from reading the shelf through its visitor's browser.
        """
        self.app = app
        self.hosts = frozenset(name.lower() for name in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        reply = _Reply(send)
        try:
            await self._answer(scope, receive, reply)
        except Exception as error:  # noqa: BLE001 - the last resort; it logs, then says 500
            refused = errors.refusal(error)
            if not reply.started:
                await _refuse(refused, scope, receive, reply)

    async def _answer(self, scope: Scope, receive: Receive, reply: Send) -> None:
        if self._misdirected(Headers(scope=scope).get("host", "")):
            await _refuse(errors.MISDIRECTED, scope, receive, reply)
            return
        body = await _body(receive)
        if body is None:
            await _refuse(errors.TOO_LARGE, scope, receive, reply)
            return
        await self.app(scope, _replayed(body, receive), reply)

    def _misdirected(self, host: str) -> bool:
        name = re.sub(r":\d*$", "", host).lower()
        return bool(self.hosts and name) and name not in self.hosts


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


async def _refuse(
    refused: errors.Refusal, scope: Scope, receive: Receive, send: Send
) -> None:
    await errors.response(scope["path"], refused)(scope, receive, send)


async def _body(receive: Receive) -> bytes | None:
    """The whole body, or None if it is too long.

    One that is too long is read on for a while: a connection closed on a client that is
    still sending is reset, and the client never learns why.
    """
    kept, read, more = bytearray(), 0, True
    while more and read <= MOST_READ:
        message = await receive()
        part = message.get("body", b"")
        read += len(part)
        if read <= errors.MOST_BODY:
            kept += part
        more = message["type"] == "http.request" and message.get("more_body", False)
    return bytes(kept) if read <= errors.MOST_BODY else None


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that hands out the body read, then whatever comes after it."""
    unread = [body]

    async def again() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        return await receive()

    return again
