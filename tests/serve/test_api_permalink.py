"""The page that a citation links to: what it shows, and what it never lets through."""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from tests.serve.pages import Shown

from askreport import Library, Passage

Serve = Callable[[Library], AbstractContextManager[httpx.Client]]

HOSTILE = """\
The lighthouse <script>alert("lamp")</script> was lit by whale oil until 1865.
</div></mark></textarea><img src=x onerror=alert(1)> & "quotes" & 'more' &lt;b&gt;
<a href="javascript:alert(1)">The keeper climbed 199 steps each evening.</a>
"""

HOSTILE_CATALOGUE = """\
[[document]]
id = "hostile"
path = "hostile.txt"
title = "</title><script>alert('title')</script>"
publisher = "\\"><svg onload=alert(1)>"
date = "2021"
url = "javascript:alert(1)"
words = "digest"
"""

TAGS = frozenset(
    "html head meta link title style body header main h1 h2 p a dl dt dd label "
    "textarea div mark".split()
)
"""What the page is made of; anything else came out of a document."""


@pytest.fixture(scope="module")
def hostile(
    serve: Serve, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[httpx.Client, Library]]:
    """The service of a shelf whose one document attacks the page that shows it."""
    root: Path = tmp_path_factory.mktemp("hostile")
    (root / "sources").mkdir()
    (root / "askreport.toml").write_text('model = "hashing"\n', "utf-8")
    (root / "sources" / "catalogue.toml").write_text(HOSTILE_CATALOGUE, "utf-8")
    (root / "sources" / "hostile.txt").write_text(HOSTILE, "utf-8")
    library = Library.open(root)
    library.build()
    with serve(library) as client:
        yield client, library


def passage(library: Library, question: str) -> Passage:
    """The passage that a search puts first."""
    return library.search(question, top=1)[0].passage


def test_the_passage_is_marked_in_its_page(
    client: httpx.Client, library: Library
) -> None:
    found = passage(library, "Who measured a crack in the second arch?")
    response = client.get(f"/c/{found.id}")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    shown = Shown(response.text)
    assert shown.said["mark"] == found.text
    assert shown.said["div"] == library.page("bridges-pdf", 1).text
    assert ("href", "#passage") in shown.attributes
    assert ("id", "passage") in shown.attributes


def test_the_page_says_where_the_passage_stands_and_how_to_cite_it(
    client: httpx.Client, library: Library
) -> None:
    found = passage(library, "Ines Calder dredged silt from the north channel")
    shown = Shown(client.get(f"/c/{found.id}").text)
    for words in ("Port Authority", "2021-05", "Dredging", found.id):
        assert words in shown.said["dl"]
        assert words in shown.said["textarea"]
    assert shown.said["h1"] == "The harbour report"
    assert found.text in shown.said["textarea"]


def test_the_page_number_is_shown_where_there_is_one(
    client: httpx.Client, library: Library
) -> None:
    found = passage(library, "Masons replaced 77 blocks with sandstone")
    text = client.get(f"/c/{found.id}").text
    assert '<dt>Page</dt><dd dir="auto">2</dd>' in text
    assert "In its page, p. 2" in text


def test_a_digest_is_never_shown_as_the_original(
    client: httpx.Client, library: Library
) -> None:
    found = passage(library, "Codling moth damaged the apples")
    shown = Shown(client.get(f"/c/{found.id}").text)
    for part in ("h1", "title", "textarea"):
        assert "digest, not the original's words" in shown.said[part]


def test_hostile_text_is_shown_as_text(hostile: tuple[httpx.Client, Library]) -> None:
    client, library = hostile
    found = passage(library, "whale oil")
    text = client.get(f"/c/{found.id}").text
    shown = Shown(text)
    assert set(shown.tags) == TAGS
    assert shown.open == []
    assert shown.said["div"] == library.page("hostile", None).text
    assert "<script>alert(" in shown.said["div"]
    assert "<script>alert('title')</script>" in shown.said["title"]
    names = {name for name, _ in shown.attributes}
    assert not {name for name in names if name.startswith("on")} | names & {"src"}
    links = [value for name, value in shown.attributes if name == "href"]
    assert links == ["/icon.svg", "#main", "/", "#passage"]


def test_the_policy_allows_the_page_its_own_style_and_nothing_else(
    client: httpx.Client, library: Library
) -> None:
    found = passage(library, "whale oil")
    response = client.get(f"/c/{found.id}")
    style = re.findall(r"<style>(.*?)</style>", response.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    policy = response.headers["content-security-policy"].split("; ")
    assert set(policy) == {
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    }
    assert "style=" not in response.text
    assert not re.findall(r"\b(?:src|srcset|action|@import|url\()", response.text)


def test_a_passage_that_is_gone_is_a_404_page_that_says_what_to_do(
    client: httpx.Client,
) -> None:
    response = client.get("/c/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert response.status_code == 404
    response = client.get("/c/%3Cscript%3E")
    assert response.status_code == 404
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "search again" in Shown(response.text).said["main"]
    assert "<script>" not in response.text


def test_a_permalink_can_be_checked_without_its_body(
    client: httpx.Client, library: Library
) -> None:
    found = passage(library, "whale oil")
    response = client.head(f"/c/{found.id}")
    assert (response.status_code, response.content) == (200, b"")
