"""BM25 behind build and search: the scores of the textbook, the same from disk."""

import hashlib
import math
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from askreport import lexical, termlists

TERMS = st.sampled_from(
    ["bed", "ward", "nurse", "ferry", "silt", "340,000", "é", "n't"]
)
ROWS = st.lists(st.lists(TERMS, max_size=12), min_size=1, max_size=30)


def reference(rows: list[list[str]], asked: list[str]) -> list[float]:
    """Lucene's BM25, written out. Every row counts one term more: the one all hold."""
    lengths = [len(row) + 1 for row in rows]
    mean = sum(lengths) / len(rows)
    totals = []
    for row, length in zip(rows, lengths, strict=True):
        counts = Counter(row)
        long = lexical.K1 * (1 - lexical.B + lexical.B * length / mean)
        totals.append(
            sum(
                idf(rows, term) * counts[term] / (counts[term] + long)
                for term in dict.fromkeys(asked)
            )
        )
    return totals


def idf(rows: list[list[str]], term: str) -> float:
    """Inverse document frequency as Lucene has it: never negative."""
    used = sum(term in row for row in rows)
    return math.log(1 + (len(rows) - used + 0.5) / (used + 0.5))


@given(rows=ROWS, asked=st.lists(TERMS | st.just("unheard"), max_size=6))
def test_every_row_has_the_score_of_the_formula(
    rows: list[list[str]], asked: list[str]
) -> None:
    found = lexical.scored(lexical.build(rows), asked)
    assert found.tolist() == pytest.approx(reference(rows, asked), abs=1e-5)


@given(
    rows=ROWS,
    asked=st.lists(TERMS | st.just("unheard"), max_size=6),
    data=st.data(),
)
def test_scoring_some_rows_gives_what_scoring_all_gives_to_the_bit(
    rows: list[list[str]], asked: list[str], data: st.DataObject
) -> None:
    index = lexical.build(rows)
    some = data.draw(st.lists(st.integers(0, len(rows) - 1)))
    every = lexical.scored(index, asked)
    assert lexical.scored_at(index, asked, some).tolist() == every[some].tolist()


@given(rows=ROWS, sought=TERMS | st.text(max_size=6))
def test_every_term_is_found_by_its_number_and_no_other_term_is(
    rows: list[list[str]], sought: str
) -> None:
    index = lexical.build(rows)
    held = {term for row in rows for term in row}
    terms = [index.term(n).decode() for n in range(len(index.ends))]
    assert set(terms) == {*held, termlists.NOTHING}
    assert [index.number(term) for term in terms] == list(range(len(terms)))
    assert (index.number(sought) is not None) == (sought in terms)


def test_scores_are_those_of_bm25s() -> None:
    import bm25s

    made = np.random.default_rng(3)
    rows = [
        [f"t{n}" for n in made.zipf(1.4, size=made.integers(1, 60)) if n < 5000]
        for _ in range(400)
    ]
    numbers: dict[str, int] = {}
    ids = [
        [numbers.setdefault(t, len(numbers)) for t in (*row, termlists.NOTHING)]
        for row in rows
    ]
    other = bm25s.BM25(method="lucene", k1=lexical.K1, b=lexical.B)
    other.index((ids, numbers), create_empty_token=False, show_progress=False)
    index = lexical.build(rows)
    for asked in (["t1"], ["t2", "t3", "t40"], ["t7", "t1", "t900"]):
        known = [term for term in asked if term in numbers]
        np.testing.assert_allclose(
            lexical.scored(index, asked), other.get_scores(known), rtol=1e-5
        )


@given(
    rows=ROWS,
    asked=st.lists(TERMS | st.just("unheard"), max_size=6),
    most=st.integers(0, 35),
    data=st.data(),
)
def test_search_is_the_best_rows_that_share_a_term_ties_in_row_order(
    rows: list[list[str]], asked: list[str], most: int, data: st.DataObject
) -> None:
    index = lexical.build(rows)
    among = data.draw(st.none() | st.lists(st.integers(0, len(rows) - 1), unique=True))
    scores = lexical.scored(index, asked).tolist()
    inside = range(len(rows)) if among is None else among
    wanted = sorted((row for row in inside if scores[row] > 0), key=lambda r: r)
    wanted.sort(key=lambda row: -scores[row])
    found = lexical.search(index, asked, most=most, among=among)
    assert found == [(row, scores[row]) for row in wanted[:most]]
    assert all(set(rows[row]) & set(asked) for row, _ in found)


