"""How far a build has come, and the way to stop it."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, ProgressBar, Static

from askreport_tui import glyphs, messages
from askreport_tui.building import Step


class BuildPanel(Vertical):
    """A bar and what is being done; hidden while nothing is being built."""

    BORDER_TITLE = "Building the index; the old one answers meanwhile"

    def compose(self) -> ComposeResult:
        """What is being done, above how much of it is done."""
        yield Static("starting…", markup=False)
        with Horizontal():
            yield ProgressBar(show_eta=False)
            yield Button("Stop (k)", id="stop", compact=True)

    def on_mount(self) -> None:
        """A build belongs to the program: every screen shows it."""
        self.watch(self.app, "building", self.show_step)

    def show_step(self, step: Step | None) -> None:
        """How far it is; None: nothing is being built."""
        self.display = step is not None
        if step is not None:
            known = step.total > 0
            self.query_one(Static).update(
                glyphs.shown(step.said if known else "starting…")
            )
            self.query_one(ProgressBar).update(
                total=step.total if known else None, progress=step.done
            )

    @on(Button.Pressed)
    def stop(self, event: Button.Pressed) -> None:
        """End the build; the index stays as it is."""
        event.stop()
        self.post_message(messages.BuildStopAsked())
