"""Slack: what it signs, what it is told at once, what it is sent; by slack-sdk."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from slack_sdk.models.blocks import Block, RichTextBlock
from slack_sdk.signature import SignatureVerifier
from tests.serve.chat.conftest import (
    BEACON,
    CREDENTIALS,
    FERRY,
    MONGOLIA,
    NOW,
    PUBLIC,
    SLACK_SECRET,
    SLACK_TOKEN,
    Clock,
    Platform,
    serving,
)

from askreport import Library
from askreport.serve.api.links import Links
from askreport.serve.chat import signed, slack, spoken
from askreport.serve.chat.shared import Chat
from askreport.serve.chat.signed import Once

SIGNER = SignatureVerifier(SLACK_SECRET)


class Workspace:
    """Slack's side: signs as its SDK does, and waits where answers are sent."""

    def __init__(self, address: str, platform: Platform, clock: Clock) -> None:
        self.http = httpx.Client(base_url=address, timeout=60)
        self.platform = platform
        self.clock = clock

    def post(
        self, path: str, body: str, kind: str, *, stamp: float | None = None
    ) -> httpx.Response:
        """A request of Slack's."""
        when = str(int(self.clock() if stamp is None else stamp))
        return self.http.post(
            path, content=body.encode(), headers=sealed(body, when, kind)
        )

    def command(self, text: str, path: str = "/slack/commands") -> httpx.Response:
        """A slash command, as Slack's documentation shows one."""
        self.clock.seconds += 1
        return self.post(path, form(text, self.platform.address), FORM)

    def mention(self, text: str, **event: Any) -> httpx.Response:
        """A mention of the app, as Slack's documentation shows one."""
        self.clock.seconds += 1
        return self.post("/slack/events", mentioned(text, self.clock(), **event), JSON)


FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def sealed(body: str, stamp: str, kind: str) -> dict[str, str]:
    """The headers that Slack sends, signed by its own SDK."""
    signature = SIGNER.generate_signature(timestamp=stamp, body=body)
    assert signature is not None
    return {
        "Content-Type": kind,
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": signature,
    }


def form(text: str, address: str) -> str:
    """The body of a slash command."""
    return urlencode(
        {
            "token": "gIkuvaNzQIHg97ATvDxqgjtO",
            "team_id": "T0001",
            "team_domain": "example",
            "channel_id": "C2147483705",
            "channel_name": "test",
            "user_id": "U2147483697",
            "user_name": "Steve",
            "command": "/reports",
            "text": text,
            "response_url": f"{address}/commands/1234/5678",
            "trigger_id": "13345224609.738474920.8088930838d88f008e0",
            "api_app_id": "A123456",
        }
    )


def mentioned(text: str, stamp: float, **event: Any) -> str:
    """The body of an app mention."""
    happened = {
        "type": "app_mention",
        "user": "U061F7AUR",
        "text": f"<@U0LAN0Z89> {text}",
        "ts": "1515449522.000016",
        "channel": "C123ABC456",
        "event_ts": "1515449522000016",
    }
    return json.dumps(
        {
            "token": "ZZZZZZWSxiZZZ2yIvs3peJ",
            "team_id": "T123ABC456",
            "api_app_id": "A123ABC456",
            "event": happened | event,
            "type": "event_callback",
            "event_id": f"Ev{stamp}",
            "event_time": 1515449522000016,
            "authed_users": ["U0LAN0Z89"],
        }
    )


@pytest.fixture
def workspace(chat_library: Library, platform: Platform) -> Iterator[Workspace]:
    """A workspace that knows the service."""
    clock = Clock()
    chat = Chat(
        chat_library,
        CREDENTIALS,
        once=Once(clock),
        slack_api=f"{platform.address}/api/",
        slack_hooks=(f"{platform.address}/commands/",),
    )
    with serving(chat) as address:
        found = Workspace(address, platform, clock)
        yield found
        found.http.close()