@given(rows=ROWS)
def test_equal_rows_score_alike_and_come_in_row_order(rows: list[list[str]]) -> None:
    twice = rows + rows
    found = lexical.search(lexical.build(twice), ["bed", "ward"], most=len(twice))
    places = {row: place for place, (row, _) in enumerate(found)}
    for row in range(len(rows)):
        if row in places:
            assert places[row] < places[row + len(rows)]


@given(rows=ROWS, term=TERMS | st.just("unheard"))
def test_rarity_is_the_inverse_document_frequency(
    rows: list[list[str]], term: str
) -> None:
    index = lexical.build(rows)
    assert lexical.rarity(index, term) == pytest.approx(idf(rows, term), abs=1e-6)


def test_a_term_that_occurs_more_often_than_not_still_counts_for_something() -> None:
    index = lexical.build([["bed"], ["bed"], ["bed", "ward"]])
    assert [row for row, _ in lexical.search(index, ["bed"], most=3)] == [0, 1, 2]


def test_rows_without_a_single_term_can_be_indexed_and_are_never_found() -> None:
    index = lexical.build([[], []])
    assert lexical.search(index, ["bed"], most=2) == []
    assert lexical.search(index, [], most=2) == []


@given(rows=ROWS, asked=st.lists(TERMS, max_size=6))
def test_an_index_written_and_read_answers_bit_for_bit_the_same(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], asked: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("lexical")
    index = lexical.build(rows)
    lexical.write(index, folder)
    again = lexical.read(folder)
    assert lexical.search(again, asked, most=30) == lexical.search(
        index, asked, most=30
    )
    assert [lexical.rarity(again, t) for t in asked] == [
        lexical.rarity(index, t) for t in asked
    ]


SNIPPET = """
import sys
from pathlib import Path
from askreport import lexical, termlists
rows = [f"the ward number {n} has {n * 7} beds".split() for n in range(50)]
lexical.write(lexical.build(rows), Path(sys.argv[1]))
"""


def test_processes_that_hash_differently_write_the_same_files(tmp_path: Path) -> None:
    found = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        surroundings = os.environ | {"PYTHONHASHSEED": seed}
        subprocess.run(
            [sys.executable, "-c", SNIPPET, str(folder)], env=surroundings, check=True
        )
        found.append(
            {
                path.name: hashlib.sha256(path.read_bytes()).hexdigest()
                for path in folder.iterdir()
            }
        )
    assert found[0] == found[1]


@given(
    rows=ROWS,
    asked=st.lists(TERMS | st.just("unheard"), max_size=6),
    data=st.data(),
)
def test_a_row_holds_a_term_if_it_was_built_with_it(
    rows: list[list[str]], asked: list[str], data: st.DataObject
) -> None:
    some = data.draw(st.lists(st.integers(0, len(rows) - 1)))
    found = lexical.holding(lexical.build(rows), asked, some)
    assert found.tolist() == [[term in rows[row] for row in some] for term in asked]


@given(seed=st.integers(0, 2**20), most=st.integers(1, 12), some=st.booleans())
def test_rows_that_are_not_scored_could_not_have_been_among_the_best(
    seed: int, most: int, some: bool
) -> None:
    made = np.random.default_rng(seed)
    rows = [
        [f"t{n}" for n in made.zipf(1.3, size=made.integers(1, 30)) if n < 300]
        for _ in range(400)
    ]
    index = lexical.build(rows)
    asked = [
        "t1",
        "t2",
        "t3",
        f"t{made.integers(20, 60)}",
        f"t{made.integers(60, 300)}",
    ]
    among = sorted(made.permutation(400)[:300].tolist()) if some else None
    scores = lexical.scored(index, asked)
    inside = range(400) if among is None else among
    wanted = [(row, float(scores[row])) for row in inside if scores[row] > 0]
    wanted.sort(key=lambda hit: (-hit[1], hit[0]))
    assert lexical.search(index, asked, most=most, among=among) == wanted[:most]
