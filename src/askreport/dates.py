"""a date as precisely as it is known -> the first and the last day it may mean.

Days are text, `YYYY-MM-DD`, and compare as text. Shared by both acts.
"""

import re
from datetime import date

FORM = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
"""A year, a month or a day."""


def possible(said: str) -> bool:
    """Whether it is a year, a month or a day of the calendar."""
    if FORM.fullmatch(said) is None:
        return False
    try:
        date.fromisoformat(first(said))
    except ValueError:
        return False
    return True


def first(said: str) -> str:
    """The earliest day that a date may mean."""
    return said + "-01-01"[len(said) - 4 :]


def last(said: str) -> str:
    """The latest; day 31 of any month stands for its end, which compares the same."""
    return said + "-12-31"[len(said) - 4 :]
