"""a question, the terms that passages hold -> how much of what it names is absent.

"What rating did Oxleas get in 2019?" is not answered by a passage on its rating of
2017, however well the other words are met: a name or a date is not meant loosely, as
the other words of a question may be.
"""

import re
from collections.abc import Sequence, Set

from askreport import text as texts
from askreport.query import question as questions
from askreport.query import turn
from askreport.query.question import Question
from askreport.query.turn import Named, Turn

_FISCAL = re.compile(r"fy(?:\d\d(?:\d\d)?)?")
"""A fiscal year is written in many ways: its absence in this one says nothing."""

_SHORT = re.compile(r"\b[A-Z]{2,}\b")


def of(
    question: Question,
    held: Sequence[Sequence[bool]],
    titled: Sequence[Set[str]],
    unknown: Set[str],
) -> list[float]:
    """For each passage, the rarity of the rarest name or date of the question that
    stands neither in it nor above it, as a share of that of the question's rarest term;
    0 where none is absent. An abbreviation that the shelf does not know does not count:
    it may be the asker's own for what reports write out.

    `held` says of each passage which of the question's terms it holds, `titled` which
    ones its title does, as words run together too; `unknown` are those that no passage
    of the shelf holds.
    """
    most = max(question.rarity, default=0.0)
    short = {term for one in _SHORT.findall(question.text) for term in texts.terms(one)}
    counted = [
        (question.rarity[i] / most, i, question.terms[i])
        for i in (named(question) if most else ())
        if not (question.terms[i] in short and question.terms[i] in unknown)
    ]
    rarest = sorted(counted, reverse=True)
    return [
        next((share for share, i, t in rarest if not (row[i] or t in title)), 0.0)
        for row, title in zip(held, titled, strict=True)
    ]


def named(question: Question) -> tuple[int, ...]:
    """Which of the question's terms belong to a name or a date of the sentence that
    asks: a story told before it names much that an answer need not.
    """
    asking = turn.read(questions.asks(question.text).of(question.text))
    sure = (one for one in asking.named if not _by_chance(one, asking))
    terms = {term for one in sure for term in texts.terms(asking.said(one))}
    return tuple(
        i
        for i, term in enumerate(question.terms)
        if term in terms and not _FISCAL.fullmatch(term)
    )


def _by_chance(one: Named, asking: Turn) -> bool:
    """Whether its capital may say nothing: a word alone at the beginning, short for
    what stands before it ("return on assets (ROA)"), or a question like a title.
    """
    if one.sort == "time":
        return False
    if asking.line[: one.start].endswith("(") and asking.line[one.end :][:1] == ")":
        return True
    first = one.start == asking.words[0].start and one.words == 1
    return (first and not asking.said(one)[1:2].isupper()) or _is_title(asking)


def _is_title(asking: Turn) -> bool:
    """Whether it has capitals throughout, at its stop words too ("A&E" has one)."""
    plain = any(word.term and word.text[:1].islower() for word in asking.words)
    return not plain and any(
        word.low in texts.STOP_WORDS and word.text[:1].isupper() and len(word.text) > 1
        for word in asking.words[1:]
    )
