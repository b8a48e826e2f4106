"""What is painted is what the document says: markers, rows, harmless characters."""

import unicodedata
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from askreport import Library
from askreport_tui import glyphs, keys, markers, wrapping

PAINTED = "Who painted the pier?"


@given(st.text())
def test_no_character_that_is_shown_drives_a_terminal(text: str) -> None:
    shown = glyphs.shown(text)
    assert len(shown) == len(text)
    kinds = {unicodedata.category(c) for c in shown if c != "\n"}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(c) for c in shown} & {"RLO", "LRO", "RLE"}


@given(st.text(alphabet="ab \n漢é👍-", max_size=200), st.integers(2, 30))
def test_wrapping_loses_nothing_but_blanks_and_keeps_the_width(
    text: str, width: int
) -> None:
    rows = wrapping.wrap(text, width)
    words = "".join(text[row.start : row.end] for row in rows)
    assert words.replace(" ", "") == text.replace(" ", "").replace("\n", "")
    assert all(cell_len(text[row.start : row.end].rstrip()) <= width for row in rows)
    starts = [row.start for row in rows]
    assert starts == sorted(starts)


def test_every_marker_of_an_answer_is_found_and_nothing_inside_a_quote(
    piers: Library,
) -> None:
    answer = piers.ask(PAINTED)
    found = markers.find(answer)
    assert [marker.number for marker in found] == [1, 2]
    quote = f"{answer.citations[0].quote} See [2]."
    quoted = replace(answer.citations[0], quote=quote)
    text = f"{quote} [1] Said in other words [2]"
    changed = replace(answer, text=text, citations=(quoted, answer.citations[1]))
    spans = [text[m.span.start : m.span.end] for m in markers.find(changed)]
    assert spans == ["[1]", "[2]"]
    assert markers.find(changed)[1].span.end == len(text)


def test_paragraphs_keep_every_offset(piers: Library) -> None:
    answer = piers.ask(PAINTED)
    broken = markers.paragraphs(answer)
    assert broken.replace("\n", " ") == answer.text
    assert broken.count("\n") == 1


def test_every_binding_says_what_it_does() -> None:
    for group in keys.groups():
        assert all(key.keys and key.does for key in group.keys), group.place
        assert len({key.does for key in group.keys}) == len(group.keys), group.place
        pressed = [one for key in group.keys for one in key.keys.split()]
        assert len(set(pressed)) == len(pressed), group.place
