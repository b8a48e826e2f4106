"""a citation, a hit, a heading or a page number -> the Place that the page pane opens.

Every way to a page goes through here, so that the same words are lit whichever way the
reader came.
"""

from dataclasses import dataclass

from askreport.serve import render
from askreport.types import Citation, Heading, Page, Passage, Source, Span
from askreport_tui.reading import Reading

NOWHERE = Span(0, 0)
"""Lights nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """A page of a document and what is lit on it."""

    source: Source
    page: Page
    lit: Span = NOWHERE
    """The words that were looked for."""
    passage: Span = NOWHERE
    """The passage they stand in, tinted."""
    passage_id: str = ""
    marked: str = ""
    """What stands before the title: the marker of a citation, the rank of a hit."""
    section: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What is lit."""
        return self.lit.of(self.page.text)

    @property
    def where(self) -> str:
        """Publisher, date, section and page, as far as they are known."""
        known = (
            self.source.publisher,
            self.source.date,
            " > ".join(self.section),
            render.page(
                self.page.number, self.page.label, self.page.unit, self.page.ocr
            ),
        )
        return " · ".join(part for part in known if part)


def of_citation(reading: Reading, citation: Citation) -> Place:
    """Where a citation stands: its quote lit, its passage tinted."""
    return Place(
        reading.documents[citation.document].source,
        reading.page(citation),
        Span(citation.start, citation.end),
        reading.passage(citation),
        citation.passage,
        f"[{citation.marker}]",
        citation.section,
    )


def of_passage(passage: Passage, page: Page, *, marked: str = "") -> Place:
    """Where a passage stands: all of it is lit."""
    span = Span(passage.start, passage.end)
    return Place(passage.source, page, span, span, passage.id, marked, passage.section)


def of_heading(source: Source, page: Page, heading: Heading) -> Place:
    """Where a heading stands."""
    return Place(source, page, heading.span, section=(heading.text,))


def of_page(source: Source, page: Page) -> Place:
    """A page from its top."""
    return Place(source, page)
