"""the reading screen -> its parts, by name; the first frame holds two of them.

No widget but these two is imported before that frame is painted.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from askreport_tui.screens.troubled import Troubled
from askreport_tui.widgets.question_bar import QuestionBar
from askreport_tui.widgets.shelf_line import ShelfLine

if TYPE_CHECKING:
    from textual.widgets import Tabs

    from askreport_tui.widgets.answer_pane import AnswerPane
    from askreport_tui.widgets.citation_list import CitationList
    from askreport_tui.widgets.filter_bar import FilterBar
    from askreport_tui.widgets.page_pane import PagePane

LOOKS = Path(__file__).parents[1]
"""Where the style sheets are; each is read when what it is about is added."""

PANES = ("answer", "citations", "page")
"""What is shown side by side, or one at a time where there is no room."""


class Parts(Troubled[None]):
    """The question on top, panes below, keys at the bottom."""

    whole = False
    """Whether all parts are there; until then there is a question to write."""

    def compose(self) -> ComposeResult:
        """What the reader begins with; the rest is added behind it."""
        yield ShelfLine()
        yield QuestionBar()

    async def add_panes(self) -> None:
        """Add what there is to read, as the first frame did not wait for it."""
        from textual.containers import Container, Horizontal

        from askreport_tui.widgets.answer_pane import AnswerPane
        from askreport_tui.widgets.citation_list import CitationList
        from askreport_tui.widgets.page_pane import PagePane

        self.app.stylesheet.read(LOOKS / "panes.tcss")
        found = Container(AnswerPane(id="answer"), CitationList(), id="found")
        await self.mount(Horizontal(found, PagePane(id="page"), id="panes"))

    async def add_rest(self) -> None:
        """Add what is hidden at first, and the keys."""
        from textual.widgets import Tab, Tabs

        from askreport_tui.widgets.build_panel import BuildPanel
        from askreport_tui.widgets.filter_bar import FilterBar
        from askreport_tui.widgets.key_line import KeyLine
        from askreport_tui.widgets.trouble_panel import TroublePanel

        self.app.stylesheet.read(LOOKS / "rest.tcss")
        await self.mount(
            FilterBar(),
            TroublePanel(),
            BuildPanel(),
            Tabs(*(Tab(name.capitalize(), id=name) for name in PANES)),
            before="#panes",
        )
        self.whole = True
        await self.mount(KeyLine())
        self.refresh_bindings()  # what keys do is shown once they do it

    @property
    def line(self) -> ShelfLine:
        """Which shelf this is, and whether it can answer."""
        return self.query_one(ShelfLine)

    @property
    def bar(self) -> QuestionBar:
        """Where a question is written."""
        return self.query_one(QuestionBar)

    @property
    def filter_bar(self) -> FilterBar:
        """What the next question is asked of."""
        from askreport_tui.widgets.filter_bar import FilterBar

        return self.query_one(FilterBar)

    @property
    def tabs(self) -> Tabs:
        """Which pane is shown where there is room for one."""
        from textual.widgets import Tabs

        return self.query_one(Tabs)

    @property
    def answer(self) -> AnswerPane:
        """What the shelf says."""
        from askreport_tui.widgets.answer_pane import AnswerPane

        return self.query_one(AnswerPane)

    @property
    def citations(self) -> CitationList:
        """What the answer quotes."""
        from askreport_tui.widgets.citation_list import CitationList

        return self.query_one(CitationList)

    @property
    def page(self) -> PagePane:
        """The page that is being read."""
        from askreport_tui.widgets.page_pane import PagePane

        return self.query_one(PagePane)
