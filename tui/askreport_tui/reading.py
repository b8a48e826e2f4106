"""question -> a Reading: the answer together with the pages it stands on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from askreport.types import Answer, Citation, Document, Filter, Page, Passage, Span

if TYPE_CHECKING:
    from askreport.library import Library


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer and every document it cites, all of one generation.

    The pages travel with the answer, so that following a citation needs no worker and
    shows the words that were quoted even if the shelf is rebuilt meanwhile.
    """

    answer: Answer
    documents: Mapping[str, Document]
    passages: Mapping[str, Passage]

    @property
    def cited(self) -> tuple[Citation, ...]:
        """What can be followed: the citations, or for a decline what came nearest."""
        return self.answer.citations or self.answer.nearest

    def page(self, citation: Citation) -> Page:
        """The page a citation quotes."""
        pages = self.documents[citation.document].pages
        return next(page for page in pages if page.number == citation.page)

    def passage(self, citation: Citation) -> Span:
        """Where the quote's passage stands on that page."""
        passage = self.passages[citation.passage]
        return Span(passage.start, passage.end)


def read(library: "Library", question: str, among: Filter) -> Reading:
    """Ask, and fetch what the answer cites. Raises as `Library.ask` does."""
    while True:
        answer = library.ask(question, among=among)
        generation = library.generation
        if generation.id == answer.receipt.generation:
            break  # otherwise a build was published in between: its pages are not these
    cited = answer.citations or answer.nearest
    return Reading(
        answer,
        {c.document: generation.document(c.document) for c in cited},
        {c.passage: generation.passage(c.passage) for c in cited},
    )
