"""Ask, read the answer, walk its citations, read each in its page.

What is painted and when; `behind` has the workers, `doors` what leads elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from askreport_tui import collecting, messages
from askreport_tui.reading_keys import READING
from askreport_tui.screens.doors import Doors
from askreport_tui.screens.parts import PANES

if TYPE_CHECKING:
    from textual.widget import Widget
    from textual.widgets import Tabs

    from askreport import errors
    from askreport.types import Citation
    from askreport_tui.place import Place

WIDTHS = [(0, "-narrow"), (100, "-wide"), (200, "-vast")]
"""Columns from which panes stand one at a time, in two columns, in three: a line of a
report wants at least 50."""

HEIGHTS = [(0, "-low"), (20, "-high")]
"""Rows from which there is room for a border around the question."""

NEWER = 1.0
"""Seconds between two looks for an index that was built elsewhere."""


class ReadingScreen(Doors):
    """The main screen."""

    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    BINDINGS: ClassVar[list[BindingType]] = READING

    def on_mount(self) -> None:
        """Paint first; the rest of the screen and the shelf come behind it."""
        self.bar.focus()
        self.call_after_refresh(self.begin)

    async def begin(self) -> None:
        """Add the panes to what is painted, then all else."""
        await self.add_panes()
        if not self.shown_by.leaving:
            self.answer.welcome(None)
            self.page.close()
            self.call_after_refresh(self.go_on)

    async def go_on(self) -> None:
        """Complete the screen, then open the shelf."""
        if not self.shown_by.leaving:
            await self.add_rest()
        collecting.release()
        if not self.shown_by.leaving:
            self.set_interval(NEWER, self.look_for_newer)
            # Importing numpy and FAISS takes the interpreter; the screen comes first.
            self.call_after_refresh(self.open_shelf)

    # Handlers: they paint.

    @on(messages.ShelfOpened)
    def show_shelf(self, event: messages.ShelfOpened) -> None:
        """The shelf can be named; its encoder is on its way."""
        line = self.line
        line.opened = event.opened
        line.state = f"loading {event.opened.model}…"
        titles = [source.title for source in event.opened.sources]
        self.bar.offer(titles)
        self.trouble.clear()
        if self.reading is None and not self._waiting:
            self.answer.welcome(event.opened)

    @on(messages.HistoryRead)
    def offer_history(self, event: messages.HistoryRead) -> None:
        """Questions of other days can be brought back."""
        self.bar.remember([one.question for one in event.kept])

    @on(messages.ShelfChanged)
    def show_changed(self, event: messages.ShelfChanged) -> None:
        """Say so; the answer on the screen stays, with the pages that it quotes."""
        self.line.opened = event.opened
        if self.reading is None and not self._waiting:
            self.answer.welcome(event.opened)
        self.notify("The index was rebuilt; the next answer comes from it.")

    @on(messages.EncoderLoaded)
    def show_ready(self) -> None:
        """Questions are answered at once from here on."""
        self._loaded = True
        self.line.state = "ready"
        self._show_answer()

    @on(messages.QuestionAsked)
    def take_question(self, event: messages.QuestionAsked) -> None:
        """Ask; an older question that still waits is given up."""
        if not self.whole:  # typed faster than the rest of the screen is there
            self.call_after_refresh(self.post_message, event)
            return
        self._turn += 1
        self._waiting = event.question
        self.trouble.clear()
        self.find_answer(self._turn, event.question, self.filter_bar.among)
        self._show_answer()
        self.action_pane("answer" if self.has_class("-narrow") else "citations")

    @on(messages.Answered)
    def show_reading(self, event: messages.Answered) -> None:
        """The answer of the latest question; of an older one, nothing."""
        if event.turn != self._turn:
            return
        self._waiting = ""
        self.reading = event.reading
        from askreport_tui import kept

        self.citation = self.place = None
        one = kept.of(event.reading.answer, event.among)
        self.session.append(one)
        self.keep(one)
        answer = event.reading.answer
        titled = "Citations" if answer.citations else "Nearest, but no answer"
        self.citations.list_all(event.reading.cited, titled=titled)
        self.page.close()
        self._show_answer()
        if event.reading.cited:
            self._read(event.reading.cited[0])

    @on(messages.CitationFollowed)
    def follow_citation(self, event: messages.CitationFollowed) -> None:
        """Every way of following a citation comes through `_read`."""
        if self.reading is None or event.citation not in self.reading.cited:
            return  # of an answer that has since been replaced
        self._read(event.citation)
        if event.open_page:
            self._open_page()

    @on(messages.ShelfFailed)
    def show_shelf_failed(self, event: messages.ShelfFailed) -> None:
        """Nothing can be answered until this is mended."""
        self.line.state = "cannot answer"
        self.show_trouble(event.error)

    @on(messages.QuestionFailed)
    def show_question_failed(self, event: messages.QuestionFailed) -> None:
        """What was on the screen before comes back below the message."""
        if event.turn == self._turn:
            self._give_up()
            self.bar.focus()
            self.show_trouble(event.error)

    @on(Worker.StateChanged)
    def stop_waiting(self, event: Worker.StateChanged) -> None:
        """A question whose worker has a bug, which is told elsewhere, has no answer."""
        event.stop()
        if event.state is WorkerState.ERROR and event.worker.group == "question":
            self._give_up()

    def take_built(self) -> None:
        """Open what a build of ours has published."""
        self.trouble.clear()
        if self.app.screen is self and not self._waiting and self.reading is None:
            self.bar.focus()
        self.open_shelf()

    @on(messages.PanelClosed)
    def close_trouble(self) -> None:
        """Whoever was in the panel goes back to what there is to read or to ask."""
        panel = self.trouble
        if self.focused is None or panel in self.focused.ancestors:
            if self.reading is None:
                self.bar.focus()
            else:
                self._leave_question()
        panel.clear()

    def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        """The one pane that is shown where there is room for one."""
        for name in PANES:
            self.set_class(name == event.tab.id, f"-on-{name}")

    # Actions: what keys do.

    def action_ask(self) -> None:
        """Go to the question; what stands in it is replaced by typing."""
        bar = self.bar
        self.set_focus(bar)  # now; `bar.focus()` would come after the next letters
        bar.select_all()

    action_question = action_ask

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A slash is a letter while something is written."""
        del parameters
        if not self.whole:
            return False  # there is nothing yet but the question
        return action != "question" or not isinstance(self.focused, Input)

    def action_follow(self, marker: int) -> None:
        """Read the citation of that marker."""
        cited = () if self.reading is None else self.reading.cited
        for citation in cited:
            if citation.marker == marker:
                self._read(citation)
                self._open_page()

    def action_walk(self, by: int) -> None:
        """Read the next or previous citation; the last one is followed by the first."""
        if self.reading is None or self.citation is None:
            return
        cited = self.reading.cited
        self._read(cited[(cited.index(self.citation) + by) % len(cited)])
        self._open_page()

    def action_pane(self, name: str) -> None:
        """Go to a pane."""
        self.tabs.active = name
        for pane in PANES:
            self.set_class(pane == name, f"-on-{pane}")
        panes: dict[str, Widget] = {
            "answer": self.answer,
            "citations": self.citations,
            "page": self.page.view,
        }
        panes[name].focus()

    def action_reopen(self) -> None:
        """Open the shelf again, after mending what was wrong."""
        self.trouble.clear()
        self.open_shelf()

    def action_step_back(self) -> None:
        """Undo the last thing that is in the way."""
        if self._waiting:
            self.workers.cancel_group(self, "question")
            self._turn += 1
            self._give_up()
            self.notify("Stopped waiting.")
        elif self.trouble.display:
            self.close_trouble()
        elif self.bar.has_focus:
            self._leave_question()
        else:
            self.filter_bar.remove_filter()

    # Painting.

    def open_place(self, found: Place | None) -> None:
        """Show a page that was chosen elsewhere; a passage that is cited is read as
        the citation that it is, so that the same words are lit.
        """
        if found is None:
            return
        cited = () if self.reading is None else self.reading.cited
        same = [c for c in cited if found.passage_id and c.passage == found.passage_id]
        if same:
            self._read(same[0])
        else:
            self.place = found
            self.page.open(found)
        self.action_pane("page")

    def _read(self, citation: Citation) -> None:
        """Light a citation everywhere: in the answer, the list and its page."""
        from askreport_tui import place

        if self.reading is None:
            return
        self.citation = citation
        self._show_answer()
        self.citations.select(citation)
        self.place = place.of_citation(self.reading, citation)
        self.page.open(self.place)

    def _open_page(self) -> None:
        if self.has_class("-narrow"):
            self.action_pane("page")

    def _show_answer(self) -> None:
        pane = self.answer
        self.set_class(bool(self._waiting), "-waiting")
        if self._waiting:
            line = self.line
            why = "Reading…" if self._loaded else f"Waiting: {line.state}"
            pane.wait(self._waiting, why=why)
        elif self.reading is not None:
            marker = 0 if self.citation is None else self.citation.marker
            pane.answer(self.reading.answer, marker)
        else:
            pane.welcome(self.line.opened)

    def _give_up(self) -> None:
        self._waiting = ""
        self._show_answer()

    def _leave_question(self) -> None:
        self.action_pane("answer" if self.has_class("-narrow") else "citations")

    def show_trouble(self, error: errors.AskreportError) -> None:
        """The panel; whoever is typing goes on typing, and who reads goes on reading,
        unless there is a remedy at hand.
        """
        super().show_trouble(error)
        writing = self.bar.has_focus and self.bar.value
        if self.trouble.mendable and not writing:
            self.call_after_refresh(self.trouble.focus_remedy)
