"""Teams: a request as its documentation shows one, and the card that answers it."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tests.serve.chat.conftest import (
    BEACON,
    CREDENTIALS,
    FERRY,
    MONGOLIA,
    PUBLIC,
    TEAMS_SECRET,
    Clock,
    serving,
)

from askreport import Library
from askreport.serve.api.links import Links
from askreport.serve.chat import signed, spoken, teams
from askreport.serve.chat.shared import Chat
from askreport.serve.chat.signed import Once


def activity(text: str, stamp: float, **change: Any) -> dict[str, Any]:
    """A message to an outgoing webhook, with the fields that Teams sends."""
    when = datetime.fromtimestamp(stamp, UTC)
    return {
        "type": "message",
        "id": "1485983408511",
        "timestamp": when.strftime("%Y-%m-%dT%H:%M:%S.") + "7390000Z",
        "localTimestamp": when.strftime("%Y-%m-%dT%H:%M:%S.") + "7390000+00:00",
        "serviceUrl": "https://smba.trafficmanager.net/amer/",
        "channelId": "msteams",
        "from": {
            "id": "29:1XJKJMvc5GBtc2JwZq0oj8tH",
            "name": "Reader",
        },
        "conversation": {
            "isGroup": True,
            "id": "19:253b1f341670408f@thread.skype;messageid=1485983194839",
            "name": None,
        },
        "recipient": None,
        "textFormat": "plain",
        "locale": None,
        "text": f"<at>askreport</at>&nbsp;{text}\n",
        "speak": None,
        "inputHint": None,
        "summary": None,
        "suggestedActions": None,
        "attachments": [
            {
                "contentType": "text/html",
                "contentUrl": None,
                "content": f"<div><div><span>askreport</span> {text}</div></div>",
            }
        ],
        "entities": [],
        "channelData": {"team": {"id": "19:253b1f341670408fb6bc2eccf3e8@thread.skype"}},
    } | change


def seal(body: bytes, secret: str = TEAMS_SECRET) -> str:
    """The header that Teams sends, worked out as its documentation says."""
    key = base64.b64decode(secret)
    digest = hmac.new(key, body, hashlib.sha256).digest()
    return f"HMAC {base64.b64encode(digest).decode()}"


class Team:
    """A team with the webhook."""

    def __init__(self, address: str, clock: Clock) -> None:
        self.http = httpx.Client(base_url=address, timeout=60)
        self.clock = clock

    def say(self, text: str, **change: Any) -> httpx.Response:
        """A message that mentions the webhook."""
        self.clock.seconds += 1
        return self.send(activity(text, self.clock(), **change))

    def send(self, said: Any, header: str | None = None) -> httpx.Response:
        """An activity, signed unless a header is given."""
        body = json.dumps(said).encode()
        sent = {"Authorization": seal(body) if header is None else header}
        return self.http.post(
            "/teams", content=body, headers=sent | {"Content-Type": "application/json"}
        )


@pytest.fixture
def team(chat_library: Library) -> Iterator[Team]:
    """A team that knows the service."""
    clock = Clock()
    chat = Chat(chat_library, CREDENTIALS, once=Once(clock))
    with serving(chat) as address:
        found = Team(address, clock)
        yield found
        found.http.close()


STYLES = {"weight", "italic", "size", "isSubtle"}


def card(answer: httpx.Response) -> dict[str, Any]:
    """The card of a reply, if it is made of what outgoing webhooks may show."""
    assert answer.status_code == 200
    said = answer.json()
    assert said["type"] == "message"
    (attachment,) = said["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    content: dict[str, Any] = attachment["content"]
    assert (content["type"], content["version"]) == ("AdaptiveCard", "1.4")
    for element in content["body"]:
        check(element)
    return content


def check(element: dict[str, Any]) -> None:
    """Only text that is not parsed, containers, and buttons that open an address."""
    if element["type"] == "Container":
        for item in element["items"]:
            check(item)
    elif element["type"] == "ActionSet":
        for action in element["actions"]:
            assert set(action) == {"type", "title", "url"}
            assert action["type"] == "Action.OpenUrl"
    else:
        assert element["type"] == "RichTextBlock"
        for run in element["inlines"]:
            assert run["type"] == "TextRun"
            assert set(run) <= {"type", "text"} | STYLES


def runs(part: Any) -> Iterator[str]:
    """Every text of a card."""
    if isinstance(part, dict):
        if part.get("type") == "TextRun":
            yield part["text"]
        for inner in part.values():
            yield from runs(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from runs(inner)


def opened(part: Any) -> Iterator[str]:
    """Every address that a card opens."""
    if isinstance(part, dict):
        if part.get("type") == "Action.OpenUrl":
            yield part["url"]
        for inner in part.values():
            yield from opened(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from opened(inner)


def test_a_mention_is_answered_with_a_card_within_five_seconds(
    team: Team, chat_library: Library
) -> None:
    begun = time.monotonic()
    found = card(team.say(FERRY))
    assert time.monotonic() - begun < 5
    answer = chat_library.ask(FERRY)
    assert FERRY in list(runs(found))
    assert answer.text in list(runs(found))
    assert list(opened(found)) == [
        f"{PUBLIC}/c/{c.passage}#passage" for c in answer.citations
    ]


def test_a_follow_up_in_a_thread_is_understood_and_one_elsewhere_is_not(
    team: Team,
) -> None:
    team.say("How many tonnes of silt did the port dredge in 2020?")
    looked_up = "Looked up: How many tonnes of silt did the port dredge in 2021?"
    assert looked_up in list(runs(card(team.say("and in 2021?"))))
    other = {"id": "19:253b1f341670408f@thread.skype;messageid=2"}
    elsewhere = card(team.say("and in 2021?", conversation=other))
    assert looked_up not in list(runs(elsewhere))


def test_a_decline_is_said_as_one(team: Team) -> None:
    said = list(runs(card(team.say(MONGOLIA))))
    assert any(run.startswith("No evidence: ") for run in said)
    assert spoken.NEAREST in said
    assert not any("[1]" in run for run in said)


def test_nothing_asked_is_answered_with_how_to_ask(team: Team) -> None:
    assert list(runs(card(team.say("  ")))) == [spoken.ASK]
    empty = activity("", team.clock() + 1) | {"text": None}
    assert list(runs(card(team.send(empty)))) == [spoken.ASK]


def test_a_question_that_is_refused_is_told_why(team: Team) -> None:
    assert "could not answer" in " ".join(runs(card(team.say("x" * 4001))))


def test_an_answer_that_takes_too_long_says_so_in_time(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Library.ask

    def slow(*given: Any, **more: Any) -> Any:
        time.sleep(2)
        return real(*given, **more)

    monkeypatch.setattr(Library, "ask", slow)
    monkeypatch.setattr(teams, "ANSWER_SECONDS", 0.1)
    begun = time.monotonic()
    assert list(runs(card(team.say(FERRY)))) == [teams.LATE]
    assert time.monotonic() - begun < 2


def refused(answer: httpx.Response) -> bool:
    """Whether it is the refusal that says nothing."""
    return (answer.status_code, answer.content) == (401, b"")


def test_what_teams_did_not_sign_now_is_refused_and_learns_nothing(team: Team) -> None:
    said = activity(FERRY, team.clock())
    body = json.dumps(said).encode()
    good = seal(body)
    digest = base64.b64decode(good.removeprefix("HMAC "))
    raw = hmac.new(TEAMS_SECRET.encode(), body, hashlib.sha256)
    for header in (
        "",
        "HMAC",
        "HMAC x",
        good.removeprefix("HMAC "),
        good.replace("HMAC", "Bearer"),
        good[:-2],
        good + "x",
        f"HMAC {digest.hex()}",
        f"HMAC {raw.hexdigest()}",
        f"HMAC {base64.b64encode(raw.digest()).decode()}",
        seal(body, base64.b64encode(b"another").decode()),
        "HMAC \u00e9",
    ):
        sent = header.encode("latin-1").decode("latin-1")
        answer = team.http.post(
            "/teams", content=body, headers=[(b"Authorization", sent.encode("latin-1"))]
        )
        assert refused(answer), header
    tampered = body.replace(b"ferry", b"fairy")
    assert refused(
        team.http.post("/teams", content=tampered, headers={"Authorization": good})
    )


def test_what_is_stale_or_repeated_is_refused_and_learns_nothing(team: Team) -> None:
    said = activity(FERRY, team.clock())
    for away in (-301, 301):
        assert refused(team.send(activity(FERRY, team.clock() + away)))
    for stamp in (
        None,
        7,
        "",
        "yesterday",
        "2026-09-21T13:33:20",
        "9999999-01-01T00:00Z",
    ):
        assert refused(team.send(activity(FERRY, team.clock(), timestamp=stamp)))
    broken: Any
    for broken in ([], None, "x", 7):
        assert refused(team.send(broken))
    assert team.send(said).status_code == 200
    assert refused(team.send(said))
    good = seal(json.dumps(said).encode()).removeprefix("HMAC ")
    for header in (f"HMAC  {good}", f"hmac {good}", f"HMAC \t{good}"):
        assert refused(team.send(said, header))
    team.clock.seconds += 200
    assert refused(team.send(said))


def test_an_overlong_body_is_refused(team: Team) -> None:
    assert team.say("x" * 70_000).status_code == 413


def test_either_of_two_secrets_is_good(chat_library: Library) -> None:
    other = base64.b64encode(b"the other team's webhook").decode()
    known = type(CREDENTIALS)(teams_secret=(TEAMS_SECRET, "not base64!", other))
    clock = Clock()
    with serving(Chat(chat_library, known, once=Once(clock))) as address:
        team = Team(address, clock)
        for number, secret in enumerate((TEAMS_SECRET, other)):
            said = activity(FERRY, clock() + number)
            header = seal(json.dumps(said).encode(), secret)
            assert team.send(said, header).status_code == 200
        said = activity(FERRY, clock() + 9)
        assert refused(team.send(said, "HMAC"))
        team.http.close()


def test_a_documents_words_stay_words(chat_library: Library) -> None:
    answer = chat_library.ask(f"{BEACON} **bold** <at>all</at>")
    reply = teams.message(spoken.answered(answer, Links(PUBLIC)))
    said = list(runs(reply))
    assert any("<script>alert(1)</script>" in run for run in said)
    assert not any(c in run for run in said for c in "\x1b\n")
    assert '"TextBlock"' not in json.dumps(reply)
    assert '"entities"' not in json.dumps(reply)
    assert all(url.startswith(f"{PUBLIC}/c/") for url in opened(reply))


def test_a_card_is_never_larger_than_teams_takes() -> None:
    long = spoken.Source("[1]", "t" * 900, "p" * 900, "q" * 1200, f"{PUBLIC}/c/x")
    said = spoken.Spoken("x" * 4000, ("y" * 9000,), "", (long,) * 10, "n" * 900)
    sent = teams.message(said)
    assert 14_000 < len(json.dumps(sent)) < 28_000
    assert len(list(opened(sent))) > 1


def test_a_message_is_read_as_its_words() -> None:
    html = (
        '<at id="0">ask report</at>&nbsp;<p>what of <b>beds</b> &lt;x&gt; &amp; y?</p>'
    )
    assert teams.asked(html) == "what of beds <x> & y?"


def test_a_secret_that_is_not_base64_signs_nothing() -> None:
    assert signed.teams("not base64!", b"x") == ""
