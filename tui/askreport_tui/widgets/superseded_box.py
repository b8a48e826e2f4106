"""Whether older editions answer too, told by a mark and not by its colour alone."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Checkbox


class SupersededBox(Checkbox, inherit_bindings=False):
    """An X where they do, nothing where they do not. Enter is left to the form."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "toggle_button", "Tick", show=False),
    ]

    def __init__(self, *, ticked: bool) -> None:
        self.BUTTON_INNER = "X" if ticked else " "
        super().__init__(
            "Superseded documents too", ticked, id="superseded", compact=True
        )

    def _watch_value(self, ticked: bool) -> None:
        self.BUTTON_INNER = "X" if ticked else " "
        self.refresh()
