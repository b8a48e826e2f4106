"""the bindings of every screen and widget -> what `?` and the manual show.

Nothing is written twice: a key that is bound is documented, or is left out by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import format_key


@dataclass(frozen=True, slots=True)
class Key:
    """The keys of one action and what it does."""

    keys: str
    does: str


@dataclass(frozen=True, slots=True)
class Group:
    """The keys that work in one place."""

    place: str
    keys: tuple[Key, ...]


def groups() -> tuple[Group, ...]:
    """Every key, by where it works."""
    from askreport_tui.app import AskreportApp
    from askreport_tui.screens import (
        compare,
        explain,
        forms,
        framed,
        generations,
        history,
        outline,
        search,
        shelf,
    )
    from askreport_tui.screens.filter import FilterScreen
    from askreport_tui.screens.reading import ReadingScreen
    from askreport_tui.widgets.find_bar import FindBar
    from askreport_tui.widgets.question_bar import QuestionBar

    return (
        Group("Reading", _of(ReadingScreen)),
        Group("Anywhere", _of(AskreportApp)),
        Group("Writing a question", _of(QuestionBar)),
        Group("Finding words on a page", _of(FindBar)),
        Group("Filter", _of(FilterScreen)),
        Group("Every other screen", _of(framed.Framed)),
        Group("Shelf", _of(shelf.ShelfScreen)),
        Group("Generations", _of(generations.GenerationsScreen)),
        Group("Search", _of(search.SearchScreen)),
        Group("Outline", _of(outline.OutlineScreen)),
        Group("Why this answer", _of(explain.ExplainScreen)),
        Group("History", _of(history.HistoryScreen)),
        Group("Compare", _of(compare.CompareScreen)),
        Group("Writing a path", _of(forms.PathField)),
        Group("Sure?", _of(forms.ConfirmScreen)),
    )


def table() -> str:
    """The keys as Markdown tables."""
    return "\n\n".join(_markdown(group) for group in groups())


def _of(owner: type[DOMNode]) -> tuple[Key, ...]:
    found: dict[str, list[str]] = {}
    for binding in Binding.make_bindings(owner.BINDINGS):
        said = binding.tooltip or binding.description
        display = binding.key_display or format_key(binding.key)
        keys = found.setdefault(said, [])
        if display not in keys:
            keys.append(display)
    return tuple(Key(" ".join(keys), said) for said, keys in found.items())


def _markdown(group: Group) -> str:
    rows = [(f"`{key.keys}`", key.does) for key in group.keys]
    return "\n".join([f"| {group.place} | |", "| --- | --- |", *map(_row, rows)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(table())  # noqa: T201 - what this module is run for
