"""a question and a passage -> how they bear on each other, each signal on its own
scale.

None depends on what else is on the shelf beyond how rare a term is there, so that one
set of weights serves shelves of any size.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from askreport import late
from askreport.query import expected
from askreport.query.question import Question
from askreport.types import Passage, Span

Floats = NDArray[np.float32]

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
    """What of the question stands word for word in a passage or the headings above."""

    terms: Sequence[bool]
    """One for each of the question's terms."""
    pairs: Sequence[bool]
    """One for each pair of terms that follow each other in the question."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence placed in its passage's text, and how well it answers."""

    span: Span
    score: float
    """Late interaction, every token of the question weighing by its rarity."""
    asked: float
    """The same for the sentence of the question that asks."""
    plain: float
    """Late interaction, every token of the question weighing the same."""
    fits: bool
    """Whether it holds the kind of thing the question asks for."""


def measure(
    question: Question,
    passage: Passage,
    met: Floats,
    spans: NDArray[np.int32],
    held: Held,
    cut: Sequence[Span],
) -> dict[str, float]:
    """Signals of one passage.

    `met` has shape (question tokens, passage tokens); `spans` (passage tokens, 2);
    `cut` are the sentences of the passage.
    """
    best = met.max(axis=1, initial=0.0)
    graded = sentences(question, passage.text, met, spans, cut)
    said = quoted(graded, passage.text).of(passage.text)
    whole, asked = float(best @ question.weights), float(best @ question.asking)
    sentence = max((g.score for g in graded), default=0.0)
    asking = max((g.asked for g in graded), default=0.0)
    fitting = max((g.score for g in graded if g.fits), default=0.0)
    return {
        "late": float(best.mean()) if len(best) else 0.0,
        "late_weighted": whole,
        "asked": asked,
        "met": max(whole, asked),
        "sentence": max(sentence, asking),
        "fitting": fitting,
        "lacking": sentence - fitting,
        "cover": cover(question, held.terms),
        "phrase": phrase(question, held.pairs),
        "code": code(question, held.terms),
        "words": math.log1p(said.count(" ") + 1),
        "table": float(is_table(passage.text)),
    }


def is_table(text: str) -> bool:
    """Whether a passage is a table, or so full of figures that it reads like one."""
    digits = sum(map(text.count, "0123456789"))
    return text.count("|") >= CELLS or digits >= FIGURED * len(text)


def cover(question: Question, held: Sequence[bool]) -> float:
    """The share of the question's terms that the passage holds, by their rarity."""
    total = sum(question.rarity)
    return sum(compress(question.rarity, held)) / total if total else 0.0


def code(question: Question, held: Sequence[bool]) -> float:
    """The share of the question's codes that the passage holds; 0 if it has none."""
    codes = [
        one for term, one in zip(question.terms, held, strict=False) if is_code(term)
    ]
    return sum(codes) / len(codes) if codes else 0.0


@lru_cache(maxsize=1024)
def is_code(term: str) -> bool:
    """Whether a term is the number of a document, a case, a product, or a figure of as
    many digits.
    """
    return bool(_CODE.fullmatch(term)) and not _YEAR.fullmatch(term)


def phrase(question: Question, held: Sequence[bool]) -> float:
    """The share of the question's neighbouring terms that are neighbours there, by
    their rarity.
    """
    rarity = dict(zip(question.terms, question.rarity, strict=True))
    weights = [rarity[one] + rarity[other] for one, other in question.pairs]
    total = sum(weights)
    return sum(compress(weights, held)) / total if total else 0.0


def quoted(graded: Sequence[Sentence], text: str) -> Span:
    """What to quote of a passage's text: the sentence that answers best, with those
    beside it where another one comes near; all of the text, if there is no sentence.
    """
    if not graded:
        return Span(0, len(text))
    worth = [sentence.plain + FITS * sentence.fits for sentence in graded]
    best = max(range(len(graded)), key=worth.__getitem__)
    rivals = worth[:best] + worth[best + 1 :]
    if max(rivals, default=-1.0) < worth[best] - NEARLY:
        return graded[best].span
    return _widened(graded, worth, best, text)


def _widened(
    graded: Sequence[Sentence], worth: Sequence[float], best: int, text: str
) -> Span:
    """The sentence with its better neighbours of the same paragraph, as far as there
    is room.
    """
    span, first, last = graded[best].span, best, best
    while last - first + 1 < MOST:
        beside = [i for i in (first - 1, last + 1) if 0 <= i < len(graded)]
        wider = {
            i: Span(
                min(span.start, graded[i].span.start), max(span.end, graded[i].span.end)
            )
            for i in beside
        }
        fit = [i for i in beside if _has_room(wider[i].of(text))]
        if not fit:
            break
        taken = max(fit, key=worth.__getitem__)
        span, first, last = wider[taken], min(first, taken), max(last, taken)
    return span


def _has_room(said: str) -> bool:
    return "\n" not in said and said.count(" ") < ROOM


def sentences(
    question: Question,
    text: str,
    met: Floats,
    spans: NDArray[np.int32],
    cut: Sequence[Span],
) -> tuple[Sentence, ...]:
    """Each sentence of a passage (`cut`) and how well it answers, in order."""
    best = late.best_within(met, spans[:, 0], cut)
    weighted, asked = (
        (question.weights @ best).tolist(),
        (question.asking @ best).tolist(),
    )
    plain = best.mean(axis=0).tolist()
    return tuple(
        Sentence(span, one, two, same, expected.holds(span.of(text), question.wanted))
        for span, one, two, same in zip(cut, weighted, asked, plain, strict=True)
    )
