"""Whether older editions answer too."""

from askreport_tui.widgets.tick_box import TickBox


class SupersededBox(TickBox):
    """The box of the filter's form."""

    def __init__(self, *, ticked: bool) -> None:
        super().__init__("Superseded documents too", ticked=ticked, id="superseded")
