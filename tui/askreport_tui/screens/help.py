"""Every key, read from the bindings."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from askreport_tui import keys
from askreport_tui.screens import leaving


class HelpScreen(ModalScreen[None]):
    """What the keys do; any of the keys that close it closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "Close"),
    ]

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close it."""
        return leaving.once(self, super().dismiss, result)

    def compose(self) -> ComposeResult:
        """One text, in a box that scrolls."""
        with VerticalScroll(id="help") as box:
            box.border_title = "Keys"
            box.border_subtitle = "Escape closes"
            yield Static(_written(), markup=False)


def _written() -> Content:
    groups = keys.groups()
    width = max(len(key.keys) for group in groups for key in group.keys)
    parts = []
    for group in groups:
        lines = [Content.styled(group.place, "bold $accent")]
        lines += [
            Content.assemble((key.keys.ljust(width), "bold"), "  ", key.does)
            for key in group.keys
        ]
        parts.append(Content("\n").join(lines))
    return Content("\n\n").join(parts)
