"""words and a text -> every place where they stand in it, in any case."""

import re

from askreport.types import Span

MOST = 5000
"""Places marked; a single letter stands everywhere."""


def find(words: str, text: str) -> tuple[Span, ...]:
    """Where the words stand, one after the other, whatever blanks are between them."""
    said = words.split()
    if not said:
        return ()
    pattern = re.compile(r"\s+".join(map(re.escape, said)), re.IGNORECASE)
    found = []
    for hit in pattern.finditer(text):
        found.append(Span(*hit.span()))
        if len(found) == MOST:
            break
    return tuple(found)
