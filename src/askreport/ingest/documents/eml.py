"""a message -> its parts: what was written, and what was attached as text.

Python's own email reads the format. Nothing that a message refers to is fetched.
"""

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage, Message
from email.utils import parsedate_to_datetime
from pathlib import Path

from askreport import text as texts
from askreport.ingest.documents import blocks, fragments, plain
from askreport.ingest.documents.blocks import Block
from askreport.ingest.documents.found import Described, Found, Missed
from askreport.types import Page

HEADERS = ("From", "To", "Cc", "Date", "Subject")
"""What is told of a message before its text."""

MOST_PARTS = 500
"""Of a message; more are no attachments."""

DEEPEST = 5
"""Messages attached to messages."""


def read(path: Path) -> Found:
    """A page a part: the message first, then attached texts and messages."""
    with path.open("rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    missed: list[Missed] = []
    pages: list[Page] = []
    for label, held in _parts(message, "message", missed, 0):
        page = blocks.page(held, number=len(pages) + 1, label=label, unit="part")
        if page.text:
            pages.append(page)
    return Found(tuple(pages), tuple(missed), _described(message))


Part = tuple[str, list[Block]]


def _parts(
    message: Message, name: str, missed: list[Missed], depth: int
) -> Iterator[Part]:
    """What a part is called, and its blocks."""
    body = _body(message)
    headers = [
        Block(f"{h}: {_header(message, h)}", tight=i > 0)
        for i, h in enumerate(header for header in HEADERS if _header(message, header))
    ]
    yield name, [*headers, *(_blocks(body) if body is not None else [])]
    for i, part in enumerate(message.walk()):
        if i >= MOST_PARTS:
            missed.append(Missed(None, f"it has more than {MOST_PARTS} parts"))
            return
        if part is body or part is message:
            continue
        if part.get_content_type() == "message/rfc822" and depth < DEEPEST:
            yield from _attached(part, missed, depth)
        elif part.get_filename() or part.get_content_disposition() == "attachment":
            named = texts.question(part.get_filename() or "without a name")
            if part.get_content_type() in ("text/plain", "text/html", "text/csv"):
                yield f"attachment {named}", list(_blocks(part))
            else:
                missed.append(Missed(None, _unread(named, part.get_content_type())))


def _attached(part: Message, missed: list[Missed], depth: int) -> Iterator[Part]:
    inner = part.get_payload()
    if isinstance(inner, list) and inner and isinstance(inner[0], Message):
        subject = _header(inner[0], "Subject") or "without a subject"
        yield from _parts(inner[0], f"attached message {subject}", missed, depth + 1)


def _unread(name: str, kind: str) -> str:
    return f"attachment {name} ({kind}): save it into sources/ as a file of its own"


def _body(message: Message) -> Message | None:
    if isinstance(message, EmailMessage):
        try:
            return message.get_body(("plain", "html"))
        except (KeyError, ValueError, AttributeError):
            return None
    return None


def _blocks(part: Message) -> Iterator[Block]:
    text = _text(part)
    if part.get_content_type() == "text/html":
        return fragments.blocks(text)
    return plain.blocks_of(text)


def _text(part: Message) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        return raw.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return raw.decode("cp1252", errors="replace")


def _header(message: Message, name: str) -> str:
    try:
        return texts.question(str(message.get(name) or ""))
    except (ValueError, IndexError, AttributeError, TypeError):
        return ""  # headers of junk mail break the parser that they are asked of


def _described(message: Message) -> Described:
    date = None
    try:
        date = parsedate_to_datetime(_header(message, "Date")).date().isoformat()
    except (ValueError, TypeError, IndexError):
        date = None
    return Described(
        _header(message, "Subject") or None,
        None,
        date,
        _header(message, "From") or None,
    )
