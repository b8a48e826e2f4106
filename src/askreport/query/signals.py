"""a question and passages -> how each bears on it, each signal on its own scale.

None depends on what else is on the shelf beyond how rare a term is there, so that one
set of weights serves shelves of any size.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from operator import sub

import numpy as np
from numpy.typing import NDArray

from askreport import late
from askreport.query import expected
from askreport.query.question import Question
from askreport.types import Span

FITS = 0.02
"""What holding the kind of thing asked for (a figure, a date, a name) is worth when the
sentence to quote is chosen. It settles near ties: at 0.1 the quote held the answer of
82 instead of 83 of 100 questions of xquad-en."""

NEARLY = 0.03
"""Where another sentence of the passage answers this nearly as well, which of them does
is a guess, and the quote takes in the sentences beside it..."""

ROOM = 70
"""...up to this many words..."""

MOST = 3
"""...and sentences. The answer is then in the quote for 85 instead of 83 of 100
questions, and the median quote has 30 words."""

CELLS = 6
"""A passage with this many column marks is a table..."""

FIGURED = 0.1
"""...and so is one of whose characters this share are digits. Prose full of years has
a third of that, the statements of an annual report twice as much."""


_CODE = re.compile(r"\d{7,}|(?=\w*[a-z])(?=(?:\w*\d){4})\w{6,}")
_YEAR = re.compile(r"[a-z]{1,2}\d?(?:19|20)\d\d|(?:19|20)\d\ds")


@dataclass(frozen=True, slots=True)
class Held:
    """What of the question stands word for word in passages or the headings above."""

    terms: NDArray[np.bool_]
    """Shape (terms of the question, passages)."""
    pairs: NDArray[np.bool_]
    """Shape (pairs of terms that follow each other in the question, passages)."""


@dataclass(frozen=True, slots=True)
class Graded:
    """The sentences of a passage and how well each answers."""

    cut: Sequence[Sequence[int]]
    """Where each starts and ends in the passage's text."""
    scores: Sequence[float]
    """Late interaction, every token of the question weighing by its rarity."""
    asked: Sequence[float]
    """The same for the sentence of the question that asks."""
    plain: Sequence[float]
    """Late interaction, every token of the question weighing the same."""
    fits: Sequence[bool]
    """Whether it holds the kind of thing the question asks for."""

    def fitting(self) -> float:
        """The best score of one that fits; 0 if none does."""
        return max(compress(self.scores, self.fits), default=0.0)


def measure(
    question: Question,
    passages: Sequence[str],
    met: late.Met,
    held: Held,
    cuts: Sequence[NDArray[np.int32]],
) -> dict[str, list[float]]:
    """Signals of passages, of which these are the texts: by name, one value each.

    `met` is how the question's tokens are met in each; `cuts[i]` has shape (sentences,
    2): where those of passage i start and end.
    """
    best = late.best(met)
    whole, asked = (question.weights @ best).tolist(), (question.asking @ best).tolist()
    graded = sentences(question, passages, met, cuts)
    top = [max(one.scores, default=0.0) for one in graded]
    asking = [max(one.asked, default=0.0) for one in graded]
    fitting = [one.fitting() for one in graded]
    said = map(quoted, graded, passages)
    return {
        "late": (best.sum(axis=0) / max(1, len(best))).tolist(),
        "late_weighted": whole,
        "asked": asked,
        "met": list(map(max, whole, asked)),
        "sentence": list(map(max, top, asking)),
        "fitting": fitting,
        "lacking": list(map(sub, top, fitting)),
        "cover": _share(question.rarity, held.terms),
        "phrase": phrase(question, held.pairs),
        "code": code(question, held.terms),
        "words": [
            math.log1p(span.of(text).count(" ") + 1)
            for span, text in zip(said, passages, strict=True)
        ],
        "table": [float(is_table(text)) for text in passages],
    }


@lru_cache(maxsize=4096)
def is_table(text: str) -> bool:
    """Whether a passage is a table, or so full of figures that it reads like one."""
    digits = sum(map(text.count, "0123456789"))
    return text.count("|") >= CELLS or digits >= FIGURED * len(text)


def _share(weights: Sequence[float], held: NDArray[np.bool_]) -> list[float]:
    """How much of the weights each passage holds, of all of them."""
    total = sum(weights)
    if not total:
        return [0.0] * held.shape[1]
    return list((np.asarray(weights) @ held / total).tolist())


def code(question: Question, held: NDArray[np.bool_]) -> list[float]:
    """The share of the question's codes that each passage holds; 0 if it has none."""
    return _share([float(is_code(term)) for term in question.terms], held)


@lru_cache(maxsize=1024)
def is_code(term: str) -> bool:
    """Whether a term is the number of a document, a case, a product, or a figure of as
    many digits.
    """
    return bool(_CODE.fullmatch(term)) and not _YEAR.fullmatch(term)


def phrase(question: Question, held: NDArray[np.bool_]) -> list[float]:
    """The share of the question's neighbouring terms that are neighbours there, by
    their rarity.
    """
    rarity = dict(zip(question.terms, question.rarity, strict=True))
    return _share([rarity[one] + rarity[two] for one, two in question.pairs], held)


def quoted(graded: Graded, text: str) -> Span:
    """What to quote of a passage's text: the sentence that answers best, with those
    beside it where another one comes near; all of the text, if there is no sentence.
    """
    if not graded.cut:
        return Span(0, len(text))
    if all(graded.fits):
        worth = graded.plain
    else:
        pairs = zip(graded.plain, graded.fits, strict=True)
        worth = [plain + FITS * fits for plain, fits in pairs]
    most = max(worth)
    best = worth.index(most)
    if sum(one >= most - NEARLY for one in worth) == 1:
        return Span(*graded.cut[best])
    return _widened(graded.cut, worth, best, text)


def _widened(
    cut: Sequence[Sequence[int]], worth: Sequence[float], best: int, text: str
) -> Span:
    """The sentence with its better neighbours of the same paragraph, as far as there
    is room.
    """
    first = last = best
    while last - first + 1 < MOST:
        fit = [
            i
            for i in (first - 1, last + 1)
            if 0 <= i < len(cut)
            and _has_room(text[cut[min(first, i)][0] : cut[max(last, i)][1]])
        ]
        if not fit:
            break
        taken = max(fit, key=worth.__getitem__)
        first, last = min(first, taken), max(last, taken)
    return Span(cut[first][0], cut[last][1])


def _has_room(said: str) -> bool:
    return "\n" not in said and said.count(" ") < ROOM


def sentences(
    question: Question,
    passages: Sequence[str],
    met: late.Met,
    cuts: Sequence[NDArray[np.int32]],
) -> list[Graded]:
    """The sentences of each passage and how well they answer, in order. Taken as
    `measure` takes them.
    """
    best = late.best_within(met, cuts)
    weighted, asked = question.weights @ best, question.asking @ best
    plain = best.sum(axis=0) / max(1, len(best))
    scores, asks, even = weighted.tolist(), asked.tolist(), plain.tolist()
    found, at = [], 0
    for text, spans in zip(passages, cuts, strict=True):
        cut = spans.tolist()
        own = slice(at, at := at + len(cut))
        fits = _fits(text, cut, question.wanted)
        found.append(Graded(cut, scores[own], asks[own], even[own], fits))
    return found


def _fits(
    text: str, cut: Sequence[Sequence[int]], wanted: expected.Kind | None
) -> list[bool]:
    if wanted is None:
        return [True] * len(cut)
    return [expected.holds(text[start:end], wanted) for start, end in cut]
