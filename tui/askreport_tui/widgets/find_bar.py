"""The line above a page to look for words on it."""

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from askreport_tui import glyphs


class FindBar(Input):
    """What is looked for; hidden until it is wanted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "find_next(1)", "Next", tooltip="Next place found"),
        Binding("up", "find_next(-1)", "Prev", tooltip="Place found before"),
        Binding("escape", "close", "Close", tooltip="Stop looking for words"),
    ]

    @dataclass
    class Wanted(Message):
        """Words to find, or none any more."""

        words: str

    @dataclass
    class Moved(Message):
        """The next place, or the one before."""

        by: int

    class Closed(Message):
        """Nothing is looked for any more."""

    def __init__(self) -> None:
        super().__init__(placeholder="Find on this page", compact=True)
        self.display = False

    def validate_value(self, value: str) -> str:
        """What is pasted may hold anything; what stands here is painted as it is."""
        return glyphs.shown(value).replace("\n", " ")

    @on(Input.Changed)
    def look(self, event: Input.Changed) -> None:
        """Found while it is typed."""
        event.stop()
        self.post_message(self.Wanted(event.value))

    def action_find_next(self, by: int) -> None:
        """Go on to another place."""
        self.post_message(self.Moved(by))

    def action_close(self) -> None:
        """Back to the page."""
        self.post_message(self.Closed())
