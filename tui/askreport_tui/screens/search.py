"""Passages of the whole shelf that bear on a few words, to read in their pages."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from askreport import text as texts
from askreport.serve import render
from askreport.types import Filter
from askreport_tui import filtering, glyphs
from askreport_tui.desk import Desk
from askreport_tui.place import Place
from askreport_tui.screens.framed import Framed
from askreport_tui.widgets.options import Options

MOST = 240
"""Characters of a passage that are shown of a hit."""


class SearchScreen(Framed[Place]):
    """Gives the place of a hit, or None."""

    HEADING = "Search the shelf"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "list", show=False, tooltip="Go to what was found"),
        Binding("slash", "words", "Words", key_display="/", tooltip="Write words"),
    ]

    def __init__(self, desk: Desk, among: Filter, words: str) -> None:
        super().__init__(desk)
        self._among = among
        self._words = words
        self._hits: tuple[Place, ...] = ()

    def body(self) -> ComposeResult:
        """The words above what was found."""
        yield Input(self._words, placeholder="Words, then Enter", id="words")
        yield Options(markup=False)

    def on_mount(self) -> None:
        """Words come first."""
        self.query_one(Input).focus()
        self.name_it(*(filtering.chips(self._among) or ("all documents",)))

    @on(Input.Submitted)
    def search(self, event: Input.Submitted) -> None:
        """Look the words up."""
        event.stop()
        words = event.value
        self.name_it("searching…")
        self.look(lambda: self.desk.search(words, self._among), self.list_all)

    def list_all(self, found: tuple[Place, ...]) -> None:
        """Show the hits, best first."""
        self._hits = found
        chips = filtering.chips(self._among)
        self.name_it(texts.counted(len(found), "passage"), *chips)
        listed = self.query_one(Options)
        listed.set_options([Option(_entry(hit)) for hit in found])
        if found:
            listed.highlighted = 0
            listed.focus()

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """Read it in its page."""
        event.stop()
        self.dismiss(self._hits[event.option_index])

    def action_list(self) -> None:
        """From the words to what was found."""
        self.query_one(Options).focus()

    def action_words(self) -> None:
        """Back to the words."""
        self.query_one(Input).focus()


def _entry(hit: Place) -> Content:
    title = render.title(hit.source.title, hit.source.words)
    words = " ".join(hit.words.split())
    short = words[:MOST] + ("…" if len(words) > MOST else "")
    return Content.assemble(
        (f"{hit.marked} ", "bold $accent"),
        (glyphs.shown(title).replace("\n", " "), "bold"),
        "  ",
        (glyphs.shown(hit.where).replace("\n", " "), "dim"),
        "\n",
        glyphs.shown(short),
    )
