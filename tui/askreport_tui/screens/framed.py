"""What every screen beside the reading one has: a title, panels, a footer, workers.

A failure becomes the panel with its hint, on whichever screen it happens.
"""

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from askreport_tui import glyphs
from askreport_tui.desk import Desk
from askreport_tui.screens import leaving
from askreport_tui.screens.troubled import Troubled
from askreport_tui.widgets.build_panel import BuildPanel
from askreport_tui.widgets.key_line import KeyLine
from askreport_tui.widgets.table import Table
from askreport_tui.widgets.trouble_panel import TroublePanel

R = TypeVar("R")


class Framed(Troubled[R]):
    """A screen over the reading one; Escape goes back."""

    HEADING = ""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", tooltip="Close what is open, then go back"),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def compose(self) -> ComposeResult:
        """What this is, what is wrong or being built, what it shows, its keys."""
        yield Static(Content.styled(self.HEADING, "bold $accent"), id="heading")
        yield TroublePanel()
        yield BuildPanel()
        yield from self.body()
        yield KeyLine()

    def body(self) -> ComposeResult:
        """What it shows."""
        raise NotImplementedError

    def name_it(self, *more: str) -> None:
        """The heading, and what is to be said beside it."""
        said = " · ".join(glyphs.shown(part).replace("\n", " ") for part in more)
        heading = Content.assemble((self.HEADING, "bold $accent"), "  ", said)
        self.query_one("#heading", Static).update(heading)

    def dismiss(self, result: R | None = None) -> AwaitComplete:
        """Close it."""
        return leaving.once(self, super().dismiss, result)

    def action_back(self) -> None:
        """Close the panel, or the screen."""
        if self.trouble.display:
            self.trouble.clear()
        else:
            self.dismiss(None)


class Listing(Framed[R]):
    """A table of what a build changes; it is listed again when a build has ended."""

    def on_mount(self) -> None:
        """List it."""
        self.query_one(Table).focus()
        self.action_reload()
        self.watch(self.app, "building", self._built, init=False)

    def action_reload(self) -> None:
        """List it as it stands now."""
        raise NotImplementedError

    def _built(self, step: object) -> None:
        if step is None:
            self.action_reload()
