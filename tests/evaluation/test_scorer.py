"""The product's own table and an independent scorer, held against each other."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from askreport.evaluation import evaluate
from askreport.evaluation.evaluate import Wanted
from askreport.evaluation.sets import Place

SHARED = Path(__file__).parents[3] / "shared" / "eval"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not (SHARED / "score.py").is_file(),
        reason="the scorer is not beside the checkout",
    ),
]


def subset(source: Path, folder: Path, *, questions: int) -> Path:
    """The first questions of a set of each kind, and the rows that judge them."""
    folder.mkdir()
    lines = (source / "queries.jsonl").read_text("utf-8").splitlines()
    asked = [json.loads(line) for line in lines]
    no = [q for q in asked if q.get("unanswerable")][:questions]
    yes = [q for q in asked if not q.get("unanswerable")][:questions]
    ids = {q["_id"] for q in (*yes, *no)}
    head, *said = (source / "qrels.tsv").read_text("utf-8").splitlines()
    judged = [line for line in said if line.split("\t")[0] in ids]
    rows = {line.split("\t")[1] for line in judged}
    corpus = (source / "corpus.jsonl").read_text("utf-8").splitlines()
    kept = [r for i, r in enumerate(corpus) if i < 20 or json.loads(r)["_id"] in rows]
    queries = [json.dumps(q) for q in (*yes, *no)]
    for name, text in (
        ("corpus.jsonl", kept),
        ("queries.jsonl", queries),
        ("qrels.tsv", [head, *judged]),
    ):
        (folder / name).write_text("\n".join(text) + "\n", "utf-8")
    return folder


def scored(folder: Path, run: Path, *answers: Path) -> dict[str, float]:
    """What the scorer says."""
    command = [sys.executable, *map(str, (SHARED / "score.py", folder, run, *answers))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def near(own: dict[str, float], theirs: dict[str, float]) -> None:
    """Equal to the four digits that the scorer tells."""
    for name, value in own.items():
        assert value == pytest.approx(theirs[name], abs=0.5001e-4), name


@pytest.mark.parametrize(
    ("name", "floor"), [("xquad-abstain", 0.02), ("clapnq-a", 0.3), ("tatqa-dev", 0.1)]
)
def test_the_scorer_says_what_the_table_says(
    place: Place, tmp_path: Path, name: str, floor: float
) -> None:
    folder = subset(SHARED / "sets" / name, tmp_path / name, questions=8)
    known = place.known.model_copy(update={"floor": floor})
    apart = replace(place, known=known)
    made = evaluate.run(folder, apart, Wanted(tmp_path, baselines=True))
    own = {**made.methods["askreport"], **made.answers}
    theirs = scored(
        folder, tmp_path / f"{name}.run", tmp_path / f"{name}.answers.jsonl"
    )
    assert set(theirs) == {*own, "set", "queries"}
    assert theirs["queries"] == made.judged
    near(own, theirs)
    for tag in ("bm25", "dense", "rrf"):
        row = {n: v for n, v in made.methods[tag].items() if n != "auroc"}
        near(row, scored(folder, tmp_path / f"{name}.{tag}.run"))
