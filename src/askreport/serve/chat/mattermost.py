"""a slash command of Mattermost -> an answer as Markdown with links to the words."""

from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from askreport.serve.api.links import Linked
from askreport.serve.chat import inert, shared, signed, spoken
from askreport.serve.chat.shared import Asked, Chat, Shared
from askreport.serve.chat.spoken import Spoken

PATH = "/mattermost"

MOST_CHARS = 16_000
"""Mattermost refuses a post of more than 16,383."""

router = APIRouter(include_in_schema=False)


@router.post(PATH)
async def answer(request: Request, chat: Shared, links: Linked) -> Response:
    """The reply to one command: Mattermost waits for it.

    Only who asked sees it, unless the command's address ends in `?visible=channel`.
    """
    body = await request.body()
    form = _genuine(chat, request, body)
    if form is None:
        return signed.refused()
    question = form.get("text", [""])[0].strip()
    if not question:
        return JSONResponse(message(Spoken("", (spoken.ASK,)), visible=False))
    try:
        found = await shared.answer(chat, Asked(question))
        said = spoken.answered(found, links)
    except Exception as error:  # noqa: BLE001 - it logs, and somebody waits
        said = spoken.failed(question, error)
    visible = request.query_params.get("visible") == "channel"
    return JSONResponse(message(said, visible=visible))


def _genuine(chat: Chat, request: Request, body: bytes) -> dict[str, list[str]] | None:
    """The command, if it carries our token and was triggered just now, once.

    The token stands in a header and in the body, and both must be right. The trigger's
    id holds the time; it is what makes two commands of the same words differ.
    """
    form = parse_qs(body.decode("utf-8", "replace"))
    header = signed.after("Token", request.headers.get("authorization", ""))
    known = chat.credentials.mattermost_token
    in_header = signed.any_equal(header, known)
    in_body = signed.any_equal(form.get("token", [""])[0], known)
    if not (in_header and in_body):
        return None
    trigger = signed.trigger(form.get("trigger_id", [""])[0])
    if trigger is None or not chat.once.fresh(trigger.when):
        return None
    return form if chat.once.first(f"mattermost {trigger.id}") else None


def message(said: Spoken, *, visible: bool) -> dict[str, Any]:
    """A post; nothing in the words of a document is a mark, a link or a mention."""
    parts = [_plain(line) for line in said.lines]
    if said.question:
        parts.insert(0, f"**{_plain(said.question)}**")
    if said.heading:
        parts.append(f"*{said.heading}*")
    parts += [_source(source) for source in said.sources]
    while sum(len(part) + 2 for part in parts) > MOST_CHARS:
        parts.pop()
    if said.note:
        parts.append(f"*{_plain(said.note[:300])}*")
    return {
        "response_type": "in_channel" if visible else "ephemeral",
        "text": "\n\n".join(parts),
        "skip_slack_parsing": True,
    }


def _source(source: spoken.Source) -> str:
    # Brackets inside a link's text are marks; these few are ours.
    marker = f"\\{source.marker[:-1]}\\]" if source.marker else ""
    named = f"[{f'{marker} {_plain(source.title)}'.strip()}]({source.url})"
    place = f" · {_plain(source.place)}" if source.place else ""
    return f"{named}{place}\n> {_plain(source.quote)}"


def _plain(text: str) -> str:
    return inert.unmentioning(inert.markdown(text))
