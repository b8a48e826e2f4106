"""a request and a secret -> whether the chat tool really sent it, now, for once.

Whatever is wrong with a request, the refusal is the same, byte for byte: a guess at a
secret learns nothing from it, nor does the clock of whoever guesses.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.responses import Response

WINDOW_SECONDS = 5 * 60
"""How far a request's time may lie from ours: what Slack asks for, and as much as two
clocks that nobody tends drift apart."""

MOST_REMEMBERED = 100_000
"""Requests remembered at most; only signed ones are, so only a tool's own flood could
reach it."""

Clock = Callable[[], float]
"""Seconds since 1970, as `time.time`."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What triggered a command of Mattermost: an id of its own, and when."""

    id: str
    when: float


def refused() -> Response:
    """The one answer to a request that is unsigned, wrongly signed, stale or known."""
    return Response(status_code=401)


class Once:
    """Remembers requests for as long as they are fresh, to know one that comes again.

    It belongs to the event loop; nothing else may touch it.
    """

    def __init__(self, now: Clock = time.time) -> None:
        self._now = now
        self._until: OrderedDict[str, float] = OrderedDict()

    def fresh(self, stamp: float) -> bool:
        """Whether a request of that time is neither old nor from the future."""
        return abs(self._now() - stamp) <= WINDOW_SECONDS

    def first(self, what: str) -> bool:
        """Whether this is the first time; every later time, while it matters, is not.

        A request of the latest time that is fresh now stays so for two windows.
        """
        now = self._now()
        while self._until and (
            next(iter(self._until.values())) < now
            or len(self._until) >= MOST_REMEMBERED
        ):
            self._until.popitem(last=False)
        if what in self._until:
            return False
        self._until[what] = now + 2 * WINDOW_SECONDS
        return True


def after(scheme: str, header: str) -> str:
    """The credentials of that scheme in an Authorization header; empty for another."""
    said, _, given = header.strip().partition(" ")
    return given.strip() if said.lower() == scheme.lower() else ""


def any_equal(given: str, known: Iterable[str]) -> bool:
    """Whether it is one of those, taking as long whatever it is."""
    same = [hmac.compare_digest(given.encode(), each.encode()) for each in known]
    return any(same)


def decoded(body: bytes) -> dict[str, Any] | None:
    """The JSON object that a body holds; None for anything else."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def slack(secret: str, stamp: str, body: bytes) -> str:
    """The signature that Slack gives a request (its `v0`)."""
    signed = b"v0:" + stamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def teams(secret: str, body: bytes) -> str:
    """The signature that Teams gives a request; empty for a secret that is not base64.

    The key is what the secret decodes to, not its letters.
    """
    try:
        key = base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()


def seconds(stamp: str) -> float | None:
    """Unix seconds as ten digits say them; None for anything else."""
    plain = stamp.isascii() and stamp.isdigit() and len(stamp) <= 12
    return float(stamp) if plain else None


def moment(stamp: object) -> float | None:
    """The time an ISO 8601 text with its offset says; None for anything else."""
    try:
        found = datetime.fromisoformat(stamp) if isinstance(stamp, str) else None
        return found.timestamp() if found and found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def trigger(said: str) -> Trigger | None:
    """What a Mattermost trigger id holds (`id:user:milliseconds:signature`).

    Its letters are not what is remembered: base64 spells the same in several ways.
    """
    try:
        parts = base64.b64decode(said, validate=True).decode().split(":")
    except (binascii.Error, ValueError):
        return None
    stamp = parts[2] if len(parts) == 4 else ""
    plain = stamp.isascii() and stamp.isdigit() and len(stamp) <= 15
    return Trigger(parts[0], int(stamp) / 1000) if plain else None
