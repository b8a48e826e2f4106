"""The page at `/` and the way in: what they show, and what they never let through."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from html import escape
from pathlib import Path

import httpx
import pytest
from tests.serve.pages import Shown

from askreport import Filter, Library
from askreport.serve import render
from askreport.serve.api.sessions import SECONDS, Sessions
from askreport.serve.keys import Keys
from askreport.serve.web import pages
from askreport.serve.web.signin import _local

Serve = Callable[[Library], AbstractContextManager[httpx.Client]]

FERRIES = "How many passengers does each ferry carry?"
LAMENT = "Who wrote the national anthem of Peru?"
ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> \x1b[31m\u202e"


def asked(client: httpx.Client, question: str, **more: str) -> httpx.Response:
    """The page that answers a question."""
    found = client.get("/", params={"q": question, **more})
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    return found


def test_the_start_page_asks_and_says_what_is_on_the_shelf(
    client: httpx.Client, library: Library
) -> None:
    found = client.get("/")
    shown = Shown(found.text)
    assert found.status_code == 200
    assert "form" in shown.tags
    for one in library.shelved():
        assert render.source_line(one.source) in shown.said["li"]


def test_the_page_gives_the_answer_of_the_library(
    client: httpx.Client, library: Library
) -> None:
    found = asked(client, FERRIES)
    answer = library.ask(FERRIES)
    shown = Shown(found.text)
    assert found.status_code == 200
    assert shown.said["title"].startswith(FERRIES)
    assert answer.text in shown.said["p"].replace("\n", "")
    for citation in answer.citations:
        assert citation.quote in shown.said["blockquote"]
        assert ("href", f"#citation-{citation.marker}") in shown.attributes
        assert ("id", f"citation-{citation.marker}") in shown.attributes
        assert ("href", f"/c/{citation.passage}#passage") in shown.attributes
    assert shown.said["textarea"].strip() == render.plain(answer)
    assert render.coverage(answer.coverage) in shown.said["p"]


def test_a_decline_is_told_as_one_with_what_came_nearest(
    client: httpx.Client, library: Library
) -> None:
    shown = Shown(asked(client, LAMENT).text)
    assert "Not in these reports" in shown.said["h2"]
    assert "Nearest passages, which do not answer it" in shown.said["h2"]
    assert library.ask(LAMENT).text in shown.said["p"]


def test_every_field_of_a_filter_reaches_the_library_and_stays_filled_in(
    client: httpx.Client, library: Library
) -> None:
    fields = {
        "document": "harbour-report",
        "publisher": "Port Authority",
        "kind": "report",
        "section": "ferries",
        "since": "2021",
        "until": "2021-05",
        "as_of": "2022",
        "superseded": "yes",
    }
    found = asked(client, FERRIES, **fields)
    among = Filter(
        ("harbour-report",),
        ("Port Authority",),
        ("report",),
        ("ferries",),
        "2021",
        "2021-05",
        "2022",
        superseded=True,
    )
    answer = library.ask(FERRIES, among=among)
    shown = Shown(found.text)
    assert render.coverage(answer.coverage) in shown.said["p"]
    assert answer.coverage.documents == 1
    assert found.text.count(" selected>") == 3
    for name in ("section", "since", "until", "as_of"):
        assert ("value", fields[name]) in shown.attributes
    assert ("open", None) in shown.attributes


def test_where_there_is_too_much_to_choose_from_a_name_is_typed(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOST_LISTED", 1)
    found = asked(client, FERRIES, document="harbour-report", publisher="")
    assert "<select" not in found.text
    assert '<input id="document" name="document" value="harbour-report"' in found.text
    assert '<input id="publisher" name="publisher" value=""' in found.text


def test_a_follow_up_is_offered_and_understood(client: httpx.Client) -> None:
    first = asked(client, FERRIES)
    assert f'name="earlier" value="{escape(FERRIES)}"' in first.text
    second = Shown(asked(client, "And cars?", earlier=FERRIES).text)
    assert "Looked up: How many passengers does each ferry carry" in second.said["p"]


def test_an_explanation_is_a_link_away(client: httpx.Client) -> None:
    first = asked(client, FERRIES, since="2019").text
    found = re.search(r'href="([^"]+#why)"', first)
    assert found is not None
    at = found[1].replace("&amp;", "&")
    explained = Shown(client.get(at).text)
    assert explained.tags.count("table") == 3
    assert "quoted as [1]" in explained.said["td"]


@pytest.mark.parametrize(
    ("question", "fields", "status", "words"),
    [
        ("?!", {}, 422, "the question is empty"),
        ("a" * 5000, {}, 422, "5,000 characters"),
        (FERRIES, {"since": "2018-13"}, 422, "2018-13"),
        (FERRIES, {"document": "harbor-report"}, 404, "did you mean"),
    ],
)
def test_what_is_wrong_is_told_on_the_page_and_the_form_stays_filled_in(
    client: httpx.Client,
    question: str,
    fields: dict[str, str],
    status: int,
    words: str,
) -> None:
    found = asked(client, question, **fields)
    shown = Shown(found.text)
    assert found.status_code == status
    assert shown.said["title"].startswith("Error: ")
    assert words in shown.said["section"]
    assert ("value", question) in shown.attributes


def test_nothing_that_is_typed_becomes_part_of_the_page(client: httpx.Client) -> None:
    plain = Shown(asked(client, FERRIES).text)
    for fields in ({}, {"document": ATTACK}, {"earlier": ATTACK}, {"since": ATTACK}):
        found = asked(client, ATTACK, **fields)
        shown = Shown(found.text)
        assert "script" not in shown.tags
        assert "img" not in shown.tags
        assert not [name for name, _ in shown.attributes if name.startswith("on")]
        assert set(shown.tags) <= {*plain.tags, "span"}
        assert "\x1b" not in found.text
        assert "\u202e" not in found.text


def test_a_page_that_is_not_there_is_told_on_a_page(client: httpx.Client) -> None:
    refused = client.post("/", data={"q": FERRIES})
    assert refused.status_code == 405
    assert refused.headers["content-type"].startswith("text/html")


def test_the_page_works_while_there_is_no_index(serve: Serve, shelf: Path) -> None:
    with serve(Library.open(shelf)) as client:
        start, answer = client.get("/"), asked(client, FERRIES)
    assert start.status_code == 200
    assert answer.status_code == 503
    assert "run askreport build" in answer.text
    assert str(shelf) not in answer.text


# Signing in


@pytest.fixture(scope="module")
def root(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built shelf with keys of its own."""
    return shutil.copytree(built, tmp_path_factory.mktemp("keyed") / "shelf")


