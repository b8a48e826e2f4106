"""a question -> server-sent events: how its answer comes about, then the answer.

Most answers are there in a fraction of a second; then the response has its proper
status and all events come at once. Only what takes longer is told as it goes on.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

from fastapi.sse import format_sse_event
from pydantic_core import to_json, to_jsonable_python
from starlette.responses import Response, StreamingResponse

from askreport import stages
from askreport.serve import render
from askreport.serve.api import errors, examples, links, observed
from askreport.serve.api.links import Links
from askreport.serve.api.queue import Queue
from askreport.serve.api.requests import AskRequest
from askreport.types import Answer

PATIENCE_SECONDS = 1.0
"""How long to wait for the answer, or a refusal, before the stream begins."""

ALIVE_SECONDS = 10.0
"""A stream that is silent for longer is cut by some proxies: then it says so much."""

AT_ONCE = {"X-Accel-Buffering": "no"}
"""Asks proxies to hand on each event as it comes."""

EVENT = {
    "type": "object",
    "properties": {
        "event": {"enum": "waiting stage text citation answer problem".split()},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
}
"""The schema of each event."""

_SENTENCE = re.compile(r".+?(?:\[\d+\])+\s*|.+", re.DOTALL)


async def response(queue: Queue, request: AskRequest, to: Links) -> Response:
    """The stream of an answer. Raises what the answer raises, if it does so soon."""
    told: asyncio.Queue[tuple[str, float]] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def listen(stage: str, seconds: float) -> None:
        observed.stage(stage, seconds)
        loop.call_soon_threadsafe(told.put_nowait, (stage, seconds))

    with stages.told(listen):
        answering = asyncio.create_task(_linked(queue, request, to))
    try:
        await asyncio.wait((answering,), timeout=PATIENCE_SECONDS)
    except asyncio.CancelledError:
        answering.cancel()
        raise
    if answering.done():
        answering.result()  # raises what went wrong, while a status can tell it
    return StreamingResponse(
        _events(answering, told, queue),
        media_type="text/event-stream",
        headers=AT_ONCE,
    )


async def asked(queue: Queue, request: AskRequest) -> Answer:
    """The answer, in turn. Raises what `Queue.ask` raises."""
    return await queue.ask(
        request.question,
        top=request.top,
        among=request.filter.noun(),
        earlier=request.earlier,
        explain=request.explain,
    )


async def _linked(queue: Queue, request: AskRequest, to: Links) -> Answer:
    return links.linked(await asked(queue, request), to)


async def _events(
    answering: "asyncio.Task[Answer]",
    told: "asyncio.Queue[tuple[str, float]]",
    queue: Queue,
) -> AsyncIterator[bytes]:
    try:
        if not answering.done():
            yield _event("waiting", {"questions": queue.waiting})
        while not (answering.done() and told.empty()):
            stage = await _next(answering, told)
            if stage is not None:
                yield _event("stage", stage)
            elif not answering.done():
                yield format_sse_event(comment="still at it")
        for event in _outcome(answering):
            yield event
    finally:
        answering.cancel()  # the reader may have gone away


async def _next(
    answering: "asyncio.Task[Answer]", told: "asyncio.Queue[tuple[str, float]]"
) -> dict[str, Any] | None:
    """The next stage that ends; None when the answer is there, or nothing for long."""
    stage = asyncio.ensure_future(told.get())
    done, _ = await asyncio.wait(
        (answering, stage),
        timeout=ALIVE_SECONDS,
        return_when=asyncio.FIRST_COMPLETED,
    )
    if stage not in done:
        stage.cancel()
        return None
    name, seconds = stage.result()
    return {"stage": name, "seconds": round(seconds, 6)}


def _outcome(answering: "asyncio.Task[Answer]") -> Iterator[bytes]:
    try:
        answer = answering.result()
    except Exception as error:  # noqa: BLE001 - the mapper of every failure decides
        yield _event("problem", errors.problem(errors.refusal(error)))
        return
    for sentence in _SENTENCE.findall(answer.text):
        markers = [int(number) for number in re.findall(r"\[(\d+)\]", sentence)]
        yield _event("text", {"text": sentence, "markers": markers})
    for citation in answer.citations:
        yield _event("citation", citation)
    yield _event("answer", render.as_asked(to_jsonable_python(answer)))


def _event(name: str, data: object) -> bytes:
    return format_sse_event(event=name, data_str=to_json(data).decode())


def described() -> dict[int | str, dict[str, Any]]:
    """The 200 of the route, for the API's description."""
    shown = b"".join(
        (
            _event("stage", {"stage": "retrieve", "seconds": 0.004}),
            _event("text", {"text": examples.ANSWER.text, "markers": [1]}),
            _event("citation", examples.CITATION),
            _event("answer", render.as_asked(to_jsonable_python(examples.ANSWER))),
        )
    )
    content = {"schema": EVENT, "example": shown.decode()}
    return {
        200: {
            "description": "Events, the last of which is `answer` or `problem`.",
            "content": {"text/event-stream": content},
        }
    }
