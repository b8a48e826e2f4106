"""The headings of a document, to read from one of them."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from askreport.serve import render
from askreport.types import Document
from askreport_tui import glyphs, place
from askreport_tui.desk import Desk
from askreport_tui.place import Place
from askreport_tui.screens.framed import Framed
from askreport_tui.widgets.options import Options


class OutlineScreen(Framed[Place]):
    """Gives the place of a heading, or None. A page without headings has a line too."""

    HEADING = "Outline"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "read", "Read", tooltip="Read from this heading"),
    ]

    def __init__(self, desk: Desk, document: str) -> None:
        super().__init__(desk)
        self._document = document
        self._places: list[Place] = []

    def body(self) -> ComposeResult:
        """The headings."""
        yield Options(markup=False)

    def on_mount(self) -> None:
        """Fetch the document."""
        self.query_one(Options).focus()
        self.name_it("reading…")
        self.look(lambda: self.desk.document(self._document), self.list_all)

    def list_all(self, found: Document) -> None:
        """Show its headings, deeper ones further in."""
        self.name_it(render.title(found.source.title, found.source.words))
        lines = []
        for page in found.pages:
            at = render.page(page.number, page.label, page.unit, page.ocr)
            for heading in page.headings:
                self._places.append(place.of_heading(found.source, page, heading))
                lines.append(f"{'  ' * (heading.level - 1)}{heading.text}  {at}")
            if not page.headings:
                self._places.append(place.of_page(found.source, page))
                lines.append(f"  · {at or 'from the top'}")
        shown = [Option(glyphs.shown(line).replace("\n", " ")) for line in lines]
        listed = self.query_one(Options)
        listed.set_options(shown)
        listed.highlighted = 0 if shown else None

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """Read there."""
        event.stop()
        self.dismiss(self._places[event.option_index])

    def action_read(self) -> None:
        """Read at the current heading."""
        self.query_one(Options).action_select()
