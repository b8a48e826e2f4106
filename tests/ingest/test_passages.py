"""Cutting: what must hold of every document, then telling cases.

Documents are generated: headings of random levels, sections without text, sentences
longer than the budget, words longer than the encoder reads, odd Unicode.
"""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askreport import embedding, errors, tokens
from askreport import text as texts
from askreport.ingest import passages
from askreport.ingest.documents import blocks
from askreport.types import Document, Page, Passage, Source, Span

SOURCE = Source(id="a", title="The title", path="a.md", digest="0" * 64)

WORDS = st.one_of(
    st.sampled_from("the port was dredged in 2020 by Dr. Lee and 14,300 seals".split()),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12),
    st.sampled_from(["x" * 90, "日本語" * 15, "👩‍🚀" * 8, "a-b/c_d" * 12, "…", "3.5%"]),
)
SENTENCES = st.builds(
    lambda kept, end: " ".join(kept).capitalize() + end,
    st.lists(WORDS, min_size=1, max_size=30),
    st.sampled_from([".", "?", "!", "", ".”"]),
)
BLOCKS = st.one_of(
    st.builds(blocks.Block, st.lists(SENTENCES, min_size=1, max_size=5).map(" ".join)),
    st.builds(
        blocks.Block,
        st.one_of(
            st.lists(WORDS, min_size=1, max_size=40).map(" ".join),
            st.sampled_from([SOURCE.title, "Findings", "Next steps"]),
        ),
        level=st.integers(1, 6),
    ),
    st.builds(blocks.Block, SENTENCES, tight=st.just(True)),
)


def _document(pages: list[list[blocks.Block]]) -> Document:
    numbered = len(pages) > 1
    return Document(
        SOURCE,
        tuple(
            blocks.page(page, number=n if numbered else None, label=None)
            for n, page in enumerate(pages, start=1)
        ),
    )


DOCUMENTS = st.lists(st.lists(BLOCKS, max_size=8), min_size=1, max_size=3).map(
    _document
)
CUTTINGS = st.builds(passages.Cutting, st.integers(12, 60), st.integers(0, 3))
ENCODER = embedding.HashingEncoder()


def fits(text: str) -> bool:
    """Whether the hashing encoder reads it, made to read little so that it matters."""
    return ENCODER.length(text) <= 100


def cut(document: Document, cutting: passages.Cutting) -> tuple[Passage, ...]:
    return passages.cut(document, cutting, fits=fits)


def _pages_of(document: Document) -> dict[int | None, Page]:
    return {page.number: page for page in document.pages}


properties = settings(max_examples=60)


@properties
@given(DOCUMENTS, CUTTINGS)
def test_a_passage_is_its_page_between_its_offsets(
    document: Document, cutting: passages.Cutting
) -> None:
    pages = _pages_of(document)
    for passage in cut(document, cutting):
        assert passage.text == pages[passage.page].text[passage.start : passage.end]
        assert passage.text == passage.text.strip() != ""


@properties
@given(DOCUMENTS, CUTTINGS)
def test_cutting_loses_no_word(document: Document, cutting: passages.Cutting) -> None:
    """Each word stands whole in a passage, or in a heading that passages carry.

    A word that has no room alone is cut, and then every part of it stands in one.
    """
    found = cut(document, cutting)
    carried = {name for passage in found for name in passage.section}
    carried.add(document.source.title)
    for page in document.pages:
        mine = [p for p in found if p.page == page.number]
        for word, start in texts.placed_words(page.text):
            span = Span(start, start + len(word))
            if _carried(page, span, carried):
                continue
            whole = any(p.start <= span.start and span.end <= p.end for p in mine)
            assert whole or not _has_room(word, mine, span, cutting)
            for i in range(span.start, span.end):
                assert any(p.start <= i < p.end for p in mine)


def _carried(page: Page, span: Span, names: set[str]) -> bool:
    return any(
        h.text in names and h.span.start <= span.start and span.end <= h.span.end
        for h in page.headings
    )


def _has_room(
    word: str, mine: list[Passage], span: Span, cutting: passages.Cutting
) -> bool:
    over = next(p for p in mine if p.start <= span.start < p.end)
    front = passages.front(over.source, over.section)
    return tokens.count(word) <= cutting.budget and fits(front + word)


