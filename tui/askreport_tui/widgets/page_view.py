"""The text of a page, what is lit scrolled to, its passage tinted, words found marked.

Paints row by row and wraps by itself, because it must know on which row a character of
the page stands; a page may be a whole report.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from askreport_tui import glyphs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from askreport.types import Span
    from askreport_tui.place import Place

GUTTER = 2
"""Cells left of the text, where a bar marks what is cited, colour or not."""

ABOVE = 3
"""Rows of context above the passage, or above the quote if that is far down in it."""


class PageView(ScrollView, can_focus=True):
    """A page to read and scroll; its words can be selected with the mouse."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "page--heading",
        "page--passage",
        "page--quote",
        "page--bar",
        "page--found",
        "page--current",
    }

    def __init__(self) -> None:
        super().__init__()
        self._place: Place | None = None
        self._text = ""
        self._rows: tuple[Span, ...] = ()
        self._width = 0
        self._left_at: int | None = None
        self._found: tuple[Span, ...] = ()
        self._current = 0

    def open(self, place: Place | None) -> None:
        """Show a page from what is lit on, or none."""
        self._place = place
        self._found, self._current = (), 0
        self._text = "" if place is None else glyphs.shown(place.page.text)
        self._width = 0
        self._left_at = None
        self._lay_out()

    def find(self, words: str) -> int:
        """Mark every place of these words and go to the first; how many there are."""
        from askreport_tui import finding

        self._found, self._current = finding.find(words, self._text), 0
        self._show_current()
        return len(self._found)

    def find_next(self, by: int) -> int:
        """Go to the next place that was found, or the one before; which it is."""
        if self._found:
            self._current = (self._current + by) % len(self._found)
            self._show_current()
        return self._current

    def _show_current(self) -> None:
        self.refresh()
        if self._found:
            row = self._row(self._found[self._current].start)
            self.scroll_to(y=max(row - ABOVE, 0), animate=False, immediate=True)

    def on_resize(self, _event: events.Resize) -> None:
        """Wrap anew; who has not scrolled away keeps the quote, others their place."""
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width - GUTTER
        if width <= 0:
            return  # hidden: a later resize lays it out
        place = self._place_seeking if self._unmoved() else self._place_at_top()
        if width != self._width:
            self._width = width
            self._rows = self._wrapped(width)
            self.virtual_size = Size(width + GUTTER, len(self._rows))
            self.refresh()
        self.call_after_refresh(place)

    def _wrapped(self, width: int) -> tuple[Span, ...]:
        if not self._text:
            return ()
        from askreport_tui import wrapping

        return wrapping.wrap(self._text, width)

    def _unmoved(self) -> bool:
        """Whether the reader still is where the quote was brought into view."""
        return self._left_at is None or self._left_at == self.scroll_offset.y

    def _place_seeking(self) -> None:
        self.scroll_to(y=self._sought(), animate=False, immediate=True)
        self._left_at = self.scroll_offset.y

    def _place_at_top(self) -> Callable[[], None]:
        """What brings the row that is on top now back there, whatever its number."""
        if not self._rows:
            return lambda: None
        here = min(self.scroll_offset.y, len(self._rows) - 1)
        top = self._rows[here].start
        return lambda: self.scroll_to(y=self._row(top), animate=False, immediate=True)

    def _sought(self) -> int:
        if self._place is None:
            return 0
        quote = self._row(self._place.lit.start)
        last = self._row(max(self._place.lit.end - 1, 0))
        passage = self._row(self._place.passage.start)
        whole = last - passage + ABOVE < self.scrollable_content_region.height
        return max((passage if whole else quote) - ABOVE, 0)

    def _row(self, offset: int) -> int:
        """The row on which a character stands."""
        at = bisect_right(self._rows, offset, key=lambda row: row.start)
        return max(at - 1, 0)

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        number = self.scroll_offset.y + y
        width = self.scrollable_content_region.width
        if number >= len(self._rows) or self._place is None:
            return Strip.blank(width, self.rich_style)
        row = self._rows[number]
        bar = Segment(*self._bar(row, self._place))
        words = Strip(list(self._runs(row, self._place, number)))
        words = words.extend_cell_length(width - GUTTER, self._rest(row, self._place))
        return Strip([bar, *words.apply_offsets(0, number)]).crop_extend(
            0, width, self.rich_style
        )

    def _bar(self, row: Span, place: Place) -> tuple[str, Style]:
        bar = self.get_component_rich_style("page--bar")
        if row.start < place.lit.end and row.end > place.lit.start:
            return "┃ ", bar
        if row.start < place.passage.end and row.end > place.passage.start:
            return "│ ", bar
        return "  ", self.rich_style

    def _rest(self, row: Span, place: Place) -> Style:
        """The style behind a row's words: tinted where the passage goes on."""
        within = place.passage.start <= row.end < place.passage.end
        name = "page--passage"
        return self.get_component_rich_style(name) if within else self.rich_style

    def _runs(self, row: Span, place: Place, number: int) -> Iterator[Segment]:
        """The row's words in runs of one style."""
        marks = self._marks(row, place, number)
        cuts = {row.start, row.end}
        for span, _ in marks:
            cuts |= {c for c in (span.start, span.end) if row.start < c < row.end}
        for start, end in pairwise(sorted(cuts)):
            over = (look for span, look in marks if span.start <= start < span.end)
            yield Segment(self._text[start:end], sum(over, self.rich_style))

    def _marks(self, row: Span, place: Place, number: int) -> list[tuple[Span, Style]]:
        """What is styled, each over those before it."""
        bold = self.get_component_rich_style("page--heading", partial=True)
        headings = [(heading.span, bold) for heading in place.page.headings]
        passage = self.get_component_rich_style("page--passage")
        lit = self.get_component_rich_style("page--quote")
        selection = self.screen.get_component_rich_style("screen--selection")
        chosen = self._selected(row, number)
        return [
            (place.passage, passage),
            *headings,
            (place.lit, lit),
            *self._hits(row),
            (chosen, selection),
        ]

    def _hits(self, row: Span) -> list[tuple[Span, Style]]:
        """What was found on a row; where the reader is stands out."""
        found = self.get_component_rich_style("page--found")
        current = self.get_component_rich_style("page--current")
        return [
            (span, current if number == self._current else found)
            for number, span in enumerate(self._found)
            if span.start < row.end and span.end > row.start
        ]

    def _selected(self, row: Span, number: int) -> Span:
        """The part of a row that is selected with the mouse; empty if none is."""
        from askreport.types import Span

        selection = self.text_selection
        found = None if selection is None else selection.get_span(number)
        if found is None:
            return Span(row.start, row.start)
        start, end = found
        return Span(row.start + start, row.end if end == -1 else row.start + end)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected words, rows joined as they are wrapped."""
        rows = (self._text[row.start : row.end] for row in self._rows)
        return selection.extract("\n".join(rows)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Paint what is selected now."""
        self.refresh()
