"""What went wrong and what to do about it."""

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from askreport import errors
from askreport_tui import faults, glyphs, messages

MENDABLE = (
    errors.IndexMissing,
    errors.IndexDamaged,
    errors.IndexForeign,
    errors.ModelChanged,
)
"""Failures that building the index mends."""


class TroublePanel(Vertical):
    """An error with its hint; hidden while there is none."""

    BORDER_TITLE = "This did not work"

    error: errors.AskreportError | None = None
    """What is shown; None while nothing is."""

    @property
    def shows_bug(self) -> bool:
        """Whether it is our fault."""
        return isinstance(self.error, faults.Unexpected)

    @property
    def mendable(self) -> bool:
        """Whether building the index mends it."""
        return isinstance(self.error, MENDABLE)

    def compose(self) -> ComposeResult:
        """The words, then what can be done about it here."""
        yield Static(markup=False)
        with Horizontal():
            yield Button("Build the index (b)", id="build", variant="primary")
            yield Button("Dismiss (Esc)", id="dismiss")

    def report(
        self, error: errors.AskreportError, relative: Callable[[str], str]
    ) -> None:
        """Show an error, with paths as the reader knows them."""
        self.error = error
        message, hint = map(relative, (error.message, error.hint))
        self.query_one(Static).update(
            Content.assemble(
                (glyphs.shown(message), "bold"), "\n", f"→ {glyphs.shown(hint)}"
            )
        )
        self.query_one("#build").display = self.mendable
        self.display = True

    def clear(self) -> None:
        """Nothing is wrong any more."""
        self.error = None
        self.display = False

    def focus_remedy(self) -> None:
        """Go to the first thing that can be done."""
        self.query_one("#build" if self.mendable else "#dismiss").focus()

    @on(Button.Pressed)
    def choose(self, event: Button.Pressed) -> None:
        """Build, or close the panel."""
        event.stop()
        build = event.button.id == "build"
        chosen = messages.BuildAsked() if build else messages.PanelClosed()
        self.post_message(chosen)
