"""Score askreport on public evaluation sets, beside what any baseline would reach.

python -m benchmarks.eval_sets SETS_DIR [NAME ...] --score SCORE_PY [--limit N]

For each set: builds (once) an index of its rows, asks every question, writes a TREC run
and an answers file below --out, and has SCORE_PY print the figures; the same for dense
alone, BM25 alone and reciprocal rank fusion of the two, which cost nothing more to
write.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import sets

from askreport import dense, lexical
from askreport.query import ask as asking
from askreport.query import candidates, question
from askreport.types import Answer

DEPTH = 100
"""Rows of a run: what recall@100 looks at."""


def main() -> None:
    """Run and score the sets named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--score", type=Path, required=True)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--out", type=Path, default=Path("/tmp/askreport-sets"))  # noqa: S108
    given = parser.parse_args()
    for name in given.names or sorted(p.name for p in given.sets.iterdir()):
        folder = given.sets / name
        found = sets.read(folder, given.out, limit=given.limit)
        runs = run(found, given.out / name)
        for run_path in runs:
            answers = given.out / name / "answers.jsonl"
            # Judged by a subset of the questions, only complete answers can be scored.
            judged = given.limit is None and run_path.stem == "askreport"
            _scored(given.score, folder, run_path, answers if judged else None)


def run(found: sets.EvaluationSet, out: Path) -> list[Path]:
    """Ask every question; the paths of the runs written, askreport's own first."""
    lines: dict[str, list[str]] = {n: [] for n in ("askreport", "dense", "bm25", "rrf")}
    answers = []
    for query in found.queries:
        answer, rankings = _asked(found, query["text"])
        for name, rows in rankings.items():
            lines[name] += _run_lines(query["_id"], rows, name)
        answers.append(_answer_line(query["_id"], answer))
    (out / "answers.jsonl").write_text("\n".join(answers) + "\n", "utf-8")
    paths = []
    for name, rows_ in lines.items():
        paths.append(out / f"{name}.run")
        paths[-1].write_text("\n".join(rows_) + "\n", "utf-8")
    return paths


def _asked(
    found: sets.EvaluationSet, text: str
) -> tuple[Answer, Mapping[str, Iterable[str]]]:
    """The answer, and rows best first by each method."""
    library = found.library
    generation = library.generation
    asked = asking.Asked(text, generation, library.encoder)
    usual = replace(library.limits(), question_chars=10**6)
    limits = replace(usual, top=DEPTH)
    hits = asking.search(asked, limits)
    looked_up = question.ask(
        text, library.encoder, generation.lexical, most_chars=limits.question_chars
    )
    near = dense.search(generation.dense, looked_up.vector, most=DEPTH)
    worded = lexical.search(generation.lexical, looked_up.terms, most=DEPTH)
    fused = candidates.fuse([row for row, _ in near], [row for row, _ in worded])
    by_row = {
        "dense": [row for row, _ in near],
        "bm25": [row for row, _ in worded],
        "rrf": sorted(fused, key=lambda row: (-fused[row], row)),
    }
    rankings: dict[str, Iterable[str]] = {
        name: [generation.passages[row].source.id for row in rows]
        for name, rows in by_row.items()
    }
    own = [hit.passage.source.id for hit in hits]
    answer = asking.ask(
        asked,
        usual,
        library.coverage(generation),
        version="benchmark",
    )
    return answer, {"askreport": own} | rankings


def _run_lines(query: str, rows: Iterable[str], name: str) -> Iterator[str]:
    """A long row is cut; it ranks by its best passage."""
    for rank, row in enumerate(list(dict.fromkeys(rows))[:DEPTH], start=1):
        yield f"{query} Q0 {row} {rank} {1 / rank:.6f} {name}"


def _answer_line(query: str, answer: Answer) -> str:
    line: dict[str, Any] = {
        "query_id": query,
        "status": answer.status,
        "confidence": answer.confidence,
        "quotes": [citation.quote for citation in answer.citations],
    }
    return json.dumps(line)


def _scored(score: Path, folder: Path, run_path: Path, answers: Path | None) -> None:
    command = [sys.executable, str(score), str(folder), str(run_path)]
    command += [] if answers is None else [str(answers)]
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    print(f"{run_path.stem:10s} {said.stdout.strip()}", flush=True)


if __name__ == "__main__":
    main()
