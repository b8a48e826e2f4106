"""an Answer -> plain text, Markdown, JSON, a bibliography.

Every surface says the same in the same words, because all of them say it through here.
A digest's words are never shown as its original's.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from askreport import text as texts
from askreport.serve import explain
from askreport.types import (
    Answer,
    Citation,
    Coverage,
    Found,
    Hit,
    Passage,
    Shelved,
    Source,
    Unit,
    Unread,
)

DIGEST = "digest, not the original's words"
"""Said of every citation of a digest, wherever it is shown."""

MOST_NAMED = 5
"""Superseded documents that a line of coverage names; JSON names them all."""


def title(titled: str, words: str) -> str:
    """A document's title; a digest's says that it is one."""
    return f"{titled} ({DIGEST})" if words == "digest" else titled


def page(
    number: int | None,
    label: str | None,
    unit: Unit = "page",
    ocr: float | None = None,
) -> str:
    """Where to open it: "p. 12", or "p. iii (PDF 5)" where print and file differ.

    What has no pages is named by its part: "slide 3", "Costs, rows 2–9". What was
    recognised from a picture says so, and how surely.
    """
    place = _numbered(number, label, unit)
    if ocr is None:
        return place
    return f"{place}, read by OCR ({round(ocr * 100)}% sure)"


def _numbered(number: int | None, label: str | None, unit: Unit) -> str:
    if number is None:
        return ""
    if unit != "page":
        return label or f"{unit} {number}"
    if label is None or label == str(number):
        return f"p. {number}"
    return f"p. {label} (PDF {number})"


def place(citation: Citation) -> str:
    """Publisher, date, section and page of a citation, as far as they are known."""
    known = (
        citation.publisher,
        citation.date,
        " > ".join(citation.section),
        page(citation.page, citation.label, citation.unit, citation.ocr),
    )
    return " · ".join(part for part in known if part)


def reference(citation: Citation) -> str:
    """One line that names the source, to paste below a quote."""
    known = (
        citation.publisher,
        f"{title(citation.title, citation.words)}",
        citation.date,
        " > ".join(citation.section),
        page(citation.page, citation.label, citation.unit, citation.ocr),
        citation.url,
        f"passage {citation.passage}",
        citation.link,
    )
    return ", ".join(part for part in known if part) + "."


def passage_reference(found: Passage) -> str:
    """The line that `reference` gives, for a passage quoted whole."""
    known = (
        found.source.publisher,
        title(found.source.title, found.source.words),
        found.source.date,
        " > ".join(found.section),
        page(found.page, found.label, found.unit, found.ocr),
        found.source.url,
        f"passage {found.id}",
    )
    return ", ".join(part for part in known if part) + "."


def source_line(source: Source) -> str:
    """A document in one line: title, publisher, date."""
    known = (title(source.title, source.words), source.publisher, source.date)
    return ", ".join(part for part in known if part)


def coverage(found: Coverage) -> str:
    """What was searched and what was not, in one sentence."""
    documents = texts.counted(found.documents, "document")
    searched = f"Searched {documents}, {texts.counted(found.passages, 'passage')}."
    if found.unread:
        where = ", ".join(sorted({item.source for item in found.unread}))
        number = len(found.unread)
        what = "page or file" if number == 1 else "pages or files"
        searched += f" Not read: {number} {what} ({where})."
    if found.superseded:
        searched += f" Superseded, not searched: {_named(found.superseded)}."
    if found.undated:
        undated = texts.counted(found.undated, "document")
        searched += f" Left out for want of a date: {undated}."
    if found.pending:
        searched += (
            f" Not yet indexed: {', '.join(found.pending)} (run askreport build)."
        )
    return searched.translate(texts.INVISIBLE)  # a file's name may hold anything


def looked_up(found: Answer | Found) -> str:
    """What a follow-up was understood as; empty for a question that stood by itself."""
    if found.looked_up == found.question:
        return ""
    return f"Looked up: {found.looked_up}"


def _named(ids: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = len(ids) - MOST_NAMED
    said = ", ".join(ids[:MOST_NAMED])
    return f"{said} and {more} more" if more > 0 else said


def plain(answer: Answer) -> str:
    """The answer as plain text, for pipes, logs and screen readers."""
    parts = [line for line in (looked_up(answer), answer.text) if line]
    if answer.citations:
        parts += [_plain_citation(citation) for citation in answer.citations]
    elif answer.nearest:
        parts.append("Nearest passages, which do not answer it:")
        parts += [_plain_citation(citation) for citation in answer.nearest]
    parts += [f"Dropped: {reason}" for reason in answer.dropped]
    parts.append(coverage(answer.coverage))
    if answer.explained:
        parts.append(explain.plain(answer.explained, answer.confidence))
    return "\n\n".join(parts)


def _plain_citation(citation: Citation) -> str:
    lines = (
        place(citation),
        f'"{citation.quote}"',
        f"score {citation.score:.2f} · passage {citation.passage}",
        citation.link or "",
    )
    named = f"[{citation.marker}] {title(citation.title, citation.words)}"
    return "\n    ".join([named, *(line for line in lines if line)])


def markdown(answer: Answer) -> str:
    """The answer as Markdown, quotes as block quotes, for briefings and chats."""
    parts = [f"## {escaped(answer.question)}"]
    parts += [escaped(line) for line in (looked_up(answer), answer.text) if line]
    if not answer.citations and answer.nearest:
        parts.append("Nearest passages, which do not answer it:")
    parts += [
        f"{_quoted(c.quote)}\n\n\\[{c.marker}\\] {escaped(reference(c))}"
        for c in answer.citations or answer.nearest
    ]
    parts += [f"Dropped: {escaped(reason)}" for reason in answer.dropped]
    parts.append(f"*{escaped(coverage(answer.coverage))}*")
    if answer.explained:
        parts.append(_code(explain.plain(answer.explained, answer.confidence)))
    return "\n\n".join(parts)


def _code(text: str) -> str:
    """A block of code by its indent, which nothing in the text can end."""
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())


def bibliography(citations: Sequence[Citation]) -> str:
    """The cited documents, each once, in the order in which they are first cited."""
    lines: dict[str, str] = {}
    for c in citations:
        known = (c.publisher, title(c.title, c.words), c.date, c.url)
        lines.setdefault(c.document, ", ".join(part for part in known if part))
    return "\n".join(f"- {line}." for line in lines.values())


def answer_json(answer: Answer) -> str:
    """The Answer's fields as JSON."""
    return json.dumps(as_asked(asdict(answer)), indent=2, ensure_ascii=False)


