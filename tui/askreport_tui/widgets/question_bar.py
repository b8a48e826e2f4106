"""The line to ask in. It is never disabled: typing does not wait for anything."""

from textual import on
from textual.widgets import Input

from askreport_tui import glyphs, messages


class QuestionBar(Input):
    """The question."""

    def __init__(self) -> None:
        super().__init__(placeholder="Ask these reports a question, then press Enter")
        self.border_title = "Question"

    def validate_value(self, value: str) -> str:
        """What is pasted may hold anything; what stands here is painted as it is."""
        return glyphs.shown(value)

    @on(Input.Submitted)
    def ask(self, event: Input.Submitted) -> None:
        """Pass the question on; an empty one is refused like any other."""
        event.stop()
        self.post_message(messages.QuestionAsked(event.value))
