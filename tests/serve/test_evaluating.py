"""`askreport eval` and `askreport calibrate` as they are typed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import make_shelf
from tests.evaluation.conftest import OWN, write_set
from tests.evaluation.test_calibrate import FERRIES, questions
from typer.testing import CliRunner, Result

from askreport import Library, errors
from askreport.serve import cli

HASHING = {"ASKREPORT_MODEL": "hashing", "ASKREPORT_FLOOR": "0.02"}

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command where there is no shelf."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASKREPORT_SHELF", raising=False)

    def ran(*args: str | Path, **env: str) -> Result:
        return CliRunner().invoke(cli.app, [str(a) for a in args], env=HASHING | env)

    return ran


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A small evaluation set."""
    return write_set(tmp_path / "tiny")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Where it is indexed."""
    return tmp_path / "cache"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A built shelf of the test's own."""
    root = make_shelf(tmp_path / "shelf")
    Library.open(root).build()
    return root


def test_a_table_goes_to_stdout_and_everything_else_to_stderr_or_files(
    run: Run, tmp_path: Path, tiny: Path, cache: Path
) -> None:
    told = tmp_path / "new" / "all.json"
    ran = run(
        "eval", tiny, "--cache", cache, "--runs", tmp_path / "runs", "--json", told,
        "--baselines",
    )  # fmt: skip
    assert ran.exit_code == 0
    begins = "".join(line[2:3] for line in ran.stdout.splitlines())
    assert begins == "s-tttts-ts-t"
    assert "asking tiny: 7 of 7" in ran.stderr
    made = json.loads(told.read_text("utf-8"))
    assert f"{made[0]['methods']['askreport']['ndcg@10']:.4f}" in ran.stdout
    assert len(list((tmp_path / "runs").iterdir())) == 7


def test_a_limit_is_kept(run: Run, tmp_path: Path, tiny: Path, cache: Path) -> None:
    ran = run("eval", tiny, "--cache", cache, "--limit", "3", "--runs", tmp_path / "r")
    assert ran.exit_code == 0
    answers = (tmp_path / "r" / "tiny.answers.jsonl").read_text("utf-8")
    assert len(answers.splitlines()) == 3


def test_questions_to_the_shelf_need_a_shelf_and_warn_of_astray_evidence(
    run: Run, tmp_path: Path, shelf: Path
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(OWN, "utf-8")
    nowhere = run("eval", mine)
    assert isinstance(nowhere.exception, errors.ShelfMissing)
    before = {p: p.stat().st_mtime_ns for p in shelf.rglob("*")}
    ran = run("eval", mine, "--shelf", shelf)
    assert ran.exit_code == 0
    assert "| mine " in ran.stdout
    assert "warning: no passage of the shelf holds the evidence of astray" in ran.stderr
    assert {p: p.stat().st_mtime_ns for p in shelf.rglob("*")} == before


def test_two_sets_of_one_name_are_refused(run: Run, tmp_path: Path, tiny: Path) -> None:
    ran = run("eval", tiny, write_set(tmp_path / "other" / "tiny"))
    assert isinstance(ran.exception, errors.QuestionsWrong)
    assert "two sets are called 'tiny'" in ran.exception.message


def test_a_calibration_is_shown_written_applied_and_taken_away(
    run: Run, tmp_path: Path, shelf: Path
) -> None:
    mine = questions(tmp_path / "mine.toml", 24, 24)
    kept = shelf / "calibration.json"
    dry = run("calibrate", mine, "--dry-run", "--shelf", shelf)
    assert (dry.exit_code, kept.exists()) == (0, False)
    assert "24 answerable and 24 unanswerable questions" in dry.stdout
    wet = run("calibrate", mine, "--shelf", shelf)
    assert (wet.exit_code, wet.stdout) == (0, dry.stdout)
    assert f"{kept} written" in wet.stderr
    asked = run("ask", FERRIES, "--json", "--shelf", shelf)
    told = json.loads(asked.stdout)["receipt"]["parameters"]["calibration"]
    assert told == Library.open(shelf).limits().calibration.digest  # type: ignore[union-attr]
    assert (
        "would be removed"
        in run("calibrate", "--reset", "--dry-run", "--shelf", shelf).stderr
    )
    assert kept.exists()
    assert f"{kept} removed" in run("calibrate", "--reset", "--shelf", shelf).stderr
    assert not kept.exists()
    assert "is not there" in run("calibrate", "--reset", "--shelf", shelf).stderr


@pytest.mark.parametrize("args", [(), ("mine.toml", "--reset")])
def test_calibrate_takes_either_questions_or_reset(
    run: Run, args: tuple[str, ...], shelf: Path
) -> None:
    ran = run("calibrate", *args, "--shelf", shelf)
    assert ran.exit_code == cli.USAGE
    assert "give either questions or --reset" in ran.stderr


def test_a_damaged_calibration_can_be_reset_and_made_anew(
    run: Run, tmp_path: Path, shelf: Path
) -> None:
    kept = shelf / "calibration.json"
    kept.write_text("{", "utf-8")
    asked = run("ask", FERRIES, "--shelf", shelf)
    assert isinstance(asked.exception, errors.CalibrationWrong)
    assert "BAD calibration: " in run("doctor", "--shelf", shelf).stdout
    mine = questions(tmp_path / "mine.toml", 24, 24)
    assert run("calibrate", mine, "--shelf", shelf).exit_code == 0
    assert run("ask", FERRIES, "--shelf", shelf).exit_code == 0
    kept.write_text("{", "utf-8")
    assert run("calibrate", "--reset", "--shelf", shelf).exit_code == 0
    assert not kept.exists()
