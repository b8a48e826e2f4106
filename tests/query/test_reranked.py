"""A reranker's order within its time, and probabilities that stay probabilities."""

import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import tiny
from tests.query.conftest import Find

from askreport import Library, errors, reranking
from askreport.query import evidence, reranked
from askreport.query.reranked import BATCH, SIGNAL, Reranking
from askreport.serve import doctor
from askreport.types import Candidate

FERRIES = "Which ferries entered service in March 2021?"
LONG = 60.0
"""Seconds: more than anything here takes."""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny CrossEncoder."""
    return tiny.cross_encoder(tmp_path_factory.mktemp("tiny") / "reranker")


@pytest.fixture(scope="module")
def reranker(saved: Path) -> reranking.Reranker:
    """It, loaded."""
    return reranking.find(str(saved)).open()


class Slow:
    """Ranks by length, shortest first, and takes its time."""

    name = "slow"
    digest = "0" * 64

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.shown: list[int] = []

    def score(self, question: str, texts: Sequence[str]) -> reranking.Floats:
        time.sleep(self.seconds)
        self.shown.append(len(texts))
        return np.asarray([-len(text) for text in texts], dtype=np.float32)


def scored(find: Find) -> tuple[Candidate, ...]:
    """Every passage of the shared shelf, calibrated."""
    return evidence.score(find(FERRIES))


def rows(found: Sequence[Candidate]) -> list[int]:
    """Which passages, in order."""
    return [candidate.row for candidate in found]


def test_the_order_is_the_rerankers(find: Find, reranker: reranking.Reranker) -> None:
    before = scored(find)
    found = reranked.order(FERRIES, before, Reranking(reranker, 100, LONG))
    grades = reranker.score(FERRIES, [reranked.read(c.passage) for c in before])
    wanted = [before[i].row for i in np.argsort(-grades)]
    assert rows(found) == wanted
    assert rows(found) != rows(before)
    told = {c.row: c.signals[SIGNAL] for c in found}
    for candidate, grade in zip(before, grades, strict=True):
        assert told[candidate.row] == pytest.approx(float(grade), abs=1e-5)


@given(st.integers(1, 12))
def test_probabilities_are_dealt_out_anew_and_stay_what_they_were(
    find: Find, most: int
) -> None:
    before = scored(find)
    found = reranked.order(FERRIES, before, Reranking(Slow(0), most, LONG))
    assert [c.score for c in found] == [c.score for c in before]
    assert all(a.score >= b.score for a, b in pairwise(found))
    assert evidence.confidence(found) == evidence.confidence(before)
    assert sorted(rows(found)) == sorted(rows(before))


def test_what_it_may_not_see_stays_below_in_order(find: Find) -> None:
    before = scored(find)
    slow = Slow(0)
    found = reranked.order(FERRIES, before, Reranking(slow, 3, LONG))
    assert sum(slow.shown) == 3
    assert sorted(rows(found[:3])) == sorted(rows(before[:3]))
    assert found[3:] == before[3:]
    assert [SIGNAL in c.signals for c in found] == [i < 3 for i in range(len(found))]


def test_no_time_shows_it_nothing(find: Find) -> None:
    before = scored(find)
    slow = Slow(0)
    by = Reranking(slow, 20, 0.0)
    assert reranked.order(FERRIES, before, by) == before
    assert slow.shown == []
    assert reranked.parameters(before, by)["reranked"] == 0


def test_the_least_time_is_one_batch(find: Find) -> None:
    before = scored(find)
    slow = Slow(0.01)
    found = reranked.order(FERRIES, before, Reranking(slow, 20, 1e-9))
    assert slow.shown == [BATCH]
    assert found[BATCH:] == before[BATCH:]


def test_a_batch_that_would_end_too_late_is_not_begun(find: Find) -> None:
    many = scored(find) * 4
    slow = Slow(0.2)
    began = time.monotonic()
    reranked.order(FERRIES, many, Reranking(slow, 100, 0.7))
    assert time.monotonic() - began < 0.9
    assert 1 <= len(slow.shown) <= 3
    assert sum(slow.shown) < len(many)


def test_nothing_found_is_nothing_reranked() -> None:
    assert reranked.order(FERRIES, (), Reranking(Slow(0), 20, LONG)) == ()


def test_without_a_reranker_nothing_changes(find: Find) -> None:
    before = scored(find)
    assert reranked.order(FERRIES, before, None) == before
    assert reranked.parameters(before, None) == {}


# On a shelf


def opened(built: Path, **flags: object) -> Library:
    """The shared shelf with a reranker."""
    return Library.open(built, flags={"floor": 0.0, "reranker_seconds": LONG, **flags})


def test_an_answer_quotes_what_the_reranker_puts_first(
    built: Path, saved: Path, reranker: reranking.Reranker
) -> None:
    plain = opened(built)
    hits = plain.search(FERRIES, top=8)
    grades = reranker.score(FERRIES, [reranked.read(hit.passage) for hit in hits])
    best = hits[int(np.argmax(grades))].passage.id
    assert best != hits[0].passage.id  # else this would show nothing
    with_it = opened(built, reranker=str(saved))
    answer = with_it.ask(FERRIES)
    assert answer.citations[0].passage == best
    assert answer.confidence == plain.ask(FERRIES).confidence
    assert with_it.search(FERRIES)[0].passage.id == best


def test_the_receipt_says_by_what_and_how_far(
    built: Path, saved: Path, reranker: reranking.Reranker
) -> None:
    library = opened(built, reranker=str(saved), reranker_candidates=5)
    told = library.ask(FERRIES).receipt.parameters
    assert told["reranker"] == str(saved)
    assert told["reranker_digest"] == reranker.digest
    assert (told["reranker_candidates"], told["reranker_seconds"]) == (5, LONG)
    assert told["reranked"] == 5
    without = opened(built).ask(FERRIES).receipt.parameters
    assert [name for name in without if "rerank" in name] == []


def test_a_reranker_that_is_missing_is_an_error_with_a_hint(
    built: Path, tmp_path: Path
) -> None:
    with pytest.raises(errors.ModelMissing) as caught:
        opened(built, reranker=str(tmp_path)).ask(FERRIES)
    assert caught.value.hint


def test_a_reranker_named_in_the_file_is_meant_from_the_shelf(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    tiny.cross_encoder(shelf / "models" / "own")
    with (shelf / "askreport.toml").open("a", encoding="utf-8") as file:
        file.write('reranker = "models/own"\n')
    library = Library.open(shelf)
    library.build()
    told = library.ask(FERRIES).receipt.parameters
    assert told["reranker"] == str(shelf / "models" / "own")
    found = {f.what: f for f in doctor.examine(shelf)}["reranker"]
    assert found.sound
    assert str(told["reranker_digest"]) in found.said


@pytest.mark.parametrize("named", ["no/such/reranker", "all-MiniLM-L6-v2"])
def test_the_doctor_says_what_is_wrong_with_a_reranker(
    shelf: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("ASKREPORT_RERANKER", named)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    found = {f.what: f for f in doctor.examine(shelf)}["reranker"]
    assert not found.sound
    assert named in found.said
    assert found.hint
