"""a message that Teams signed -> an answer as an Adaptive Card, within five seconds."""

import html
import json
import re
from dataclasses import replace
from typing import Any

import anyio
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from askreport.serve.api.links import Linked
from askreport.serve.chat import shared, signed, spoken
from askreport.serve.chat.shared import Asked, Chat, Shared
from askreport.serve.chat.spoken import Spoken

PATH = "/teams"

ANSWER_SECONDS = 4.0
"""Teams gives up after five; one is left for the way there and back."""

MOST_CHARS = 27_000
"""Of a card's JSON; Teams refuses a message of more than 28 KB."""

LATE = "This is taking longer than Teams waits. Ask again in a moment."

_AT = re.compile(r"<at\b[^>]*>.*?</at>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")

router = APIRouter(include_in_schema=False)


@router.post(PATH)
async def answer(request: Request, chat: Shared, links: Linked) -> Response:
    """The reply to one message that mentions the webhook."""
    body = await request.body()
    said = _genuine(chat, request, body)
    if said is None:
        return signed.refused()
    question = asked(said.get("text"))
    if not question:
        return JSONResponse(message(Spoken("", (spoken.ASK,))))
    earlier = chat.threads.asked(_thread(said), question)
    with anyio.move_on_after(ANSWER_SECONDS):
        try:
            found = await shared.answer(chat, Asked(question, earlier))
            return JSONResponse(message(spoken.answered(found, links)))
        except Exception as error:  # noqa: BLE001 - it logs, and somebody waits
            return JSONResponse(message(spoken.failed(question, error)))
    return JSONResponse(message(Spoken("", (LATE,))))


def _genuine(chat: Chat, request: Request, body: bytes) -> dict[str, Any] | None:
    """The message, if Teams signed it, of these five minutes, for the first time.

    The signature covers the body, and the body says when it was sent.
    """
    given = signed.after("HMAC", request.headers.get("authorization", ""))
    secrets = chat.credentials.teams_secret
    known = [s for s in (signed.teams(secret, body) for secret in secrets) if s]
    if not signed.any_equal(given, known):
        return None
    said = signed.decoded(body)
    when = None if said is None else signed.moment(said.get("timestamp"))
    if when is None or not chat.once.fresh(when):
        return None
    return said if chat.once.first(f"teams {given}") else None


def _thread(said: dict[str, Any]) -> str:
    """The thread of a message: its conversation's id names the first message of it."""
    place = said.get("conversation")
    known = place.get("id") if isinstance(place, dict) else None
    return f"teams {known or said.get('id')}"


def asked(text: object) -> str:
    """The words of a message, which arrives as HTML, without mentions."""
    if not isinstance(text, str):
        return ""
    return " ".join(html.unescape(_TAG.sub(" ", _AT.sub(" ", text))).split())


def message(said: Spoken) -> dict[str, Any]:
    """A card of text runs, which Teams never parses; a button opens each source."""
    made = _message(said)
    while len(json.dumps(made)) > MOST_CHARS and said.sources:
        said = replace(said, sources=said.sources[:-1])
        made = _message(said)
    return made


def _message(said: Spoken) -> dict[str, Any]:
    body: list[dict[str, Any]] = [_block(_run(line)) for line in said.lines]
    if said.question:
        body.insert(0, _block(_run(said.question, weight="Bolder")))
    if said.heading:
        body.append(_block(_run(said.heading, italic=True)))
    body += [_source(source) for source in said.sources]
    if said.note:
        body.append(_block(_run(said.note, size="Small", isSubtle=True)))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _source(source: spoken.Source) -> dict[str, Any]:
    named = f"{source.marker} {source.title}".strip()
    items = [_block(_run(named, weight="Bolder"))]
    if source.place:
        items.append(_block(_run(source.place, isSubtle=True)))
    items.append(_block(_run(f"“{source.quote}”", italic=True)))
    opens = {"type": "Action.OpenUrl", "title": _opens(source), "url": source.url}
    items.append({"type": "ActionSet", "actions": [opens]})
    return {"type": "Container", "separator": True, "items": items}


def _opens(source: spoken.Source) -> str:
    return f"Open {source.marker}" if source.marker else "Open"


def _block(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str, **style: str | bool) -> dict[str, Any]:
    return {"type": "TextRun", "text": text} | style
