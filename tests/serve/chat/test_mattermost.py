"""Mattermost: a slash command as its documentation shows one, and the post."""

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from markdown_it import MarkdownIt
from tests.serve.chat.conftest import (
    BEACON,
    CREDENTIALS,
    FERRY,
    MATTERMOST_TOKEN,
    MONGOLIA,
    PUBLIC,
    Clock,
    serving,
)

from askreport import Library
from askreport.serve.api.links import Links
from askreport.serve.chat import mattermost, signed, spoken
from askreport.serve.chat.shared import Chat
from askreport.serve.chat.signed import Once

PUBLISHED = (
    "NG1kM3lyN2NqYmQxcGNyc2s0Nmo5em0xb2M6azF4NGFxZGp5MzgxM2M4NG03NzFlb2M5eG86MTU1MTIwODE5"
    "NTQyNzpNRVVDSUhSdWFrdmVGZ0RhTTd6UERoMWVEVndZK2NGbXlSYUxWQ054SVRLZGdxTWZBaUVBeGQvOU95"
    "NTFOeWxiTWVsRE1ZK0d4S2FzL2Z1TUU2Y0J1bW5JbFBCOXVEVT0="
)
"""The trigger id of Mattermost's published example, of 26 February 2019."""


def triggered(stamp: float, name: str = "4md3yr7cjbqd1pcrsk46j9zm1oc") -> str:
    """A trigger id of that time."""
    said = f"{name}:k1x4aqdjy3813c84m771eoc9xo:{int(stamp * 1000)}:c2lnbmF0dXJl"
    return base64.b64encode(said.encode()).decode()


def command(text: str, trigger: str, **change: str) -> str:
    """The body of a slash command."""
    return urlencode(
        {
            "channel_id": "i3bb9xfyqt8rtbyshmyhgsj16c",
            "channel_name": "town-square",
            "command": "/reports",
            "response_url": "http://10.0.0.5:8065/hooks/commands/zozc1xwxybdedeyz8djwjpngny",
            "team_domain": "rrrr",
            "team_id": "tsb8crrn5tgqtedpkt81b4tcya",
            "text": text,
            "token": MATTERMOST_TOKEN,
            "trigger_id": trigger,
            "user_id": "k1x4aqdjy3813c84m771eoc9xo",
            "user_name": "tester",
        }
        | change
    )


class Server:
    """Mattermost's side."""

    def __init__(self, address: str, clock: Clock) -> None:
        self.http = httpx.Client(base_url=address, timeout=60)
        self.clock = clock

    def say(self, text: str, path: str = "/mattermost") -> httpx.Response:
        """A slash command."""
        self.clock.seconds += 1
        return self.send(command(text, triggered(self.clock())), path=path)

    def send(
        self,
        body: str,
        *,
        token: str | None = f"Token {MATTERMOST_TOKEN}",
        path: str = "/mattermost",
    ) -> httpx.Response:
        """A request with the header that Mattermost sends."""
        headers = {
            "User-Agent": "mattermost-5.9.0",
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
        } | ({} if token is None else {"Authorization": token})
        return self.http.post(path, content=body, headers=headers)


@pytest.fixture
def server(chat_library: Library) -> Iterator[Server]:
    """A Mattermost that knows the service."""
    clock = Clock()
    with serving(Chat(chat_library, CREDENTIALS, once=Once(clock))) as address:
        found = Server(address, clock)
        yield found
        found.http.close()


def links(text: str) -> list[str]:
    """Every address that Markdown makes a link of; fails on images and HTML."""
    found = []
    for block in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        assert block.type not in ("html_block", "fence", "heading_open", "table_open")
        for part in block.children or ():
            assert part.type not in ("image", "html_inline", "code_inline")
            if part.type == "link_open":
                found.append(str(part.attrs["href"]))
    return found


def test_a_command_is_answered_with_links_to_the_words(
    server: Server, chat_library: Library
) -> None:
    posted = server.say(FERRY)
    answer = chat_library.ask(FERRY)
    said: dict[str, Any] = posted.json()
    assert posted.headers["content-type"] == "application/json"
    assert said["response_type"] == "ephemeral"
    assert f"**{FERRY}**" in said["text"]
    assert "410 passengers" in said["text"]
    assert links(said["text"]) == [
        f"{PUBLIC}/c/{c.passage}#passage" for c in answer.citations
    ]


