"""a question -> the kind of answer it expects, and whether a sentence holds one.

A passage on the topic that holds no figure does not answer "how many". The patterns are
English, like the stop words and the stemmer.
"""

import re
from typing import Literal

Kind = Literal["figure", "time", "person"]

_ASKED: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "time",
        re.compile(
            r"\bwhen\b|\b(?:what|which) (?:year|date|month|day|decade)\b"
            r"|\bhow (?:long ago|recently|soon)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "figure",
        re.compile(
            r"\bhow (?:many|much|old|long|large|big|far|often|high|deep|tall|fast)\b"
            r"|\bwhat (?:is the |was the |were the )?(?:\w+ )?"
            r"(?:share|percentage|proportion|number|size|rate|cost|price|amount|total|"
            r"population|budget|age|sum|average|distance)\b"
            r"|\bpercent(?:age)?\b|\bper cent\b",
            re.IGNORECASE,
        ),
    ),
    (
        "person",
        re.compile(
            r"\bwho(?:se|m)?\b|\bwhat (?:is|was) the name\b"
            r"|\bwhich (?:person|director|manager|nurse|doctor|chief|chair|leader)\b",
            re.IGNORECASE,
        ),
    ),
)

_MONTH = (
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|"
    r"december|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b"
)
_NUMBER = (
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|"
    r"forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|half|"
    r"third|thirds|quarter|dozen|fifth|none|twice|double|doubled)\b"
)

_HELD: dict[Kind, re.Pattern[str]] = {
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
    """What the question asks for, where its wording says so."""
    return next((kind for kind, asked in _ASKED if asked.search(question)), None)


def holds(sentence: str, wanted: Kind | None) -> bool:
    """Whether the sentence holds something of the wanted kind; True if none is."""
    return wanted is None or bool(_HELD[wanted].search(sentence))
