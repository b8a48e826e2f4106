"""requests of OpenAI's clients -> answers of the shelf: models, chat, embeddings.

`/v1/responses` is next door, in `responses`.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from anyio import to_thread
from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import JSONResponse, Response, StreamingResponse

from askreport import tokens
from askreport.library import Library
from askreport.serve.api import streamed
from askreport.serve.api.caller import READER
from askreport.serve.api.links import Linked, Links
from askreport.serve.chat import shared, sources
from askreport.serve.chat.openai_bodies import (
    ChatRequest,
    EmbeddingRequest,
    Extras,
    Said,
    asked,
)
from askreport.serve.chat.refusals import BodyWrong, ModelUnknown
from askreport.serve.chat.shared import Chat, Shared
from askreport.serve.chat.sources import Form, Message
from askreport.types import Answer

MODEL = "askreport"
"""The model that answers; the other one listed is the shelf's encoder."""

TURN = 16
"""Texts that are embedded at a time: about a second's worth on a slow machine."""

T = TypeVar("T")

router = APIRouter(prefix="/v1", dependencies=[READER], include_in_schema=False)


@router.get("/models")
def list_models(chat: Shared) -> JSONResponse:
    """What can be named as `model`."""
    return JSONResponse({"object": "list", "data": _models(chat.library)})


@router.get("/models/{model:path}")
def get_model(model: str, chat: Shared) -> JSONResponse:
    """One of them."""
    for known in _models(chat.library):
        if known["id"] == model:
            return JSONResponse(known)
    raise _unknown(model, chat.library)


@router.post("/chat/completions")
async def complete(
    body: ChatRequest, request: Request, chat: Shared, links: Linked
) -> Response:
    """The answer to what the user said last, as an assistant's message."""
    check_model(body.model, chat.library)
    if body.n not in (None, 1):
        raise BodyWrong("n: there is one answer", hint="leave n out, or make it 1")
    answer = await shared.answer(chat, asked(body.messages, body.askreport))
    form = chosen(body.askreport, chat, request)
    if not body.stream and form == "openwebui":
        form = "annotations"  # it reads events only from a stream
    said = sources.message(answer, links, listed=form != "openwebui")
    usage = await counted(body.messages, said.text)
    head = {"id": f"chatcmpl-{chat.name()}", "created": int(chat.now()), "model": MODEL}
    if not body.stream:
        return JSONResponse(_whole(head, answer, said, form) | {"usage": usage})
    wanted = bool(body.stream_options and body.stream_options.include_usage)
    parts = _streamed(head, answer, said, form, links)
    return stream([*parts, *_last(head, answer, usage if wanted else None)])


@router.post("/embeddings")
async def embed(body: EmbeddingRequest, chat: Shared) -> Response:
    """Vectors of the shelf's encoder, of unit length, as it made its passages'.

    A few texts a turn, so that questions need not wait for all of them.
    """
    library = chat.library
    if body.model != encoder(library.shelf.settings.model):
        raise _unknown(body.model, library)
    if body.dimensions not in (None, library.encoder.dimensions):
        raise BodyWrong(
            f"dimensions: this model's vectors have {library.encoder.dimensions}",
            hint="leave dimensions out",
        )
    texts = [text or " " for text in body.input]
    rows: list[Any] = []
    for first in range(0, len(texts), TURN):
        part = texts[first : first + TURN]
        rows += list(await queued(chat, partial(library.embed, part, first=first)))
    made = await to_thread.run_sync(_embedded, rows, body)
    return Response(made, media_type="application/json")


def chosen(extras: Extras, chat: Chat, request: Request) -> Form:
    """How this client is told of sources."""
    setting = chat.library.shelf.settings.chat_sources
    return sources.form(extras.sources, setting, request.headers)


def check_model(model: str, library: Library) -> None:
    """Raises ModelUnknown for any model but the one that answers."""
    if model != MODEL:
        raise _unknown(model, library)


async def queued(chat: Chat, work: Callable[[], T]) -> T:
    """What slow work returns, when it is its turn."""
    if chat.queue is None:
        return await to_thread.run_sync(work)
    return await chat.queue.run(work)


