"""Small questions over a screen: a path to add, a file to write, yes or no."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Button, Input, Static

from askreport import text as texts
from askreport.errors import AskreportError
from askreport_tui import aside, export, glyphs
from askreport_tui.export import Wish
from askreport_tui.screens import leaving
from askreport_tui.widgets.tick_box import TickBox

MOST_NAMES = 5000
"""Of a folder, looked at for a completion."""


class Paths(Suggester):
    """The first file or folder that begins with what is being written."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The path as it would be if that name were written out."""
        return await aside.call(lambda: completed(value))


def completed(value: str) -> str | None:
    """The first path that begins so; a folder ends in a slash."""
    folder, slash, begun = value.rpartition("/")
    try:
        at = Path(folder + slash or ".").expanduser()
        names = sorted(islice(at.iterdir(), MOST_NAMES), key=lambda path: path.name)
    except (OSError, RuntimeError):
        return None
    for path in names:
        hidden = path.name.startswith(".") and not begun.startswith(".")
        if path.name.startswith(begun) and path.name.isprintable() and not hidden:
            return f"{folder}{slash}{path.name}{'/' if path.is_dir() else ''}"
    return None


class PathField(Input):
    """A path, completed with Tab or the right arrow."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", tooltip="Complete the path"),
    ]

    def __init__(self, value: str = "", *, placeholder: str = "") -> None:
        super().__init__(value, placeholder=placeholder, suggester=Paths())

    def validate_value(self, value: str) -> str:
        """What is pasted may hold anything; what stands here is painted as it is."""
        return glyphs.shown(value).replace("\n", " ")

    def action_complete(self) -> None:
        """Take what is suggested, or go to the next field."""
        if self._suggestion and self._suggestion != self.value:
            self.value = self._suggestion
            self.cursor_position = len(self.value)
        else:
            self.screen.focus_next()


class Form(ModalScreen[object]):
    """A box with a title; Escape leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", tooltip="Leave it as it is"),
    ]

    def dismiss(self, result: object = None) -> AwaitComplete:
        """Close it."""
        return leaving.once(self, super().dismiss, result)

    def action_leave(self) -> None:
        """Close without a change."""
        self.dismiss(None)


class ConfirmScreen(Form):
    """Gives True if the reader agrees, None if not."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "agree", "Yes", tooltip="Do it"),
        Binding("n", "leave", "No", tooltip="Leave it as it is"),
    ]

    def __init__(self, said: str, *, agreed: str) -> None:
        super().__init__()
        self._said = said
        self._agreed = agreed

    def compose(self) -> ComposeResult:
        """What is about to happen, and the two ways on."""
        with Vertical(classes="form") as box:
            box.border_title = "Sure?"
            yield Static(glyphs.shown(self._said), markup=False)
            with Horizontal():
                yield Button(f"{self._agreed} (y)", id="yes", variant="error")
                yield Button("Leave it (n)", id="no")

    def on_mount(self) -> None:
        """The harmless way is the one that Enter takes."""
        self.query_one("#no").focus()

    @on(Button.Pressed)
    def choose(self, event: Button.Pressed) -> None:
        """Do it, or leave it."""
        event.stop()
        self.dismiss(True if event.button.id == "yes" else None)

    def action_agree(self) -> None:
        """Do it."""
        self.dismiss(True)


class AddScreen(Form):
    """Gives the path of what is to be added, None if nothing is."""

    def compose(self) -> ComposeResult:
        """A path."""
        with Vertical(classes="form") as box:
            box.border_title = "Put a file or a folder on the shelf"
            box.border_subtitle = "Tab completes, Enter adds, Escape leaves"
            yield PathField(placeholder="~/reports/annual-2024.pdf")
            yield Static(
                "Files are copied into sources/; a build then reads them.", markup=False
            )

    @on(Input.Submitted)
    def add(self, event: Input.Submitted) -> None:
        """Close with the path."""
        event.stop()
        if event.value.strip():
            self.dismiss(event.value.strip())


class ExportScreen(Form):
    """Writes what is wished for; gives the path, None if nothing was written."""

    def __init__(
        self, wishes: Callable[[bool, bool], Wish], name: str, *, session: int
    ) -> None:
        """`wishes` gives what to write, with a bibliography or not, of the whole
        session or not.
        """
        super().__init__()
        self._wishes = wishes
        self._proposed = name
        self._session = session
        self._refused = ""
        """The path that the reader was told is there already."""

    def compose(self) -> ComposeResult:
        """Where to, and how much."""
        with Vertical(classes="form") as box:
            box.border_title = "Export"
            box.border_subtitle = ".md, .html or .txt; Enter writes, Escape leaves"
            yield PathField(self._proposed)
            yield TickBox("With a bibliography", ticked=True, id="sources")
            yield TickBox(
                f"All of this session: {texts.counted(self._session, 'question')}",
                ticked=False,
                id="session",
                disabled=self._session < 2,
            )
            yield Static(id="refused", markup=False)
            yield Button("Write", id="write", variant="primary", compact=True)

    @on(Input.Submitted)
    @on(Button.Pressed)
    def write(self) -> None:
        """Write the file; one that is there is replaced when Enter comes twice."""
        said = self.query_one(PathField).value.strip()
        boxes = [self.query_one(f"#{n}", TickBox).value for n in ("sources", "session")]
        wish = self._wishes(*boxes)
        path = Path(said).expanduser()
        try:
            if self.app.is_web:
                text = export.written(wish, path.suffix.lower())
                self._delivered(text, path.name)
                return
            replace = said == self._refused
            done = export.write(wish, path, replace=replace)
        except AskreportError as error:
            self._refused = said if path.exists() else ""
            words = Content.assemble(
                (glyphs.shown(error.message), "bold $error"),
                f"\n→ {glyphs.shown(error.hint)}",
            )
            self.query_one("#refused", Static).update(words)
        else:
            self.dismiss(str(done))

    def _delivered(self, text: str, name: str) -> None:
        """In a browser the file belongs on the reader's machine."""
        import io

        self.app.deliver_text(io.StringIO(text), save_filename=name)
        self.dismiss(name)
