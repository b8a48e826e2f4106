"""An answer in words: exact text, harmless Markdown, the fields that were promised."""

import json
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from askreport import Library
from askreport import text as texts
from askreport.serve import render, screen
from askreport.types import Answer, Citation, Coverage, Hit, Receipt, Shelved, Unread

REPORT = Citation(
    marker=1,
    document="harbour-report",
    title="The harbour report",
    publisher="Port Authority",
    date="2021-05",
    kind="report",
    words="original",
    section=("Traffic", "Ferries"),
    page=14,
    label="iii",
    quote="Each ferry carries 410 passengers.",
    start=10,
    end=44,
    text="Two new ferries. Each ferry carries 410 passengers.",
    passage="00aa",
    score=0.912,
    url="https://example.org/harbour_report",
    also=("00ab",),
)

DIGEST = replace(
    REPORT,
    marker=2,
    document="orchard-digest",
    title="Orchards",
    publisher=None,
    date=None,
    kind="article",
    words="digest",
    section=(),
    page=None,
    label=None,
    quote="Frost killed the plums.",
    text="Frost killed the plums.",
    passage="00bb",
    score=0.5,
    url=None,
    also=(),
)

ANSWER = Answer(
    question="How many passengers?",
    looked_up="How many passengers?",
    status="answered",
    text="Each ferry carries 410 passengers. [1] Frost killed the plums. [2]",
    confidence=0.912,
    citations=(REPORT, DIGEST),
    coverage=Coverage(documents=2, passages=9),
    receipt=Receipt("gen", "hashing", "ff", "0.1.0", {"top": 5}, {"00aa": 0.912}),
)

DECLINE = replace(
    ANSWER,
    status="no-evidence",
    text="No evidence: of 2 documents (9 passages), the nearest is not near.",
    confidence=0.1,
    citations=(),
    nearest=(replace(DIGEST, marker=1),),
    dropped=("[3] no such evidence: Trust me.",),
    coverage=Coverage(
        1,
        1,
        unread=(Unread("scan", 3, "no text layer"), Unread("photo", None, "binary")),
        pending=("new.pdf", "late.md"),
    ),
)

PLAIN = """\
Each ferry carries 410 passengers. [1] Frost killed the plums. [2]

[1] The harbour report
    Port Authority · 2021-05 · Traffic > Ferries · p. iii (PDF 14)
    "Each ferry carries 410 passengers."
    score 0.91 · passage 00aa

[2] Orchards (digest, not the original's words)
    "Frost killed the plums."
    score 0.50 · passage 00bb

Searched 2 documents, 9 passages."""

MARKDOWN = "\n\n".join(
    (
        "## How many passengers?",
        r"Each ferry carries 410 passengers. \[1\] Frost killed the plums. \[2\]",
        "> Each ferry carries 410 passengers.",
        r"\[1\] Port Authority, The harbour report, 2021-05, Traffic \> Ferries, "
        r"p. iii (PDF 14), https://example.org/harbour\_report, passage 00aa.",
        "> Frost killed the plums.",
        r"\[2\] Orchards (digest, not the original's words), passage 00bb.",
        "*Searched 2 documents, 9 passages.*",
    )
)

PLAIN_DECLINE = """\
No evidence: of 2 documents (9 passages), the nearest is not near.

Nearest passages, which do not answer it:

[1] Orchards (digest, not the original's words)
    "Frost killed the plums."
    score 0.50 · passage 00bb

Dropped: [3] no such evidence: Trust me.

Searched 1 document, 1 passage. Not read: 2 pages or files (photo, scan). Not yet \
indexed: new.pdf, late.md (run askreport build)."""

MARKDOWN_DECLINE = "\n\n".join(
    (
        "## How many passengers?",
        "No evidence: of 2 documents (9 passages), the nearest is not near.",
        "Nearest passages, which do not answer it:",
        "> Frost killed the plums.",
        r"\[1\] Orchards (digest, not the original's words), passage 00bb.",
        r"Dropped: \[3\] no such evidence: Trust me.",
        "*Searched 1 document, 1 passage. Not read: 2 pages or files (photo, scan). "
        "Not yet indexed: new.pdf, late.md (run askreport build).*",
    )
)


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [(ANSWER, PLAIN), (DECLINE, PLAIN_DECLINE)],
    ids=["answered", "declined"],
)
def test_plain_text_is_this_to_the_letter(answer: Answer, wanted: str) -> None:
    assert render.plain(answer) == wanted


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [(ANSWER, MARKDOWN), (DECLINE, MARKDOWN_DECLINE)],
    ids=["answered", "declined"],
)
def test_markdown_is_this_to_the_letter(answer: Answer, wanted: str) -> None:
    assert render.markdown(answer) == wanted


