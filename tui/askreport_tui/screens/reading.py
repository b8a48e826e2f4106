"""Ask, read the answer, walk its citations, read each in its page.

Workers compute and post messages; handlers paint. A question has a turn, counted up,
and what comes back for any but the latest turn is dropped.
"""

from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer, Tab, Tabs

from askreport import errors
from askreport.serve import render
from askreport.types import Citation, Filter
from askreport_tui import filtering, glyphs, messages
from askreport_tui.desk import Desk
from askreport_tui.reading import Reading
from askreport_tui.screens.filter import FilterScreen
from askreport_tui.widgets.answer_pane import AnswerPane
from askreport_tui.widgets.build_panel import BuildPanel
from askreport_tui.widgets.citation_list import CitationList
from askreport_tui.widgets.filter_bar import FilterBar
from askreport_tui.widgets.page_pane import PagePane
from askreport_tui.widgets.page_view import PageView
from askreport_tui.widgets.question_bar import QuestionBar
from askreport_tui.widgets.shelf_line import ShelfLine
from askreport_tui.widgets.trouble_panel import MENDABLE, TroublePanel

if TYPE_CHECKING:
    from askreport.library import Step

PANES = ("answer", "citations", "page")
"""What is shown side by side, or one at a time where there is no room."""

WIDTHS = [(0, "-narrow"), (100, "-wide"), (200, "-vast")]
"""Columns from which panes stand one at a time, in two columns, in three: a line of a
report wants at least 50."""

HEIGHTS = [(0, "-low"), (20, "-high")]
"""Rows from which there is room for a border around the question."""

NEWER = 1.0
"""Seconds between two looks for an index that was built elsewhere."""

FOLLOW = [
    Binding(
        str(marker),
        f"follow({marker})",
        "Citation",
        key_display="1-9",
        show=marker == 1,
        tooltip="Read that citation in its page",
    )
    for marker in range(1, 10)
]
"""One binding a digit; the keys show them as one."""


