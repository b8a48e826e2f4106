"""A set from its folder to its figures, files and charts, with a real index."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from tests.evaluation.conftest import OWN

from askreport import errors
from askreport.evaluation import evaluate, sets, tables
from askreport.evaluation.evaluate import Wanted
from askreport.evaluation.sets import Place
from askreport.library import Library, Step

PNG = b"\x89PNG\r\n\x1a\n"


def lines(path: Path) -> list[str]:
    """What a file holds."""
    return path.read_text("utf-8").splitlines()


def test_a_set_is_asked_measured_and_written_down(
    tiny: Path, place: Place, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    made = evaluate.run(tiny, place, Wanted(runs))
    assert (made.queries, made.judged, made.answerable) == (7, 5, 5)
    assert made.methods["askreport"]["hit@1"] >= 0.8
    assert made.answers["quote@1"] > 0.5
    assert {p.name for p in runs.iterdir()} == {
        "tiny.run",
        "tiny.answers.jsonl",
        "tiny.reliability.png",
        "tiny.threshold.png",
    }
    for chart in runs.glob("*.png"):
        assert chart.read_bytes().startswith(PNG)
        assert chart.stat().st_size > 5000


def test_a_run_lists_rows_once_best_first(
    tiny: Path, place: Place, tmp_path: Path
) -> None:
    evaluate.run(tiny, place, Wanted(tmp_path))
    by_query: dict[str, list[tuple[str, int, float]]] = {}
    for line in lines(tmp_path / "tiny.run"):
        query, q0, row, rank, score, tag = line.split()
        assert (q0, tag) == ("Q0", "askreport")
        by_query.setdefault(query, []).append((row, int(rank), float(score)))
    assert by_query["q1"][0][0] == "mill"
    for hits in by_query.values():
        assert [rank for _, rank, _ in hits] == list(range(1, len(hits) + 1))
        assert len({row for row, _, _ in hits}) == len(hits)
        scores = [score for _, _, score in hits]
        assert sorted(scores, reverse=True) == scores


def test_answers_are_those_of_the_library(
    tiny: Path, place: Place, tmp_path: Path
) -> None:
    evaluate.run(tiny, place, Wanted(tmp_path))
    told = [json.loads(line) for line in lines(tmp_path / "tiny.answers.jsonl")]
    library = sets.read(tiny, place).library
    for line, query in zip(told, sets.read(tiny, place).queries, strict=True):
        answer = library.ask(query.text)
        assert line == {
            "query_id": query.id,
            "status": answer.status,
            "confidence": answer.confidence,
            "quotes": [citation.quote for citation in answer.citations],
        }


def test_baselines_are_measured_in_the_same_run(
    tiny: Path, place: Place, tmp_path: Path
) -> None:
    made = evaluate.run(tiny, place, Wanted(tmp_path, baselines=True))
    assert list(made.methods) == ["askreport", "bm25", "dense", "rrf"]
    for row in made.methods.values():
        assert set(row) == set(tables.RANKING)
        assert row["hit@1"] >= 0.6
    assert {p.name for p in tmp_path.glob("*.run")} == {
        f"tiny{tag}.run" for tag in ("", ".bm25", ".dense", ".rrf")
    }
    words = [line.split() for line in lines(tmp_path / "tiny.bm25.run")]
    assert next(w[2] for w in words if w[0] == "q1") == "mill"
    assert {w[5] for w in words} == {"bm25"}
    assert len({(w[0], w[2]) for w in words}) == len(words)


def test_without_a_folder_for_runs_nothing_is_written(
    tiny: Path, place: Place, tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    evaluate.run(tiny, place, Wanted())
    assert sorted(tmp_path.rglob("*")) == before


def test_questions_to_the_shelf_are_measured_on_the_shelf(
    place: Place, tmp_path: Path, library: Library
) -> None:
    (tmp_path / "mine.toml").write_text(OWN, "utf-8")
    made = evaluate.run(tmp_path / "mine.toml", place, Wanted())
    assert (made.generation, made.name) == (library.generation.id, "mine")
    assert (made.queries, made.judged, made.answerable) == (4, 3, 3)
    assert made.methods["askreport"]["hit@1"] == pytest.approx(2 / 3)
    assert made.methods["askreport"]["recall@100"] == pytest.approx(2 / 3)
    assert made.answers["quote@1"] == 1
    assert made.astray == ("astray",)


def test_progress_is_told_question_by_question(tiny: Path, place: Place) -> None:
    told: list[Step] = []
    evaluate.run(tiny, place, Wanted(), told.append)
    assert [s.done for s in told if s.doing == "asking tiny"] == list(range(8))


def test_a_table_has_a_row_for_each_method_and_dashes_for_what_is_unknown(
    tiny: Path, place: Place
) -> None:
    made = evaluate.run(tiny, place, Wanted(baselines=True))
    bare = replace(made, name="other", answers={"ece": 0.25})
    said = tables.all_of([made, bare]).split("\n\n")
    assert [len(table.splitlines()) for table in said] == [10, 4, 4]
    for table in said:
        assert len({len(line) for line in table.splitlines()}) == 1
    other = said[1].splitlines()[-1]
    assert [cell.strip() for cell in other.split("|")[1:-1]] == [
        "other", "5", "2", *["–"] * 5, "0.2500",
    ]  # fmt: skip
    assert f"{made.methods['dense']['ndcg@10']:.4f}" in said[0]


def test_what_json_holds_are_plain_figures(tiny: Path, place: Place) -> None:
    made = evaluate.run(tiny, place, Wanted(baselines=True))
    told = json.loads(json.dumps(asdict(made), allow_nan=False))
    assert told["methods"]["rrf"]["ndcg@10"] == made.methods["rrf"]["ndcg@10"]
    assert len(told["floors"]) == 101


def test_a_folder_that_cannot_be_written_to_is_an_error_before_anything_is_asked(
    tiny: Path, place: Place, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(errors.AskreportError, match="cannot be written"):
        evaluate.run(
            tiny,
            place,
            Wanted(tmp_path / "file" / "runs"),
            lambda step: pytest.fail("it began"),
        )
