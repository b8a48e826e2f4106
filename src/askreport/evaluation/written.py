"""outcomes -> a run and an answers file, which any scorer can read.

A run is TREC's: query, Q0, unit, rank, score, tag, one line a hit.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from askreport.errors import AskreportError
from askreport.evaluation.nouns import Outcome


def prepare(folder: Path) -> None:
    """Make the folder, before hours are spent on what could not be written to it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error


def write(folder: Path, name: str, outcomes: Sequence[Outcome]) -> None:
    """`NAME.run`, `NAME.answers.jsonl`, and a run for each baseline there is."""
    own = ((o.query.id, o.ranked) for o in outcomes)
    _lines(folder / f"{name}.run", _run(own, "askreport"))
    _lines(folder / f"{name}.answers.jsonl", map(_answer, outcomes))
    for tag in outcomes[0].baselines:
        theirs = ((o.query.id, o.baselines[tag].units) for o in outcomes)
        _lines(folder / f"{name}.{tag}.run", _run(theirs, tag))


def _run(ranked: Iterable[tuple[str, Sequence[str]]], tag: str) -> Iterable[str]:
    for query, units in ranked:
        for rank, unit in enumerate(units, start=1):
            yield f"{query} Q0 {unit} {rank} {1 / rank:.6f} {tag}"


def _answer(outcome: Outcome) -> str:
    return json.dumps(
        {
            "query_id": outcome.query.id,
            "status": outcome.status,
            "confidence": outcome.confidence,
            "quotes": outcome.quotes,
        },
        ensure_ascii=False,
    )


def _lines(path: Path, lines: Iterable[str]) -> None:
    text(path, "".join(f"{line}\n" for line in lines))


def text(path: Path, said: str) -> None:
    """Write a file. Raises AskreportError where the disk does not take it."""
    try:
        path.write_text(said, "utf-8")
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> AskreportError:
    """The failure to raise where something cannot be written."""
    return AskreportError(
        f"{path} cannot be written: {error.strerror}",
        hint="name a place that you may write to",
    )
