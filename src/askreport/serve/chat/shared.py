"""an app -> what its chat protocols share: the library, secrets, clock, addresses."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from fastapi import Depends, Request

from askreport.library import Library
from askreport.serve.api.queue import Queue
from askreport.serve.chat.credentials import Credentials
from askreport.serve.chat.signed import Clock, Once
from askreport.serve.chat.threads import Threads
from askreport.types import Answer, Filter, Found

MOST_EARLIER = 50
"""Turns of a conversation that are handed on; the library reads the latest dozen."""


def _name() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Chat:
    """What every protocol needs to answer; one for each app."""

    library: Library
    credentials: Credentials = field(default_factory=Credentials)
    queue: Queue | None = None
    """Where questions wait for their turn; None where there is one client, on stdio."""
    now: Clock = time.time
    name: Callable[[], str] = _name
    """Names each answer anew, where a protocol wants one named."""
    once: Once = field(default_factory=Once)
    threads: Threads = field(default_factory=Threads)
    slack_api: str = "https://slack.com/api/"
    slack_hooks: tuple[str, ...] = (
        "https://hooks.slack.com/",
        "https://hooks.slack-gov.com/",
    )
    """Where answers to Slack may be sent, and nowhere else."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as any protocol asks it."""

    question: str
    earlier: tuple[str, ...] = ()
    """What was asked before it, oldest first."""
    top: int | None = None
    among: Filter = Filter()


def conversation(said: list[str], top: int | None, among: Filter) -> Asked:
    """The last thing said is the question; what was said before explains it."""
    earlier = tuple(turn for turn in said[:-1] if turn.strip())
    return Asked(said[-1], earlier[-MOST_EARLIER:], top, among)


async def answer(chat: Chat, asked: Asked) -> Answer:
    """The library's answer, when it is the question's turn.

    Raises what the library raises, Busy, TookTooLong.
    """
    more: dict[str, Any] = {"top": asked.top, "among": asked.among}
    more["earlier"] = asked.earlier
    if chat.queue is not None:
        return await chat.queue.ask(asked.question, **more)
    ask = partial(chat.library.ask, asked.question, **more)
    return await to_thread.run_sync(ask, abandon_on_cancel=True)


async def found(chat: Chat, query: str, **more: Any) -> Found:  # noqa: ANN401
    """What the library finds, likewise."""
    if chat.queue is not None:
        return await chat.queue.find(query, **more)
    find = partial(chat.library.find, query, **more)
    return await to_thread.run_sync(find, abandon_on_cancel=True)


async def _chat(request: Request) -> Chat:
    found: Chat = request.app.state.chat
    return found


Shared = Annotated[Chat, Depends(_chat)]
