"""requests of OpenAI's Responses API -> answers of the shelf, whole or as events."""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from askreport.serve.api.caller import READER
from askreport.serve.api.links import Linked
from askreport.serve.chat import openai, shared, sources
from askreport.serve.chat.openai_bodies import ResponseRequest, asked
from askreport.serve.chat.refusals import BodyWrong
from askreport.serve.chat.shared import Chat, Shared
from askreport.serve.chat.sources import Message

router = APIRouter(prefix="/v1", dependencies=[READER], include_in_schema=False)


@router.post("/responses")
async def respond(
    body: ResponseRequest, request: Request, chat: Shared, links: Linked
) -> Response:
    """The answer to the last of the input, as a response with one message."""
    openai.check_model(body.model, chat.library)
    _check_kept(body)
    answer = await shared.answer(chat, asked(body.input, body.askreport))
    said = sources.message(answer, links, listed=True)
    form = openai.chosen(body.askreport, chat, request)
    notes = [] if form == "text" else _annotations(said)
    counted = await openai.counted(body.input, said.text)
    empty = _response(chat)
    item = _item(chat, said, notes)
    whole = empty | {
        "status": "completed",
        "output": [item],
        "usage": _usage(counted),
        "askreport": sources.about(answer),
    }
    if body.stream:
        return openai.stream(_events(empty, item, whole))
    return JSONResponse(whole)


def _check_kept(body: ResponseRequest) -> None:
    """Nothing is kept between requests. Raises BodyWrong for what would need it."""
    for name in ("previous_response_id", "conversation"):
        if getattr(body, name):
            raise BodyWrong(
                f"{name}: no conversation is kept here",
                hint="send the earlier messages in input",
            )
    if body.background:
        raise BodyWrong(
            "background: answers are not made in the background", hint="leave it out"
        )


def _response(chat: Chat) -> dict[str, Any]:
    """A response before there is anything in it."""
    return {
        "id": f"resp_{chat.name()}",
        "object": "response",
        "created_at": int(chat.now()),
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": openai.MODEL,
        "output": [],
        "parallel_tool_calls": False,
        "previous_response_id": None,
        "store": False,
        "temperature": None,
        "tool_choice": "none",
        "tools": [],
        "top_p": None,
        "usage": None,
    }


def _item(chat: Chat, said: Message, notes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"msg_{chat.name()}",
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [_part(said.text, notes)],
    }


def _part(text: str, notes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": notes, "logprobs": []}


def _annotations(said: Message) -> list[dict[str, Any]]:
    return [
        {
            "type": "url_citation",
            "start_index": cited.start,
            "end_index": cited.end,
            "title": cited.title,
            "url": cited.url,
        }
        for cited in said.cited
    ]


def _usage(counted: dict[str, int]) -> dict[str, Any]:
    return {
        "input_tokens": counted["prompt_tokens"],
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": counted["completion_tokens"],
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": counted["total_tokens"],
    }


def _events(
    empty: dict[str, Any], item: dict[str, Any], whole: dict[str, Any]
) -> Iterator[bytes]:
    for number, (kind, body) in enumerate(_told(empty, item, whole)):
        said = {"type": kind, "sequence_number": number} | body
        yield f"event: {kind}\n".encode() + openai.data(said)


def _told(
    empty: dict[str, Any], item: dict[str, Any], whole: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of one message, in the order that clients put it together by."""
    part = item["content"][0]
    begun = item | {"status": "in_progress", "content": []}
    output = {"output_index": 0}
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    yield "response.created", {"response": empty}
    yield "response.in_progress", {"response": empty}
    yield "response.output_item.added", output | {"item": begun}
    yield "response.content_part.added", place | {"part": _part("", [])}
    for piece in sources.pieces(part["text"]):
        delta = {"delta": piece, "logprobs": []}
        yield "response.output_text.delta", place | delta
    for index, note in enumerate(part["annotations"]):
        added = {"annotation_index": index, "annotation": note}
        yield "response.output_text.annotation.added", place | added
    done = {"text": part["text"], "logprobs": []}
    yield "response.output_text.done", place | done
    yield "response.content_part.done", place | {"part": part}
    yield "response.output_item.done", output | {"item": item}
    yield "response.completed", {"response": whole}
