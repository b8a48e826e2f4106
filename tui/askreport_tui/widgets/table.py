"""Rows to walk with keys or mouse, of text that is shown as it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.widgets import DataTable

from askreport_tui import glyphs

MOST_CELLS = 60
"""Of a column: the rest is in what is shown of the row below the table."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, and whether it holds figures."""

    head: str
    figures: bool = False


class Table(DataTable[Text]):
    """One row is current; Enter or a click chooses it."""

    def __init__(self, *columns: Column, id: str | None = None) -> None:  # noqa: A002
        super().__init__(cursor_type="row", zebra_stripes=True, id=id)
        self._heads = columns

    def on_mount(self) -> None:
        """The heads."""
        for column in self._heads:
            self.add_column(Text(column.head), key=column.head)

    def show(self, rows: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Show these rows, each with its key; the current one stays if it is there."""
        before, at = self.current, self.cursor_row
        self.clear()
        for key, cells in rows:
            self.add_row(*map(self._cell, self._heads, cells), key=key)
        keys = [key for key, _ in rows]
        row = keys.index(before) if before in keys else min(at, len(keys) - 1)
        if row >= 0:
            self.move_cursor(row=row, animate=False)

    @property
    def current(self) -> str:
        """The key of the current row; empty where there is none."""
        if not self.is_valid_row_index(self.cursor_row):
            return ""
        return self.ordered_rows[self.cursor_row].key.value or ""

    @staticmethod
    def _cell(column: Column, said: str) -> Text:
        text = Text(
            glyphs.shown(said).replace("\n", " "),
            justify="right" if column.figures else "left",
            no_wrap=True,
        )
        text.truncate(MOST_CELLS, overflow="ellipsis")
        return text
