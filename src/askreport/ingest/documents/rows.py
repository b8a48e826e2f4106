"""runs of words on a sheet -> rows of cells, from top to bottom.

What stands side by side is a row; runs that touch are one cell.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from askreport.ingest.documents.sheets import WIDE, Run

LEVEL = 0.3
"""Runs whose middles are this much of the smaller one's height apart are one row."""

RAISED = (0.4, 0.75)
"""A run of this share of another's height that lies within it is a note's number."""

_MARK = re.compile(r"(?:[-*•–▪◦●○■□►➢✓\uf0a7\uf0b7]|\(?(?:\d{1,2}|[a-z]|[ivx]+)[.)])")

_MONEY = re.compile(r"\(?(?:[A-Z]{0,3}[$£€¥]|[$£€¥][A-Z]{0,2})\(?")

_CLOSING = re.compile(r"[)%†‡*]+|%?\)?\d?\)")


@dataclass(slots=True)
class Cell:
    """Runs of one row that belong together."""

    runs: list[Run]
    left: float
    right: float
    text: str


@dataclass(slots=True)
class Row:
    """What stands side by side."""

    cells: list[Cell]
    top: float
    bottom: float


def of(runs: Sequence[Run]) -> list[Row]:
    groups: list[list[Run]] = []
    tallest: list[Run] = []
    for run in sorted(runs, key=lambda run: run.top + run.bottom):
        top = run.top
        for i in range(len(groups) - 1, max(-1, len(groups) - 4), -1):
            tall = tallest[i]
            if tall.bottom > top and _level(tall, run):
                groups[i].append(run)
                if run.bottom - run.top > tall.bottom - tall.top:
                    tallest[i] = run
                break
        else:
            groups.append([run])
            tallest.append(run)
    found = []
    for group, tall in zip(groups, tallest, strict=True):
        if len(group) > 1:
            group.sort(key=lambda run: run.left)
        found.append(Row(_cells(group), tall.top, tall.bottom))
    found.sort(key=lambda row: row.top + row.bottom)
    return found


def _level(one: Run, other: Run) -> bool:
    a, b = one.bottom - one.top, other.bottom - other.top
    apart = abs(one.top + one.bottom - other.top - other.bottom) / 2
    if apart < LEVEL * a and apart < LEVEL * b:
        return True
    small, tall = (one, other) if a < b else (other, one)
    least, most = RAISED
    if not least * max(a, b) < min(a, b) < most * max(a, b):
        return False
    edge = 0.15 * max(a, b)
    inside = small.top >= tall.top - edge and small.bottom <= tall.bottom + edge
    gap = max(small.left - tall.right, tall.left - small.right)
    return inside and gap < max(a, b)


def _cells(runs: Sequence[Run]) -> list[Cell]:
    """Runs that touch as one cell; a list mark or a currency with what follows it."""
    found: list[Cell] = []
    held = None
    for run in runs:
        text = run.text
        if held is not None and _belongs(held, run, text):
            held.text += " " + text
            held.runs.append(run)
            held.right = max(held.right, run.right)
        else:
            held = Cell([run], run.left, run.right, text)
            found.append(held)
    return found


def _belongs(held: Cell, run: Run, text: str) -> bool:
    before = held.runs[-1]
    gap = run.left - before.right
    if gap < WIDE * min(before.height, run.height):
        return True
    if len(held.text) <= 4:
        if _MONEY.fullmatch(held.text):
            return True
        if _MARK.fullmatch(held.text):
            return gap < 5 * run.height
    return len(text) <= 3 and bool(_CLOSING.fullmatch(text)) and gap < 2 * run.height
