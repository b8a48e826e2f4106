"""a thread of a chat -> the questions asked in it so far, for a while.

Slack and Teams send one message at a time. Without what was asked above it, "and in
Somerset?" could not be understood.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass

from askreport.serve.chat.signed import Clock

SECONDS = 24 * 60 * 60
"""How long a thread is remembered after its last question."""

MOST_THREADS = 1000
MOST_TURNS = 12
"""Questions remembered of each: as many as the library reads."""


@dataclass(frozen=True, slots=True)
class Thread:
    """The questions of a thread, oldest first, and when the last one came."""

    questions: tuple[str, ...]
    last: float


class Threads:
    """Kept in memory only, and by the event loop only."""

    def __init__(self, now: Clock = time.time) -> None:
        self._now = now
        self._known: OrderedDict[str, Thread] = OrderedDict()

    def asked(self, where: str, question: str) -> tuple[str, ...]:
        """What was asked there before; from now on `question` was, too."""
        now = self._now()
        while self._known and (
            next(iter(self._known.values())).last < now - SECONDS
            or (len(self._known) >= MOST_THREADS and where not in self._known)
        ):
            self._known.popitem(last=False)
        known = self._known.pop(where, None)
        earlier = () if known is None else known.questions
        kept = (*earlier, question)[-MOST_TURNS:]
        self._known[where] = Thread(kept, now)
        return earlier
