"""Textual's command palette, left once however often it is told to close."""

from textual import events
from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.widgets import OptionList

from askreport_tui.screens import leaving


class Palette(CommandPalette):
    """Two clicks beside it, one behind the other, would close what lies below."""

    def on_mount(self, event: events.Mount) -> None:
        """Nothing is made of it where it was left before it could be."""
        if self not in self.app.screen_stack[1:]:
            event.prevent_default()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A list that is not there yet has nothing to go to."""
        if action == "command_list":
            return bool(self.query_one(OptionList).scrollable_content_region)
        return super().check_action(action, parameters)

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close it."""
        return leaving.once(self, super().dismiss, result)
