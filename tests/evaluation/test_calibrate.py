"""A calibration is fitted to what was right, kept beside the settings, and applied."""

import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import make_shelf

from askreport import Library, calibration, errors
from askreport.calibration import Calibration
from askreport.evaluation import calibrate, platt, sets

MADE = Calibration(
    slope=1.5,
    offset=-0.5,
    model_digest="m",
    scoring=calibration.scoring(),
    questions="q",
    answerable=30,
    unanswerable=20,
    ece_before=0.2,
    ece_after=0.05,
)
FERRIES = "How many passengers does each ferry carry?"


@pytest.fixture
def own(tmp_path: Path) -> Library:
    """A built shelf of the test's own."""
    library = Library.open(make_shelf(tmp_path / "shelf"))
    library.build()
    return library


def written(library: Library, *, offset: float = -0.5) -> Calibration:
    """A calibration that fits this shelf, put there."""
    digest = library.generation.manifest.model_digest
    made = replace(MADE, model_digest=digest, offset=offset)
    calibration.write(library.shelf.root, made)
    return made


# The fit


def test_the_line_that_made_the_outcomes_is_found_again() -> None:
    drawn = np.random.default_rng(3)
    odds = drawn.normal(0, 2, 20_000)
    held = (drawn.random(len(odds)) < platt.sigmoid(0.6 * odds - 1)).astype(float)
    line = platt.fit(odds, held)
    assert line.slope == pytest.approx(0.6, abs=0.03)
    assert line.offset == pytest.approx(-1, abs=0.05)


@given(
    graded=st.lists(
        st.tuples(st.floats(-14, 14), st.booleans()), min_size=2, max_size=40
    )
)
def test_no_nearby_line_fits_better(graded: list[tuple[float, bool]]) -> None:
    odds = np.array([one for one, _ in graded])
    held = np.array([float(right) for _, right in graded])
    line = platt.fit(odds, held)
    right, wrong = held.sum(), len(held) - held.sum()
    targets = np.where(held > 0, (right + 1) / (right + 2), 1 / (wrong + 2))

    def loss(slope: float, offset: float) -> float:
        z = slope * odds + offset
        return float((np.logaddexp(0, z) - targets * z).sum())

    least = loss(line.slope, line.offset)
    for slope, offset in ((0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01)):
        assert loss(line.slope + slope, line.offset + offset) >= least - 1e-6


def test_perfect_separation_does_not_run_away() -> None:
    line = platt.fit(np.array([-3.0, -2.0, 2.0, 3.0]), np.array([0.0, 0.0, 1.0, 1.0]))
    assert 0 < line.slope < 5
    assert math.isfinite(line.offset)


# The file


def test_a_calibration_comes_back_as_it_was_written(tmp_path: Path) -> None:
    assert calibration.read(tmp_path) is None
    path = calibration.write(tmp_path, MADE)
    assert calibration.read(tmp_path) == MADE
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert calibration.remove(tmp_path)
    assert not calibration.remove(tmp_path)
    assert calibration.read(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        json.dumps({"slope": 1}),
        json.dumps(asdict(MADE) | {"more": 1}),
        json.dumps(asdict(MADE) | {"slope": "1"}),
        json.dumps(asdict(MADE) | {"slope": 0}),
        json.dumps(asdict(MADE) | {"slope": -1}),
        json.dumps(asdict(MADE) | {"offset": math.inf}),
        "[" * 100_000,
    ],
)
def test_a_damaged_file_is_an_error_and_stays(tmp_path: Path, text: str) -> None:
    path = tmp_path / calibration.FILE
    path.write_text(text, "utf-8")
    with pytest.raises(errors.CalibrationWrong, match="is damaged") as raised:
        calibration.read(tmp_path)
    assert "--reset" in raised.value.hint
    assert path.read_text("utf-8") == text


