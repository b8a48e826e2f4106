"""Normalising, sentences and terms: properties over any text, then telling cases."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askreport import text as texts

ODD = st.sampled_from(
    "\r \n \t \v \f \x00 \x1b[31m \x1f \x85 \xa0 \xad \u061c \u180e \u200b \u200d "
    "\u200e "
    "\u2028 \u2029 \u202e \u2060 \u2066 \u3000 \ufeff \ufffe \ud800 \U000e0041 e\u0301 "
    "\u212a \u03a9\u0345 ﬁ ß İ Dr. "
    "e.g. 14,300 7.5% ” ’s . ! … 。 日本語 👩\u200d🚀".split(" ")
)
ANY_TEXT = st.lists(st.one_of(st.text(max_size=20), ODD), max_size=12).map("".join)
# The Turkish dotless i is left out: its capital is the I of every other language.
LATIN = st.text(
    st.characters(
        max_codepoint=0x24F,
        categories=["L", "N", "P", "Z"],
        exclude_characters="\u0131",
    ),
    max_size=60,
)


@given(ANY_TEXT)
def test_sentences_are_in_order_disjoint_and_cover_every_visible_character(
    text: str,
) -> None:
    spans = texts.sentences(text)
    covered: set[int] = set()
    end = 0
    for span in spans:
        assert end <= span.start < span.end
        assert text[span.start : span.end] == text[span.start : span.end].strip()
        covered.update(range(span.start, span.end))
        end = span.end
    assert all(i in covered for i, c in enumerate(text) if not c.isspace())


@given(ANY_TEXT)
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once = texts.normalise(text)
    assert texts.normalise(once) == once
    assert texts.question(texts.question(text)) == texts.question(text)


@given(ANY_TEXT)
def test_normalised_text_holds_no_control_or_direction_characters(text: str) -> None:
    clean = texts.normalise(text)
    assert all(c == "\n" or unicodedata.category(c) != "Cc" for c in clean)
    assert not any(
        unicodedata.bidirectional(c) in _DIRECTIONS or c in "\u200e\u200f\u061c"
        for c in clean
    )
    clean.encode("utf-8")  # no lone surrogate is left


_DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(ANY_TEXT)
def test_normalising_glues_no_two_lines_or_columns_together(text: str) -> None:
    """Every blank stays one: words on both sides of it stay two."""
    spaced = "".join(f"{c}" if not c.isspace() else f" {c} " for c in text)
    assert texts.normalise(text).split() == texts.normalise(spaced).split()


@given(ANY_TEXT)
def test_terms_are_the_same_for_a_text_and_its_normal_form(text: str) -> None:
    assert texts.terms(texts.normalise(text)) == texts.terms(text)


@given(LATIN)
def test_terms_are_the_same_whatever_the_case(text: str) -> None:
    assert texts.terms(text.upper()) == texts.terms(text.lower())


@given(ANY_TEXT)
def test_a_placed_word_stands_where_it_says(text: str) -> None:
    for word, start in texts.placed_words(text):
        assert text[start : start + len(word)] == word


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Lee left. Ms. Roy came.", ["Dr. Lee left.", "Ms. Roy came."]),
        ("It cost £3.5 million. Then more.", ["It cost £3.5 million.", "Then more."]),
        ("J. Smith said no.", ["J. Smith said no."]),
        ("“We left.” He stayed.", ["“We left.”", "He stayed."]),
        ("Beds e.g. four were lost.", ["Beds e.g. four were lost."]),
        ("See p. 12 for more.", ["See p. 12 for more."]),
        ("Really? Yes! 40 came.", ["Really?", "Yes!", "40 came."]),
        ("First item\nSecond item", ["First item", "Second item"]),
        ("It ended in Oct.\nThen it began.", ["It ended in Oct.", "Then it began."]),
        ("and so on ... but no more", ["and so on ... but no more"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert [text[s.start : s.end] for s in texts.sentences(text)] == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("14,300 beds", "14300 bed"),
        ("the trust’s nurses", "trust nurse"),
        ("café", "cafe"),
        ("cafe\u0301", "CAFÉ"),
        ("STRASSE", "straße"),
        ("77%", "77"),
        ("hos\u00adpital", "hospital"),
    ],
)
def test_spellings_of_the_same_thing_meet(one: str, other: str) -> None:
    assert texts.terms(one) == texts.terms(other) != []


def test_words_that_say_nothing_are_no_terms() -> None:
    assert texts.terms("What was it that they had?") == []


def test_a_figure_is_one_word_and_a_date_keeps_its_parts() -> None:
    assert texts.words("3.5 of 1,200 on 2018-03-15") == [
        *("3.5", "of", "1,200", "on"),
        *("2018", "03", "15"),
    ]


def test_a_form_feed_parts_words_and_a_tag_character_disappears() -> None:
    assert texts.normalise("one\ftwo\x85three\U000e0041") == "one\ntwo\nthree"


@pytest.mark.parametrize(
    ("less", "more", "said"),
    [
        (0.02, 0.198, ("0.02", "0.20")),
        (0.1967, 0.198, ("0.197", "0.198")),
        (0.5, 0.50001, ("0.50000", "0.50001")),
        (0.5, 0.5, ("0.5", "0.5")),
    ],
)
def test_numbers_that_differ_are_never_said_alike(
    less: float, more: float, said: tuple[str, str]
) -> None:
    assert texts.told_apart(less, more) == said
