"""Sources of an answer with several, in every form."""

from dataclasses import replace
from typing import Any

import pytest
from tests.serve.chat.conftest import FERRY, PUBLIC

from askreport import Answer, Citation, Library
from askreport.serve.api.links import Links
from askreport.serve.chat import sources

LINKS = Links(PUBLIC)


@pytest.fixture(scope="module")
def several(chat_library: Library) -> Answer:
    """An answer from three passages, two of them of one document."""
    first = chat_library.ask(FERRY).citations[0]
    hits = chat_library.search("silt dredged from the channel; codling moth", top=8)
    others = [h.passage for h in hits if h.passage.id != first.passage][:2]
    more = [
        replace(
            first,
            marker=number,
            passage=passage.id,
            document=passage.source.id,
            title=passage.source.title,
            words=passage.source.words,
            text=passage.text,
            section=passage.section,
            page=passage.page,
            score=0.5 - number / 10,
        )
        for number, passage in enumerate(others, start=2)
    ]
    answer = chat_library.ask(FERRY)
    text = "First *words*. [1] [2] Second [x](y) words. [3] Third. [1]"
    return replace(answer, text=text, citations=(first, *more))


def buttons(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The buttons that Open WebUI makes of source events, in their order: one for
    each distinct `metadata.source`.
    """
    made: dict[str, dict[str, Any]] = {}
    for event in events:
        data = event["data"]
        for about in data["metadata"]:
            made.setdefault(about["source"], about)
    return list(made.values())


def test_each_number_opens_its_own_passage_in_open_webui(several: Answer) -> None:
    made = buttons([sources.event(c, LINKS) for c in several.citations])
    assert len(made) == 3
    for citation in several.citations:
        opened = made[citation.marker - 1]
        assert opened["source_url"] == f"{PUBLIC}/c/{citation.passage}"


def test_each_source_is_annotated_once_at_its_number(several: Answer) -> None:
    said = sources.message(several, LINKS, listed=True)
    assert [c.citation.marker for c in said.cited] == [1, 2, 3]
    for cited in said.cited:
        assert said.text[cited.start : cited.end] == f"[{cited.citation.marker}]"
        assert said.text.count(f"<{cited.url}>") == 1
    assert len({cited.url for cited in said.cited}) == 3


def test_the_text_keeps_its_markers_and_no_other_mark(several: Answer) -> None:
    said = sources.message(several, LINKS, listed=False).text
    expected = r"First \*words\*. [1] [2] Second \[x\](y) words. [3] Third. [1]"
    assert said.startswith(expected + "\n\nSearched ")


def test_ranges_hold_below_a_question_that_was_looked_up_otherwise(
    several: Answer,
) -> None:
    followed = replace(several, looked_up="What of *that*?")
    said = sources.message(followed, LINKS, listed=True)
    assert said.text.startswith(r"Looked up: What of \*that\*?" + "\n\n")
    for cited in said.cited:
        assert said.text[cited.start : cited.end] == f"[{cited.citation.marker}]"


def test_pieces_of_a_stream_are_the_text_and_never_part_a_marker(
    several: Answer,
) -> None:
    text = sources.message(several, LINKS, listed=True).text
    pieces = sources.pieces(text)
    assert "".join(pieces) == text
    assert len(pieces) > 5
    assert all(piece.count("[") == piece.count("]") for piece in pieces)


@pytest.mark.parametrize(
    ("asked", "setting", "headers", "form"),
    [
        (None, "auto", {}, "annotations"),
        (None, "auto", {"x-openwebui-user-id": "u"}, "openwebui"),
        (None, "text", {"x-openwebui-user-id": "u"}, "text"),
        (None, "text", {"x-askreport-sources": "OpenWebUI"}, "openwebui"),
        (None, "text", {"x-askreport-sources": "bogus"}, "text"),
        ("text", "annotations", {"x-askreport-sources": "openwebui"}, "text"),
    ],
)
def test_the_request_beats_the_connection_beats_the_setting_beats_a_guess(
    asked: Any, setting: str, headers: dict[str, str], form: str
) -> None:
    assert sources.form(asked, setting, headers) == form


def test_a_digest_is_named_as_one_on_its_button(several: Answer) -> None:
    digest: Citation = replace(several.citations[0], words="digest", section=("A", "B"))
    titled = sources.titled(digest)
    assert titled == "The harbour report (digest, not the original's words), B"