def shown(answer: Answer, **console: Any) -> str:
    """What the styled rendering puts on a terminal."""
    file = StringIO()
    Console(file=file, width=100, **console).print(screen.answer(answer))
    return file.getvalue()


@pytest.mark.parametrize("answer", [ANSWER, DECLINE], ids=["answered", "declined"])
def test_the_screen_says_what_plain_text_says(answer: Answer) -> None:
    said = shown(answer).replace("“", '"').replace("”", '"')
    assert said.split() == render.plain(answer).split()
    assert "\x1b" not in said
    assert "\x1b" in shown(answer, force_terminal=True, color_system="standard")


ALONE = replace(ANSWER, citations=(DIGEST,), text="Frost killed the plums. [2]")


@pytest.mark.parametrize(
    "rendered",
    [
        render.plain(ALONE),
        render.plain(DECLINE),
        render.markdown(ALONE),
        render.markdown(DECLINE),
        shown(ALONE),
        shown(DECLINE),
        render.reference(DIGEST),
        render.bibliography([DIGEST]),
    ],
)
def test_every_rendering_says_that_a_digest_is_not_the_original(rendered: str) -> None:
    assert render.DIGEST in " ".join(rendered.split())


def test_json_says_whose_words_a_citation_holds() -> None:
    said = json.loads(render.answer_json(ANSWER))
    assert [c["words"] for c in said["citations"]] == ["original", "digest"]


def test_renderings_of_a_digests_passage_and_document_say_so(library: Library) -> None:
    passage = next(p for p in library.generation.passages if p.source.words == "digest")
    page = library.page(passage.source.id, passage.page)
    for said in (
        render.passage(passage),
        render.passage_reference(passage),
        render.hits([Hit(1, passage, 0.5, {"late": 0.5})]),
        render.shelf([Shelved(passage.source, "indexed")]),
        screen.passage(passage, page, whole=False).plain,
        screen.plain_passage(passage, page, whole=True),
    ):
        assert render.DIGEST in said


def test_an_originals_words_are_not_called_a_digest() -> None:
    only = replace(ANSWER, citations=(REPORT,))
    for said in (render.plain(only), render.markdown(only), shown(only)):
        assert "digest" not in said


def test_json_has_the_fields_that_were_promised() -> None:
    said = json.loads(render.answer_json(ANSWER))
    assert list(said) == [
        *(
            "question",
            "looked_up",
            "status",
            "text",
            "confidence",
            "citations",
            "coverage",
        ),
        *("receipt", "nearest", "dropped"),
    ]
    promised = (
        "marker title publisher date section page label quote text start end passage "
        "score"
    ).split()
    assert set(promised) < set(said["citations"][0])
    first = said["citations"][0]
    assert (first["section"], first["also"]) == (["Traffic", "Ferries"], ["00ab"])
    assert (first["page"], first["label"]) == (14, "iii")
    assert said["citations"][1]["publisher"] is None
    assert set(said["coverage"]) == {
        *("documents", "passages", "unread", "pending", "superseded", "undated")
    }
    assert set(said["receipt"]) == {
        *("generation", "model", "model_digest", "version", "parameters", "scores")
    }


def test_coverage_names_what_a_newer_edition_replaced_and_counts_the_undated() -> None:
    few = Coverage(1, 2, superseded=("a", "b"), undated=1)
    assert render.coverage(few) == (
        "Searched 1 document, 2 passages. Superseded, not searched: a, b. "
        "Left out for want of a date: 1 document."
    )
    many = Coverage(1, 2, superseded=tuple("abcdefg"))
    assert "a, b, c, d, e and 2 more." in render.coverage(many)


def test_a_bibliography_lists_each_document_once_as_first_cited() -> None:
    cited = [REPORT, replace(DIGEST, marker=2), replace(REPORT, marker=3, page=20)]
    assert render.bibliography(cited) == (
        "- Port Authority, The harbour report, 2021-05, "
        "https://example.org/harbour_report.\n"
        "- Orchards (digest, not the original's words)."
    )
    assert render.bibliography([]) == ""


