"""A list to choose from; in a terminal without room for it, keys do no harm."""

from textual.widgets import OptionList


class Options(OptionList):
    """Textual's goes a page on from a row that it has not, where no row is shown."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A page up or down needs one that is shown."""
        if action in ("page_up", "page_down"):
            return bool(self.scrollable_content_region)
        return super().check_action(action, parameters)
