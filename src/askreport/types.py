"""Nouns -> what every module hands to the next, in the order a report meets them.

Frozen, slotted, and free of behaviour beyond what follows from their own fields.
Offsets count Unicode code points in the page's text; spans are half-open `[start,
end)`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Parameter = bool | int | float | str | tuple[str, ...]
"""What a receipt says of one thing that an answer was made with."""

Status = Literal["answered", "no-evidence"]
"""Whether the shelf answers. Declining is an answer, not an error."""

Words = Literal["original", "digest"]
"""Whose words a document holds: its publisher's, or a digest written by somebody
else."""

Unit = Literal["page", "slide", "rows", "part"]
"""What a numbered part of a document is: a page, a slide, rows of a sheet, a part of a
message."""

SourceStatus = Literal["indexed", "changed", "new", "removed", "failed"]
"""How a document stands to the index: as built, edited since, not yet built, gone from
the folder though still answering, or unreadable."""


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open run of characters in a text, a page's unless said otherwise."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """What stands there."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Source:
    """One document of the shelf as the catalogue lists it; the id is stable."""

    id: str
    title: str
    path: str
    """Relative to `sources/`, with forward slashes."""
    digest: str
    """sha256 of the file's bytes, in hexadecimal."""
    kind: str = "report"
    words: Words = "original"
    publisher: str | None = None
    date: str | None = None
    """As precisely as it is known: `2018`, `2018-03` or `2018-03-15`."""
    url: str | None = None
    licence: str | None = None
    supersedes: str | None = None
    author: str | None = None
    titled: bool = True
    """False: the title is no more than what the file's name says."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a page: where its line stands, how deep it is, what it says."""

    span: Span
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of a page as it is shown: points from its top left corner."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Layout:
    """The size of a page in points, and where its words stand."""

    width: float
    height: float
    words: str
    """Packed; `askreport.rectangles` unpacks them."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page's text. `number` counts from 1 as the PDF does; None: no pages here."""

    number: int | None
    label: str | None
    """The number as printed ("iii", "12"), where the document says so; what a part is
    called ("slide 3", "Costs, rows 2-9") where its unit is no page."""
    text: str
    headings: tuple[Heading, ...] = ()
    unit: Unit = "page"
    tables: tuple[Span, ...] = ()
    """Where tables stand in the text, each row on a line of its own."""
    ocr: float | None = None
    """Where the text was recognised from a picture: how sure of it the program is, from
    0 to 1. None: it is the document's own."""
    layout: Layout | None = None
    """None where nothing is known of where the words stand."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Something of a document that could not be read, and why."""

    source: str
    page: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Document:
    """A source with its pages in order, and what could not be read of it."""

    source: Source
    pages: Sequence[Page]
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of a page that is searched and quoted: `text == page.text[start:end]`."""

    id: str
    source: Source
    page: int | None
    label: str | None
    start: int
    end: int
    section: tuple[str, ...]
    """Headings above it, outermost first; empty where the document has none."""
    text: str
    unit: Unit = "page"
    ocr: float | None = None
    """As of its page: how sure the program is that recognised it; None: own text."""


Fate = Literal["quoted", "listed", "repeat", "weak", "surplus", "floor", "unverified"]
"""What became of a candidate: quoted as evidence; listed by a search; said already by
a better one; worth too little beside the best; beyond the most wanted; declined, since
all of them together do not reach the floor; removed by verification."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """Places in the rankings that found a passage, from 1; None: not found by it."""

    meaning: int | None
    words: int | None
    fused: int
    named: tuple[int, ...] = ()
    """Likewise by meaning and by words among the documents that the question names by
    their titles, as far as it was found there."""


@dataclass(frozen=True, slots=True)
class Filter:
    """The part of a shelf to look in; all of it that is not superseded where empty.

    Values of one field are alternatives; a passage must satisfy every field. Dates are
    as precise as they are given, like a source's.
    """

    documents: tuple[str, ...] = ()
    """Ids. A document named here answers even if it is superseded."""
    publishers: tuple[str, ...] = ()
    """Whole names, in any case."""
    kinds: tuple[str, ...] = ()
    """Whole names, in any case."""
    sections: tuple[str, ...] = ()
    """Words that a heading above the passage holds, in any case, beginning where a word
    of the heading begins."""
    since: str | None = None
    until: str | None = None
    as_of: str | None = None
    """The shelf as it stood on that date: no later document is there, nor has one
    superseded another yet."""
    superseded: bool = False
    """Whether documents that others supersede answer too."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that might bear on the question, with each signal that says so."""

    passage: Passage
    row: int
    ranks: Ranks
    fused: float
    """Reciprocal rank fusion of the rankings; it means nothing in absolute terms."""
    signals: Mapping[str, float]
    score: float
    """Calibrated: the probability that the passage answers the question."""

    def rated(self, signals: Mapping[str, float], score: float) -> "Candidate":
        """The same with other signals and another score."""
        known = (self.passage, self.row, self.ranks, self.fused)
        return Candidate(*known, signals, score)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A candidate worth quoting: its marker (from 1) and the sentences that answer."""

    marker: int
    candidate: Candidate
    quote: Span
    also: tuple[str, ...] = ()
    """Ids of near-duplicate passages that this one stands for."""


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a quote stands: `quote == page.text[start:end]` in the document named."""

    marker: int
    document: str
    title: str
    publisher: str | None
    date: str | None
    kind: str
    words: Words
    section: tuple[str, ...]
    page: int | None
    label: str | None
    quote: str
    start: int
    end: int
    text: str
    passage: str
    score: float
    url: str | None = None
    also: tuple[str, ...] = ()
    unit: Unit = "page"
    ocr: float | None = None
    """Where the quote was recognised from a picture: how surely, from 0 to 1."""
    rectangles: tuple[Rectangle, ...] = ()
    """What to light up on the page, a line each; empty where that is unknown."""
    link: str | None = None
    """The page of the service that answered, opened at the words; None without one."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was searched and what was not, so that "not here" is an honest sentence."""

    documents: int
    passages: int
    unread: tuple[Unread, ...] = ()
    pending: tuple[str, ...] = ()
    """Files of `sources/` that are new or changed since the index was built."""
    superseded: tuple[str, ...] = ()
    """Ids of documents left out because another one supersedes them."""
    undated: int = 0
    """Documents left out because the filter asks for a date and they state none."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Enough to replay the answer: what answered, with which parameters and scores."""

    generation: str
    model: str
    model_digest: str
    version: str
    parameters: Mapping[str, Parameter]
    """Limits, and the fields of the filter that were set."""
    scores: Mapping[str, float]
    """Calibrated scores of the best passages found and of all that are shown, by
    passage id."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A candidate, what its score was made of, and what became of it and why.

    The contributions, added up, put the candidates in order. The score of the first is
    `answers` times `quoted`; that of another is as much lower as it is less likely than
    the first.
    """

    place: int
    """By score, from 1."""
    passage: str
    document: str
    section: tuple[str, ...]
    ranks: Ranks
    fused: float
    score: float
    signals: Mapping[str, float]
    contributions: Mapping[str, float]
    """Weight times standardised value of each signal that decides the order."""
    answers: float
    """The chance that the passage answers, were it the first."""
    quoted: float
    """The chance that its quote holds the answer, if the passage does."""
    fate: Fate
    why: str
    marker: int | None = None
    """Of the citation, or of the nearest passage, that shows it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the shelf says. Every marker in `text` has its citation."""

    question: str
    looked_up: str
    """The question with what it takes from earlier turns; else the question itself."""
    status: Status
    text: str
    confidence: float
    citations: tuple[Citation, ...]
    coverage: Coverage
    receipt: Receipt
    nearest: tuple[Citation, ...] = ()
    """For a decline: what came closest, not offered as an answer."""
    dropped: tuple[str, ...] = ()
    """What verification removed, in words; empty when everything held."""
    explained: tuple[Explained, ...] = ()
    """Every candidate, best first; empty unless asked for."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A search result: one passage, its signals and its score; no claim that it
    answers.
    """

    rank: int
    passage: Passage
    score: float
    signals: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, and how."""

    question: str
    looked_up: str
    confidence: float
    hits: tuple[Hit, ...]
    explained: tuple[Explained, ...]
    """Every candidate, best first, listed or not."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """A document of the shelf and how it stands to the index."""

    source: Source
    status: SourceStatus
    pages: int = 0
    passages: int = 0
    unread: tuple[Unread, ...] = field(default=())
    superseded_by: str | None = None
    """The id of the indexed document that answers in its place."""
    recognised: int = 0
    """How many of its pages were read by OCR."""