@properties
@given(DOCUMENTS, CUTTINGS)
def test_every_visible_character_stands_in_a_passage_or_a_carried_heading(
    document: Document, cutting: passages.Cutting
) -> None:
    found = cut(document, cutting)
    carried = {name for passage in found for name in passage.section} | {SOURCE.title}
    for page in document.pages:
        seen: set[int] = set()
        for p in found:
            if p.page == page.number:
                seen.update(range(p.start, p.end))
        for h in page.headings:
            if h.text in carried:
                seen.update(range(h.span.start, h.span.end))
        assert all(i in seen for i, c in enumerate(page.text) if not c.isspace())


@properties
@given(DOCUMENTS, CUTTINGS)
def test_no_passage_crosses_a_heading_and_each_carries_those_above_it(
    document: Document, cutting: passages.Cutting
) -> None:
    pages = _pages_of(document)
    for passage in cut(document, cutting):
        page = pages[passage.page]
        for heading in page.headings:
            within = passage.start >= heading.span.start
            within = within and passage.end <= heading.span.end
            apart = (
                passage.end <= heading.span.start or heading.span.end <= passage.start
            )
            assert within or apart
        above = [h for h in page.headings if h.span.end <= passage.start]
        own = any(h.span.start <= passage.start < h.span.end for h in page.headings)
        if above and not own and above[-1].text != SOURCE.title:
            assert passage.section[-1] == above[-1].text


@properties
@given(DOCUMENTS, CUTTINGS)
def test_every_passage_keeps_to_the_budget_and_fits_the_encoder(
    document: Document, cutting: passages.Cutting
) -> None:
    for passage in cut(document, cutting):
        assert tokens.count(passage.text) <= cutting.budget
        assert fits(passages.encoded(passage))


@properties
@given(DOCUMENTS, CUTTINGS)
def test_passages_overlap_by_whole_sentences_and_no_more_than_asked(
    document: Document, cutting: passages.Cutting
) -> None:
    pages = _pages_of(document)
    found = cut(document, cutting)
    for one, other in pairwise(found):
        if one.page != other.page:
            continue
        assert one.start < other.start
        assert one.end < other.end, "a passage says nothing that the last did not"
        shared = pages[one.page].text[other.start : one.end]
        if other.start < one.end:
            spans = {(s.start, s.end) for s in texts.sentences(one.text)}
            begun = other.start - one.start
            repeated = [s for s in spans if s[0] >= begun]
            assert 1 <= len(repeated) <= cutting.overlap, shared
            assert begun in {start for start, _ in repeated}


@properties
@given(DOCUMENTS, CUTTINGS)
def test_ids_are_unique_and_the_same_in_a_second_run(
    document: Document, cutting: passages.Cutting
) -> None:
    first = [p.id for p in cut(document, cutting)]
    assert len(set(first)) == len(first)
    assert [p.id for p in cut(document, cutting)] == first


@properties
@given(DOCUMENTS, CUTTINGS, st.lists(SENTENCES, min_size=1, max_size=3))
def test_an_edit_elsewhere_on_the_page_changes_no_id(
    document: Document, cutting: passages.Cutting, added: list[str]
) -> None:
    """A section put before everything moves every passage and renames none."""
    # At the highest level, so that it stands above nothing that was there.
    closing = blocks.Block("Where it began", 1)
    here = [closing, *_as_blocks(document.pages[0])]
    inserted = [blocks.Block("An unheard-of section", 1), blocks.Block(" ".join(added))]
    old = cut(_document([here]), cutting)
    new = cut(_document([[*inserted, *here]]), cutting)
    assert {p.id for p in old} <= {p.id for p in new}


def _as_blocks(page: Page) -> list[blocks.Block]:
    levels = {h.span.start: h.level for h in page.headings}
    found = []
    at = 0
    for line in page.text.split("\n"):
        if line:
            tight = at > 0 and page.text[at - 2 : at] != "\n\n"
            found.append(blocks.Block(line, levels.get(at, 0), tight=tight))
        at += len(line) + 1
    return found


