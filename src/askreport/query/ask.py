"""question -> Answer: find, weigh, write, verify.

The online story on one page. Knows a generation and an encoder; knows nothing of who
asks.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from askreport import stages
from askreport import text as texts
from askreport.calibration import Calibration
from askreport.embedding import Encoder
from askreport.generation.opened import Generation
from askreport.query import (
    candidates,
    evidence,
    explained,
    filters,
    followup,
    prose,
    question,
    reranked,
    second,
    verify,
)
from askreport.query.reranked import Reranking
from askreport.query.scope import Scope
from askreport.types import (
    Answer,
    Candidate,
    Citation,
    Coverage,
    Found,
    Hit,
    Parameter,
    Receipt,
)

NEAREST = 3
"""How many passages a decline shows, so that the reader can judge it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How widely to look, how much to quote and when to decline."""

    candidates: int
    top: int
    floor: float
    question_chars: int
    calibration: Calibration | None = None
    """What makes confidence a probability on this shelf; None: it stands as scored."""

    def sure(self, found: Sequence[Candidate]) -> float:
        """The confidence that the floor is held against."""
        scored = evidence.confidence(found)
        return self.calibration.probability(scored) if self.calibration else scored


@dataclass(frozen=True, slots=True)
class Asked:
    """A question together with what it is asked of."""

    text: str
    generation: Generation
    encoder: Encoder
    scope: Scope
    """The part of the generation to look in."""
    reranking: Reranking | None = None
    """None where settings name no reranker."""
    earlier: tuple[str, ...] = ()
    """What was asked before, oldest first; a follow-up is understood by it."""
    explain: bool = False
    """Whether to say of every candidate what became of it and why."""


def ask(asked: Asked, limits: Limits, coverage: Coverage, *, version: str) -> Answer:
    """The answer, with every quote traced to its page, or a decline with what came
    nearest.

    Raises QuestionRefused for an empty or overlong question.
    """
    generation = asked.generation
    lookup = _lookup(asked, limits)
    found = _found(asked, lookup, limits)
    sure = limits.sure(found)
    usable = found if sure >= limits.floor else ()
    kept = evidence.keep(lookup, usable, generation, most=limits.top, floor=0)
    with stages.of("verify"):
        traced = verify.trace(prose.write(kept, generation), kept, generation)
    nearest = () if traced.citations else _nearest(lookup, found, generation)
    shown = explained.Shown(kept, traced.citations, nearest, sure, limits.floor)
    return Answer(
        question=texts.question(asked.text),
        looked_up=lookup.text,
        status="answered" if traced.citations else "no-evidence",
        text=prose.joined(traced.sentences) or _declined(asked.scope, found, limits),
        confidence=sure,
        citations=traced.citations,
        coverage=coverage,
        receipt=_receipt(asked, limits, found, traced.citations or nearest, version),
        nearest=nearest,
        dropped=traced.dropped,
        explained=explained.of_answer(found, shown) if asked.explain else (),
    )


def search(asked: Asked, limits: Limits) -> tuple[Hit, ...]:
    """Passages by score, best first, repeats left out. Raises as `ask` does."""
    return find(asked, limits).hits


def find(asked: Asked, limits: Limits) -> Found:
    """The passages of `search`, and how they were found. Raises as `ask` does."""
    lookup = _lookup(asked, limits)
    found = _found(asked, lookup, limits)
    unlike = evidence.groups(found, most=limits.top)
    return Found(
        question=texts.question(asked.text),
        looked_up=lookup.text,
        confidence=limits.sure(found),
        hits=tuple(
            Hit(rank, c.passage, c.score, c.signals)
            for rank, (c, _) in enumerate(unlike, start=1)
        ),
        explained=explained.of_search(found, unlike) if asked.explain else (),
    )


def _lookup(asked: Asked, limits: Limits) -> question.Question:
    most = limits.question_chars
    with stages.of("encode"):
        return question.ask(
            followup.resolve(asked.text, asked.earlier, most_chars=most),
            asked.encoder,
            asked.generation.lexical,
            most_chars=most,
        )


def _found(
    asked: Asked, lookup: question.Question, limits: Limits
) -> tuple[Candidate, ...]:
    rows = asked.scope.rows
    with stages.of("retrieve"):
        near = candidates.find(
            lookup, asked.generation, most=limits.candidates, among=rows
        )
    with stages.of("score"):
        vectors = candidates.vectors(near, asked.generation)
        scored = evidence.score(second.look(near, vectors))
        return reranked.order(lookup.text, scored, asked.reranking)


def _nearest(
    lookup: question.Question, found: Sequence[Candidate], generation: Generation
) -> tuple[Citation, ...]:
    pieces = evidence.number(lookup, found, generation, most=NEAREST)
    return tuple(verify.cite(p, generation, marker=p.marker) for p in pieces)


def _declined(scope: Scope, found: Sequence[Candidate], limits: Limits) -> str:
    filtered = filters.told(scope.among)
    why = f"No evidence: {_why(scope, found, limits)}."
    return f"{why} Filter: {filtered}." if filtered else why


def _why(scope: Scope, found: Sequence[Candidate], limits: Limits) -> str:
    if not scope.passages:
        return "the filter leaves no passage to search"
    documents = texts.counted(len(scope.documents), "document")
    searched = f"{documents} ({texts.counted(scope.passages, 'passage')})"
    if not found:
        return f"nothing in {searched} bears on this question"
    sure = limits.sure(found)
    if sure >= limits.floor:
        return (
            f"passages were found in {searched}, but nothing written from them could "
            f"be traced back to them"
        )
    near, floor = texts.told_apart(sure, limits.floor)
    return (
        f"the probability that what came nearest in {searched} answers this is "
        f"{near}, below the floor of {floor}"
    )


def _told(
    found: Sequence[Candidate], shown: Sequence[Citation], limits: Limits
) -> list[Candidate]:
    """The candidates whose scores the receipt holds: the best ones, and all shown."""
    cited = {citation.passage for citation in shown}
    ranked = enumerate(found)
    return [c for i, c in ranked if i < limits.top or c.passage.id in cited]


def _receipt(
    asked: Asked,
    limits: Limits,
    found: Sequence[Candidate],
    shown: Sequence[Citation],
    version: str,
) -> Receipt:
    parameters: dict[str, Parameter] = dict(asdict(limits))
    del parameters["calibration"]
    if limits.calibration is not None:
        parameters["calibration"] = limits.calibration.digest
    parameters |= reranked.parameters(found, asked.reranking)
    parameters |= filters.parameters(asked.scope.among)
    return Receipt(
        generation=asked.generation.id,
        model=asked.encoder.name,
        model_digest=asked.encoder.digest,
        version=version,
        parameters=parameters,
        scores={c.passage.id: round(c.score, 4) for c in _told(found, shown, limits)},
    )
