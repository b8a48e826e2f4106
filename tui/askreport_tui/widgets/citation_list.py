"""The citations of an answer, to walk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from askreport_tui import glyphs, messages
from askreport_tui.widgets.options import Options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from askreport.types import Citation


class CitationList(Options):
    """One entry a citation, in the order of their markers."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._citations: tuple[Citation, ...] = ()
        self.border_title = "Citations"

    def list_all(self, citations: Sequence[Citation], *, titled: str) -> None:
        """Show these in place of those before."""
        self._citations = tuple(citations)
        self.border_title = Content(titled)
        with self.prevent(OptionList.OptionHighlighted):
            self.set_options(_spaced(citations))

    def select(self, citation: Citation) -> None:
        """Show which one is being read."""
        with self.prevent(OptionList.OptionHighlighted):
            self.highlighted = self._citations.index(citation)

    @on(OptionList.OptionHighlighted)
    def walk(self, event: OptionList.OptionHighlighted) -> None:
        """Walking keeps the list in view."""
        event.stop()
        self._follow(event.option_index, open_page=False)

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click goes to the page."""
        event.stop()
        self._follow(event.option_index, open_page=True)

    def _follow(self, index: int, *, open_page: bool) -> None:
        citation = self._citations[index]
        self.post_message(messages.CitationFollowed(citation, open_page=open_page))


def _spaced(citations: Sequence[Citation]) -> Iterator[Option | None]:
    """The entries with a rule between them."""
    for number, citation in enumerate(citations):
        if number:
            yield None
        yield Option(_entry(citation))


def _entry(citation: Citation) -> Content:
    from askreport.serve import render

    title = render.title(citation.title, citation.words)
    about = f"{render.place(citation)} · score {citation.score:.2f}"
    return Content.assemble(
        (f"[{citation.marker}] ", "bold $accent"),
        (glyphs.shown(title).replace("\n", " "), "bold"),
        "\n",
        glyphs.shown(about).replace("\n", " "),
    )
