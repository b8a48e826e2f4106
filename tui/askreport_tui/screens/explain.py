"""Every candidate of an answer: its signals, its scores, why it was kept or dropped."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from askreport import text as texts
from askreport.types import Explained, Filter
from askreport_tui import glyphs
from askreport_tui.desk import Desk
from askreport_tui.place import Place
from askreport_tui.screens.framed import Framed
from askreport_tui.widgets.table import Column, Table

COLUMNS = (
    Column("#", figures=True),
    Column("Score", figures=True),
    Column("Became"),
    Column("Section and document", yields=True),
    Column("Meaning", figures=True),
    Column("Words", figures=True),
    Column("Why"),
)


class ExplainScreen(Framed[Place]):
    """Gives the place of a candidate, or None."""

    HEADING = "Why this answer"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "read", "Read", tooltip="Read the candidate in its page"),
    ]

    def __init__(self, desk: Desk, question: str, among: Filter) -> None:
        super().__init__(desk)
        self._question = question
        self._among = among
        self._explained: dict[str, Explained] = {}

    def body(self) -> ComposeResult:
        """The candidates above what the current one's score is made of."""
        yield Table(*COLUMNS)
        with VerticalScroll(id="detail", can_focus=False):
            yield Static(markup=False)

    def on_mount(self) -> None:
        """Ask again, to be told why."""
        self.query_one(Table).focus()
        self.name_it("asking again…")
        question, among = self._question, self._among
        self.look(lambda: self.desk.explained(question, among), self.list_all)

    def list_all(self, found: tuple[tuple[Explained, ...], float]) -> None:
        """Show the candidates, best first."""
        candidates, confidence = found
        self._explained = {str(one.place): one for one in candidates}
        self.name_it(
            texts.counted(len(candidates), "candidate"),
            f"confidence {confidence:.2f}",
            self._question,
        )
        self.query_one(Table).show([(k, _cells(o)) for k, o in self._explained.items()])
        self.show_detail()

    @on(Table.RowHighlighted)
    def show_detail(self) -> None:
        """The signals of the current candidate, what each adds, what it measures."""
        one = self._explained.get(self.query_one(Table).current)
        if one is not None:
            self.query_one("#detail Static", Static).update(_detail(one))

    @on(Table.RowSelected)
    def action_read(self) -> None:
        """Read it in its page."""
        one = self._explained.get(self.query_one(Table).current)
        if one is not None:
            marked = f"#{one.place}"
            self.look(lambda: self.desk.at(one.passage, marked=marked), self.dismiss)


def _cells(one: Explained) -> tuple[str, ...]:
    return (
        str(one.place),
        f"{one.score:.2f}",
        one.fate,
        " < ".join((*reversed(one.section), one.document)),  # what is cut tells least
        _rank(one.ranks.meaning),
        _rank(one.ranks.words),
        one.why,
    )


def _rank(rank: int | None) -> str:
    return "-" if rank is None else str(rank)


def _detail(one: Explained) -> Content:
    from askreport.query.explained import MEANING

    head = f"{' > '.join((one.document, *one.section))}: {one.why}"
    chances = (
        f"answers {one.answers:.2f} · its quote says so {one.quoted:.2f} · "
        f"score {one.score:.2f} · passage {one.passage}"
    )
    lines = [
        (
            f"{name:14} {value:7.2f}  "
            f"{_added(one.contributions.get(name))}  {MEANING.get(name, '')}"
        )
        for name, value in one.signals.items()
    ]
    return Content.assemble(
        (glyphs.shown(head), "bold"),
        f"\n{chances}\n",
        ("\nsignal           value   adds  what it measures", "bold"),
        *(f"\n{glyphs.shown(line)}" for line in lines),
    )


def _added(contribution: float | None) -> str:
    return "     " if contribution is None else f"{contribution:+5.2f}"
