"""an EvaluationSet -> what became of each question, and how long it took.

Asks as everybody does: `Library.search` ranks, `Library.ask` answers or declines.
"""

from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

from askreport.evaluation import baselines
from askreport.evaluation.nouns import DEPTH, EvaluationSet, Outcome, Query, Timed
from askreport.library import Step, Tell

Value = TypeVar("Value")


def gather(
    found: EvaluationSet,
    *,
    compare: bool = False,
    tell: Tell = lambda step: None,
) -> tuple[Outcome, ...]:
    """Ask every question in turn; with `compare`, the baselines too."""
    found.library.ask(found.queries[0].text)  # what loads at first use is not timed
    gathered = []
    for done, query in enumerate(found.queries):
        tell(Step(f"asking {found.name}", done, len(found.queries)))
        gathered.append(_outcome(found, query, compare=compare))
    tell(Step(f"asking {found.name}", len(found.queries), len(found.queries)))
    return tuple(gathered)


def _outcome(found: EvaluationSet, query: Query, *, compare: bool) -> Outcome:
    library = found.library
    most = library.shelf.settings.candidates
    # The library remembers what it encoded, so that is timed by itself and added.
    asked, encoding = _clocked(lambda: baselines.prepare(library, query.text))
    _, again = _clocked(lambda: baselines.prepare(library, query.text))
    _, looking = _clocked(lambda: baselines.look_up(library, asked, most=most))
    hits, searching = _clocked(lambda: library.search(query.text, top=DEPTH))
    answer, asking = _clocked(lambda: library.ask(query.text))
    units = (found.unit_of(hit.passage) for hit in hits)
    return Outcome(
        query=query,
        ranked=tuple(dict.fromkeys(units))[:DEPTH],
        status=answer.status,
        confidence=answer.confidence,
        quotes=tuple(citation.quote for citation in answer.citations),
        timed=Timed(
            encoding + looking,
            encoding - again + searching,
            encoding - again + asking,
        ),
        baselines=baselines.rank(found, asked) if compare else {},
    )


def _clocked(look: Callable[[], Value]) -> tuple[Value, float]:
    began = perf_counter()
    value = look()
    return value, perf_counter() - began
