"""a connection -> the same, quick to answer, cut where its caller dawdles over a head.

uvicorn bounds how long a connection may idle between requests, and how large a head may
grow, but not how long one may take to arrive: a few hundred callers that send a byte a
minute would hold every connection there is.
"""

import asyncio
import socket
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
"""From the first byte, or the connection, to the end of the head."""

MOST_CONNECTIONS = 512
"""Open at once; beyond, one on which nothing is asked makes room for the next. Half of
the files that a process may usually hold open."""

IDLE_SECONDS = 75
"""Between two requests. Longer than proxies (60) and clients (5) keep a connection, or
one would now and then be closed just as they send."""


class Patient(H11Protocol):
    """HTTP/1.1 with a bound on the time for a head, and on connections."""

    def __init__(self, *args: Any, **more: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*args, **more)
        self._due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # asyncio does so only for sockets made with TCP's number. Without it, a body
        # waits 40 ms for its response's head to be acknowledged.
        sent = transport.get_extra_info("socket")
        sent.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if len(self.connections) > MOST_CONNECTIONS:
            idle = (one for one in self.connections if one is not self and _idle(one))
            next(idle, self).transport.abort()
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Start the clock where a head is awaited, stop it where one has come."""
        if self.conn.their_state is not h11.IDLE:
            self._unwatch()
        elif self._due is None:
            self._due = self.loop.call_later(HEAD_SECONDS, self._cut)

    def _unwatch(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _cut(self) -> None:
        self._due = None
        if self.conn.their_state is h11.IDLE:
            self.transport.abort()


def _idle(connection: Any) -> bool:  # noqa: ANN401 - one of uvicorn's protocols
    """Whether it is open and no request is being answered there."""
    answered = connection.cycle is None or connection.cycle.response_complete
    return bool(answered and not connection.transport.is_closing())
