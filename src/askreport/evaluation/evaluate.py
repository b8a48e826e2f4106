"""a set -> its Evaluation: read, ask, measure, write down.

The story on one page. What is measured is what everybody gets: the library's own
`search` and `ask`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from askreport.evaluation import baselines, figures, outcomes, own, sets, written
from askreport.evaluation.figures import Figures
from askreport.evaluation.nouns import EvaluationSet, Outcome
from askreport.library import Tell


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to do with a set."""

    runs: Path | None = None
    """Where run, answers and charts go; nothing is written if None."""
    limit: int | None = None
    baselines: bool = False


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a set came to."""

    name: str
    queries: int
    """Asked."""
    judged: int
    """Of those, what ranking is measured on."""
    answerable: int
    passages: int
    generation: str
    model: str
    floor: float
    methods: Mapping[str, Figures]
    """Figures of ranking by method; `askreport` first."""
    answers: Figures
    latency: Figures
    floors: Sequence[Figures]
    astray: tuple[str, ...] = ()
    """Questions whose evidence no passage of the shelf holds."""


def run(
    path: Path, place: sets.Place, wanted: Wanted, tell: Tell = lambda step: None
) -> Evaluation:
    """Evaluate one set. Raises as `sets.read` does, ExtraMissing before anything."""
    figures.check_installed("ir_measures", *(["matplotlib"] if wanted.runs else []))
    if wanted.runs is not None:
        written.prepare(wanted.runs)
    found = sets.read(path, place, limit=wanted.limit, tell=tell)
    gathered = outcomes.gather(found, compare=wanted.baselines, tell=tell)
    made = measure(found, gathered)
    if wanted.runs is not None:
        written.write(wanted.runs, found.name, gathered)
        _draw(wanted.runs, made, figures.right(found, gathered), gathered)
    return made


def measure(found: EvaluationSet, gathered: Sequence[Outcome]) -> Evaluation:
    """All figures of what became of the questions."""
    known = found.library.shelf.settings
    manifest = found.library.generation.manifest
    told = figures.answers(found, gathered)
    ranked = figures.ranking(found, {o.query.id: o.ranked for o in gathered})
    own_row = ranked | {name: told[name] for name in ("auroc",) if name in told}
    return Evaluation(
        name=found.name,
        queries=len(gathered),
        judged=len(found.judged),
        answerable=int(figures.answerable(gathered).sum()),
        passages=manifest.passages,
        generation=manifest.id,
        model=manifest.model,
        floor=known.floor,
        methods={"askreport": own_row} | _compared(found, gathered),
        answers=told,
        latency=figures.latency(gathered),
        floors=figures.floors(gathered),
        astray=own.astray(found),
    )


def _compared(found: EvaluationSet, gathered: Sequence[Outcome]) -> dict[str, Figures]:
    able = figures.answerable(gathered)
    rows = {}
    for name in baselines.NAMES if gathered[0].baselines else ():
        by_query = {o.query.id: o.baselines[name] for o in gathered}
        row = figures.ranking(found, {q: r.units for q, r in by_query.items()})
        best = np.array([r.best for r in by_query.values()])
        if able.any() and not able.all():
            row["auroc"] = figures.auroc(best[able], best[~able])
        rows[name] = row
    return rows


def _draw(
    folder: Path, made: Evaluation, held: figures.Floats, gathered: Sequence[Outcome]
) -> None:
    from askreport.evaluation import charts

    sure = figures.confidences(gathered)
    try:
        charts.reliability(
            folder / f"{made.name}.reliability.png", made.name, sure, held
        )
        charts.thresholds(
            folder / f"{made.name}.threshold.png", made.name, made.floors, made.floor
        )
    except OSError as error:
        raise written.unwritable(folder, error) from error
