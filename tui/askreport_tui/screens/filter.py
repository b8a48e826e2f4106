"""The form of the filter: each field completed from what the shelf holds."""

from collections.abc import Iterator
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static

from askreport.errors import AskreportError
from askreport.types import Filter
from askreport_tui import filtering, glyphs, messages
from askreport_tui.desk import Desk
from askreport_tui.filtering import Known
from askreport_tui.screens import leaving
from askreport_tui.widgets.filter_field import FilterField
from askreport_tui.widgets.superseded_box import SupersededBox

OFFERED = 8
"""Known names shown for the field being written; the rest come as more is written."""


class FilterScreen(ModalScreen[Filter | None]):
    """Gives the filter that was applied, or None if it was left as it was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "apply", "Apply", tooltip="Apply to the next question"),
        Binding("ctrl+r", "clear", "Clear", tooltip="Empty every field"),
        Binding("escape", "leave", "Close", tooltip="Leave the filter as it was"),
    ]

    def __init__(self, desk: Desk, known: Known, among: Filter) -> None:
        super().__init__()
        self._desk = desk
        self._known = known
        self._among = among

    def dismiss(self, result: Filter | None = None) -> AwaitComplete:
        """Close it."""
        return leaving.once(self, super().dismiss, result)

    def compose(self) -> ComposeResult:
        """A line a field, what there is to choose from, what is wrong."""
        with VerticalScroll(id="filter", can_focus=False) as box:
            box.border_title = "Look in"
            box.border_subtitle = "Enter applies, Escape leaves it as it was"
            yield from self._lines()
            yield SupersededBox(ticked=self._among.superseded)
            yield Static(id="offered", markup=False)
            yield Static(id="refused", markup=False)
            with Horizontal():
                yield Button("Apply", id="apply", variant="primary", compact=True)
                yield Button("Clear (Ctrl+R)", id="clear", compact=True)

    def _lines(self) -> Iterator[Horizontal]:
        for field, value in filtering.written(self._among).items():
            label = Label(filtering.LABELS[field])
            yield Horizontal(label, FilterField(field, value, self._known))

    @work(group="filter", exclusive=True)
    async def check(self, among: Filter) -> None:
        """Whether the shelf knows what is asked for."""
        try:
            await self._desk.coverage(among)
        except AskreportError as error:
            self.post_message(messages.FilterRefused(error))
        else:
            self.post_message(messages.FilterChecked(among))

    @on(messages.FilterChecked)
    def close_with(self, event: messages.FilterChecked) -> None:
        """The filter holds from the next question on."""
        self.dismiss(event.among)

    @on(messages.FilterRefused)
    def show_refused(self, event: messages.FilterRefused) -> None:
        """The fields stay as they are, to be corrected."""
        hint = glyphs.shown(self._desk.relative(event.error.hint))
        said = glyphs.shown(self._desk.relative(event.error.message))
        text = Content.assemble((said, "bold $error"), "\n", f"→ {hint}")
        self.query_one("#refused", Static).update(text)

    @on(events.DescendantFocus)
    @on(Input.Changed)
    def offer(self) -> None:
        """What there is to choose from for the field being written."""
        field = self.focused
        names: tuple[str, ...] = ()
        if isinstance(field, FilterField) and field.id is not None:
            names = self._known.near(field.id, field.value)
        said = [glyphs.shown(name) for name in names[:OFFERED]]
        more = [f"… and {len(names) - OFFERED} more"] if len(names) > OFFERED else []
        offered = Content.styled(" · ".join([*said, *more]), "dim")
        self.query_one("#offered", Static).update(offered)

    @on(Input.Submitted)
    @on(Button.Pressed, "#apply")
    def action_apply(self) -> None:
        """Have the filter checked, and close with it if it is sound."""
        fields = {field.id or "": field.value for field in self.query(FilterField)}
        superseded = self.query_one(SupersededBox).value
        self.check(filtering.read(fields, superseded=superseded))

    @on(Button.Pressed, "#clear")
    def action_clear(self) -> None:
        """Empty every field; applied like any other change."""
        for field in self.query(FilterField):
            field.value = ""
        self.query_one(SupersededBox).value = False
        self.query_one("#refused", Static).update("")

    def action_leave(self) -> None:
        """Close without a change."""
        self.dismiss(None)
