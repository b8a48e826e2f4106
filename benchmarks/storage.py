"""What the forms of token vectors cost and give, side by side, on the same passages.

python -m benchmarks.storage SETS_DIR [NAME ...] [--limit N] [--rows N]

For each set: nDCG@10, hit@1 and, where it has unanswerable questions, AUROC of the full
and the compressed form with the shipped weights; how often both quote the same
sentence; bytes a passage. Then, over the first --rows rows of all of SPEED (6097 of
them make 10,127 passages): how long retrieval takes, how long scoring adds in either
form, and what each file of the index takes a passage, with what that comes to on
larger shelves.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from askreport import Library, late
from askreport.evaluation import corpus, lines, sets
from askreport.evaluation.nouns import EvaluationSet, Query
from askreport.generation.opened import Generation
from askreport.query import candidates, evidence, question, second
from askreport.query.question import Question
from askreport.settings import Settings
from askreport.types import Candidate

SETS = ("tatqa-dev", "conditionalqa-dev", "xquad-abstain")
"""Tables of figures, short official guidance, encyclopaedia with unanswerable ones."""

SPEED = ("tatqa-dev", "conditionalqa-dev", "xquad-en", "clapnq-a", "financebench-dev")
"""Rows of these, in this order, make the shelf on which time and size are taken."""

SHELVES = (10_000, 100_000, 1_000_000)
"""Passages of the shelves that the budget is told for."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question."""

    ndcg: float | None
    """None where nothing is relevant."""
    first: bool
    confidence: float
    answerable: bool
    quote: tuple[int, int, int]
    """Row and span of the first quote."""


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--rows", type=int, default=6097)
    parser.add_argument("--cache", type=Path, default=Path("/tmp/askreport-storage"))  # noqa: S108
    given = parser.parse_args()
    place = sets.Place(Settings(), given.cache, Library.open)
    for name in given.names or SETS:
        quality(sets.read(given.sets / name, place, limit=given.limit))
    rows = pile(given.sets, given.rows)
    library = corpus.index(
        rows, "pile", known=place.known, cache=place.cache, tell=lambda step: None
    )
    asked = sets.read(given.sets / SPEED[0], place, limit=100).queries
    speed(library, [query.text for query in asked])
    sizes(library.generation)


def quality(found: EvaluationSet) -> None:
    """Both forms on one set."""
    generation = found.library.generation
    looked_up = [_look(found.library, query.text) for query in found.queries]
    full = generation.tokens
    quoted: dict[str, list[tuple[int, int, int]]] = {}
    for tokens in (full, late.compressed(full)):
        generation.tokens = tokens
        outcomes = [
            outcome(asked, generation, query, found.judged)
            for asked, query in zip(looked_up, found.queries, strict=True)
        ]
        quoted[tokens.form] = [one.quote for one in outcomes]
        size = (tokens.size - tokens.turn.nbytes) / len(generation.passages)
        print(f"{found.name:18s} {tokens.form:11s} {size:8,.0f} B {_told(outcomes)}")
    generation.tokens = full
    same = np.mean([a == b for a, b in zip(*quoted.values(), strict=True)])
    print(f"{found.name:18s} same first quote {same:.3f}", flush=True)


def outcome(
    asked: Question,
    generation: Generation,
    query: Query,
    judged: Mapping[str, Mapping[str, int]],
) -> Outcome:
    """Rank and quote for one question; a long row ranks by its best passage."""
    found = candidates.find(asked, generation, most=60)
    scored = evidence.score(second.look(found, candidates.vectors(found, generation)))
    rows = list(dict.fromkeys(c.passage.source.id for c in scored))
    right = judged.get(query.id, {})
    gains = [row in right for row in rows[:10]]
    ideal = sum(1 / np.log2(rank + 2) for rank in range(min(10, len(right))))
    gained = sum(gain / np.log2(rank + 2) for rank, gain in enumerate(gains))
    return Outcome(
        ndcg=float(gained / ideal) if right else None,
        first=any(gains[:1]),
        confidence=evidence.confidence(scored),
        answerable=query.answerable,
        quote=_quoted(asked, scored, generation),
    )