@pytest.mark.parametrize(
    ("number", "label", "wanted"),
    [
        (None, None, ""),
        (None, "iii", ""),
        (3, None, "p. 3"),
        (3, "3", "p. 3"),
        (5, "iii", "p. iii (PDF 5)"),
    ],
)
def test_a_page_is_named_as_printed_and_as_the_file_counts(
    number: int | None, label: str | None, wanted: str
) -> None:
    assert render.page(number, label) == wanted


# Markdown of hostile text.

MARKDOWN_IT = MarkdownIt("commonmark").enable(["table", "strikethrough"])

HOSTILE = [
    "# A heading",
    "[click](javascript:alert(1)) ![x](http://x/y.png)",
    "<script>alert(1)</script> <b>bold</b> <http://x.example>",
    "`code` ``` fence",
    "a | b\n--- | ---\n1 | 2",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "2018) item",
    "title\n===",
    "title\n---",
    "> quote",
    "~~gone~~ *em* _em_ **strong** __strong__",
    "&lt;b&gt; &amp; &#35;",
    "\\# \\[x\\]",
    "[ref]: http://x.example",
    "***",
    "a\n\n# b",
]


def kinds(markdown: str) -> tuple[set[str], str]:
    """The kinds of everything that the Markdown makes, and the words it shows."""
    made, words = set(), []
    for token in MARKDOWN_IT.parse(markdown):
        made.add(token.type)
        for child in token.children or ():
            made.add(child.type)
            words.append(" " if child.type == "softbreak" else child.content)
        words.append(" " if token.type.endswith("close") else "")
    return made, " ".join("".join(words).split())


HARMLESS, _ = kinds(render.markdown(ANSWER))
"""What the Markdown of an innocent answer is made of."""


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_markdown(text: str) -> None:
    line = " ".join(text.split())
    cited = replace(
        REPORT, quote=text, title=line, publisher=line, section=(line, line)
    )
    answer = replace(
        DECLINE,
        question=line,
        text=text.partition("\n")[0],
        nearest=(cited,),
        dropped=(line,),
    )
    made, words = kinds(render.markdown(answer))
    assert made <= HARMLESS | {"softbreak"}
    assert words.count(line) == 7 + (line in answer.text)


@given(st.text())
def test_markdown_shows_any_line_as_it_is_written(text: str) -> None:
    line = texts.question(text) or "x"
    made, words = kinds(render.markdown(replace(ANSWER, question=line)))
    assert made <= HARMLESS
    assert words.startswith(line)


@given(st.text())
def test_a_quote_of_several_lines_stays_one_block_quote(text: str) -> None:
    quote = texts.normalise(text).strip() or "x"
    answer = replace(ANSWER, citations=(replace(REPORT, quote=quote),))
    parsed = MARKDOWN_IT.parse(render.markdown(answer))
    assert sum(token.type == "blockquote_open" for token in parsed) == 1
    assert {t.type for t in parsed} <= HARMLESS


# A passage lit in its page.


def test_a_passage_stands_marked_in_its_page(library: Library) -> None:
    for passage in library.generation.passages:
        page = library.page(passage.source.id, passage.page)
        said = screen.plain_passage(passage, page, whole=True)
        assert f">>>{passage.text}<<<" in said
        assert page.text in said.replace(">>>", "").replace("<<<", "")


def test_only_some_of_a_long_page_is_shown_unless_all_is_asked_for(
    library: Library,
) -> None:
    passage = library.generation.passages[0]
    page = library.page(passage.source.id, passage.page)
    far = "far " * 1000
    text = f"{far}{passage.text}{far}"
    moved = replace(
        passage, start=len(far), end=len(far) + len(passage.text), text=passage.text
    )
    long = replace(page, text=text)
    some = screen.plain_passage(moved, long, whole=False)
    assert some.count("…") == 2
    assert len(some) < len(passage.text) + 2 * screen.CONTEXT + 200
    assert screen.plain_passage(moved, long, whole=True).count("far") == 2000


def test_nothing_found_is_said_in_words() -> None:
    assert render.hits([]) == "No passage shares anything with this."
    assert render.shelf([]) == "no documents"


def test_coverage_shows_no_control_character_of_a_files_name() -> None:
    odd = Coverage(1, 1, pending=("a\x1b[31m\u202eb.txt",))
    assert "a[31mb.txt" in render.coverage(odd)
    assert "1 page or file (x)" in render.coverage(
        Coverage(1, 1, unread=(Unread("x", 1, "y"),))
    )
