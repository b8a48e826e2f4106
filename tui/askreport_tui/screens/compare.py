"""Two answers side by side, and what one cites that the other does not."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from askreport import text as texts
from askreport_tui import glyphs
from askreport_tui.desk import Desk
from askreport_tui.kept import Kept
from askreport_tui.screens.framed import Framed
from askreport_tui.widgets.answer_pane import AnswerPane

WIDTHS = [(0, "-narrow"), (100, "-wide")]
"""Columns from which two answers stand side by side."""


class CompareScreen(Framed[None]):
    """The older answer first: on the left, or above the newer one."""

    HEADING = "Compare"
    HORIZONTAL_BREAKPOINTS = WIDTHS

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "other", "Other", tooltip="Go to the other answer"),
    ]

    def __init__(self, desk: Desk, older: Kept, newer: Kept) -> None:
        super().__init__(desk)
        self._older = older
        self._newer = newer

    def body(self) -> ComposeResult:
        """Both answers; one above the other where there is no room."""
        with Horizontal(id="both"):
            yield AnswerPane(id="older")
            yield AnswerPane(id="newer")

    def on_mount(self) -> None:
        """Paint both, and say in what they differ."""
        from askreport import saved

        older, newer = self._older, self._newer
        known = saved.of(older.answer, older.among)
        drift = saved.compare(known, newer.answer)
        if drift is None:
            self.name_it("the same words, the same citations")
        else:
            lost = texts.counted(len(drift.lost), "citation")
            gained = texts.counted(len(drift.gained), "citation")
            self.name_it(f"{lost} only in the older, {gained} only in the newer")
        for pane, one, other in (("older", older, newer), ("newer", newer, older)):
            found = self.query_one(f"#{pane}", AnswerPane)
            when, generation = (
                one.at[:16].replace("T", " "),
                one.answer.receipt.generation,
            )
            found.border_title = glyphs.shown(
                f"{pane.capitalize()} · {when} · {generation[:8]}"
            )
            only = {(c.document, c.page, c.quote) for c in other.answer.citations}
            found.answer_with_sources(one.answer, known=only)
        self.query_one("#older").focus()

    def action_other(self) -> None:
        """From one to the other."""
        older = self.query_one("#older")
        (self.query_one("#newer") if older.has_focus else older).focus()
