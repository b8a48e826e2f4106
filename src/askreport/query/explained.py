"""candidates and what was shown of them -> what became of each, and why.

Changes nothing of an answer: it reads what the other modules decided. Signals are taken
as they come, so that a signal more needs nothing here but its line in `MEANING`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from askreport import text as texts
from askreport.query import evidence, second
from askreport.types import Candidate, Citation, Evidence, Explained, Fate

MEANING: Mapping[str, str] = {
    "cosine": "how near the passage as a whole is to the question by meaning "
    "(cosine of their two vectors)",
    "bm25": "how much the passage shares the question's words (BM25, as a share of "
    "what the words' rarity allows)",
    "late": "how well each word of the question is met by some word of the passage, "
    "on average (late interaction)",
    "late_weighted": "the same, each word of the question counting by how rare it is "
    "on this shelf",
    "asked": "the same for the sentence of the question that asks, where others only "
    "tell the story",
    "met": "the greater of the two before",
    "sentence": "how well the best single sentence of the passage meets the question, "
    "or the sentence of it that asks",
    "fitting": "how well the best sentence that holds the kind of thing asked for "
    "(a figure, a date, a person) meets the question",
    "lacking": "how much better than that another sentence meets it: the passage is on "
    "the subject, and what is asked for stands elsewhere",
    "cover": "the share of the question's words that stand in the passage, its title "
    "or its headings, by their rarity",
    "phrase": "the share of the question's neighbouring words that are neighbours "
    "there, by their rarity",
    "code": "the share of the question's codes (the number of a document, a case, a "
    "product) that stand there",
    "named": "how much of the document's title the question names, by how rare its "
    "words are among titles",
    "absent": "how rare the rarest name or date of the question is that stands neither "
    "in the passage nor above it, as a share of the question's rarest word",
    "likeness": "how like the passage is to those that came first at the first look, "
    "as far as each of them may answer",
    "agreed": f"the same, but at most {second.AGREED}: whether those that came first "
    "are of one mind",
    "company": "how much of what may answer, at the first look, stands elsewhere in "
    "the same document",
    "best_cosine": "the greatest `cosine` of this passage and the nine after it",
    "best_met": "the greatest `met` of this passage and the nine after it",
    "best_fitting": "the greatest `fitting` of this passage and the two after it",
    "least_absent": "the least `absent` of this passage and the two after it",
    "table": "whether the passage is a table, or as full of figures as one (1 or 0)",
    "words": "how long the quote is (logarithm of its words and one)",
}
"""What each signal of a candidate measures, in one line for readers."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What an answer made of its candidates."""

    kept: Sequence[Evidence]
    citations: Sequence[Citation]
    nearest: Sequence[Citation]
    confidence: float
    floor: float


@dataclass(frozen=True, slots=True)
class _Became:
    fate: Fate
    why: str
    marker: int | None = None


def of_answer(found: Sequence[Candidate], shown: Shown) -> tuple[Explained, ...]:
    """Every candidate of an answer or a decline, best first."""
    sure, floor = shown.confidence, shown.floor
    if sure < floor:
        confidence, least = texts.told_apart(sure, floor)
        below = f"the confidence {confidence} is below the floor of {least}"
        marked = {citation.passage: citation.marker for citation in shown.nearest}
        return _told(found, lambda c: _declined(below, marked.get(c.passage.id)))
    became = _kept(shown)
    line = evidence.line(found)
    return _told(found, lambda c: became.get(c.passage.id) or _left(c, line))


def of_search(
    found: Sequence[Candidate], unlike: Sequence[tuple[Candidate, Sequence[str]]]
) -> tuple[Explained, ...]:
    """Every candidate of a search; `unlike` are those listed and what repeats them."""
    became: dict[str, _Became] = {}
    for rank, (best, like) in enumerate(unlike, start=1):
        became |= _repeats(best.passage.id, like)
        became[best.passage.id] = _Became("listed", f"listed as {rank}.", rank)
    beyond = _Became("surplus", "beyond the most wanted")
    return _told(found, lambda c: became.get(c.passage.id, beyond))


def _kept(shown: Shown) -> dict[str, _Became]:
    """What became of the passages that were evidence, and of those they stand for."""
    marked = {citation.passage: citation.marker for citation in shown.citations}
    became: dict[str, _Became] = {}
    for piece in shown.kept:
        name = piece.candidate.passage.id
        marker = marked.get(name)
        became |= _repeats(name, piece.also)
        became[name] = (
            _Became("unverified", "removed by verification")
            if marker is None
            else _Became("quoted", f"quoted as [{marker}]", marker)
        )
    return became


def _repeats(name: str, like: Sequence[str]) -> dict[str, _Became]:
    return {other: _Became("repeat", f"repeats passage {name}") for other in like}


def _declined(below: str, marker: int | None) -> _Became:
    shown = "" if marker is None else f"; shown as nearest [{marker}]"
    return _Became("floor", below + shown, marker)


def _left(candidate: Candidate, line: float) -> _Became:
    if candidate.score < line:
        share = f"{evidence.WORTH:.0%} of the best score"
        return _Became("weak", f"below {line:.2f}, {share}")
    return _Became("surplus", "beyond the most wanted")


def _told(
    found: Sequence[Candidate], became: Callable[[Candidate], _Became]
) -> tuple[Explained, ...]:
    weights = evidence.shipped()
    names = tuple(weights.order)
    adds = evidence.contributions(found, weights)
    return tuple(
        _explained(place, candidate, dict(zip(names, row, strict=True)), became)
        for place, (candidate, row) in enumerate(
            zip(found, adds.tolist(), strict=True), start=1
        )
    )


def _explained(
    place: int,
    candidate: Candidate,
    contributions: Mapping[str, float],
    became: Callable[[Candidate], _Became],
) -> Explained:
    weights = evidence.shipped()
    passage, fate = candidate.passage, became(candidate)
    return Explained(
        place=place,
        passage=passage.id,
        document=passage.source.id,
        section=passage.section,
        ranks=candidate.ranks,
        fused=candidate.fused,
        score=candidate.score,
        signals=candidate.signals,
        contributions=contributions,
        answers=weights.answers.probability(candidate.signals),
        quoted=weights.quoted.probability(candidate.signals),
        fate=fate.fate,
        why=fate.why,
        marker=fate.marker,
    )
