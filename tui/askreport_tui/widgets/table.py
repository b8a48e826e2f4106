"""Rows to walk with keys or mouse, of text that is shown as it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import DataTable

from askreport_tui import glyphs

MOST_CELLS = 60
"""Of a column: the rest is in what is shown of the row below the table."""


LEAST_CELLS = 24
"""Of the column that yields, however narrow it is: its words must be told apart."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, whether it holds figures, whether it yields."""

    head: str
    figures: bool = False
    yields: bool = False
    """Cut so far that the columns beside it are seen."""


class Table(DataTable[Text]):
    """One row is current; Enter or a click chooses it."""

    def __init__(self, *columns: Column, id: str | None = None) -> None:  # noqa: A002
        super().__init__(cursor_type="row", zebra_stripes=True, id=id)
        self._heads = columns
        self._rows: Sequence[tuple[str, Sequence[str]]] = ()

    def on_mount(self) -> None:
        """The heads."""
        for column in self._heads:
            self.add_column(Text(column.head), key=column.head)

    def show(self, rows: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Show these rows, each with its key; the current one stays if it is there."""
        self._rows = rows
        before, at = self.current, self.cursor_row
        self.clear()
        room = self._room(rows)
        for key, cells in rows:
            shown = (
                self._cell(*pair, room) for pair in zip(self._heads, cells, strict=True)
            )
            self.add_row(*shown, key=key)
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

    def on_resize(self) -> None:
        """What yields has more room now, or less."""
        if any(column.yields for column in self._heads) and self._rows:
            self.show(self._rows)

    def _room(self, rows: Sequence[tuple[str, Sequence[str]]]) -> int:
        """Cells for the column that yields, beside what the others take."""
        taken = 2 * self.cell_padding * len(self._heads) + 1
        for number, column in enumerate(self._heads):
            if not column.yields:
                widest = max((cell_len(cells[number]) for _, cells in rows), default=0)
                taken += max(cell_len(column.head), min(widest, MOST_CELLS))
        left = self.scrollable_content_region.width - taken
        return max(left, LEAST_CELLS)

    @staticmethod
    def _cell(column: Column, said: str, room: int) -> Text:
        text = Text(
            glyphs.shown(said).replace("\n", " "),
            justify="right" if column.figures else "left",
            no_wrap=True,
        )
        most = room if column.yields else MOST_CELLS
        text.truncate(most, overflow="ellipsis")
        return text
