"""What widgets and workers tell the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.screen import Screen

    from askreport.errors import AskreportError
    from askreport.library import Built
    from askreport.types import Citation, Filter
    from askreport_tui.building import Step
    from askreport_tui.desk import Opened
    from askreport_tui.kept import Kept
    from askreport_tui.reading import Reading


@dataclass
class ShelfOpened(Message):
    """The index is open; the encoder may still be loading."""

    opened: Opened


@dataclass
class ShelfChanged(Message):
    """A build elsewhere has published another index, which answers from now on."""

    opened: Opened


@dataclass
class HistoryRead(Message):
    """What was asked on other days."""

    kept: tuple[Kept, ...]


@dataclass
class NotKept(Message):
    """An answer could not be written to the history."""

    error: AskreportError


@dataclass
class EncoderLoaded(Message):
    """Questions can be answered at once from now on."""


@dataclass
class QuestionAsked(Message):
    """The reader asks something."""

    question: str


@dataclass
class Answered(Message):
    """A question has its answer. `turn` says which question it was."""

    turn: int
    reading: Reading
    among: Filter


@dataclass
class CitationFollowed(Message):
    """The reader walks to a citation."""

    citation: Citation
    open_page: bool = True
    """Whether to go to its page where there is no room for both."""


@dataclass
class MarkerFollowed(Message):
    """The reader follows a marker in the answer."""

    marker: int


@dataclass
class FilterChecked(Message):
    """The shelf knows all that a filter asks for."""

    among: Filter


@dataclass
class FilterRefused(Message):
    """A filter asks for what cannot be, or for what the shelf does not know."""

    error: AskreportError


@dataclass
class BuildAsked(Message):
    """The reader wants the index brought up to date."""


@dataclass
class BuildStopAsked(Message):
    """The reader wants the build stopped."""


@dataclass
class BuildMoved(Message):
    """A build has come this far."""

    step: Step


@dataclass
class BuildEnded(Message):
    """A build has published what it built, or found nothing to do."""

    built: Built


@dataclass
class ShelfFailed(Message):
    """The shelf, its index or its encoder could not be opened."""

    error: AskreportError


@dataclass
class QuestionFailed(Message):
    """A question found no answer because something failed."""

    turn: int
    error: AskreportError


@dataclass
class BuildFailed(Message):
    """A build published nothing."""

    error: AskreportError


@dataclass
class PanelClosed(Message):
    """The reader has seen what went wrong."""


@dataclass
class Found(Message):
    """What a screen looked for, and what paints it."""

    paint: Callable[[Any], None]
    what: Any


@dataclass
class LookFailed(Message):
    """What a screen looked for could not be had."""

    error: AskreportError


@dataclass
class Met(Message):
    """A bug; `unmade` is the screen that could not be made because of it."""

    error: AskreportError
    unmade: Screen[Any] | None
