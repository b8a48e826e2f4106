"""words of a document or a person -> the same words, inert where they will be shown.

A document may say anything, and so may whoever asks. What they say must never become
a link, an image, a mention of everybody or an escape sequence in somebody's chat.
"""

import re

from askreport import text as texts

_ALWAYS = re.compile(r"[\\`*<\[\]]")
_EDGES = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
"""Underscores inside a word mark nothing, and names of files are full of them."""

_STARTS = re.compile(r"^(\s*)([-+>#=|]|\d+(?=[.)]))")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_STRUCK = re.compile(r"~(?=~)|(?<=~)~")
_MENTION = re.compile(r"@(?=\w)")

WORD_JOINER = "\u2060"
"""Takes no room and joins what stands beside it; a name after it is no mention."""


def line(text: str) -> str:
    """The text on one line, without a character that a reader never sees."""
    return texts.question(text)


def markdown(text: str) -> str:
    """One line that Markdown shows as it is written: no link, image, list or HTML.

    Only what would be read as a mark is escaped, for many clients show the text as it
    comes.
    """
    found = _ALWAYS.sub(r"\\\g<0>", line(text))
    found = _ENTITY.sub(r"\\&", _STRUCK.sub(r"\\~", _EDGES.sub(r"\\_", found)))
    return _STARTS.sub(_kept, found)


def unmentioning(text: str) -> str:
    """The text with its @names joined to nothing: an answer must not call a channel."""
    return _MENTION.sub(f"@{WORD_JOINER}", text)


def mrkdwn(text: str) -> str:
    """One line for a field that Slack parses: no link, no mention, no command."""
    found = line(text).replace("&", "&amp;")
    return found.replace("<", "&lt;").replace(">", "&gt;")


def _kept(found: re.Match[str]) -> str:
    blank, start = found.groups()
    return f"{blank}{start}\\" if start.isdigit() else f"{blank}\\{start}"