def as_asked(said: dict[str, Any]) -> dict[str, Any]:
    """An Answer's fields without an explanation that nobody asked for."""
    if not said["explained"]:
        del said["explained"]
    return said


def hits_json(hits: Sequence[Hit]) -> str:
    """Search results as JSON."""
    return json.dumps([asdict(hit) for hit in hits], indent=2, ensure_ascii=False)


def found_json(found: Found) -> str:
    """Search results, and what became of every candidate, as JSON."""
    return json.dumps(asdict(found), indent=2, ensure_ascii=False)


def found(searched: Found) -> str:
    """Search results as plain text, and what became of every candidate if asked."""
    if not searched.explained:
        return hits(searched.hits)
    told = explain.plain(searched.explained, searched.confidence)
    return f"{hits(searched.hits)}\n\n{told}"


def hits(found: Sequence[Hit]) -> str:
    """Search results as plain text, each with its signals."""
    return (
        "\n\n".join(_hit(hit) for hit in found)
        or "No passage shares anything with this."
    )


def _hit(hit: Hit) -> str:
    signals = "  ".join(f"{name} {value:.2f}" for name, value in hit.signals.items())
    return f"{hit.rank}. {passage(hit.passage)}\n    score {hit.score:.2f}  ({signals})"


def passage(found: Passage) -> str:
    """A passage as plain text: where it stands, then its words."""
    where = (
        source_line(found.source),
        " > ".join(found.section),
        page(found.page, found.label, found.unit, found.ocr),
    )
    place_ = " · ".join(part for part in where if part)
    return f"{place_}\n    {found.text}\n    passage {found.id}"


def shelf(documents: Sequence[Shelved]) -> str:
    """The documents, how each stands to the index and what was not read of it."""
    return "\n".join(_shelved(one) for one in documents) or "no documents"


def _shelved(one: Shelved) -> str:
    counts = [texts.counted(one.pages, "page")] if one.pages else []
    counts += [f"{one.recognised} by OCR"] if one.recognised else []
    counts += [texts.counted(one.passages, "passage")] if one.passages else []
    replaced = one.superseded_by
    lines = [
        f"{one.source.id}  {one.status}"
        + (f", superseded by {replaced}" if replaced else ""),
        f"    {source_line(one.source)}, {one.source.kind}",
        f"    {', '.join([one.source.path, *counts])}",
    ]
    return "\n".join(lines + [f"    {unread(item)}" for item in one.unread])


def unread(item: Unread) -> str:
    """One thing that was not read, and why."""
    where = f", page {item.page}" if item.page is not None else ""
    return f"not read: {item.source}{where}: {item.reason}"


def _quoted(text: str) -> str:
    """A block quote; a line break in the text does not end it."""
    return "\n".join(f"> {escaped(line)}" for line in text.splitlines())


_MARKS = re.compile(r"[\\`*_\[\]<>#|~&]")
_STARTS = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))", re.MULTILINE)


def escaped(text: str) -> str:
    """Text that Markdown shows as it is written: no link, no list, no HTML."""
    return _STARTS.sub(_kept, _MARKS.sub(r"\\\g<0>", text))


def _kept(found: re.Match[str]) -> str:
    blank, start = found.groups()
    return f"{blank}{start}\\" if start.isdigit() else f"{blank}\\{start}"