@given(a=st.floats(0, 1), b=st.floats(0, 1))
def test_calibrating_keeps_the_order(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert 0 <= MADE.probability(low) <= MADE.probability(high) <= 1


def test_nothing_found_stays_nothing() -> None:
    generous = replace(MADE, offset=50.0)
    assert generous.probability(0.0) == 0
    assert generous.probability(1e-9) > 0.9


# What the library does with it


def test_confidence_is_calibrated_and_the_receipt_says_by_what(own: Library) -> None:
    before = own.ask(FERRIES)
    made = written(own)
    after = Library.open(own.shelf.root).ask(FERRIES)
    assert after.confidence == made.probability(before.confidence)
    assert after.receipt.parameters["calibration"] == made.digest
    assert "calibration" not in before.receipt.parameters
    assert after.citations == before.citations


def test_the_floor_is_held_against_the_calibrated_confidence(own: Library) -> None:
    before = own.ask(FERRIES)
    assert before.status == "answered"
    made = written(own, offset=-12.0)
    after = Library.open(own.shelf.root).ask(FERRIES)
    assert after.status == "no-evidence"
    assert after.confidence == made.probability(before.confidence) < 0.1
    assert f"{after.confidence:.2f}, below the floor of 0.10" in after.text
    assert after.nearest


@pytest.mark.parametrize(
    "stale", [replace(MADE, scoring="another"), MADE], ids=["weights", "encoder"]
)
def test_a_calibration_of_other_scores_is_refused(
    own: Library, stale: Calibration
) -> None:
    calibration.write(own.shelf.root, stale)
    with pytest.raises(errors.CalibrationWrong, match="was fitted to the confidence"):
        Library.open(own.shelf.root).ask(FERRIES)


# From questions to a calibration


def questions(path: Path, answerable: int, unanswerable: int) -> Path:
    """Questions to the shelf of the tests; those with a number ask of nothing there."""
    asked = [
        f'[[question]]\nid = "a{n}"\nask = "{FERRIES} ({n})"\n'
        'evidence = [["410 passengers"]]\n'
        for n in range(answerable)
    ]
    for n in range(unanswerable):
        subject = ("Mongolia", "copper", "violins", "chess")[n % 4]
        asked.append(
            f'[[question]]\nid = "u{n}"\nask = "What does {subject} weigh in {n}?"\n'
        )
    path.write_text("\n".join(asked), "utf-8")
    return path


def test_questions_make_a_calibration_that_serves_unseen_ones(
    own: Library, tmp_path: Path
) -> None:
    path = questions(tmp_path / "mine.toml", 24, 24)
    found = sets.read_own(path, calibrate.opened(own))
    fitted = calibrate.fit(found, floor=0.02)
    made = fitted.made
    assert (made.answerable, made.unanswerable) == (24, 24)
    assert made.slope > 0
    assert made.ece_after < made.ece_before
    assert made.model_digest == own.generation.manifest.model_digest
    said = calibrate.described(fitted)
    assert f"{made.ece_before:.3f} before, {made.ece_after:.3f} after" in said
    calibrate.check_worth(fitted)
    calibration.write(own.shelf.root, made)
    shelf = Library.open(own.shelf.root)
    sure = [
        np.mean([shelf.ask(q.text).confidence for q in found.queries if q.answerable]),
        np.mean(
            [shelf.ask(q.text).confidence for q in found.queries if not q.answerable]
        ),
    ]
    assert sure[0] > 0.7
    assert sure[1] < 0.3


def test_the_same_questions_fit_the_same_line_whatever_is_applied_now(
    own: Library, tmp_path: Path
) -> None:
    path = questions(tmp_path / "mine.toml", 24, 24)
    first = calibrate.fit(sets.read_own(path, calibrate.opened(own)), floor=0.02)
    calibration.write(own.shelf.root, first.made)
    calibrated = Library.open(own.shelf.root)
    again = calibrate.fit(sets.read_own(path, calibrate.opened(calibrated)), floor=0.02)
    assert again == first


@pytest.mark.parametrize(("answerable", "unanswerable"), [(30, 19), (19, 30)])
def test_too_few_questions_are_refused_before_any_is_asked(
    own: Library, tmp_path: Path, answerable: int, unanswerable: int
) -> None:
    path = questions(tmp_path / "mine.toml", answerable, unanswerable)
    found = sets.read_own(path, calibrate.opened(own))
    with pytest.raises(errors.CalibrationWrong, match="at least 20 of each"):
        calibrate.fit(found, floor=0.02, tell=lambda step: pytest.fail("it asked"))


def test_what_makes_nothing_better_is_not_written() -> None:
    worse = replace(MADE, ece_before=0.03, ece_after=0.04)
    with pytest.raises(errors.CalibrationWrong, match=r"0\.030 to 0\.040"):
        calibrate.check_worth(calibrate.Fitted(worse, 0.2, (0, 0), (0, 0)))


def test_a_set_with_its_own_corpus_cannot_calibrate_a_shelf(
    own: Library, tiny: Path
) -> None:
    with pytest.raises(errors.QuestionsWrong, match="a corpus of its own"):
        sets.read_own(tiny, own)
