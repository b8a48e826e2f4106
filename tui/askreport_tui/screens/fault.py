"""What went wrong, over whatever screen has no place of its own to say so."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from askreport.errors import AskreportError
from askreport_tui import messages
from askreport_tui.desk import Desk
from askreport_tui.screens import leaving
from askreport_tui.widgets.trouble_panel import TroublePanel


class FaultScreen(ModalScreen[None]):
    """The panel, alone."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter", "dismiss", "Close", tooltip="Go on"),
    ]

    def __init__(self, desk: Desk, error: AskreportError) -> None:
        super().__init__()
        self._desk = desk
        self._error = error

    def compose(self) -> ComposeResult:
        """A box as wide as the others."""
        with Vertical(id="fault"):
            yield TroublePanel()

    def on_mount(self) -> None:
        """Say it."""
        panel = self.query_one(TroublePanel)
        panel.report(self._error, self._desk.relative)
        panel.focus_remedy()

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close it."""
        return leaving.once(self, super().dismiss, result)

    @on(messages.PanelClosed)
    def close(self) -> None:
        """Back to where the reader was."""
        self.dismiss(None)