def test_a_command_can_answer_the_whole_channel(server: Server) -> None:
    said = server.say(FERRY, "/mattermost?visible=channel").json()
    assert said["response_type"] == "in_channel"


def test_a_decline_is_said_as_one(server: Server) -> None:
    said = server.say(MONGOLIA).json()["text"]
    assert "\n\nNo evidence: " in said
    assert spoken.NEAREST in said
    assert "[1" not in said


def test_nothing_asked_is_answered_with_how_to_ask(server: Server) -> None:
    assert "Ask a question" in server.say(" ").json()["text"]


def test_a_question_that_is_refused_is_told_why(server: Server) -> None:
    assert "could not answer" in server.say("x" * 4001).json()["text"]


def other_spellings(trigger: str) -> list[str]:
    """Other letters that base64 reads as the same bytes."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bare = trigger.rstrip("=")
    padding = trigger[len(bare) :]
    spelled = [f"{bare[:-1]}{letter}{padding}" for letter in letters]
    same = base64.b64decode(trigger)
    return [s for s in spelled if s != trigger and base64.b64decode(s) == same]


def refused(answer: httpx.Response) -> bool:
    """Whether it is the refusal that says nothing."""
    return (answer.status_code, answer.content) == (401, b"")


def test_what_mattermost_did_not_send_now_is_refused_and_learns_nothing(
    server: Server,
) -> None:
    trigger = triggered(server.clock())
    body = command(FERRY, trigger)
    for token in (
        None,
        "",
        "Token",
        "Token x",
        MATTERMOST_TOKEN,
        f"Bearer {MATTERMOST_TOKEN}",
        f"Token {MATTERMOST_TOKEN[:-1]}",
        f"Token {MATTERMOST_TOKEN.upper()}",
    ):
        assert refused(server.send(body, token=token)), token
    for token in ("", "x", MATTERMOST_TOKEN + "x"):
        assert refused(server.send(command(FERRY, trigger, token=token)))
    for wrong in (
        "",
        "x",
        "!",
        base64.b64encode(b"a:b:c").decode(),
        base64.b64encode(b"a:b:c:d").decode(),
        base64.b64encode(b"a:b:" + b"9" * 400 + b":d").decode(),
        base64.b64encode(b"\xff:b:1:d").decode(),
        triggered(server.clock() - 301),
        triggered(server.clock() + 301),
        PUBLISHED,
    ):
        assert refused(server.send(command(FERRY, wrong))), wrong
    assert server.send(body).status_code == 200
    assert refused(server.send(body))
    assert refused(server.send(command("another question?", trigger)))
    for spelled in other_spellings(trigger):
        assert signed.trigger(spelled) == signed.trigger(trigger)
        assert refused(server.send(command(FERRY, spelled)))
    assert refused(server.http.get("/mattermost", params={"text": FERRY})) or (
        server.http.get("/mattermost").status_code == 405
    )


def test_the_published_example_is_read_rightly(chat_library: Library) -> None:
    trigger = signed.trigger(PUBLISHED)
    assert trigger == signed.Trigger("4md3yr7cjbd1pcrsk46j9zm1oc", 1_551_208_195.427)
    clock = Clock(trigger.when + 2)
    with serving(Chat(chat_library, CREDENTIALS, once=Once(clock))) as address:
        found = Server(address, clock)
        assert found.send(command("asd", PUBLISHED)).status_code == 200
        found.http.close()


def test_an_overlong_body_is_refused(server: Server) -> None:
    assert server.say("x" * 70_000).status_code == 413


def test_a_documents_words_stay_words_and_call_nobody(chat_library: Library) -> None:
    answer = chat_library.ask(f"{BEACON} @all ~town-square [x](https://e.example)")
    text = mattermost.message(spoken.answered(answer, Links(PUBLIC)), visible=True)[
        "text"
    ]
    assert all(url.startswith(f"{PUBLIC}/c/") for url in links(text))
    assert "alert(1)" in text
    assert not any(f"@{who}" in text for who in ("all", "channel", "here"))
    assert "\x1b" not in text


def test_a_post_is_never_longer_than_mattermost_takes() -> None:
    source = spoken.Source("[1]", "t" * 900, "p" * 900, "q" * 900, f"{PUBLIC}/c/x")
    said = spoken.Spoken("x" * 4000, ("y" * 4000,), "", (source,) * 10, "n" * 9000)
    assert len(mattermost.message(said, visible=False)["text"]) <= 16_383
