"""callers -> how many requests each may still send this minute.

The generic cell rate algorithm (ITU-T I.371): a caller has a time at which its account
is even again; each request moves that time on by its share of a minute, and one that
would move it more than a minute ahead is refused. One number a caller, no timer.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from askreport.serve.api.caller import Caller
from askreport.serve.api.later import TooMany

WINDOW = 60.0
"""Seconds."""

MOST_CALLERS = 10_000
"""Accounts kept; the even ones are forgotten when there are more."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a caller has left."""

    requests: int
    seconds: float
    """Until its account is even, or, where a request is refused, until the next."""
    refused: bool


class Pace:
    """The accounts of all callers, kept by one event loop."""

    def __init__(
        self, per_minute: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.per_minute = per_minute
        self._share = WINDOW / per_minute
        self._clock = clock
        self._even: dict[str, float] = {}

    def take(self, name: str) -> Left:
        """Count one request of a caller, unless it is one too many."""
        now = self._clock()
        ahead = max(0.0, self._even.get(name, 0.0) - now)
        if ahead > WINDOW - self._share:
            return Left(0, ahead - (WINDOW - self._share), refused=True)
        if len(self._even) >= MOST_CALLERS:
            self._even = {k: even for k, even in self._even.items() if even > now}
        ahead += self._share
        self._even[name] = now + ahead
        return Left(int((WINDOW - ahead) / self._share + 1e-6), ahead, refused=False)


class Paced:
    """Holds callers to their pace; tells them what they have left.

    The headers are those of draft-ietf-httpapi-ratelimit-headers, and Retry-After.
    """

    def __init__(self, app: ASGIApp, *, pace: Pace, everybody: bool) -> None:
        """`everybody`: also those without a key, by their address."""
        self.app = app
        self._pace = pace
        self._everybody = everybody
        self._policy = f'"default";q={pace.per_minute};w={WINDOW:.0f}'

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Raises TooMany."""
        caller: Caller | None = scope.get("state", {}).get("caller")
        if caller is None or not (caller.keyed or (self._everybody and caller.scope)):
            await self.app(scope, receive, send)
            return
        left = self._pace.take(caller.account)
        if left.refused:
            raise TooMany(
                f"more than {self._pace.per_minute} requests a minute",
                hint="wait as long as Retry-After says",
                seconds=left.seconds,
                headers=self._told(left),
            )

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._told(left))
            await send(message)

        await self.app(scope, receive, telling)

    def _told(self, left: Left) -> dict[str, str]:
        told = f'"default";r={left.requests};t={math.ceil(left.seconds)}'
        return {"RateLimit-Policy": self._policy, "RateLimit": told}
