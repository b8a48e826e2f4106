"""A page with what is cited on it: a heading that names it above its text."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from askreport.serve import render
from askreport.types import Citation
from askreport_tui import glyphs
from askreport_tui.reading import Reading
from askreport_tui.widgets.page_view import Cited, PageView


class PagePane(Vertical):
    """The page of the citation being read."""

    BORDER_TITLE = "Page"

    def compose(self) -> ComposeResult:
        """What page this is, then the page."""
        yield Static(markup=False, id="page-heading")
        yield PageView()

    def open(self, reading: Reading, citation: Citation) -> None:
        """Show a citation's page, its quote lit and in view."""
        cited = Cited(reading.page(citation), reading.passage(citation), citation)
        title = render.title(citation.title, citation.words)
        heading = Content.assemble(
            (f"[{citation.marker}] ", "bold $accent"),
            (glyphs.shown(title).replace("\n", " "), "bold"),
            "\n",
            glyphs.shown(render.place(citation)).replace("\n", " "),
        )
        name = self.query_one("#page-heading", Static)
        name.update(heading)
        name.display = True
        self.query_one(PageView).open(cited)

    def close(self) -> None:
        """Nothing is being read."""
        self.query_one("#page-heading").display = False
        self.query_one(PageView).open(None)
