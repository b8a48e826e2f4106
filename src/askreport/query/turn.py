"""a line of a conversation -> its words, what it names, what it is about.

English, like the stop words and the stemmer. Names are known by their capitals: nothing
here knows what is on the shelf.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from askreport import text as texts

Sort = Literal["name", "time"]

ASKING = frozenset(
    "who whom whose what when where which why how is are was were am do does did has "
    "have had can could will would shall should may might must tell give list name "
    "explain describe show find compare define summarise summarize please".split()
)
"""A line that starts with one of these is a sentence of its own, not a fragment."""

LIGHT = frozenset(
    "also amount another back become came come compare define describe detail details "
    "example examples explain find found gave get give given gives go goes going gone "
    "got happen happened happening happens kind know known like list made make makes "
    "many mean means mention mentioned much name need next number ok okay one ones "
    "please said say saying says show sort summarise summarize take takes talk tell "
    "thing things think thought told too took tried try use used way went yes".split()
)
"""Words that, like stop words, do not say what a question is about."""

OPENERS = frozenset(
    "according although among concerning despite given however if instead regarding "
    "since though unless via whereas whether whose within without yet".split()
)
"""Words that start a line and, capital or not, name nothing."""

_PLAIN = texts.STOP_WORDS | ASKING | LIGHT | OPENERS

_TIME = re.compile(
    r"(?:1[5-9]|20)\d\d(?:[-/]\d{2,4})?|(?:january|february|march|april|june|july|august|"
    r"september|october|november|december|monday|tuesday|wednesday|thursday|friday|"
    r"saturday|sunday)",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"['’]s$")
_JOINED = re.compile(r" (?:(?:of|for|de|van|von|&) )?|\.? ?-? ?")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a line. `term` is its search term; empty where it says nothing of the
    subject.
    """

    text: str
    start: int
    term: str

    @property
    def low(self) -> str:
        """In lower case, without a possessive ending."""
        return _POSSESSIVE.sub("", self.text).casefold()

    @property
    def end(self) -> int:
        """Where it ends, its possessive ending left out."""
        return self.start + len(_POSSESSIVE.sub("", self.text))


@dataclass(frozen=True, slots=True)
class Named:
    """A run of a line that names something, or says when."""

    start: int
    end: int
    sort: Sort
    words: int


@dataclass(frozen=True, slots=True)
class Turn:
    """A line of a conversation."""

    line: str
    words: tuple[Word, ...]
    named: tuple[Named, ...]

    @property
    def names(self) -> tuple[Named, ...]:
        """What it names."""
        return self.sorted("name")

    @property
    def content(self) -> tuple[Word, ...]:
        """The words that say what it is about, apart from names and dates."""
        return tuple(w for w in self.words if w.term and not self.within(w))

    @property
    def terms(self) -> frozenset[str]:
        """The search terms of all its words."""
        return frozenset(texts.terms(self.line))

    def sorted(self, sort: Sort) -> tuple[Named, ...]:
        """What it names of that sort, in order."""
        return tuple(one for one in self.named if one.sort == sort)

    def within(self, word: Word) -> bool:
        """Whether the word is part of a name or a date."""
        return any(one.start <= word.start < one.end for one in self.named)

    def said(self, one: Named) -> str:
        """The words of a name or a date as they stand."""
        return self.line[one.start : one.end]


def read(line: str, *, begins: bool = True) -> Turn:
    """A line, on one line and normalised, taken apart.

    `begins`: it is the beginning of a sentence, so that its first capital may mean
    nothing.
    """
    words = tuple(
        Word(word, start, _term(word)) for word, start in texts.placed_words(line)
    )
    return Turn(
        line, words, (*_names(line, words, begins=begins), *_times(line, words))
    )


def _term(word: str) -> str:
    if _POSSESSIVE.sub("", word).casefold() in LIGHT:
        return ""
    return next(iter(texts.terms(word)), "")


def _times(line: str, words: Sequence[Word]) -> Iterator[Named]:
    """Years, months and days of the week, "9 May 2018" and "May 2018" as one."""
    runs: list[list[Word]] = []
    for word in words:
        if not _is_time(word):
            continue
        if runs and line[runs[-1][-1].end : word.start] in (" ", ", ", "/"):
            runs[-1].append(word)
        else:
            runs.append([word])
    for run in runs:
        yield Named(run[0].start, run[-1].end, "time", len(run))


def _is_time(word: Word) -> bool:
    may = word.text == "May"  # in capitals it is a month, most of the time
    return may or bool(_TIME.fullmatch(_POSSESSIVE.sub("", word.text)))


def _names(line: str, words: Sequence[Word], *, begins: bool) -> tuple[Named, ...]:
    """Runs of capitalised words; none where capitals say nothing, as in a title."""
    capital = [i for i, word in enumerate(words) if _is_capital(word)]
    plain = [w for w in words if w.term and w.text[:1].islower()]
    if len(capital) > 2 and not plain and len(capital) * 2 > len(words):
        return ()
    runs: list[list[int]] = []
    for i in capital:
        if runs and _joined(line, words, runs[-1][-1], i):
            runs[-1].append(i)
        else:
            runs.append([i])
    inside = [
        run
        for run in runs
        if not (_is_opening(line, words[run[0]], len(run)) and (begins or run[0] > 0))
    ]
    return tuple(
        Named(words[run[0]].start, words[run[-1]].end, "name", len(run))
        for run in inside or runs
    )


def _is_capital(word: Word) -> bool:
    plain = word.low in _PLAIN
    shouted = word.text.isupper() and len(word.text) > 1
    return word.text[:1].isupper() and not _is_time(word) and (shouted or not plain)


def _joined(line: str, words: Sequence[Word], one: int, other: int) -> bool:
    """Whether nothing but a blank or a joining word stands between two words."""
    between = line[words[one].start + len(words[one].text) : words[other].start]
    owned = _POSSESSIVE.search(words[one].text)
    return not owned and bool(_JOINED.fullmatch(between))


def _is_opening(line: str, word: Word, length: int) -> bool:
    """Whether a capital may be there only because a sentence starts with it."""
    first = not line[: word.start].strip(" \"'“‘(") or bool(
        re.search(r"[.!?]\W*$", line[: word.start])
    )
    return first and length == 1 and not word.text[1:2].isupper()
