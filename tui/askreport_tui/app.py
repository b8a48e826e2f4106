"""a shelf -> a program in the terminal that answers from it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.keys import format_key
from textual.reactive import reactive
from textual.theme import Theme

from askreport import errors
from askreport_tui import glyphs, messages
from askreport_tui.screens.reading import ReadingScreen
from askreport_tui.screens.troubled import Troubled
from askreport_tui.surviving import Surviving

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from textual.screen import Screen

    from askreport.library import Built, Library
    from askreport.serve.client import Service
    from askreport_tui.building import Step
    from askreport_tui.desk import Desk

LEAVING = {signal.SIGTERM: 143}
"""Signals that end the program in good order, and the codes that say so."""
if hasattr(signal, "SIGHUP"):
    LEAVING[signal.SIGHUP] = 129

HIGH_CONTRAST = Theme(
    name="high-contrast",
    primary="#00ffff",
    secondary="#ffffff",
    accent="#ffff00",
    warning="#ffff00",
    error="#ff6060",
    success="#00ff00",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    dark=True,
    luminosity_spread=0.3,
    text_alpha=1.0,
    variables={
        "text-muted": "#ffffff",
        "border": "#ffffff",
        "block-cursor-foreground": "#000000",
        "block-cursor-background": "#ffff00",
        "footer-key-foreground": "#ffff00",
        "input-selection-background": "#ffff00 40%",
    },
)
"""White and yellow on black; nothing is told by a shade."""


class AskreportApp(Surviving):
    """The shelf on a screen."""

    building: reactive[Step | None] = reactive(None)
    """How far a build is that was started here; None while there is none."""

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
        library: Library | None = None,
        service: Service | None = None,
    ) -> None:
        """For the shelf at `shelf` (or found from here upwards), an open library, or a
        service.
        """
        super().__init__()
        self._shelf = shelf
        self._library = library
        self._service = service

    @cached_property
    def desk(self) -> Desk:
        """What the screens ask; it is not needed before the first frame."""
        if self._service is not None:
            from askreport_tui.afar import Afar

            return Afar(self._service)
        from askreport_tui.desk import Desk

        return Desk(self._shelf, library=self._library)

    def get_default_screen(self) -> Screen[None]:
        """The screen to begin with."""
        return ReadingScreen()

    async def on_load(self) -> None:
        """Leave properly when told to: the terminal is given back as it was."""
        if threading.current_thread() is threading.main_thread():
            loop = asyncio.get_running_loop()
            for signal_, code in LEAVING.items():
                with suppress(NotImplementedError):  # where there are no such signals
                    loop.add_signal_handler(signal_, self.exit, None, code)

    def on_mount(self) -> None:
        """Themes of our own."""
        self.register_theme(HIGH_CONTRAST)

    async def on_unmount(self) -> None:
        """What the desk has under way is ended, or left to others."""
        self.desk.leave()

    @on(messages.BuildAsked)
    def start_building(self) -> None:
        """Build, unless that is under way."""
        from askreport_tui.building import STARTING

        if self.building is None:
            self.building = STARTING
            self.build_index()

    @work(group="build")
    async def build_index(self) -> None:
        """Build behind the screens."""
        try:
            built = await self.desk.build(self._tell)
        except errors.AskreportError as error:
            self.post_message(messages.BuildFailed(error))
        else:
            self.post_message(messages.BuildEnded(built))

    def _tell(self, step: Step) -> None:
        self.post_message(messages.BuildMoved(step))

    @on(messages.BuildStopAsked)
    def stop_building(self) -> None:
        """End the build; the index stays as it is."""
        if self.building is not None:
            self.desk.stop_building()

    @on(messages.BuildMoved)
    def show_step(self, event: messages.BuildMoved) -> None:
        """How far it is; a step told late is of a build that is over."""
        if self.building is not None:
            self.building = event.step

    @on(messages.BuildEnded)
    def show_built(self, event: messages.BuildEnded) -> None:
        """Open what was built."""
        self.building = None
        self.notify(told(event.built), markup=False)
        for screen in self.screen_stack:
            if isinstance(screen, ReadingScreen):
                screen.take_built()

    @on(messages.BuildFailed)
    def show_build_failed(self, event: messages.BuildFailed) -> None:
        """The old index, if there is one, still answers."""
        from askreport_tui.building import Stopped

        self.building = None
        if isinstance(event.error, Stopped):
            self.notify(f"{event.error.message.capitalize()}.", markup=False)
        else:  # whoever fills in a form is not interrupted
            screen = next(s for s in self.screen_stack[::-1] if isinstance(s, Troubled))
            screen.show_trouble(event.error)

    def show_trouble(self, error: errors.AskreportError) -> None:
        """The panel of the screen, or one over it where it has none."""
        from askreport_tui.screens.fault import FaultScreen

        screen = self.screen
        if isinstance(screen, Troubled) and screen.query("TroublePanel"):
            screen.show_trouble(error)
        else:
            self.push_screen(FaultScreen(self.desk, error))

    @property
    def telling(self) -> bool:
        """Whether a panel shows a bug."""
        from askreport_tui.widgets.trouble_panel import TroublePanel

        return any(panel.shows_bug for panel in self.screen.query(TroublePanel))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Textual's commands and those of the screen."""
        yield from super().get_system_commands(screen)
        for binding in Binding.make_bindings(screen.BINDINGS):
            if binding.tooltip and not binding.action.startswith("follow"):
                action = partial(self.run_action, binding.action, screen)
                yield SystemCommand(binding.tooltip, keys_of(binding), action)

    def action_command_palette(self) -> None:
        """Every command."""
        from askreport_tui.screens.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def search_themes(self) -> None:
        """Choose a theme."""
        from textual.theme import ThemeProvider

        from askreport_tui.screens.palette import Palette

        said = "Search for themes…"
        self.push_screen(Palette(providers=[ThemeProvider], placeholder=said))

    def action_keys(self) -> None:
        """Show what the keys do."""
        from askreport_tui.screens.help import HelpScreen

        self.push_screen(HelpScreen())


def keys_of(binding: Binding) -> str:
    """What the palette says of a command."""
    return f"Key: {binding.key_display or format_key(binding.key)}"


def told(built: Built) -> str:
    """What a build came to, in a sentence."""
    from askreport import text as texts

    holds = (
        f"{texts.counted(built.documents, 'document')}, "
        f"{texts.counted(built.passages, 'passage')}"
    )
    if built.failed:
        holds += f"; not read: {len(built.failed)} pages or files"
    if built.drift:
        asked = glyphs.shown("; ".join(one.question for one in built.drift[:3]))
        number = texts.counted(len(built.drift), "saved question")
        holds += f". Answered otherwise now: {number}, such as {asked}"
    return f"{'Index built' if built.fresh else 'The index was up to date'}: {holds}."


def run(
    shelf: Path | None = None,
    *,
    library: Library | None = None,
    service: Service | None = None,
) -> int:
    """Show the shelf until the reader leaves; the exit code."""
    app = AskreportApp(shelf, library=library, service=service)
    app.run()
    from askreport_tui import aside

    code = app.return_code or 0
    if aside.busy():
        # A thread that loads a model can be neither interrupted nor, once the
        # interpreter is taken down around it, be trusted not to crash.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code
