"""requests that Slack signed -> answers as blocks: a slash command and a mention.

Slack waits three seconds. It is told at once that the question was heard; the answer
goes where Slack says.
"""

import html
import logging
import re
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, Response

from askreport.serve.api.links import Linked, Links
from askreport.serve.chat import inert, outgoing, shared, signed, spoken
from askreport.serve.chat.shared import Asked, Chat, Shared
from askreport.serve.chat.spoken import Spoken

log = logging.getLogger(__name__)

HEARD = "Looking in the reports…"

_MENTION = re.compile(r"<@[^>]*>")
_LINKED = re.compile(r"<[^>|]*\|([^>]*)>|<([^>]*)>")

router = APIRouter(prefix="/slack", include_in_schema=False)


@router.post("/commands")
async def command(request: Request, chat: Shared, links: Linked) -> Response:
    """A slash command: heard now, answered at its `response_url`.

    Only who asked sees the answer, unless the command's address ends in
    `?visible=channel`.
    """
    body = await request.body()
    if not _genuine(chat, request, body):
        return signed.refused()
    form = parse_qs(body.decode("utf-8", "replace"))
    if "ssl_check" in form:
        return Response(status_code=200)
    question = html.unescape(form.get("text", [""])[0]).strip()
    address = form.get("response_url", [""])[0]
    if not question or not outgoing.trusted(address, chat.slack_hooks):
        return JSONResponse({"response_type": "ephemeral", "text": spoken.ASK})
    visible = request.query_params.get("visible") == "channel"
    told = {"response_type": "in_channel" if visible else "ephemeral"}
    return JSONResponse(
        {"response_type": "ephemeral", "text": HEARD},
        background=BackgroundTask(_respond, chat, links, question, address, told),
    )


@router.post("/events")
async def event(request: Request, chat: Shared, links: Linked) -> Response:
    """A mention: answered in its thread, for all of the channel."""
    body = await request.body()
    if not _genuine(chat, request, body):
        return signed.refused()
    said = signed.decoded(body)
    if said is None:
        return Response(status_code=400)
    if said.get("type") == "url_verification":
        return JSONResponse({"challenge": str(said.get("challenge", ""))[:1000]})
    happened: Any = said.get("event")
    known = str(said.get("event_id", ""))
    # Slack sends again what it thinks was not heard; it is answered once.
    if not _is_mention(happened) or not known or not chat.once.first(f"event {known}"):
        return Response(status_code=200)
    where = f"slack {said.get('team_id')}"
    return Response(
        status_code=200, background=BackgroundTask(_reply, chat, links, where, happened)
    )


def _genuine(chat: Chat, request: Request, body: bytes) -> bool:
    """Whether Slack signed it, within five minutes, and it is seen the first time."""
    stamp = request.headers.get("x-slack-request-timestamp", "")
    given = request.headers.get("x-slack-signature", "")
    secrets = chat.credentials.slack_signing_secret
    known = [signed.slack(secret, stamp, body) for secret in secrets]
    when = signed.seconds(stamp)
    if not signed.any_equal(given, known) or when is None or not chat.once.fresh(when):
        return False
    return chat.once.first(f"slack {given}")


def _is_mention(happened: object) -> bool:
    """Whether somebody, and not a bot, called this one by its name."""
    if not isinstance(happened, dict) or happened.get("type") != "app_mention":
        return False
    return not happened.get("bot_id") and all(
        isinstance(happened.get(key), str) for key in ("channel", "ts", "text")
    )


async def _respond(
    chat: Chat, links: Links, question: str, address: str, told: dict[str, str]
) -> None:
    said = await _spoken(chat, links, Asked(question))
    await outgoing.post(address, told | message(said))


async def _reply(
    chat: Chat, links: Links, where: str, happened: dict[str, Any]
) -> None:
    if not chat.credentials.slack_bot_token:
        log.warning("a mention is not answered: no bot token of Slack is set")
        return
    question, thread = asked(happened["text"]), _thread(happened)
    said = Spoken("", (spoken.ASK,))
    if question:
        place = f"{where} {happened['channel']} {thread}"
        earlier = chat.threads.asked(place, question)
        said = await _spoken(chat, links, Asked(question, earlier))
    body = message(said) | {
        "channel": happened["channel"],
        "thread_ts": thread,
        "unfurl_links": False,
        "unfurl_media": False,
    }
    for token in chat.credentials.slack_bot_token:  # one a workspace
        sent = {"Authorization": f"Bearer {token}"}
        if await outgoing.post(f"{chat.slack_api}chat.postMessage", body, sent):
            break


def _thread(happened: dict[str, Any]) -> str:
    """The message that the thread began with: this one, where it begins one."""
    return str(happened.get("thread_ts") or happened["ts"])


async def _spoken(chat: Chat, links: Links, asked: Asked) -> Spoken:
    try:
        answer = await shared.answer(chat, asked)
    except Exception as error:  # noqa: BLE001 - it logs, and somebody waits
        return spoken.failed(asked.question, error)
    return spoken.answered(answer, links)


def asked(text: str) -> str:
    """The words of a message without mentions, links as they read."""
    plain = _LINKED.sub(lambda m: m.group(1) or m.group(2), _MENTION.sub(" ", text))
    return " ".join(html.unescape(plain).split())


def message(said: Spoken) -> dict[str, Any]:
    """Blocks of rich text, whose words Slack never parses, and a line for what shows
    no blocks.
    """
    blocks = [_rich(_section(_text(line))) for line in said.lines]
    if said.question:
        blocks.insert(0, _rich(_section(_text(said.question, bold=True))))
    if said.heading:
        blocks.append(_rich(_section(_text(said.heading, italic=True))))
    blocks += [_source(source) for source in said.sources]
    if said.note:
        note = {"type": "plain_text", "text": said.note[:2000], "emoji": False}
        blocks.append({"type": "context", "elements": [note]})
    plain = " ".join(said.lines)[:3000]
    return {"text": inert.mrkdwn(plain), "mrkdwn": False, "blocks": blocks}


def _source(source: spoken.Source) -> dict[str, Any]:
    named = _link(source.url, f"{source.marker} {source.title}".strip())
    place = [_text(f"\n{source.place}", italic=True)] if source.place else []
    quote = {"type": "rich_text_quote", "elements": [_text(source.quote)]}
    return _rich(_section(named, *place), quote)


def _rich(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(elements)}


def _section(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(elements)}


def _text(text: str, **style: bool) -> dict[str, Any]:
    styled = {"style": style} if style else {}
    return {"type": "text", "text": text} | styled


def _link(url: str, text: str) -> dict[str, Any]:
    return {"type": "link", "url": url, "text": text}
