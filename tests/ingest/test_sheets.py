"""The words of a page's text, told apart in one sweep as a pattern tells them."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from askreport.ingest.documents import sheets

BROKEN = sheets.BROKEN
WORD = re.compile(rf"[^\s{BROKEN}]+[{BROKEN}]?|[{BROKEN}]")

TEXTS = st.text(st.sampled_from(f"ab1é \n\t\r\x0b\x1f\x85\u00a0\u3000\ufb01{BROKEN}"))


@given(TEXTS | st.text())
def test_words_and_their_lines_are_those_that_a_pattern_finds(text: str) -> None:
    words, spans, lines = sheets._words(text)
    found = list(WORD.finditer(text))
    assert len(words) == len(found) == len(spans) == len(lines)
    line_ends = [m.start() for m in re.finditer("\n", text)]
    line_ends += [m.end() - 1 for m in found if m.group()[-1] in BROKEN]
    for word, (start, end), line, one in zip(words, spans, lines, found, strict=True):
        broken = one.group()[-1] in BROKEN
        assert start == one.start()
        assert end == (max(start + 1, one.end() - 1) if broken else one.end())
        assert word.endswith("-") or not broken
        assert line == sum(at < start for at in line_ends)
        if one.group().isascii() and not broken:
            assert word == one.group()


def test_no_text_has_no_words() -> None:
    words, spans, lines = sheets._words("")
    assert (words, spans.shape, lines.shape) == ([], (0, 2), (0,))
    assert np.issubdtype(spans.dtype, np.integer)
