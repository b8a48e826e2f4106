"""a question and the shelf's titles -> how well it names each document, by title.

"What did Oxleas spend in 2018?" points at some documents among many that say the same
kind of thing. Titles are often file names that run words together ("OXLEAS_2018"), so
neighbouring words of the question are looked up joined too, and "FY2018" names 2018.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from weakref import WeakKeyDictionary

import numpy as np

from askreport import text as texts
from askreport.generation.opened import Generation, Rows

JOINED = 4
"""Most neighbouring words of a question that may stand as one in a title."""

ENOUGH = 0.5
"""The share of a title, by rarity of its words among titles, that a question must name
for the documents so titled to be searched by themselves as well."""

_YEAR = re.compile(r"\b(?:FY|fy)[ '’]?((?:19|20)\d\d)\b")
_SEAM = re.compile(r"(?<=[a-z])(?=[A-Z])|_")


@dataclass(frozen=True, slots=True)
class Titles:
    """The titles of a shelf and the words they are made of."""

    rows: Mapping[str, Rows]
    """The rows of all documents of each title."""
    terms: Mapping[str, frozenset[str]]
    """The terms of each title."""
    holding: Mapping[str, tuple[str, ...]]
    """The titles that hold each term."""
    rarity: Mapping[str, float]
    """Inverse document frequency of each term among titles."""
    whole: Mapping[str, float]
    """The rarity of all terms of each title together."""


_TITLES: WeakKeyDictionary[Generation, Titles] = WeakKeyDictionary()


def of(question: str, generation: Generation) -> Mapping[str, float]:
    """The share of each title that the question names, of those it names at all.

    Between 0 and 1, by the rarity of the title's terms among titles. Empty where all
    documents have one title, which then tells nothing.
    """
    titles = _titles(generation)
    if len(titles.rows) < 2:
        return {}
    met: dict[str, float] = {}
    for term in _named(question):
        for title in titles.holding.get(term, ()):
            met[title] = met.get(title, 0.0) + titles.rarity[term]
    return {title: sum_ / titles.whole[title] for title, sum_ in met.items()}


def said(question: str, title: str, generation: Generation) -> frozenset[str]:
    """The terms of the question that stand in a title of the shelf, by themselves or
    run together with their neighbours.
    """
    held = _titles(generation).terms[title]
    runs = (
        run for run in _runs(question) if run.joined and held.issuperset(run.joined)
    )
    return frozenset(chain.from_iterable(run.apart for run in runs))


def rows(shares: Mapping[str, float], generation: Generation) -> list[int]:
    """The rows of the documents that a question names best; none if it names none."""
    best = max(shares.values(), default=0.0)
    if best < ENOUGH:
        return []
    titles = _titles(generation)
    named = (title for title, share in shares.items() if share > best - 1e-9)
    return sorted(chain.from_iterable(titles.rows[title] for title in named))


def _titles(generation: Generation) -> Titles:
    found = _TITLES.get(generation)
    if found is None:
        found = _TITLES[generation] = _read(generation.rows_titled)
    return found


def _read(rows: Mapping[str, Rows]) -> Titles:
    each = texts.terms_of([_SEAM.sub(" ", title) for title in rows])
    terms = dict(zip(rows, map(frozenset, each), strict=True))
    holding: dict[str, list[str]] = {}
    for title, held in terms.items():
        for term in held:
            holding.setdefault(term, []).append(title)
    rarity = {
        term: float(np.log1p((len(rows) - len(held) + 0.5) / (len(held) + 0.5)))
        for term, held in holding.items()
    }
    return Titles(
        rows=rows,
        terms=terms,
        holding={term: tuple(held) for term, held in holding.items()},
        rarity=rarity,
        whole={
            title: sum(rarity[t] for t in held) for title, held in terms.items() if held
        },
    )


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring words of a question, as they might stand in a title."""

    joined: tuple[str, ...]
    """The terms of the words written as one."""
    apart: frozenset[str]
    """The terms of each."""


@lru_cache(maxsize=16)
def _runs(question: str) -> tuple[Run, ...]:
    """Every run of at most JOINED words."""
    words = [
        word.removesuffix("'s").removesuffix("’s")
        for word in texts.words(_YEAR.sub(r"\1", question))
    ]
    places = [
        (start, end)
        for start in range(len(words))
        for end in range(start + 1, min(start + JOINED, len(words)) + 1)
    ]
    joined = texts.terms_of(["".join(words[start:end]) for start, end in places])
    apart = texts.terms_of(words)
    return tuple(
        Run(tuple(terms), frozenset(chain.from_iterable(apart[start:end])))
        for (start, end), terms in zip(places, joined, strict=True)
    )


def _named(question: str) -> tuple[str, ...]:
    """Terms of the question, and of its neighbouring words joined, each once."""
    each = (run.joined for run in _runs(question))
    return tuple(dict.fromkeys(chain.from_iterable(each)))
