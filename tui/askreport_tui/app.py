"""a shelf -> a program in the terminal that answers from it."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from askreport_tui import aside
from askreport_tui.afar import Afar
from askreport_tui.desk import Desk
from askreport_tui.screens.help import HelpScreen
from askreport_tui.screens.reading import ReadingScreen

if TYPE_CHECKING:
    from askreport.library import Library
    from askreport.serve.client import Service


class AskreportApp(App[None]):
    """The shelf on a screen."""

    TITLE = "askreport"
    CSS_PATH = "app.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "keys", "Keys", key_display="?", tooltip="These keys"),
        Binding("t", "change_theme", "Theme", tooltip="Choose a theme", show=False),
        Binding("ctrl+p", "command_palette", tooltip="Every command", show=False),
        Binding("q", "quit", "Quit", tooltip="Leave"),
        Binding("ctrl+q", "quit", show=False, priority=True, tooltip="Leave"),
    ]

    def __init__(
        self,
        shelf: Path | None = None,
        *,
        library: "Library | None" = None,
        service: "Service | None" = None,
    ) -> None:
        """For the shelf at `shelf` (or found from here upwards), an open library, or a
        service.
        """
        super().__init__()
        if service is None:
            self.desk = Desk(shelf, library=library)
        else:
            self.desk = Afar(service)

    def get_default_screen(self) -> Screen[None]:
        """The screen to begin with."""
        return ReadingScreen(self.desk)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Textual's commands and those of the screen."""
        yield from super().get_system_commands(screen)
        if isinstance(screen, ReadingScreen):
            yield SystemCommand(
                "Copy citation", "The quote and its reference", screen.action_copy
            )
            yield SystemCommand(
                "Filter", "Look in a part of the shelf", screen.action_filter
            )
            yield SystemCommand(
                "Build the index", "Bring it up to date", screen.action_build
            )

    def action_keys(self) -> None:
        """Show what the keys do."""
        self.push_screen(HelpScreen())


def run(
    shelf: Path | None = None,
    *,
    library: "Library | None" = None,
    service: "Service | None" = None,
) -> int:
    """Show the shelf until the reader leaves; the exit code."""
    app = AskreportApp(shelf, library=library, service=service)
    app.run()
    code = app.return_code or 0
    if aside.busy():
        # A thread that loads a model can be neither interrupted nor, once the
        # interpreter is taken down around it, be trusted not to crash.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code
