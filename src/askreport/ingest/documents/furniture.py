"""the sheets of a document -> what repeats on their edges, and their printed numbers.

Running heads and feet and page numbers are no part of what a report says: quoted, they
break sentences apart; searched, they are found on every page. The number that a page
prints is kept as its label.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from askreport.ingest.documents.sheets import Run, Sheet

EDGE = 0.1
"""Share of a sheet's height, from its top and its foot, in which furniture stands."""

OFTEN = 5
"""What stands on so many pages near each other is furniture; on a third of them where
there are fewer pages than fifteen, but on three at least."""

FEWEST = 3
"""What stands on two pages may be said twice."""

NEAR = 8
"""Pages to either side within which it must do so: a chapter's running head goes on for
as many."""

STEP = 4.0
"""Points by which a running head may move from page to page."""

_NUMBER = re.compile(
    r"(?:page|p\.|seite)?\s*[-–—|(\[]?\s*(\d{1,5}|[ivxlc]{1,7})\s*[-–—|)\]]?"
    r"(?:\s*(?:of|/)\s*\d{1,4})?",
    re.IGNORECASE,
)
SHARE = 0.4
"""Of the pages near it that a page's number counts on: odd and even ones may print it
in two places, and what counts on three of twenty does so by chance."""

_ENDS = re.compile(
    r"^(?:page\s+)?(\d{1,5})(?=\s+[|•·–—-]?\s*[A-Za-z])"
    r"|(?<=[A-Za-z|•·–—-]\s)(\d{1,5})$",
    re.IGNORECASE,
)
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


@dataclass(slots=True)
class Found:
    """What of a document's sheets is furniture, by page index."""

    runs: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Which runs of a sheet are left out."""
    labels: dict[int, str] = field(default_factory=dict)
    """The number that a page prints, as printed."""


@dataclass(frozen=True, slots=True)
class _Seen:
    page: int
    run: int
    text: str
    top: bool
    y: float


def find(sheets: Mapping[int, Sheet]) -> Found:
    """The furniture of these sheets, by the indices of their pages."""
    seen = [one for page, sheet in sheets.items() for one in _edges(page, sheet)]
    found = Found()
    extra = set(_repeated(seen, len(sheets)))
    for one, label in _numbered(seen, len(sheets)):
        found.labels.setdefault(one.page, label)
        if _NUMBER.fullmatch(one.text):
            extra.add(one)
    for one in _outermost(seen, extra):
        found.runs[one.page].add(one.run)
    return found


def _outermost(seen: Sequence[_Seen], extra: set[_Seen]) -> Iterator[_Seen]:
    """What repeats with nothing of the page's own between it and the edge.

    The headings of a table that begins every page repeat too, below its title.
    """
    own: dict[tuple[int, bool], list[float]] = defaultdict(list)
    for one in seen:
        if one not in extra:
            own[one.page, one.top].append(one.y)
    for one in extra:
        others = own[one.page, one.top]
        if (one.top and one.y <= min(others, default=one.y) + STEP) or (
            not one.top and one.y >= max(others, default=one.y) - STEP
        ):
            yield one


def _edges(page: int, sheet: Sheet) -> Iterator[_Seen]:
    """What stands near the edges, and the first and the last line wherever they are."""
    if not sheet.runs:
        return
    highest = min(run.bottom for run in sheet.runs)
    lowest = max(run.top for run in sheet.runs)
    above = max(EDGE * sheet.height, highest)
    below = min((1 - EDGE) * sheet.height, lowest)
    for i, run in enumerate(sheet.runs):
        middle = run.middle
        top = middle < above
        if top or middle > below:
            yield _Seen(page, i, run.text, top, middle)


def _repeated(seen: Sequence[_Seen], pages: int) -> Iterator[_Seen]:
    """What says the same, but for the page's number, at the same height of pages near
    each other.
    """
    alike: dict[tuple[str, int, bool], list[_Seen]] = defaultdict(list)
    for one in seen:
        for said, step in _said(one):
            alike[said, step, one.top].append(one)
    least = max(FEWEST, min(OFTEN, pages // 3))
    for group in alike.values():
        for one in group:
            near = {
                other.page
                for other in group
                if abs(other.page - one.page) <= NEAR and abs(other.y - one.y) <= STEP
            }
            if len(near) >= least:
                yield one


def _said(one: _Seen) -> Iterator[tuple[str, int]]:
    """A line, and what it says beside a number that may be the page's."""
    if any(c.isalpha() for c in one.text):
        yield one.text, 0
    for value, label in _values(one.text):
        rest = one.text.replace(label, "", 1)
        if label.isdigit() and any(c.isalpha() for c in rest):
            yield rest, value - one.page


def _numbered(seen: Sequence[_Seen], pages: int) -> Iterator[tuple[_Seen, str]]:
    """The numbers that count on from page to page, each with its label."""
    steps: dict[tuple[bool, bool, int], list[tuple[_Seen, str]]] = defaultdict(list)
    for one in seen:
        for value, label in _values(one.text):
            steps[one.top, label.isdigit(), value - one.page].append((one, label))
    least = min(FEWEST, pages) if pages > 1 else FEWEST
    shown = sorted({one.page for one in seen})
    for group in sorted(steps.values(), key=len, reverse=True):
        for one, label in group:
            # A number alone may stand below the text wherever that ends.
            far = math.inf if _NUMBER.fullmatch(one.text) else STEP
            near = {
                other.page
                for other, _ in group
                if abs(other.page - one.page) <= NEAR and abs(other.y - one.y) <= far
            }
            around = sum(abs(page - one.page) <= NEAR for page in shown)
            if len(near) >= max(least, SHARE * around):
                yield one, label


@lru_cache(maxsize=1024)
def _values(text: str) -> tuple[tuple[int, str], ...]:
    """The numbers that a line at the edge may be counting with."""
    whole = _NUMBER.fullmatch(text)
    labels = [whole.group(1)] if whole else []
    if not whole and len(text) < 120:
        labels = [a or b for a, b in _ENDS.findall(text)]
    values = [int(la) if la.isdigit() else _roman(la.lower()) for la in labels]
    found = zip(values, labels, strict=True)
    return tuple((value, label) for value, label in found if 0 < value < 100_000)


def _roman(text: str) -> int:
    """The value of a numeral; 0 for letters that are none."""
    values = [_ROMAN.get(c, 0) for c in text]
    total = 0
    for i, value in enumerate(values):
        total += -value if value < max(values[i + 1 :], default=0) else value
    return total if all(values) and _numeral(total) == text else 0


def _numeral(value: int) -> str:
    units = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
    tens = ("", "x", "xx", "xxx", "xl", "l", "lx", "lxx", "lxxx", "xc")
    if not 0 < value < 300:
        return ""
    return "c" * (value // 100) + tens[value % 100 // 10] + units[value % 10]


def kept(sheet: Sheet, dropped: set[int]) -> list[Run]:
    """The runs of a sheet that are no furniture; all of them where nothing else is."""
    left = [run for i, run in enumerate(sheet.runs) if i not in dropped]
    return left or list(sheet.runs)
