"""a build -> how far it has come, step by step, for whoever shows it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """How far a build has come."""

    doing: str
    done: int
    total: int


Tell = Callable[[Step], None]
"""Called with each step as it is reached."""
