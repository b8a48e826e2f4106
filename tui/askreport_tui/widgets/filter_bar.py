"""The line below the question: which part of the shelf the next one is asked of."""

from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widgets import Static

from askreport.types import Filter
from askreport_tui import filtering, glyphs


class FilterBar(Static):
    """A chip a field of the filter; hidden while there is none."""

    among: reactive[Filter] = reactive(Filter(), layout=True)

    def set_filter(self, among: Filter | None) -> None:
        """Ask the next question of this part of the shelf; None changes nothing."""
        if among is not None:
            self.among = among

    def remove_filter(self) -> None:
        """Ask the next question of the whole shelf."""
        if self.among != Filter():
            self.among = Filter()
            self.notify("Filter removed.")

    def watch_among(self, among: Filter) -> None:
        """No room is taken by what is not there."""
        self.display = among != Filter()

    def render(self) -> Content:
        """The chips; a click on one opens the form."""
        edit = Style.from_meta({"@click": "screen.filter"})
        chips = [
            Content.styled(f" {glyphs.shown(chip)} ", "$text on $primary 40%")
            for chip in filtering.chips(self.among)
        ]
        said = Content(" ").join([Content.styled("Filter", "bold $accent"), *chips])
        return said.stylize(edit)