class ReadingScreen(Screen[None]):
    """The main screen."""

    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash", "ask", "Question", key_display="/", tooltip="Write a question"
        ),
        Binding("ctrl+l", "ask", show=False, tooltip="Write a question"),
        Binding("f", "filter", "Filter", tooltip="Look in a part of the shelf"),
        *FOLLOW,
        Binding("n", "walk(1)", "Next", tooltip="Next citation"),
        Binding("p", "walk(-1)", "Prev", tooltip="Previous citation"),
        Binding("a", "pane('answer')", show=False, tooltip="Go to the answer"),
        Binding("c", "pane('citations')", show=False, tooltip="Go to the citations"),
        Binding("d", "pane('page')", show=False, tooltip="Go to the document's page"),
        Binding("y", "copy", "Copy", tooltip="Copy the citation with its quote"),
        Binding("b", "build", show=False, tooltip="Bring the index up to date"),
        Binding("r", "reopen", show=False, tooltip="Open the shelf again"),
        Binding(
            "escape",
            "step_back",
            show=False,
            tooltip="Step back: stop waiting, close, remove the filter",
        ),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.reading: Reading | None = None
        self.citation: Citation | None = None
        self._turn = 0
        self._waiting = ""
        """The question that has no answer yet; empty while none is under way."""
        self._loaded = False

    def compose(self) -> ComposeResult:
        """The question on top, panes below, keys at the bottom."""
        yield ShelfLine()
        yield QuestionBar()
        yield FilterBar()
        yield TroublePanel()
        yield BuildPanel()
        yield Tabs(*(Tab(name.capitalize(), id=name) for name in PANES))
        with Horizontal(id="panes"):
            with Container(id="found"):
                yield AnswerPane(id="answer")
                yield CitationList()
            yield PagePane(id="page")
        yield Footer()

    def on_mount(self) -> None:
        """Paint first; the shelf opens behind it."""
        self.query_one(AnswerPane).welcome(None)
        self.query_one(PagePane).close()
        self.query_one(QuestionBar).focus()
        self.open_shelf()
        self.set_interval(NEWER, self.look_for_newer)

    # Workers: they compute and post messages.

    @work(group="shelf", exclusive=True)
    async def open_shelf(self) -> None:
        """Open the index, then load the encoder."""
        try:
            self.post_message(messages.ShelfOpened(await self.desk.open()))
            await self.desk.warm()
        except errors.AskreportError as error:
            self.post_message(messages.ShelfFailed(error))
        else:
            self.post_message(messages.EncoderLoaded())

    @work(group="newer", exclusive=True)
    async def look_for_newer(self) -> None:
        """See whether a build elsewhere has changed the index."""
        with suppress(errors.AskreportError):
            opened = await self.desk.newer()
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
            self.post_message(messages.Answered(turn, reading))

    @work(group="build")
    async def build_index(self) -> None:
        """Build behind the screen."""
        try:
            built = await self.desk.build(self._tell)
        except errors.AskreportError as error:
            self.post_message(messages.BuildFailed(error))
        else:
            self.post_message(messages.BuildEnded(built))

    def _tell(self, step: "Step") -> None:
        self.post_message(messages.BuildMoved(step))

    # Handlers: they paint.

    @on(messages.ShelfOpened)
    def show_shelf(self, event: messages.ShelfOpened) -> None:
        """The shelf can be named; its encoder is on its way."""
        line = self.query_one(ShelfLine)
        line.opened = event.opened
        line.state = f"loading {event.opened.model}…"
        self.query_one(TroublePanel).clear()
        if self.reading is None and not self._waiting:
            self.query_one(AnswerPane).welcome(event.opened)

    @on(messages.ShelfChanged)
    def show_changed(self, event: messages.ShelfChanged) -> None:
        """Say so; the answer on the screen stays, with the pages that it quotes."""
        self.query_one(ShelfLine).opened = event.opened
        if self.reading is None and not self._waiting:
            self.query_one(AnswerPane).welcome(event.opened)
        self.notify("The index was rebuilt; the next answer comes from it.")

    @on(messages.EncoderLoaded)
    def show_ready(self) -> None:
        """Questions are answered at once from here on."""
        self._loaded = True
        self.query_one(ShelfLine).state = "ready"
        self._show_answer()

    @on(messages.QuestionAsked)
    def take_question(self, event: messages.QuestionAsked) -> None:
        """Ask; an older question that still waits is given up."""
        self._turn += 1
        self._waiting = event.question
        self.query_one(TroublePanel).clear()
        self.find_answer(self._turn, event.question, self.query_one(FilterBar).among)
        self._show_answer()
        self.action_pane("answer" if self.has_class("-narrow") else "citations")

    @on(messages.Answered)
    def show_reading(self, event: messages.Answered) -> None:
        """The answer of the latest question; of an older one, nothing."""
        if event.turn != self._turn:
            return
        self._waiting = ""
        self.reading = event.reading
        self.citation = None
        answer = event.reading.answer
        titled = "Citations" if answer.citations else "Nearest, but no answer"
        self.query_one(CitationList).list_all(event.reading.cited, titled=titled)
        self.query_one(PagePane).close()
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
        self.query_one(ShelfLine).state = "cannot answer"
        self._show_trouble(event.error)

    @on(messages.QuestionFailed)
    def show_question_failed(self, event: messages.QuestionFailed) -> None:
        """What was on the screen before comes back below the message."""
        if event.turn == self._turn:
            self._give_up()
            self._show_trouble(event.error)

    @on(messages.BuildAsked)
    def start_building(self) -> None:
        """Build, unless that is under way."""
        if not self.query_one(BuildPanel).display:
            self.query_one(TroublePanel).clear()
            self.query_one(BuildPanel).start()
            self.build_index()

    @on(messages.BuildMoved)
    def show_step(self, event: messages.BuildMoved) -> None:
        """How far it is."""
        self.query_one(BuildPanel).move(event.step)

    @on(messages.BuildEnded)
    def show_built(self, event: messages.BuildEnded) -> None:
        """Open what was built."""
        self.query_one(BuildPanel).end()
        built = event.built
        holds = f"{built.documents} documents, {built.passages} passages"
        if built.failed:
            holds += f"; not read: {len(built.failed)} pages or files"
        said = "Index built" if built.fresh else "The index was up to date"
        self.notify(f"{said}: {holds}.", markup=False)
        self.query_one(QuestionBar).focus()
        self.open_shelf()

    @on(messages.BuildFailed)
    def show_build_failed(self, event: messages.BuildFailed) -> None:
        """The old index, if there is one, still answers."""
        self.query_one(BuildPanel).end()
        self._show_trouble(event.error)

    @on(messages.PanelClosed)
    def close_trouble(self) -> None:
        """Back to the question."""
        self.query_one(TroublePanel).clear()
        self.query_one(QuestionBar).focus()

    @on(Tabs.TabActivated)
    def show_pane(self, event: Tabs.TabActivated) -> None:
        """The one pane that is shown where there is room for one."""
        for name in PANES:
            self.set_class(name == event.tab.id, f"-on-{name}")

    # Actions: what keys do.

    def action_ask(self) -> None:
        """Go to the question; what stands in it is replaced by typing."""
        bar = self.query_one(QuestionBar)
        bar.focus()
        bar.select_all()

    def action_filter(self) -> None:
        """Choose the part of the shelf that the next question is asked of."""
        bar, opened = self.query_one(FilterBar), self.query_one(ShelfLine).opened
        offered = () if opened is None else (opened.sources, opened.headings)
        known = filtering.known(*offered) if offered else filtering.Known({})
        self.app.push_screen(FilterScreen(self.desk, known, bar.among), bar.set_filter)

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
        self.query_one(Tabs).active = name
        for pane in PANES:
            self.set_class(pane == name, f"-on-{pane}")
        panes: dict[str, type[Widget]] = {
            "answer": AnswerPane,
            "citations": CitationList,
            "page": PageView,
        }
        self.query_one(panes[name]).focus()

    def action_copy(self) -> None:
        """Copy the quote with a reference below it."""
        if self.citation is None:
            self.notify("Nothing to copy yet.", severity="warning")
            return
        reference = render.reference(self.citation)
        quote = f'"{self.citation.quote}"\n{reference}\n'
        self.app.copy_to_clipboard(glyphs.shown(quote))
        self.notify(f"Copied citation {self.citation.marker}.")

    def action_build(self) -> None:
        """Bring the index up to date."""
        self.post_message(messages.BuildAsked())

    def action_reopen(self) -> None:
        """Open the shelf again, after mending what was wrong."""
        self.query_one(TroublePanel).clear()
        self.open_shelf()

    def action_step_back(self) -> None:
        """Undo the last thing that is in the way."""
        if self._waiting:
            self.workers.cancel_group(self, "question")
            self._turn += 1
            self._give_up()
            self.notify("Stopped waiting.")
        elif self.query_one(QuestionBar).has_focus:
            self._leave_question()
        elif self.query_one(TroublePanel).display:
            self.query_one(TroublePanel).clear()
        else:
            self.query_one(FilterBar).remove_filter()

    # Painting.

    def _read(self, citation: Citation) -> None:
        """Light a citation everywhere: in the answer, the list and its page."""
        if self.reading is None:
            return
        self.citation = citation
        self._show_answer()
        self.query_one(CitationList).select(citation)
        self.query_one(PagePane).open(self.reading, citation)

    def _open_page(self) -> None:
        if self.has_class("-narrow"):
            self.action_pane("page")

    def _show_answer(self) -> None:
        pane = self.query_one(AnswerPane)
        self.set_class(bool(self._waiting), "-waiting")
        if self._waiting:
            line = self.query_one(ShelfLine)
            why = "Reading…" if self._loaded else f"Waiting: {line.state}"
            pane.wait(self._waiting, why=why)
        elif self.reading is not None:
            marker = 0 if self.citation is None else self.citation.marker
            pane.answer(self.reading.answer, marker)
        else:
            pane.welcome(self.query_one(ShelfLine).opened)

    def _give_up(self) -> None:
        self._waiting = ""
        self._show_answer()

    def _leave_question(self) -> None:
        trouble = self.query_one(TroublePanel)
        if trouble.display:
            trouble.focus_remedy()
        else:
            self.action_pane("answer" if self.has_class("-narrow") else "citations")

    def _show_trouble(self, error: errors.AskreportError) -> None:
        trouble = self.query_one(TroublePanel)
        mendable = isinstance(error, MENDABLE)
        message = self.desk.relative(error.message)
        trouble.report(message, self.desk.relative(error.hint), mendable=mendable)
        bar = self.query_one(QuestionBar)
        if bar.has_focus and bar.value:
            return  # whoever is typing goes on typing
        self.call_after_refresh(trouble.focus_remedy if mendable else bar.focus)
