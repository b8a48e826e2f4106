"""The line at the top: which shelf this is and whether it can answer yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from askreport_tui import glyphs

if TYPE_CHECKING:
    from askreport_tui.desk import Opened


class ShelfLine(Static):
    """Name of the shelf, what it holds, state of the model."""

    opened: reactive[Opened | None] = reactive(None)
    state: reactive[str] = reactive("opening the shelf…")

    def render(self) -> Content:
        """The line as it is now."""
        parts = [self.state]
        if self.opened is not None:
            documents = _counted(len(self.opened.sources), "document")
            passages = _counted(self.opened.passages, "passage")
            parts = [self.opened.name, documents, passages, self.state]
        return Content.assemble(
            ("askreport", "bold $accent"), "  ", glyphs.shown(" · ".join(parts))
        )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
