"""Words that try to be more than words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from askreport.serve.chat import inert

MARKS = st.text("ab1 \\`*_[]()<>#|~&;!@:/.+-=x$\"'\n\t\x1b\u202e\u200b", max_size=40)


def read(text: str) -> str:
    """What a reader of the Markdown sees; fails on anything that is not plain text."""
    seen = []
    for block in (
        MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    ):
        assert block.type in ("paragraph_open", "inline", "paragraph_close"), block.type
        for part in block.children or ():
            assert part.type in ("text", "text_special"), part.type
            seen.append(part.content)
    return "".join(seen)


@given(MARKS)
def test_markdown_shows_a_text_as_it_is_written(text: str) -> None:
    assert read(inert.markdown(text)) == inert.line(text)


@given(MARKS, MARKS)
def test_it_stays_inert_between_our_own_marks(before: str, after: str) -> None:
    shown = read(f"x {inert.markdown(before)} [1] {inert.markdown(after)} y")
    # A mark that need not be escaped at the start of a line is, so a text may carry
    # an escape more than it needs; what is seen is the same.
    assert shown.replace(" ", "") == (
        f"x{inert.line(before)}[1]{inert.line(after)}y".replace(" ", "")
    )


@given(st.text(max_size=60))
def test_any_text_stays_on_one_line_without_a_control_character(text: str) -> None:
    for kind in (inert.line, inert.markdown, inert.mrkdwn):
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e]", kind(text))


@given(MARKS)
def test_slack_finds_no_command_in_a_text(text: str) -> None:
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", inert.mrkdwn(text))


def test_names_of_files_and_sums_need_no_escapes() -> None:
    plain = "see annual_report_2018.pdf, page 3: £4m & 5% (a+b), 3-4 = -1 | done"
    assert inert.markdown(plain) == plain


@pytest.mark.parametrize("word", ["@channel", "@here", "@all", "@ada.marsh"])
def test_nobody_is_called(word: str) -> None:
    shown = inert.unmentioning(f"said {word} again")
    assert word not in shown
    assert shown.replace(inert.WORD_JOINER, "") == f"said {word} again"


def test_an_address_of_mail_is_not_a_mention_either() -> None:
    assert "@example" not in inert.unmentioning("ada@example.org")
