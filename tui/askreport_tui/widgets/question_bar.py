"""The line to ask in. It is never disabled: typing does not wait for anything."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input

from askreport_tui import glyphs, messages

LEAST = 3
"""Letters of a title from which it is offered; with fewer, too much fits."""


class Completion(Suggester):
    """A question asked before, or the title of a document that is being named."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.titles: Sequence[str] = ()
        self.asked: Sequence[str] = ()

    async def get_suggestion(self, value: str) -> str | None:
        """The line as it would be if that were written out."""
        for question in self.asked:
            if value.strip() and question.startswith(value) and question != value:
                return question
        for tail in _tails(value):
            for title in self.titles:
                if title.casefold().startswith(tail.casefold()) and title != tail:
                    return value + title[len(tail) :]
        return None


def _tails(value: str) -> Iterator[str]:
    """What the line ends in, from each of its words on, the longest first."""
    starts = [i for i in range(len(value)) if i == 0 or value[i - 1] == " "]
    return (value[i:] for i in starts if len(value) - i >= LEAST)


class QuestionBar(Input):
    """The question; up and down bring back what was asked before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Ask", tooltip="Ask what is written"),
        Binding("up", "recall(1)", "Earlier", tooltip="The question asked before"),
        Binding("down", "recall(-1)", show=False, tooltip="The question asked after"),
        Binding(
            "right",
            "cursor_right",
            show=False,
            tooltip="Take the title or question that is offered",
        ),
    ]

    def __init__(self) -> None:
        self._completion = Completion()
        super().__init__(
            placeholder="Ask a question, then Enter; Esc leaves, ? shows the keys",
            suggester=self._completion,
        )
        self.border_title = "Question"
        self._asked: list[str] = []
        """Newest first, each once."""
        self._at = -1
        self._written = ""
        """What stood here before the reader went back in time."""

    def validate_value(self, value: str) -> str:
        """What is pasted may hold anything; what stands here is painted as it is."""
        return glyphs.shown(value)

    def offer(self, titles: Sequence[str]) -> None:
        """Complete these titles."""
        self._completion.titles = [glyphs.shown(t).replace("\n", " ") for t in titles]

    def remember(self, questions: Sequence[str]) -> None:
        """Add what was asked, newest first."""
        self._asked = list(dict.fromkeys([*questions, *self._asked]))
        self._completion.asked = self._asked
        self._at = -1

    async def _on_key(self, event: events.Key) -> None:
        """Enter asks what stands here now: as a binding it would come after letters
        that were typed behind it.
        """
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            await self.action_submit()
        else:
            await super()._on_key(event)

    @on(Input.Submitted)
    def ask(self, event: Input.Submitted) -> None:
        """Pass the question on; an empty one is refused like any other."""
        event.stop()
        if event.value.strip():
            self.remember([event.value])
        self.post_message(messages.QuestionAsked(event.value))

    def action_recall(self, by: int) -> None:
        """Go back in time, or forward to what was being written."""
        at = self._at + by
        if not -1 <= at < len(self._asked):
            return
        if self._at == -1:
            self._written = self.value
        self._at = at
        self.value = self._written if at == -1 else self._asked[at]
        self.cursor_position = len(self.value)