def _quoted(
    asked: Question, scored: Sequence[Candidate], generation: Generation
) -> tuple[int, int, int]:
    span = evidence.quote(asked, scored[0], generation)
    return scored[0].row, span.start, span.end


def _told(outcomes: Sequence[Outcome]) -> str:
    judged = [one for one in outcomes if one.ndcg is not None]
    told = f"nDCG@10 {statistics.fmean(one.ndcg or 0.0 for one in judged):.4f} "
    told += f"hit@1 {statistics.fmean(one.first for one in judged):.4f}"
    sure = np.array([one.confidence for one in outcomes])
    yes = np.array([one.answerable for one in outcomes])
    if not yes.all():
        told += f" AUROC {np.mean(sure[yes][:, None] > sure[~yes][None]):.3f}"
    return told


def _look(library: Library, text: str) -> Question:
    generation = library.generation
    return question.ask(text, library.encoder, generation.lexical, most_chars=10**6)


def pile(folder: Path, most: int) -> list[lines.Row]:
    """The first `most` rows of all of SPEED, each with an id of its own."""
    rows = [
        row.model_copy(update={"id": f"{name}-{row.id}"})
        for name in SPEED
        for _, row in lines.rows(folder / name / "corpus.jsonl", lines.Row)
    ]
    return rows[:most]


def speed(library: Library, texts: Sequence[str]) -> None:
    """Median milliseconds a question of retrieval, and of scoring in either form."""
    generation = library.generation
    looked_up = [_look(library, text) for text in texts]

    def retrieve(at: int) -> dict[int, candidates.Retrieved]:
        return candidates.retrieve(looked_up[at], generation, most=60)

    rows = [retrieve(at) for at in range(len(texts))]

    def scoring(at: int) -> object:
        found = candidates.scored(looked_up[at], generation, rows[at])
        return evidence.score(second.look(found, candidates.vectors(found, generation)))

    print(f"{len(generation.passages):,} passages, {len(texts)} questions, medians")
    retrieval = _took("retrieval", retrieve, len(texts))
    full = generation.tokens
    for tokens in (full, late.compressed(full)):
        generation.tokens = tokens
        took = _took(f"scoring, {tokens.form}", scoring, len(texts))
        print(f"  {took / retrieval:.1f} of retrieval", flush=True)
    generation.tokens = full


def _took(name: str, task: Callable[[int], object], times: int) -> float:
    """Median milliseconds of the processor. Each is run once unmeasured, so that what
    it maps has been read.
    """
    clocks = (time.process_time, time.perf_counter)
    took = []
    for at in range(times):
        task(at)
        before = [clock() for clock in clocks]
        task(at)
        both = zip(clocks, before, strict=True)
        took.append([1000 * (clock() - start) for clock, start in both])
    cpu, wall = np.median(took, axis=0)
    print(f"{name}: {cpu:.1f} ms of one processor, {wall:.1f} ms by the clock")
    return float(cpu)


def sizes(generation: Generation) -> None:
    """Bytes a passage of each part on disk, and of larger shelves like this one."""
    passages = len(generation.passages)
    full = generation.tokens
    short = late.compressed(full)
    parts = {
        "tokens, full": full.size,
        "tokens, compressed": short.size - short.turn.nbytes,
    }
    for path in sorted(generation.folder.iterdir()):
        if path.name not in ("tokens", "manifest.json"):
            files = path.rglob("*") if path.is_dir() else (path,)
            parts[path.name] = sum(p.stat().st_size for p in files)
    heads = "".join(f"{n:>12,d}" for n in SHELVES)
    print(f"{len(full.codes) / passages:.0f} tokens a passage; gigabytes on disk:")
    print(f"{'':20s}{'B a passage':>12s}{heads}")
    for name, size in parts.items():
        each = size / passages
        told = "".join(f"{each * n / 1e9:12.2f}" for n in SHELVES)
        print(f"{name:20s}{each:12,.0f}{told}")


if __name__ == "__main__":
    main()
