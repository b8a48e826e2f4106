"""Jobs rebuild one at a time; what waits is taken together; failures are told."""

import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from askreport import Library
from askreport.generation import opened, publish
from askreport.upkeep import jobs as jobs_
from askreport.upkeep.jobs import Jobs
from askreport.upkeep.rebuilds import STOPPED, Rebuild


@pytest.fixture
def root(built: Path, tmp_path: Path) -> Path:
    """A built shelf of one's own, to which something was added."""
    shelf = shutil.copytree(built, tmp_path / "shelf")
    (shelf / "sources" / "pier.txt").write_text("The pier has 9 lamps.", "utf-8")
    return shelf


def begun(jobs: Jobs, job: str) -> None:
    """Wait until a job is no longer queued."""
    while (found := jobs.get(job)) is None or found.state == "queued":
        time.sleep(0.02)


def test_a_job_builds_in_a_process_of_its_own_and_says_what_it_came_to(
    root: Path,
) -> None:
    jobs = Jobs(root)
    job = jobs.submit()
    assert jobs.get(job.id) is not None
    done = jobs.ended(job.id)
    jobs.close()
    assert (done.state, done.failure) == ("done", None)
    assert done.result is not None
    assert done.result.generation == opened.current(root / "index")
    assert (done.result.read, done.result.encoded, done.result.documents) == (1, 1, 5)
    assert done.step is not None
    assert done.step.doing == "writing the index"
    assert "9 lamps" in Library.open(root).ask("How many lamps has the pier?").text


def test_jobs_that_wait_are_one_and_a_running_one_is_another(root: Path) -> None:
    jobs = Jobs(root)
    with publish.writing(root / "index"):  # so that the first one waits for the lock
        first = jobs.submit()
        begun(jobs, first.id)
        second = jobs.submit()
        third = jobs.submit(full=True)
        assert first.id != second.id == third.id
        assert third.full
    assert jobs.ended(second.id).state == "done"
    assert jobs.ended(first.id).state == "done"
    jobs.close()


def test_a_job_that_fails_says_why_and_the_old_index_answers(root: Path) -> None:
    before = opened.current(root / "index")
    (root / "sources" / "catalogue.toml").write_text("oops", "utf-8")
    jobs = Jobs(root)
    failed = jobs.ended(jobs.submit().id)
    jobs.close()
    assert failed.state == "failed"
    assert failed.failure is not None
    assert failed.failure.type == "CatalogueWrong"
    assert failed.failure.hint
    assert opened.current(root / "index") == before


def test_closing_stops_what_runs_and_what_waits(root: Path) -> None:
    jobs = Jobs(root)
    with publish.writing(root / "index"):
        first = jobs.submit()
        begun(jobs, first.id)
        second = jobs.submit()
        began = time.monotonic()
        jobs.close()
        assert time.monotonic() - began < 60
    for name in (first.id, second.id):
        found = jobs.get(name)
        assert found is not None
        assert found.state == "failed"


def test_a_job_that_is_stopped_ends_and_those_behind_it_go_on(root: Path) -> None:
    before = opened.current(root / "index")
    jobs = Jobs(root)
    with publish.writing(root / "index"):
        first = jobs.submit()
        begun(jobs, first.id)
        second = jobs.submit()
        stopped = jobs.stop(second.id)
        assert stopped is not None
        assert (stopped.state, stopped.failure) == ("failed", STOPPED)
        third = jobs.submit()
        assert third.id != second.id  # what is stopped is nobody's any more
        jobs.stop(first.id)
        assert jobs.ended(first.id).failure == STOPPED
        assert opened.current(root / "index") == before
    done = jobs.ended(third.id)
    assert jobs.stop(third.id) == done
    assert done.state == "done"
    assert jobs.stop("nonesuch") is None
    jobs.close()


def test_a_build_that_was_stopped_before_it_began_does_not_begin(root: Path) -> None:
    rebuild = Rebuild(root)
    rebuild.stop()
    assert rebuild.run().failure == STOPPED


def test_a_build_that_is_stopped_while_its_process_starts_ends(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuild = Rebuild(root)

    class Started(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            rebuild.stop()

    monkeypatch.setattr(subprocess, "Popen", Started)
    with publish.writing(root / "index"):
        assert rebuild.run().failure == STOPPED


def test_a_build_whose_process_dies_is_a_failure(root: Path) -> None:
    rebuild = Rebuild(root)
    rebuild._command[2:4] = ["no.such.module"]
    failure = rebuild.run().failure
    assert failure is not None
    assert "code 1" in failure.message


def test_old_jobs_are_forgotten(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_, "MOST", 1)
    jobs = Jobs(root)
    first = jobs.submit()
    jobs.ended(first.id)
    second = jobs.submit()
    assert jobs.get(first.id) is None
    assert jobs.ended(second.id).state == "done"
    jobs.close()