async def counted(said: Iterable[Said], text: str) -> dict[str, int]:
    """Tokens of all that was said and of the answer's text, by tiktoken.

    In a thread: a long conversation takes longer to count than others may wait.
    """
    prompt = await to_thread.run_sync(_counted, [turn.text for turn in said])
    completion = tokens.count(text)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def stream(events: Iterable[bytes]) -> Response:
    """Server-sent events, already made: an answer is whole before it is shown."""
    parts = list(events)

    async def sent() -> Any:  # noqa: ANN401 - an async generator of bytes
        for part in parts:
            yield part

    return StreamingResponse(
        sent(), media_type="text/event-stream", headers=streamed.AT_ONCE
    )


def data(body: object) -> bytes:
    """One event that holds JSON."""
    return b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n"


def _counted(texts: Iterable[str]) -> int:
    return sum(map(tokens.count, texts))


def _models(library: Library) -> list[dict[str, Any]]:
    made = datetime.fromisoformat(library.generation.manifest.created)
    names = (MODEL, encoder(library.shelf.settings.model))
    return [
        {
            "id": name,
            "object": "model",
            "created": int(made.timestamp()),
            "owned_by": "askreport",
        }
        for name in names
    ]


def encoder(model: str) -> str:
    """The encoder's name; of one that settings name by its folder, the folder's."""
    return Path(model).name if Path(model).is_absolute() else model


def _unknown(model: str, library: Library) -> ModelUnknown:
    known = f"{MODEL} answers, {encoder(library.shelf.settings.model)} embeds"
    return ModelUnknown(f"there is no model {model[:100]!r} here", hint=known)


def _whole(
    head: dict[str, Any], answer: Answer, said: Message, form: Form
) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": said.text,
        "refusal": None,
    }
    if form == "annotations":
        message["annotations"] = [sources.url_citation(c) for c in said.cited]
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": "stop",
    }
    made = {"object": "chat.completion", "choices": [choice]}
    return head | made | {"askreport": sources.about(answer)}


def _streamed(
    head: dict[str, Any], answer: Answer, said: Message, form: Form, links: Links
) -> Iterator[bytes]:
    """Sources before the words where the client wants them, so that numbers can be
    followed as soon as they appear.
    """
    if form == "openwebui":
        for citation in answer.citations:
            yield data({"event": sources.event(citation, links)})
    yield _chunk(head, {"role": "assistant", "content": ""})
    for piece in sources.pieces(said.text):
        yield _chunk(head, {"content": piece})
    if form == "annotations" and said.cited:
        yield _chunk(
            head, {"annotations": [sources.url_citation(c) for c in said.cited]}
        )


def _last(
    head: dict[str, Any], answer: Answer, usage: dict[str, int] | None
) -> Iterator[bytes]:
    yield _chunk(head, {}, finish="stop", more={"askreport": sources.about(answer)})
    if usage is not None:
        chunk = {"object": "chat.completion.chunk", "choices": [], "usage": usage}
        yield data(head | chunk)
    yield b"data: [DONE]\n\n"


def _chunk(
    head: dict[str, Any],
    delta: dict[str, Any],
    *,
    finish: str | None = None,
    more: dict[str, Any] | None = None,
) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    made = {"object": "chat.completion.chunk", "choices": [choice]}
    return data(head | made | (more or {}))


def _embedded(rows: Sequence[Any], body: EmbeddingRequest) -> bytes:
    """The response's body. `json` would hold every thread for a tenth of a second."""
    data = [
        {"object": "embedding", "index": i, "embedding": _numbers(row, body)}
        for i, row in enumerate(rows)
    ]
    used = _counted(body.input)
    usage = {"prompt_tokens": used, "total_tokens": used}
    return to_json(
        {"object": "list", "data": data, "model": body.model, "usage": usage}
    )


def _numbers(row: Any, body: EmbeddingRequest) -> object:  # noqa: ANN401 - numpy
    """A vector in the form asked for: base64 is of little-endian 32-bit floats."""
    if body.encoding_format == "base64":
        return base64.b64encode(np.asarray(row, dtype="<f4").tobytes()).decode()
    return row.tolist()
