"""what became of every candidate -> tables, and the same as aligned plain text.

The first table says where each was found and why it was kept or dropped, the second
what put it in its place, the third what its score was made of.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from askreport import text as texts
from askreport.types import Explained, Fate

STYLES: Mapping[Fate, str] = {
    "quoted": "green",
    "listed": "green",
    "repeat": "dim",
    "weak": "dim",
    "surplus": "dim",
    "floor": "yellow",
    "unverified": "red",
}
"""How a terminal shows what became of a candidate."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of words: a title, the heads of its columns, its rows.

    The first `right` columns hold figures; `styles` has one style a row.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: int
    styles: tuple[str, ...]


def plain(explained: Sequence[Explained], confidence: float) -> str:
    """The tables as aligned plain text."""
    parts = [chances(explained, confidence), *map(_aligned, grids(explained))]
    return "\n\n".join(parts).translate(texts.INVISIBLE)


def chances(explained: Sequence[Explained], confidence: float) -> str:
    """The confidence and its rest, in a sentence."""
    number = texts.counted(len(explained), "candidate")
    return (
        f"Explained: {number}. The chance that the first quote answers (the "
        f"confidence) is {confidence:.2f}."
    )


def grids(explained: Sequence[Explained]) -> tuple[Grid, Grid, Grid]:
    """What became of each candidate, what put it in its place, and what its score is
    made of.
    """
    return _fates(explained), _order(explained), _sure(explained)


def _fates(explained: Sequence[Explained]) -> Grid:
    heads = ("#", "score", "fused", "rank", "meaning", "words", "passage", "why", "in")
    rows = tuple(
        (
            str(one.place),
            f"{one.score:.2f}",
            f"{one.fused:.4f}",
            str(one.ranks.fused),
            _rank(one.ranks.meaning),
            _rank(one.ranks.words),
            one.passage,
            one.why,
            " > ".join((one.document, *one.section)),
        )
        for one in explained
    )
    title = "What became of each (ranks: fused, by meaning, by words; - is not found)"
    return Grid(title, heads, rows, 6, tuple(STYLES[one.fate] for one in explained))


def _rank(rank: int | None) -> str:
    return "-" if rank is None else str(rank)


def _order(explained: Sequence[Explained]) -> Grid:
    """Two rows a candidate: what was measured, and what that adds to its place."""
    names = _names(one.contributions for one in explained)
    rows: list[tuple[str, ...]] = []
    for one in explained:
        total = f"{sum(one.contributions.values()):+.2f}"
        rows.append((str(one.place), *_figures(names, one.signals, ".2f"), ""))
        rows.append(("", *_figures(names, one.contributions, "+.2f"), total))
    title = "What put them in order (above, each signal; below, what it adds)"
    heads = ("#", *names, "order")
    return Grid(title, heads, tuple(rows), len(heads), ("", "dim") * len(explained))


def _sure(explained: Sequence[Explained]) -> Grid:
    """The other signals, and the chances that are read from them."""
    ordering = _names(one.contributions for one in explained)
    each = _names(one.signals for one in explained)
    names = tuple(name for name in each if name not in ordering)
    rows = tuple(
        (
            str(one.place),
            *_figures(names, one.signals, ".2f"),
            *(f"{chance:.2f}" for chance in (one.answers, one.quoted, one.score)),
        )
        for one in explained
    )
    title = (
        "The other signals, and the chances that the passage answers and that its "
        "quote says so"
    )
    heads = ("#", *names, "answers", "quoted", "score")
    return Grid(title, heads, rows, len(heads), ("",) * len(explained))


def _names(each: Iterable[Mapping[str, float]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for one in each for name in one))


def _figures(
    names: Iterable[str], by_name: Mapping[str, float], form: str
) -> tuple[str, ...]:
    return tuple(format(by_name[n], form) if n in by_name else "-" for n in names)


def _aligned(grid: Grid) -> str:
    table = (grid.heads, *grid.rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if i < grid.right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
    return "\n".join([f"{grid.title}:", *lines])
