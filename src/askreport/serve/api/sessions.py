"""a key that was shown once on the sign-in page -> a cookie that stands for it a while.

The cookie holds the key's id and a time, signed with a secret that the process makes up
when it starts: neither the key nor its hash. Revoking the key ends its sessions, and so
does a restart.
"""

import hmac
import secrets
import time
from collections.abc import Callable

COOKIE = "askreport"

SECONDS = 12 * 60 * 60
"""A working day and what follows it."""


class Sessions:
    """Signs cookies and reads what it signed."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._secret = secrets.token_bytes(32)
        self._clock = clock

    def begin(self, key_id: str) -> str:
        """The value of a cookie for that key."""
        until = int(self._clock()) + SECONDS
        return f"{key_id}.{until}.{self._signed(key_id, until)}"

    def key_id(self, value: str) -> str | None:
        """The id of the key that a cookie stands for, unless it is none or over."""
        name, _, rest = value.partition(".")
        until, _, signature = rest.partition(".")
        if not (until.isascii() and until.isdigit() and len(until) < 16):
            return None
        # Encoded, since a cookie may hold anything and text must be ASCII to compare.
        given = signature.encode("utf-8", "surrogatepass")
        same = hmac.compare_digest(self._signed(name, int(until)).encode(), given)
        return name if same and self._clock() < int(until) else None

    def _signed(self, key_id: str, until: int) -> str:
        text = f"{key_id}.{until}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, text, "sha256").hex()
