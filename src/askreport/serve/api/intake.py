"""a request's body as it arrives -> all of it at once, if it is short and in time.

Nothing behind it waits for a caller that dawdles.
"""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from askreport.serve.api import errors
from askreport.serve.api.later import BodySlow

BODY_SECONDS = 10.0
"""How long a body may take to arrive; the longest takes a modem as long."""


UPLOADS = "/admin/documents"
"""The path whose bodies are whole documents; its route takes them as they arrive."""


class Intake:
    """Reads the body before anything else does. Raises BodyLong, BodySlow."""

    def __init__(self, app: ASGIApp, *, seconds: float = BODY_SECONDS) -> None:
        self.app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"] == UPLOADS:
            await self.app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._seconds):
                body = await _read(receive, errors.most_body(scope["path"]))
        except TimeoutError as error:
            raise BodySlow(
                f"the body did not arrive within {self._seconds:.0f} seconds",
                hint="send it at once",
            ) from error
        await self.app(scope, _replayed(body, receive), send)


async def _read(receive: Receive, most: int) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > most:
            raise errors.BodyLong(
                f"the body is longer than {most:,} bytes",
                hint="ask one thing at a time",
            )
        more = message["type"] == "http.request" and message.get("more_body", False)
    return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that hands out the body read, then whatever comes after it."""
    unread = [body]

    async def again() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        return await receive()

    return again
