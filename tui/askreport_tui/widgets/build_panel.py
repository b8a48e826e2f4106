"""How far a build has come."""

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import ProgressBar, Static

from askreport_tui import glyphs

if TYPE_CHECKING:
    from askreport.library import Step


class BuildPanel(Vertical):
    """A bar and what is being done; hidden while nothing is being built."""

    BORDER_TITLE = "Building the index"

    def compose(self) -> ComposeResult:
        """What is being done, above how much of it is done."""
        yield Static(markup=False)
        yield ProgressBar(show_eta=False)

    def start(self) -> None:
        """A build begins."""
        self.query_one(Static).update("starting…")
        self.query_one(ProgressBar).update(total=None, progress=0)
        self.display = True

    def move(self, step: "Step") -> None:
        """A build goes on."""
        said = f"{step.doing}  {step.done} of {step.total}"
        self.query_one(Static).update(glyphs.shown(said))
        self.query_one(ProgressBar).update(total=step.total, progress=step.done)

    def end(self) -> None:
        """A build is over."""
        self.display = False
