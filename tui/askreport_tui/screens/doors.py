"""Where the reading screen leads: other screens, the clipboard, files, viewers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from askreport_tui import glyphs, messages
from askreport_tui.screens.behind import Behind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from askreport.types import Answer
    from askreport_tui.export import Wish
    from askreport_tui.kept import Kept
    from askreport_tui.place import Place


class Doors(Behind):
    """The actions that leave the answer for something else, and how one comes back.

    Each is imported when it is first gone through: the first paint waits for none.
    """

    def open_place(self, found: Place | None) -> None:
        """Show a page that was chosen elsewhere; None leaves what is open."""
        raise NotImplementedError

    def action_filter(self) -> None:
        """Choose the part of the shelf that the next question is asked of."""
        from askreport_tui import filtering
        from askreport_tui.screens.filter import FilterScreen

        bar, opened = self.filter_bar, self.line.opened
        offered = () if opened is None else (opened.sources, opened.headings)
        known = filtering.known(*offered) if offered else filtering.Known({})
        self.app.push_screen(FilterScreen(self.desk, known, bar.among), bar.set_filter)

    def action_shelf(self) -> None:
        """The documents."""
        from askreport_tui.screens.shelf import ShelfScreen

        self.app.push_screen(ShelfScreen(self.desk), self.open_place)

    def action_search(self) -> None:
        """Passages of the whole shelf."""
        from askreport_tui.screens.search import SearchScreen

        words, among = self.bar.value, self.filter_bar.among
        self.app.push_screen(SearchScreen(self.desk, among, words), self.open_place)

    def action_outline(self) -> None:
        """The headings of the document that is open."""
        from askreport_tui.screens.outline import OutlineScreen

        if self.place is None:
            self.notify("Open a page first: its document has the outline.")
            return
        outline = OutlineScreen(self.desk, self.place.source.id)
        self.app.push_screen(outline, self.open_place)

    def action_find(self) -> None:
        """Words on the page."""
        if self.place is None:
            self.notify("Open a page first, then look for words on it.")
        else:
            self.action_pane("page")
            self.page.find()

    def action_pane(self, name: str) -> None:
        """Go to a pane."""
        raise NotImplementedError

    def action_explain(self) -> None:
        """Every candidate of the answer that is shown."""
        from askreport_tui.screens.explain import ExplainScreen

        if self.reading is None or not self.session:
            self.notify("Ask something first.")
            return
        last = self.session[-1]
        explain = ExplainScreen(self.desk, last.question, last.among)
        self.app.push_screen(explain, self.open_place)

    def action_history(self) -> None:
        """What was asked before."""
        from askreport_tui.screens.history import HistoryScreen

        last = self.session[-1] if self.session else None
        self.app.push_screen(HistoryScreen(self.desk, last), self._ask_again)

    def _ask_again(self, one: Kept | None) -> None:
        if one is not None:
            self.filter_bar.set_filter(one.among)
            self.bar.value = one.question
            self.post_message(messages.QuestionAsked(one.question))

    def action_compare(self) -> None:
        """The last two answers side by side."""
        from askreport_tui.screens.compare import CompareScreen

        if len(self.session) < 2:
            self.notify("Ask twice, or choose two answers in the history (h).")
            return
        self.app.push_screen(CompareScreen(self.desk, *self.session[-2:]))

    def action_turn(self, by: int) -> None:
        """The neighbouring page."""
        here = self.place
        if here is not None:
            self.look(lambda: self.desk.turned(here, by), self._show_turned)

    def _show_turned(self, found: Place | None) -> None:
        if found is None:
            self.notify("The document has no further page that way.")
        self.open_place(found)

    def action_build(self) -> None:
        """Bring the index up to date."""
        self.post_message(messages.BuildAsked())

    def action_stop(self) -> None:
        """Stop the build, if there is one."""
        self.post_message(messages.BuildStopAsked())

    # What leaves the program.

    def action_copy(self) -> None:
        """Copy the quote with a reference below it."""
        from askreport.serve import render

        if self.citation is None:
            self.notify("Nothing to copy yet.", severity="warning")
            return
        reference = render.reference(self.citation)
        self._copy(f'"{self.citation.quote}"\n{reference}\n')
        self.notify(f"Copied citation {self.citation.marker}.")

    def action_copy_quote(self) -> None:
        """Copy the words that are lit, and nothing else."""
        if self.place is None or not self.place.words:
            self.notify("No words are lit to copy.", severity="warning")
            return
        self._copy(self.place.words)
        self.notify("Copied the words that are lit.")

    def _copy(self, text: str) -> None:
        """Into the terminal's clipboard, and the system's where there is one."""
        from askreport_tui import aside, clipboard

        said = glyphs.shown(text)
        self.app.copy_to_clipboard(said)
        if clipboard.reachable() and not (self.app.is_web or self.app.is_headless):
            self.change(
                lambda: aside.call(lambda: clipboard.fill(said)), lambda _: None
            )

    def action_view(self) -> None:
        """Open the source at its page, in a viewer or a browser."""
        from askreport_tui import opening

        if self.place is None:
            self.notify("Open a page first: v shows its source.")
            return
        address = self.desk.address(self.place)
        if not address:
            self.notify("Neither a file nor an address is known.", severity="warning")
        elif self.app.is_web or opening.viewable():
            self.app.open_url(address)
            self.notify(f"Opened {glyphs.shown(address)}", markup=False)
        else:
            self._copy(address)
            said = f"There is no viewer here; copied {glyphs.shown(address)}"
            self.notify(said, markup=False)

    def action_export(self) -> None:
        """Write the answer, or all of the session, to a file."""
        from datetime import UTC, datetime

        from askreport_tui import export
        from askreport_tui.screens.forms import ExportScreen

        if not self.session:
            self.notify("Ask something first; then there is something to export.")
            return
        today = datetime.now(UTC).date()
        name = export.name([self.session[-1].answer], today)
        form = ExportScreen(self._wish, name, session=len(self.session))
        self.app.push_screen(form, self._exported)

    def _wish(self, bibliography: bool, session: bool) -> Wish:
        from askreport_tui.export import Wish

        answers: Sequence[Answer] = [one.answer for one in self.session]
        chosen = tuple(answers if session else answers[-1:])
        opened = self.line.opened
        shelf = opened.name if opened else "this shelf"
        return Wish(chosen, f"Asked of {shelf}", bibliography)

    def _exported(self, path: object) -> None:
        if path:
            self.notify(f"Written: {glyphs.shown(str(path))}", markup=False)

    @on(messages.NotKept)
    def say_not_kept(self, event: messages.NotKept) -> None:
        """Once is enough."""
        if self._keeps:
            self._keeps = False
            said = glyphs.shown(f"{event.error.message}; {event.error.hint}")
            self.notify(said, severity="warning", markup=False, timeout=10)
