"""The builds that stand in the index, and going back to one."""

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from askreport import text as texts
from askreport_tui.screens.framed import Listing
from askreport_tui.widgets.table import Column, Table

if TYPE_CHECKING:
    from askreport.upkeep.generations import Listed

COLUMNS = (
    Column("Answers"),
    Column("Built (UTC)"),
    Column("Documents", figures=True),
    Column("Passages", figures=True),
    Column("MB", figures=True),
    Column("State"),
    Column("Model"),
    Column("Generation"),
)


class GenerationsScreen(Listing[None]):
    """One row a generation, the newest first."""

    HEADING = "Generations"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "use", "Use", tooltip="Make it the one that answers"),
        Binding("r", "reload", show=False, tooltip="Look at the index again"),
    ]

    def body(self) -> ComposeResult:
        """The generations."""
        yield Table(*COLUMNS)

    def action_reload(self) -> None:
        """List the generations as they stand now."""
        self.look(self.desk.generations, self.list_all)

    def list_all(self, found: "tuple[Listed, ...]") -> None:
        """Show them."""
        self.name_it(
            texts.counted(len(found), "generation"),
            "Enter goes to one; a build brings the index up to date again",
        )
        self.query_one(Table).show([(one.name, _cells(one)) for one in found])

    @on(Table.RowSelected)
    def action_use(self) -> None:
        """Make the current one answer, after every file of it was checked."""
        name = self.query_one(Table).current
        if name:
            self.change(lambda: self.desk.use(name), self._used)

    def _used(self, _nothing: None) -> None:
        self.notify(f"{self.query_one(Table).current} answers now.", markup=False)
        self.action_reload()


def _cells(one: "Listed") -> tuple[str, ...]:
    size = f"{one.bytes / 1e6:,.1f}"
    answers = "now" if one.current else ""
    if one.id is None:
        return (answers, "", "", "", size, f"{one.state}: {one.said}", "", one.name)
    return (
        answers,
        (one.created or "")[:16].replace("T", " "),
        f"{one.documents or 0:,}",
        f"{one.passages or 0:,}",
        size,
        one.state,
        (one.model or "").rpartition("/")[2],
        one.name,
    )
