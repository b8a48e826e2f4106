"""a question -> the kind of answer it expects, and whether a sentence holds one.

A passage on the topic that holds no figure does not answer "how many". The patterns are
English, like the stop words and the stemmer.
"""

import re
from functools import cache, lru_cache
from typing import Literal

Kind = Literal["age", "contact", "share", "money", "time", "figure", "person"]

_ASKED: tuple[tuple[Kind, str], ...] = (
    ("age", r"\bhow old\b|\bwhat age\b"),
    (
        "contact",
        r"\be-?mail\b|\b(?:tele)?phone number\b|\b(?:web|postal) ?address\b"
        r"|\bpostcode\b",
    ),
    (
        "share",
        r"\b(?:what|which) (?:\w+ ){0,2}(?:percentage|proportion|share|fraction)\b"
        r"|\bpercentage of\b|\bwhat per ?cent\b",
    ),
    (
        "money",
        r"\bhow much (?:money|(?:did|does|do|will|would|has|have|was|were|is)\b.*\b"
        r"(?:pay|paid|cost|spend|spent|charge|earn|owe|save|saved|invest)\w*)\b"
        r"|\bwhat (?:is|was|were|are|does|did|do) (?:\w+ ){0,3}"
        r"(?:salary|wages?|price|fee|deficit|pay|cost)\b",
    ),
    (
        "time",
        r"\bwhen\b|\b(?:what|which) (?:year|date|month|day|decade)\b"
        r"|\bhow (?:long ago|recently|soon)\b",
    ),
    (
        "figure",
        r"\bhow (?:many|much|long|large|big|far|often|high|deep|tall|fast)\b"
        r"|\bwhat (?:is the |was the |were the )?(?:\w+ )?"
        r"(?:percentage|proportion|share|number|size|rate|cost|price|amount|total|"
        r"population|budget|age|sum|average|distance)\b"
        r"|\bper ?cent(?:age)?\b",
    ),
    (
        "person",
        r"\bwho(?:se|m)?\b|\bwhat (?:is|was) the name\b"
        r"|\bwhich (?:person|director|manager|nurse|doctor|chief|chair|leader)\b",
    ),
)
"""The first that fits decides: the narrower kinds come before the wider."""

_CLOSED = re.compile(
    r"(?:(?:if|when|while|since|as|after|before|because|although|though|given|once|in|on|"
    r"at|for|during|with|without)\b[^?]*?, )?(?:(?:so|and|but|or|also|then) )?"
    r"(?:can|could|do|does|did|is|are|was|were|am|will|would|should|shall|may|might|must|"
    r"has|have|had)(?:n['’]?t)? "
    r"(?!.*\b(?:tell|told|say|said|know|known|show|shown|remind|explain|find out)\b "
    r"(?:me |us )?(?:who|whose|whom|when|how|what|which)\b)",
    re.IGNORECASE,
)
"""A question that yes or no answers: "who" and "when" in it ask for nothing. "Can you
tell me when" does."""

_MONTH = (
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|"
    r"december|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b"
)
_NUMBER = (
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|"
    r"forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|half|"
    r"third|thirds|quarter|dozen|fifth|none|twice|double|doubled)\b"
)
_CELL = r"\|[^|\n]*\d"
"""A figure in a table: its unit may stand in a heading elsewhere."""

_HELD: dict[Kind, re.Pattern[str]] = {
    "age": re.compile(
        r"\bage[ds]?\b|\byears? old\b|\byear-olds?\b"
        r"|\b(?:born|built|founded|opened|dates? from|dating from)\b",
        re.IGNORECASE,
    ),
    "contact": re.compile(r"\w@\w|\bwww\.|https?:|\d{3,}[ -]?\d{3,}"),
    "share": re.compile(
        rf"\d ?%|\bper ?cent|\bhal(?:f|ves)\b|\b(?:third|quarter|fifth|tenth)s?\b"
        rf"|\b(?:in|out of) (?:every )?(?:\d+|two|three|four|five|six|seven|eight|nine|"
        rf"ten)\b|\bnone\b|{_CELL}",
        re.IGNORECASE,
    ),
    "money": re.compile(
        rf"[£$€¥]|\b(?:pounds?|dollars?|euros?|pence|cents?|[mb]illion|gbp|usd|eur)\b"
        rf"|\b(?:free|nothing)\b|{_CELL}",
        re.IGNORECASE,
    ),
    "figure": re.compile(rf"\d|{_NUMBER}", re.IGNORECASE),
    "time": re.compile(
        rf"\d|{_MONTH}|\b(?:century|decade|spring|summer|autumn|winter|weekly|daily|monthly|"
        rf"annual|yearly)\b",
        re.IGNORECASE,
    ),
    "person": re.compile(
        r"\b(?:Dr|Mr|Mrs|Ms|Professor|Prof|Sir|Dame|Lord|Lady|King|Queen|Saint)\b\.? "
        r"[A-Z]|\b[A-Z][\w'’-]+ (?:[A-Z]\.? |de |van |von |of )?[A-Z][\w'’-]+"
    ),
}


def kind(question: str) -> Kind | None:
    """What the question asks for, where its wording says so and it is not yes or no."""
    if _CLOSED.match(question):
        return None
    return next((kind for kind, asked in _patterns() if asked.search(question)), None)


@cache
def _patterns() -> tuple[tuple[Kind, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(said, re.IGNORECASE)) for kind, said in _ASKED)


def holds(sentence: str, wanted: Kind | None) -> bool:
    """Whether the sentence holds something of the wanted kind; True if none is."""
    return wanted is None or _held(sentence, wanted)


@lru_cache(maxsize=8192)
def _held(sentence: str, wanted: Kind) -> bool:
    return bool(_HELD[wanted].search(sentence))
