"""a request that cannot be served now -> when it can be tried again."""

import math
from collections.abc import Mapping

from askreport import errors


class Later(errors.AskreportError):
    """Refused for now: `seconds` is how long to wait before the next try."""

    def __init__(
        self,
        message: str,
        *,
        hint: str,
        seconds: float = 1,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.seconds = max(1, math.ceil(seconds))
        self.headers = {"Retry-After": str(self.seconds), **(headers or {})}


class TooMany(Later):
    """A caller sends more requests than its share."""


class Busy(Later):
    """As many questions wait as may wait."""


class TookTooLong(Later):
    """An answer was not ready in time; what was begun for it is thrown away."""


class BodySlow(errors.AskreportError):
    """A body did not arrive in time."""
