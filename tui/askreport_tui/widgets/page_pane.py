"""A page with what is lit on it: a heading that names it above its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from askreport_tui import glyphs
from askreport_tui.widgets.find_bar import FindBar
from askreport_tui.widgets.page_view import PageView

if TYPE_CHECKING:
    from askreport_tui.place import Place


class PagePane(Vertical):
    """The page being read."""

    BORDER_TITLE = "Page"

    def compose(self) -> ComposeResult:
        """What page this is, what is looked for on it, then the page."""
        yield Static(markup=False, id="page-heading")
        yield FindBar()
        yield PageView()

    @property
    def view(self) -> PageView:
        """Its text."""
        return self.query_one(PageView)

    def open(self, place: Place) -> None:
        """Show a page, what is lit on it in view."""
        from askreport.serve import render

        title = render.title(place.source.title, place.source.words)
        marked = f"{place.marked} " if place.marked else ""
        heading = Content.assemble(
            (marked, "bold $accent"),
            (glyphs.shown(title).replace("\n", " "), "bold"),
            "\n",
            glyphs.shown(place.where).replace("\n", " "),
        )
        name = self.query_one("#page-heading", Static)
        name.update(heading)
        name.display = True
        self._end_find()
        self.view.open(place)

    def close(self) -> None:
        """Nothing is being read."""
        self.query_one("#page-heading").display = False
        self._end_find()
        self.view.open(None)

    def find(self) -> None:
        """Look for words on the page."""
        bar = self.query_one(FindBar)
        bar.display = True
        bar.focus()
        bar.select_all()
        if bar.value:
            self.count(bar.value)

    @on(FindBar.Wanted)
    def find_words(self, event: FindBar.Wanted) -> None:
        """Mark them while they are typed."""
        event.stop()
        self.count(event.words)

    def count(self, words: str) -> None:
        """Mark words and say how many there are."""
        number = self.view.find(words)
        self._said = number
        self._say(0 if number else None, number, words)

    @on(FindBar.Moved)
    def find_next(self, event: FindBar.Moved) -> None:
        """Go to another place that was found."""
        event.stop()
        words = self.query_one(FindBar).value
        at = self.view.find_next(event.by)
        self._say(at if self._said else None, self._said, words)

    @on(FindBar.Closed)
    def leave_find(self, event: FindBar.Closed) -> None:
        """Back to the page where the reader is."""
        event.stop()
        self._end_find()
        self.view.focus()

    def _end_find(self) -> None:
        bar = self.query_one(FindBar)
        if bar.display:
            bar.display = False
            self.view.find("")
            self.border_subtitle = ""

    _said = 0

    def _say(self, at: int | None, number: int, words: str) -> None:
        if at is None:
            self.border_subtitle = "not on this page" if words.strip() else ""
        else:
            self.border_subtitle = f"{at + 1} of {number}"
