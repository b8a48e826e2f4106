"""A box to tick, told by a mark and not by its colour alone."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Checkbox


class TickBox(Checkbox, inherit_bindings=False):
    """An X where it is ticked, nothing where it is not. Enter is left to the form."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "toggle_button", "Tick", show=False),
    ]

    def __init__(
        self,
        label: str,
        *,
        ticked: bool,
        id: str,  # noqa: A002 - what Textual calls it
        disabled: bool = False,
    ) -> None:
        self.BUTTON_INNER = "X" if ticked else " "
        super().__init__(label, ticked, id=id, compact=True, disabled=disabled)

    def _watch_value(self, ticked: bool) -> None:
        self.BUTTON_INNER = "X" if ticked else " "
        self.refresh()
