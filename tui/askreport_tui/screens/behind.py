"""The reading screen's work behind the scenes: it computes and posts messages."""

from contextlib import suppress

from textual import work

from askreport import errors
from askreport.types import Citation, Filter
from askreport_tui import messages
from askreport_tui.desk import Desk
from askreport_tui.kept import Kept
from askreport_tui.place import Place
from askreport_tui.reading import Reading
from askreport_tui.screens.framed import Troubled


class Behind(Troubled[None]):
    """What is being read, and the workers that find it.

    A question has a turn, counted up, and what comes back for any but the latest turn
    is dropped.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
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