@properties
@given(DOCUMENTS, CUTTINGS)
def test_what_is_encoded_has_title_and_section_in_front(
    document: Document, cutting: passages.Cutting
) -> None:
    for passage in cut(document, cutting):
        encoded = passages.encoded(passage)
        assert encoded.startswith(SOURCE.title + "\n")
        assert encoded.endswith(passage.text)
        if passage.section:
            path = encoded.split("\n")[1]
            deepest = path.split(" > ")[-1]
            assert (
                passage.section[-1].startswith(deepest) or path in passage.section[-1]
            )


def _plain(*lines: str) -> Document:
    return _document([[blocks.Block(line) for line in lines]])


def test_a_sentence_longer_than_the_budget_is_split_at_blanks() -> None:
    words = [f"word{i}" for i in range(400)]
    found = cut(_plain(" ".join(words) + "."), passages.Cutting(budget=50))
    assert len(found) > 8
    assert " ".join(p.text for p in found).split() == [*words[:-1], "word399."]


def test_parts_of_a_split_sentence_are_not_repeated() -> None:
    document = _plain(" ".join(f"word{i}" for i in range(400)) + ".")
    found = cut(document, passages.Cutting(budget=50, overlap=3))
    assert all(a.end < b.start for a, b in pairwise(found))


def test_a_short_last_sentence_is_repeated_for_context() -> None:
    lines = " ".join(f"Ferry {i} sailed to the far island today." for i in range(12))
    found = cut(_plain(lines), passages.Cutting(budget=60, overlap=1))
    for one, other in pairwise(found):
        last = texts.sentences(one.text)[-1]
        assert other.text.startswith(one.text[last.start : last.end])


def test_text_of_a_section_goes_on_over_the_page_in_that_section() -> None:
    document = _document(
        [
            [blocks.Block("Repairs", 1), blocks.Block("Masons came.")],
            [blocks.Block("They left."), blocks.Block("Costs", 1)],
        ]
    )
    found = [(p.page, p.section, p.text) for p in cut(document, passages.Cutting())]
    assert found == [
        (1, ("Repairs",), "Masons came."),
        (2, ("Repairs",), "They left."),
        (2, (), "Costs"),
    ]


def test_headings_nest_and_one_that_repeats_the_title_is_left_out() -> None:
    document = _document(
        [
            [
                blocks.Block("The title", 1),
                blocks.Block("Ferries", 2),
                blocks.Block("Crew", 3),
                blocks.Block("Eleven weeks."),
                blocks.Block("Dredging", 2),
                blocks.Block("Silt."),
            ]
        ]
    )
    found = [(p.section, p.text) for p in cut(document, passages.Cutting())]
    assert found == [(("Ferries", "Crew"), "Eleven weeks."), (("Dredging",), "Silt.")]


def test_a_long_section_path_keeps_its_deepest_heading() -> None:
    deep = "The deepest heading of them all"
    outer = " ".join(f"outer{i}" for i in range(20))
    front = passages.front(SOURCE, (outer, "Middle", deep))
    assert front == f"The title\nMiddle > {deep}\n"
    assert passages.front(SOURCE, (outer,)).startswith("The title\nouter0 outer1")


def test_equal_passages_of_a_page_have_ids_of_their_own() -> None:
    page = [
        *(blocks.Block("Findings", 2), blocks.Block("None.")),
        *(blocks.Block("Findings", 2), blocks.Block("None.")),
    ]
    found = cut(_document([page]), passages.Cutting())
    assert len({p.id for p in found}) == len(found) == 2


def test_an_edit_within_a_section_leaves_other_sections_alone() -> None:
    def document(first: str) -> Document:
        return _document(
            [
                [
                    *(blocks.Block("Dredging", 2), blocks.Block(first)),
                    *(blocks.Block("Ferries", 2), blocks.Block("Two are new.")),
                ]
            ]
        )

    old = cut(document("It was dredged."), passages.Cutting())
    new = cut(document("It was dredged twice, and then once more."), passages.Cutting())
    assert old[0].id != new[0].id
    assert old[1].id == new[1].id
    assert old[1].start != new[1].start


def test_a_model_that_reads_too_little_is_refused_and_said_so() -> None:
    with pytest.raises(errors.BuildFailed, match="leave no room") as caught:
        passages.cut(
            _plain("Anything."), passages.Cutting(), fits=lambda text: len(text) < 5
        )
    assert "256 tokens" in caught.value.hint


def test_a_document_without_text_has_no_passages() -> None:
    assert cut(_document([[]]), passages.Cutting()) == ()
