"""what is asked for -> a Task: passages, questions, and who answers what.

Two kinds of corpora. Small ones are built by every system itself. Large ones are cut
and encoded once, by askreport, into a generation that askreport is asked from; the
others are handed the same passages and the same vectors, which lie beside each other in
a folder: `rows.jsonl`, a passage a line, and `vectors.npy`.
"""

import json
import math
import statistics
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from askreport import Library
    from askreport.types import Passage

ROOT = Path(__file__).parents[2]

CHUNK = 20_000
"""Vectors copied at a time."""

Row = dict[str, str]


@dataclass(frozen=True)
class Given:
    """A corpus that is handed over with its vectors."""

    root: Path
    """The shelf that askreport is asked from."""
    folder: Path
    """Where `rows.jsonl` and `vectors.npy` lie, and what others made of them."""
    passages: int


@dataclass(frozen=True)
class Task:
    """What all systems are given."""

    name: str
    rows: tuple[Row, ...]
    """What each builds its index of; empty where passages are handed over."""
    questions: tuple[Row, ...]
    relevant: Mapping[str, Mapping[str, int]]
    """By question: the gain of each row that answers it; empty: nobody judged."""
    given: Given | None = None

    @property
    def passages(self) -> int:
        """How many are searched."""
        return len(self.rows) if self.given is None else self.given.passages


def shelf(most: int) -> Task:
    """The shelf of this repository, and the questions of tests/quality."""
    from askreport import Library

    found = Library.open(ROOT).generation.passages
    text = (ROOT / "tests" / "quality" / "questions.toml").read_text("utf-8")
    asked = [one["ask"] for one in tomllib.loads(text)["question"]][:most]
    return Task(
        "shelf",
        tuple({"id": one.id, "text": one.text} for one in found),
        _numbered(asked),
        {},
    )


def of_set(folder: Path, most: int) -> Task:
    """The rows of a set as they are, a passage each."""
    rows = tuple(
        {"id": one["_id"], "text": one["text"]}
        for one in _lines(folder / "corpus.jsonl")
        if one["text"].strip()
    )
    relevant = _relevant(folder)
    return Task(folder.name, rows, _judged(folder, relevant, most), relevant)


def cut(folder: Path, most: int, work: Path, rows: int | None = None) -> Task:
    """The rows of a set (the first of them, if `rows` says how many), cut into passages
    and indexed as `askreport eval` does. A passage is handed over as askreport reads
    it, with title and section in front; it stands for the row that it is of.
    """
    from askreport.evaluation import corpus, lines
    from askreport.ingest import passages
    from askreport.settings import Settings

    found = [row for _, row in lines.rows(folder / "corpus.jsonl", lines.Row)][:rows]
    name = folder.name if rows is None else f"{folder.name}-{rows}"
    library = corpus.index(
        found, name, known=Settings(), cache=work, tell=lambda step: None
    )
    given = _handed(library, name, work, passages.encoded)
    held = {row.id for row in found}
    relevant = {
        question: kept
        for question, gains in _relevant(folder).items()
        if (kept := {row: gain for row, gain in gains.items() if row in held})
    }
    return Task(name, (), _judged(folder, relevant, most), relevant, given)


def sized(size: int, most: int, work: Path, sets: Path) -> Task:
    """That many passages of `benchmarks.whole`; its questions, drawn evenly, so that
    there are as many of each set that passages were made of.
    """
    from benchmarks import whole

    from askreport import Library

    made = work / "whole"
    whole.made(made, size, sets)
    library = Library.open(made / str(size))
    given = _handed(library, f"sized-{size}", work, lambda passage: passage.text)
    asked: list[str] = json.loads((made / "questions.json").read_text("utf-8"))
    step = max(1, len(asked) // most)
    return Task(f"sized-{size}", (), _numbered(asked[::step][:most]), {}, given)


def _handed(
    library: "Library", name: str, work: Path, said: Callable[["Passage"], str]
) -> Given:
    """Write what others are handed, unless it is there already."""
    generation = library.generation
    count = len(generation.passages)
    folder = work / "handed" / f"{name}-{generation.id}"
    given = Given(library.shelf.root, folder, count)
    if (folder / "vectors.npy").exists():
        return given
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as file:
        for passage in generation.passages:
            row = {"id": passage.id, "of": passage.source.id, "text": said(passage)}
            file.write(json.dumps(row) + "\n")
    vectors = generation.vectors
    partly = folder / "vectors.part.npy"
    kept = np.lib.format.open_memmap(
        partly, mode="w+", dtype=np.float32, shape=(count, vectors.shape[1])
    )
    for start in range(0, count, CHUNK):
        kept[start : start + CHUNK] = vectors[start : start + CHUNK]
    kept.flush()
    partly.rename(folder / "vectors.npy")
    return given


def whose(given: Given) -> Mapping[str, str]:
    """The row that each passage is of."""
    return {one["id"]: one["of"] for one in _lines(given.folder / "rows.jsonl")}


def ndcg(
    ranked: Mapping[str, Sequence[str]],
    given: Task,
    rows_of: Mapping[str, str] | None = None,
) -> float:
    """nDCG@10, the mean over the questions; a row counts at its best place. `rows_of`
    names the row of a passage, where passages were ranked.
    """
    scores = []
    for question, found in ranked.items():
        gains = given.relevant[question]
        rows = [rows_of.get(one, one) for one in found] if rows_of else found
        unlike = list(dict.fromkeys(rows))[:10]
        got = sum(gains.get(row, 0) / math.log2(i + 2) for i, row in enumerate(unlike))
        best = sorted(gains.values(), reverse=True)[:10]
        scores.append(got / sum(g / math.log2(i + 2) for i, g in enumerate(best)))
    return statistics.mean(scores)


def _lines(path: Path) -> list[Row]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _numbered(asked: Sequence[str]) -> tuple[Row, ...]:
    return tuple({"id": str(i), "text": one} for i, one in enumerate(asked))


def _relevant(folder: Path) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
        question, row, gain = line.split("\t")[:3]
        found.setdefault(question, {})[row] = int(gain)
    return found


def _judged(
    folder: Path, relevant: Mapping[str, Mapping[str, int]], most: int
) -> tuple[Row, ...]:
    rows = _lines(folder / "queries.jsonl")
    judged = [one for one in rows if one["_id"] in relevant]
    return tuple({"id": one["_id"], "text": one["text"]} for one in judged[:most])
