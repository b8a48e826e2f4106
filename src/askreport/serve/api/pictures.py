"""a page of a PDF and places -> its PNG, drawn in another process, kept for a while."""

import json
import logging
import subprocess
import sys
import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path

from anyio import CapacityLimiter, to_thread

from askreport.errors import NotFound
from askreport.library import Library
from askreport.serve import picture
from askreport.serve.api.later import Busy
from askreport.types import Rectangle, Source

log = logging.getLogger(__name__)

AT_ONCE = 2
"""Processes that draw."""

MOST_WAITING = 16
"""Pictures that wait for one; a reader opens one page at a time."""

MOST_KEPT = 32 * 2**20
"""Bytes of pictures kept: some hundred pages."""

WIDTH = 1200
"""Pixels, where none are asked for: sharp on a screen, legible on paper."""

SECONDS = 30
"""For drawing one."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page to draw, and what to light on it."""

    source: Source
    number: int
    width: int = WIDTH
    lit: tuple[Rectangle, ...] = ()


def drawable(source: Source, number: int | None) -> bool:
    """Whether there is a picture of that page."""
    return number is not None and source.path.lower().endswith(".pdf")


class Pictures:
    """Draws pages of a shelf's PDFs, a few at a time, and keeps the latest."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._kept: OrderedDict[Wanted, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._limiter = CapacityLimiter(AT_ONCE)

    async def draw(self, wanted: Wanted) -> bytes:
        """The PNG. Raises NotFound where there is no such picture, Busy."""
        kept = self._kept.get(wanted)
        if kept is not None:
            return kept
        if not drawable(wanted.source, wanted.number):
            raise NotFound(
                f"no picture of {wanted.source.id!r}: it is no PDF",
                hint="GET the page without .png for its text",
            )
        if self._limiter.statistics().tasks_waiting >= MOST_WAITING:
            raise Busy(
                f"{MOST_WAITING} pictures wait already", hint="try again", seconds=2
            )
        return await to_thread.run_sync(
            partial(self._draw, wanted), limiter=self._limiter
        )

    def _draw(self, wanted: Wanted) -> bytes:
        path = self._library.shelf.sources / wanted.source.path
        drawn = _process(path, wanted)
        with self._lock:
            self._kept[wanted] = drawn
            while sum(map(len, self._kept.values())) > MOST_KEPT:
                self._kept.popitem(last=False)
        return drawn


def _process(path: Path, wanted: Wanted) -> bytes:
    command = (sys.executable, "-I", "-m", picture.__name__)
    what = (str(path), wanted.source.digest, str(wanted.number), str(wanted.width))
    code, drawn = picture.FAILED, b""
    with suppress(subprocess.TimeoutExpired):
        ran = subprocess.run(  # noqa: S603 - our own program; no shell
            [*command, *what],
            input=json.dumps([astuple(place) for place in wanted.lit]).encode(),
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        code, drawn = ran.returncode, ran.stdout
    if code == picture.FOUND:
        return drawn
    if code == picture.CHANGED:
        raise NotFound(
            f"the file of {wanted.source.id!r} is not the one that was indexed",
            hint="run askreport build",
        )
    log.warning("page %d of %s: not drawn (%d)", wanted.number, wanted.source.id, code)
    raise NotFound(
        f"page {wanted.number} of {wanted.source.id!r} cannot be drawn",
        hint="GET the page without .png for its text",
    )
