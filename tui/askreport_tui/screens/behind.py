"""The reading screen's work behind the scenes: it computes and posts messages."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, cast

from textual import work

from askreport import errors
from askreport_tui import messages
from askreport_tui.screens.parts import Parts

if TYPE_CHECKING:
    from askreport.types import Citation, Filter
    from askreport_tui.app import AskreportApp
    from askreport_tui.desk import Desk
    from askreport_tui.kept import Kept
    from askreport_tui.place import Place
    from askreport_tui.reading import Reading


class Behind(Parts):
    """What is being read, and the workers that find it.

    A question has a turn, counted up, and what comes back for any but the latest turn
    is dropped.
    """

    def __init__(self) -> None:
        super().__init__(classes="-on-answer")  # the tabs begin there as well
        self.reading: Reading | None = None
        self.citation: Citation | None = None
        self.place: Place | None = None
        """The page that is open: a citation's, a hit's, or one turned to."""
        self.session: list[Kept] = []
        """What was answered since the program began, oldest first."""
        self._turn = 0
        self._waiting = ""
        """The question that has no answer yet; empty while none is under way."""
        self._loaded = False
        self._keeps = True
        self._looking = False

    @property
    def desk(self) -> Desk:  # type: ignore[override]
        """The app's: it is not needed before the first frame."""
        return self.shown_by.desk

    @property
    def shown_by(self) -> AskreportApp:
        """The app, which is always ours."""
        return cast("AskreportApp", self.app)

    @work(group="shelf", exclusive=True)
    async def open_shelf(self) -> None:
        """Open the index, then load the encoder."""
        try:
            self.post_message(messages.ShelfOpened(await self.desk.open()))
            with suppress(errors.AskreportError):
                self.post_message(messages.HistoryRead(await self.desk.history()))
            await self.desk.warm()
        except errors.AskreportError as error:
            self.post_message(messages.ShelfFailed(error))
        else:
            self.post_message(messages.EncoderLoaded())

    @work(group="newer")
    async def look_for_newer(self) -> None:
        """See whether a build elsewhere has changed the index; one look at a time."""
        if self._looking:
            return
        self._looking = True
        try:
            opened = await self.desk.newer()
        except errors.AskreportError:
            opened = None  # what is open goes on answering
        finally:
            self._looking = False
        if opened is not None:
            self.post_message(messages.ShelfChanged(opened))

    @work(group="question", exclusive=True)
    async def find_answer(self, turn: int, question: str, among: Filter) -> None:
        """Answer a question; a newer one cancels this."""
        try:
            reading = await self.desk.ask(question, among)
        except errors.AskreportError as error:
            self.post_message(messages.QuestionFailed(turn, error))
        else:
            self.post_message(messages.Answered(turn, reading, among))

    @work(group="kept")
    async def keep(self, one: Kept) -> None:
        """Write an answer to the reader's history; say once if that cannot be done."""
        try:
            await self.desk.keep(one)
        except errors.AskreportError as error:
            self.post_message(messages.NotKept(error))
