"""The documents of the shelf: how each stands, added, removed, built, gone back."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from askreport import text as texts
from askreport.serve import render
from askreport.types import Shelved
from askreport_tui import glyphs, messages, place, standing
from askreport_tui.place import Place
from askreport_tui.screens.forms import AddScreen, ConfirmScreen
from askreport_tui.screens.framed import Listing
from askreport_tui.screens.generations import GenerationsScreen
from askreport_tui.screens.outline import OutlineScreen
from askreport_tui.shelving import Added
from askreport_tui.widgets.table import Column, Table

COLUMNS = (
    Column("Status"),
    Column("Title", yields=True),
    Column("Date"),
    Column("Pages", figures=True),
    Column("Passages", figures=True),
    Column("Publisher"),
)


class ShelfScreen(Listing[Place]):
    """Gives a place to read, or None."""

    HEADING = "Shelf"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "read", "Read", tooltip="Read the document"),
        Binding("o", "outline", "Outline", tooltip="The document's headings"),
        Binding("a", "add", "Add", tooltip="Put a file or folder on the shelf"),
        Binding(
            "delete,x", "remove", "Remove", tooltip="Take the document off the shelf"
        ),
        Binding("b", "build", "Build", tooltip="Bring the index up to date"),
        Binding("k", "stop", "Stop", show=False, tooltip="Stop the build"),
        Binding(
            "g", "generations", "Generations", tooltip="Earlier builds, and going back"
        ),
        Binding("r", "reload", show=False, tooltip="Look at the shelf again"),
    ]

    documents: tuple[Shelved, ...] = ()

    def body(self) -> ComposeResult:
        """The documents above what is known of the current one."""
        yield Table(*COLUMNS)
        with VerticalScroll(id="detail", can_focus=False):
            yield Static(markup=False)

    def action_reload(self) -> None:
        """List the documents as they stand now."""
        self.look(self.desk.shelved, self.list_all)

    def list_all(self, found: tuple[Shelved, ...]) -> None:
        """Show them."""
        self.documents = found
        pages = sum(one.pages for one in found)
        passages = sum(one.passages for one in found)
        counted = [texts.counted(pages, "page")] if pages else []
        self.name_it(
            texts.counted(len(found), "document"),
            *counted,
            texts.counted(passages, "passage"),
        )
        self.query_one(Table).show([(one.source.id, _cells(one)) for one in found])
        self.show_detail()

    @property
    def current(self) -> Shelved | None:
        """The document that the cursor is on."""
        name = self.query_one(Table).current
        return next((one for one in self.documents if one.source.id == name), None)

    @on(Table.RowHighlighted)
    def show_detail(self) -> None:
        """All that is known of the current document."""
        one = self.current
        said = Content("Nothing is on this shelf yet; a adds a file or a folder.")
        if one is not None:
            lines = [glyphs.shown(line) for line in standing.told(one)]
            said = Content.assemble((lines[0], "bold"), *(f"\n{x}" for x in lines[1:]))
        self.query_one("#detail Static", Static).update(said)

    @on(Table.RowSelected)
    def action_read(self) -> None:
        """Read the document from its first page."""
        one = self.current
        if one is not None:
            self.look(lambda: self.desk.document(one.source.id), self._opened)

    def _opened(self, found: object) -> None:
        from askreport.types import Document

        if isinstance(found, Document) and found.pages:
            self.dismiss(place.of_page(found.source, found.pages[0]))

    def action_outline(self) -> None:
        """The headings of the document, to read from one of them."""
        one = self.current
        if one is not None:
            outline = OutlineScreen(self.desk, one.source.id)
            self.app.push_screen(outline, self._chosen)

    def _chosen(self, found: Place | None) -> None:
        if found is not None:
            self.dismiss(found)

    def action_add(self) -> None:
        """Ask for a path, and copy what is there."""
        self.app.push_screen(AddScreen(), self._add)

    def _add(self, given: object) -> None:
        if isinstance(given, str):
            self.change(lambda: self.desk.add(given), self._added)

    def _added(self, found: Added) -> None:
        number = texts.counted(len(found.names), "file")
        if found.names:
            self.notify(f"{number} on the shelf; b builds.", markup=False)
        for line in found.refused[:5]:
            self.notify(
                f"Not added: {glyphs.shown(line)}", severity="warning", markup=False
            )
        self.action_reload()

    def action_remove(self) -> None:
        """Take the document out of sources/, once the reader is sure."""
        one = self.current
        if one is None:
            return
        said = (
            f"{render.source_line(one.source)}\n\nThe file {one.source.path} is "
            "deleted from sources/. It answers until the next build."
        )

        def agreed(sure: object) -> None:
            if sure:
                self.change(lambda: self.desk.remove(one), self._removed)

        self.app.push_screen(ConfirmScreen(said, agreed="Delete the file"), agreed)

    def _removed(self, _nothing: None) -> None:
        self.notify("Removed from sources/; b builds the index without it.")
        self.action_reload()

    def action_build(self) -> None:
        """Bring the index up to date."""
        self.post_message(messages.BuildAsked())

    def action_stop(self) -> None:
        """Stop the build, if there is one."""
        self.post_message(messages.BuildStopAsked())

    def action_generations(self) -> None:
        """Earlier builds."""
        self.app.push_screen(GenerationsScreen(self.desk))


def _cells(one: Shelved) -> tuple[str, ...]:
    source = one.source
    return (
        standing.status(one),
        source.title,
        source.date or "",
        f"{one.pages:,}" if one.pages else "",
        f"{one.passages:,}",
        source.publisher or "",
    )