@pytest.fixture(scope="module")
def service(serve: Serve, root: Path) -> Iterator[str]:
    """The address of its service."""
    Keys(root / "keys.json").add("other", "read")
    with serve(Library.open(root)) as client:
        yield str(client.base_url)


@pytest.fixture
def browser(service: str) -> Iterator[httpx.Client]:
    """A client that keeps cookies."""
    with httpx.Client(base_url=service, timeout=60) as client:
        yield client


def test_without_a_key_a_page_asks_for_one_and_shows_nothing(
    browser: httpx.Client,
) -> None:
    for at in ("/", "/?q=Who", "/c/anything"):
        refused = browser.get(at)
        shown = Shown(refused.text)
        assert refused.status_code == 401
        assert shown.said["h1"] == "Sign in"
        assert "Port Authority" not in refused.text
        assert ("value", at) in shown.attributes


def test_a_key_opens_the_pages_and_their_pictures_until_signing_out(
    browser: httpx.Client, root: Path
) -> None:
    key = Keys(root / "keys.json").add("reader", "admin")
    wanted = "/?q=Who+measured+a+crack+in+the+second+arch%3F"
    sent = browser.post("/signin", data={"key": key, "next": wanted})
    assert (sent.status_code, sent.headers["location"]) == (303, wanted)
    cookie = sent.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=lax", "Path=/", f"Max-Age={SECONDS}"):
        assert part in cookie
    assert key.split("_", 2)[2] not in cookie
    page = browser.get(wanted)
    assert page.status_code == 200
    permalink = re.search(r'href="(/c/\w+)#', page.text)
    assert permalink is not None
    picture = re.search(r'src="([^"]+)"', browser.get(permalink[1]).text)
    assert picture is not None
    at = picture[1].replace("&amp;", "&")
    assert browser.get(at).headers["content-type"] == "image/png"
    # A session reads pages. It sends nothing, whatever the scope of its key.
    assert browser.post("/ask", json={"question": FERRIES}).status_code == 401
    assert browser.get("/admin/anything").status_code == 403
    out = browser.post("/signout")
    assert (out.status_code, out.headers["location"]) == (303, "/signin")
    assert browser.get("/").status_code == 401


def test_revoking_a_key_ends_its_sessions(browser: httpx.Client, root: Path) -> None:
    keys = Keys(root / "keys.json")
    key = keys.add("passing", "read")
    browser.post("/signin", data={"key": key})
    assert browser.get("/").status_code == 200
    keys.revoke("passing")
    assert browser.get("/").status_code == 401


def test_a_wrong_key_is_told_and_opens_nothing(browser: httpx.Client) -> None:
    for wrong in ("", "wrong", "askreport_000000000000_x", ATTACK):
        refused = browser.post("/signin", data={"key": wrong, "next": "/c/a"})
        shown = Shown(refused.text)
        assert refused.status_code == 401
        assert shown.said["title"].startswith("Error: ")
        assert ("value", "/c/a") in shown.attributes
        assert "set-cookie" not in refused.headers
        assert "alert(1)" not in refused.text


@pytest.mark.parametrize(
    "wanted",
    [
        *("https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example"),
        *("javascript:alert(1)", "", "elsewhere", "/\n/elsewhere", "/\t/e", "\\/e"),
    ],
)
def test_signing_in_leads_nowhere_else(wanted: str) -> None:
    assert _local(wanted) == "/"
    assert _local("/c/a?b=c") == "/c/a?b=c"


def test_a_cookie_of_ones_own_making_opens_nothing() -> None:
    now = 1000.0
    mine, other = Sessions(lambda: now), Sessions(lambda: now)
    value = mine.begin("abc")
    assert mine.key_id(value) == "abc"
    name, until, signature = value.split(".")
    later = int(until) + 1
    for wrong in (
        *("", ".", "..", "abc", "abc.", "abc..", f"abc.{until}.", "é.1.é", "a.²."),
        *(f"abc.{later}.{signature}", f"abd.{until}.{signature}"),
        *(other.begin("abc"), f"{value}0", value[:-1], f"abc.{'9' * 30}.{signature}"),
        f"{name}.{until}.\ud800",
    ):
        assert mine.key_id(wrong) is None
    now += SECONDS
    assert mine.key_id(value) is None


def test_another_site_cannot_sign_a_browser_in(browser: httpx.Client) -> None:
    for origin in ("https://elsewhere.example", "null"):
        refused = browser.post("/signin", data={"key": "x"}, headers={"Origin": origin})
        assert refused.status_code == 403