def checked(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks, if Slack's SDK takes them and loses nothing of them."""
    parsed = Block.parse_all(blocks)
    for block, given in zip(parsed, blocks, strict=True):
        block.validate_json()
        assert block.to_dict() == given
        assert not isinstance(block, RichTextBlock) or block.elements
    assert len(blocks) <= 50
    return blocks


def words(part: Any) -> Iterator[str]:
    """Every text inside blocks."""
    if isinstance(part, dict):
        if isinstance(part.get("text"), str):
            yield part["text"]
        for inner in part.values():
            yield from words(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from words(inner)


def links(part: Any) -> Iterator[str]:
    """Every address that a link inside blocks opens."""
    if isinstance(part, dict):
        if part.get("type") == "link":
            yield part["url"]
        for inner in part.values():
            yield from links(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from links(inner)


def test_a_command_is_heard_at_once_and_answered_where_slack_says(
    workspace: Workspace, chat_library: Library
) -> None:
    begun = time.monotonic()
    heard = workspace.command(FERRY)
    assert time.monotonic() - begun < 3
    assert heard.json() == {"response_type": "ephemeral", "text": slack.HEARD}
    sent = workspace.platform.next()
    assert sent.path == "/commands/1234/5678"
    assert "authorization" not in sent.headers
    blocks = checked(sent.body["blocks"])
    answer = chat_library.ask(FERRY)
    assert sent.body["response_type"] == "ephemeral"
    assert sent.body["mrkdwn"] is False
    assert answer.text in list(words(blocks))
    assert FERRY in list(words(blocks))
    assert list(links(blocks)) == [
        f"{PUBLIC}/c/{c.passage}#passage" for c in answer.citations
    ]


def test_a_command_can_answer_the_whole_channel(workspace: Workspace) -> None:
    workspace.command(FERRY, "/slack/commands?visible=channel")
    assert workspace.platform.next().body["response_type"] == "in_channel"


def test_a_mention_is_answered_in_its_thread(workspace: Workspace) -> None:
    assert workspace.mention(FERRY).status_code == 200
    sent = workspace.platform.next()
    assert sent.path == "/api/chat.postMessage"
    assert sent.headers["authorization"] == f"Bearer {SLACK_TOKEN}"
    assert sent.body["channel"] == "C123ABC456"
    assert sent.body["thread_ts"] == "1515449522.000016"
    assert "410 passengers" in " ".join(words(checked(sent.body["blocks"])))
    workspace.mention(FERRY, thread_ts="1515440000.000001")
    assert workspace.platform.next().body["thread_ts"] == "1515440000.000001"


def test_a_follow_up_in_a_thread_is_understood_and_one_elsewhere_is_not(
    workspace: Workspace,
) -> None:
    root = "1515440000.000001"
    first = "How many tonnes of silt did the port dredge in 2020?"
    workspace.mention(first, ts=root)
    workspace.platform.next()
    workspace.mention("and in 2021?", thread_ts=root)
    said = list(words(workspace.platform.next().body["blocks"]))
    looked_up = "Looked up: How many tonnes of silt did the port dredge in 2021?"
    assert looked_up in said
    workspace.mention("and in 2021?", thread_ts=root, channel="C0OTHER")
    assert looked_up not in list(words(workspace.platform.next().body["blocks"]))


def test_an_answer_that_was_promised_is_sent_before_the_service_ends(
    chat_library: Library, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Library.ask

    def slow(*given: Any, **more: Any) -> Any:
        time.sleep(0.5)
        return real(*given, **more)

    monkeypatch.setattr(Library, "ask", slow)
    hooks = (f"{platform.address}/commands/",)
    chat = Chat(chat_library, CREDENTIALS, once=Once(Clock()), slack_hooks=hooks)
    with serving(chat) as address:
        workspace = Workspace(address, platform, Clock())
        workspace.command(FERRY)
        workspace.http.close()
    assert platform.received, "the service ended without answering"
    assert "410 passengers" in " ".join(words(platform.next().body["blocks"]))


def test_of_several_workspaces_tokens_the_one_that_is_accepted_is_used(
    chat_library: Library, platform: Platform
) -> None:
    known = replace(CREDENTIALS, slack_bot_token=("xoxb-other", SLACK_TOKEN, "xoxb-3"))
    platform.refused = "xoxb-other"
    clock = Clock()
    api = f"{platform.address}/api/"
    chat = Chat(chat_library, known, once=Once(clock), slack_api=api)
    with serving(chat) as address:
        workspace = Workspace(address, platform, clock)
        workspace.mention(FERRY)
        workspace.http.close()
    sent = [received.headers["authorization"] for received in platform.received]
    assert sent == ["Bearer xoxb-other", f"Bearer {SLACK_TOKEN}"]


def test_a_mention_without_a_token_to_answer_with_is_logged(
    chat_library: Library, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    known = replace(CREDENTIALS, slack_bot_token=())
    with serving(Chat(chat_library, known, once=Once(Clock()))) as address:
        workspace = Workspace(address, platform, Clock())
        assert workspace.mention(FERRY).status_code == 200
        workspace.http.close()
    assert "no bot token" in caplog.text


def test_a_decline_is_said_as_one(workspace: Workspace) -> None:
    workspace.command(MONGOLIA)
    sent = workspace.platform.next().body
    said = list(words(checked(sent["blocks"])))
    assert sent["text"].startswith("No evidence: ")
    assert any(word.startswith("No evidence: ") for word in said)
    assert spoken.NEAREST in said
    assert not any("[1]" in word for word in said)


def test_a_question_that_is_refused_is_told_why(workspace: Workspace) -> None:
    workspace.command("x" * 4001)
    sent = workspace.platform.next().body
    assert "could not answer" in sent["text"]
    checked(sent["blocks"])


def test_nothing_asked_is_answered_with_how_to_ask(workspace: Workspace) -> None:
    assert workspace.command("  ").json()["text"] == spoken.ASK
    workspace.mention("")
    assert spoken.ASK in list(words(workspace.platform.next().body["blocks"]))


def test_slack_may_check_the_address_and_the_certificate(workspace: Workspace) -> None:
    body = json.dumps(
        {"token": "x", "challenge": "3eZbrw1aB", "type": "url_verification"}
    )
    answer = workspace.post("/slack/events", body, JSON)
    assert answer.json() == {"challenge": "3eZbrw1aB"}
    workspace.clock.seconds += 1
    probed = workspace.post("/slack/commands", "ssl_check=1&token=x", FORM)
    assert probed.status_code == 200


def test_an_event_that_is_sent_again_is_answered_once(workspace: Workspace) -> None:
    body = mentioned(FERRY, workspace.clock())
    first = workspace.post("/slack/events", body, JSON)
    again = workspace.post("/slack/events", body, JSON, stamp=workspace.clock() + 9)
    assert (first.status_code, again.status_code) == (200, 200)
    workspace.platform.next()
    assert not workspace.platform.came.acquire(timeout=0.5)


def test_a_bots_words_and_other_events_are_not_answered(workspace: Workspace) -> None:
    assert workspace.mention(FERRY, bot_id="B1").status_code == 200
    assert workspace.mention(FERRY, type="message").status_code == 200
    assert workspace.mention(FERRY, channel=7).status_code == 200
    assert not workspace.platform.came.acquire(timeout=0.5)


def refused(answer: httpx.Response) -> bool:
    """Whether it is the refusal that says nothing."""
    return (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize("path", ["/slack/commands", "/slack/events"])
def test_what_slack_did_not_sign_now_is_refused_and_learns_nothing(
    workspace: Workspace, path: str
) -> None:
    body = form(FERRY, workspace.platform.address)
    if path.endswith("events"):
        body = mentioned(FERRY, NOW)
    now = str(int(workspace.clock()))
    good = sealed(body, now, FORM)
    signature = good["X-Slack-Signature"]
    other = SignatureVerifier("another secret").generate_signature(
        timestamp=now, body=body
    )
    bad: list[dict[str, str | None]] = [
        {"X-Slack-Signature": None},
        {"X-Slack-Request-Timestamp": None},
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": signature[:-1]},
        {"X-Slack-Signature": signature.upper()},
        {"X-Slack-Signature": signature.replace("v0=", "v1=")},
        {"X-Slack-Signature": other},
        {"X-Slack-Request-Timestamp": str(int(now) + 1)},
        {"X-Slack-Request-Timestamp": "now"},
        {"X-Slack-Request-Timestamp": "-1"},
        {"X-Slack-Request-Timestamp": "9" * 400},
    ]
    for change in bad:
        headers = {k: v for k, v in (good | change).items() if v is not None}
        assert refused(workspace.http.post(path, content=body, headers=headers)), change
    tampered = body.replace("ferry", "fairy")
    assert refused(workspace.http.post(path, content=tampered, headers=good))
    for away in (-301, 301):
        stamp = workspace.clock() + away
        assert refused(workspace.post(path, body, FORM, stamp=stamp))
    assert workspace.http.post(path, content=body, headers=good).status_code == 200
    workspace.platform.next()
    assert refused(workspace.http.post(path, content=body, headers=good))
    workspace.clock.seconds += 200
    assert refused(workspace.http.post(path, content=body, headers=good))
    assert not workspace.platform.came.acquire(timeout=0.5)


def test_a_signed_request_cannot_send_the_answer_elsewhere(
    workspace: Workspace,
) -> None:
    for address in (
        "http://169.254.169.254/latest",
        "https://hooks.slack.com.evil.example/",
    ):
        workspace.clock.seconds += 1
        body = form(FERRY, address).replace("%2Fcommands%2F1234%2F5678", "")
        answer = workspace.post("/slack/commands", body, FORM)
        assert answer.json()["text"] == spoken.ASK
    assert not workspace.platform.came.acquire(timeout=0.5)


def test_an_overlong_body_is_refused_before_its_signature_is_looked_at(
    workspace: Workspace,
) -> None:
    answer = workspace.post("/slack/commands", "text=" + "x" * 70_000, FORM)
    assert answer.status_code == 413


@pytest.mark.parametrize("body", ["[]", "null", "{", '"x"', "[" * 5000])
def test_a_signed_body_that_is_no_event_harms_nothing(
    workspace: Workspace, body: str
) -> None:
    assert workspace.post("/slack/events", body, JSON).status_code in (200, 400)


def test_without_a_secret_there_is_no_such_route(chat_library: Library) -> None:
    with serving(Chat(chat_library)) as address:
        for path in ("/slack/commands", "/slack/events", "/teams", "/mattermost"):
            assert httpx.post(address + path, content=b"{}").status_code == 404


def test_our_signature_is_the_sdks() -> None:
    body = "token=x&text=h%C3%A4user"
    ours = signed.slack(SLACK_SECRET, "1531420618", body.encode())
    assert ours == SIGNER.generate_signature(timestamp="1531420618", body=body)


def test_slacks_published_example_verifies() -> None:
    body = (
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
        "&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA"
        "&user_name=roadrunner&command=%2Fwebhook-collect&text="
        "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J"
        "%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    assert signed.slack(SLACK_SECRET, "1531420618", body.encode()) == (
        "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    )


def test_a_documents_words_stay_words(chat_library: Library) -> None:
    answer = chat_library.ask(f"{BEACON} <!channel> *bold*")
    sent = slack.message(spoken.answered(answer, Links(PUBLIC)))
    checked(sent["blocks"])
    kinds = json.dumps(sent["blocks"])
    assert '"mrkdwn"' not in kinds
    assert '"user"' not in kinds
    assert '"broadcast"' not in kinds
    assert "<" not in sent["text"]
    assert "\\u001b" not in kinds
    assert any("<script>alert(1)</script>" in word for word in words(sent["blocks"]))
    assert all(url.startswith(f"{PUBLIC}/c/") for url in links(sent["blocks"]))


def test_a_question_is_read_as_its_words() -> None:
    said = "<@U1|ask> what of <https://x.example|this> &amp; <#C1|general>\n&lt;b&gt;?"
    assert slack.asked(said) == "what of this & general <b>?"


def test_what_cannot_be_delivered_is_tried_and_logged_without_its_words(
    workspace: Workspace, caplog: pytest.LogCaptureFixture, shelf: Path
) -> None:
    workspace.platform.status = 500
    workspace.command(FERRY)
    workspace.platform.next()
    deadline = time.monotonic() + 10
    while "not accepted" not in caplog.text and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "status 500" in caplog.text
    assert "ferry" not in caplog.text
    assert "1234" not in caplog.text
