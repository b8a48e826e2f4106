"""A line of the filter's form, completed from what the shelf holds."""

from textual.suggester import Suggester
from textual.widgets import Input

from askreport_tui import filtering, glyphs
from askreport_tui.filtering import Known


class Completion(Suggester):
    """The first known name that begins with what is being written."""

    def __init__(self, field: str, known: Known) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._field = field
        self._known = known

    async def get_suggestion(self, value: str) -> str | None:
        """The field as it would be if that name were written out."""
        said = filtering.last(value).casefold()
        near = self._known.near(self._field, value) if said else ()
        if not near or not near[0].casefold().startswith(said):
            return None
        return filtering.completed(value, glyphs.shown(near[0]))


class FilterField(Input):
    """One field; its id is the name of the field."""

    def __init__(self, field: str, value: str, known: Known) -> None:
        super().__init__(
            value, id=field, suggester=Completion(field, known), compact=True
        )

    def validate_value(self, value: str) -> str:
        """What is pasted may hold anything; what stands here is painted as it is."""
        return glyphs.shown(value).replace("\n", " ")
