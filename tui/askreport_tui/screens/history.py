"""What was asked before, here and on other days: found, read, asked again, compared."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from askreport import text as texts
from askreport_tui import kept
from askreport_tui.desk import Desk
from askreport_tui.kept import Kept
from askreport_tui.screens.compare import CompareScreen
from askreport_tui.screens.framed import Framed
from askreport_tui.widgets.answer_pane import AnswerPane
from askreport_tui.widgets.table import Column, Table

COLUMNS = (Column("Asked"), Column(""), Column("Question"), Column("Answer"))


class HistoryScreen(Framed[Kept]):
    """Gives the question that is to be asked again, or None."""

    HEADING = "History"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "again", "Ask again", tooltip="Ask the question again"),
        Binding("slash", "words", "Find", key_display="/", tooltip="Look for words"),
        Binding("space", "mark", "Mark", tooltip="Mark an answer to compare with"),
        Binding(
            "equals_sign",
            "compare",
            "Compare",
            key_display="=",
            tooltip="Set it beside the marked answer, or beside the last",
        ),
        Binding("delete,x", "forget", "Forget", tooltip="Keep it no longer"),
    ]

    def __init__(self, desk: Desk, last: Kept | None) -> None:
        super().__init__(desk)
        self._marked = last
        self._kept: tuple[Kept, ...] = ()

    def body(self) -> ComposeResult:
        """What to look for, what was asked, and the current answer."""
        yield Input(placeholder="Words of the question or the answer", id="words")
        yield Table(*COLUMNS)
        yield AnswerPane(id="detail")

    def on_mount(self) -> None:
        """Read what is kept."""
        self.query_one(Table).focus()
        self.action_reload()

    def action_reload(self) -> None:
        """Read what is kept now."""
        self.look(self.desk.history, self.list_all)

    def list_all(self, found: tuple[Kept, ...]) -> None:
        """Show it, newest first."""
        self._kept = found
        self.show_matching()

    @on(Input.Changed)
    def show_matching(self) -> None:
        """What holds the words that are being written."""
        shown = kept.matching(self.query_one(Input).value, self._kept)
        marked = "" if self._marked is None else self._marked.id
        rows = [(o.id, _cells(o, marked=o.id == marked)) for o in shown]
        self.query_one(Table).show(rows)
        kept_ = texts.counted(len(self._kept), "question")
        self.name_it(f"{len(shown)} of {kept_}, kept on this machine only")
        self.show_answer()

    @property
    def current(self) -> Kept | None:
        """The one that the cursor is on."""
        name = self.query_one(Table).current
        return next((one for one in self._kept if one.id == name), None)

    @on(Table.RowHighlighted)
    def show_answer(self) -> None:
        """The answer as it was."""
        one = self.current
        pane = self.query_one(AnswerPane)
        if one is None:
            pane.blank("Nothing was asked yet.")
        else:
            pane.answer(one.answer, 0)

    @on(Table.RowSelected)
    def action_again(self) -> None:
        """Ask it again, of the same part of the shelf."""
        if self.current is not None:
            self.dismiss(self.current)

    @on(Input.Submitted)
    def to_list(self) -> None:
        """From the words to what holds them."""
        self.query_one(Table).focus()

    def action_words(self) -> None:
        """Look for words."""
        self.query_one(Input).focus()

    def action_mark(self) -> None:
        """Compare others with this one."""
        self._marked = self.current
        self.show_matching()

    def action_compare(self) -> None:
        """Set the marked answer and the current one side by side."""
        one = self.current
        if one is None or self._marked is None or one.id == self._marked.id:
            self.notify("Mark one answer with Space, then go to another.")
            return
        older, newer = sorted((one, self._marked), key=lambda k: k.at)
        self.app.push_screen(CompareScreen(self.desk, older, newer))

    def action_forget(self) -> None:
        """Take the current one out of what is kept."""
        one = self.current
        if one is not None:
            self.change(
                lambda: self.desk.forget((one.id,)), lambda _: self.action_reload()
            )


def _cells(one: Kept, *, marked: bool) -> tuple[str, ...]:
    answered = one.answer.status == "answered"
    return (
        one.at[:16].replace("T", " "),
        "●" if marked else "",
        one.question,
        one.answer.text if answered else "no evidence",
    )
