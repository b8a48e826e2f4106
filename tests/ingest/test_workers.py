"""Files read in processes of their own: what one may take, and what it costs."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from tests.conftest import write_pdf

from askreport import Library, errors
from askreport.ingest.documents import worker, workers
from askreport.ingest.documents.workers import Job, Limits, Outcome, Progress
from askreport.types import Document, Source

STAND_IN = """
import json, os, signal, sys, time
for line in sys.stdin:
    job = json.loads(line)
    name = os.path.basename(job["path"])
    if name.startswith("crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if name.startswith("sleep"):
        time.sleep(60)
    if name.startswith("flood"):
        while True:
            sys.stdout.write("x" * 65536)
    if name.startswith("fill"):
        print(json.dumps({"memory": True}), flush=True)
        sys.exit(1)
    if name.startswith("slow"):
        for page in range(1, 7):
            time.sleep(0.2)
            print(json.dumps({"page": page, "of": 6}), flush=True)
    page = {"number": None, "label": None, "text": f"read by {os.getpid()}"}
    page |= {"headings": [], "unit": "page", "tables": [], "ocr": None, "layout": None}
    told = {"source": job["source"], "pages": [page], "unread": []}
    print(json.dumps({"document": told}), flush=True)
"""
"""A process that does to itself what files do to readers, by their names."""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Processes of these tests run STAND_IN, and none of theirs is handed on."""
    (tmp_path / "stand_in.py").write_text(STAND_IN, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(workers, "MODULE", "stand_in")
    monkeypatch.setattr(workers, "_spares", [])
    yield
    workers.dismiss()


def jobs(folder: Path, *names: str) -> list[Job]:
    """Jobs for files of those names, each with a line of text."""
    found = []
    for name in names:
        path = folder / name
        path.write_text("The port was dredged in 2020.", "utf-8")
        found.append(Job(Source(name, name, name, "0" * 64), path, titled=False))
    return found


def outcomes(
    given: Sequence[Job],
    limits: Limits,
    tell: Callable[[Progress], None] = lambda progress: None,
) -> list[Document | errors.SourceUnreadable]:
    """What became of the jobs, in their order."""
    found: dict[int, Outcome] = {o.job: o for o in workers.read(given, limits, tell)}
    assert sorted(found) == list(range(len(given)))
    return [found[i].found for i in range(len(given))]


def reason(found: Document | errors.SourceUnreadable) -> str:
    """Why it was not read."""
    assert isinstance(found, errors.SourceUnreadable)
    assert found.hint
    return found.message


@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize("hands", [1, 2])
def test_a_crash_costs_its_file_and_is_named(tmp_path: Path, hands: int) -> None:
    given = jobs(tmp_path, "a.txt", "crash.txt", "b.txt", "c.txt")
    a, crash, b, c = outcomes(given, Limits(workers=hands))
    assert "crash.txt crashed its reader (SIGSEGV)" in reason(crash)
    assert all(isinstance(found, Document) for found in (a, b, c))


@pytest.mark.usefixtures("stand_in")
def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    given = jobs(tmp_path, "sleep.txt", "a.txt")
    began = time.monotonic()
    late, after = outcomes(given, Limits(seconds=1.5, workers=1))
    assert time.monotonic() - began < 20
    assert "sleep.txt took too long to read: 1.5 s without a page" in reason(late)
    assert isinstance(after, Document)


@pytest.mark.usefixtures("stand_in")
def test_pages_are_signs_of_life_and_told(tmp_path: Path) -> None:
    heard: list[Progress] = []
    (found,) = outcomes(jobs(tmp_path, "slow.txt"), Limits(seconds=1.1), heard.append)
    assert isinstance(found, Document)
    assert heard == [Progress(0, page, 6) for page in range(1, 7)]


@pytest.mark.usefixtures("stand_in")
def test_however_many_pages_a_document_has_its_time_is_bounded(tmp_path: Path) -> None:
    (late,) = outcomes(jobs(tmp_path, "slow.txt"), Limits(whole=0.7))
    assert "took too long" in reason(late)


@pytest.mark.usefixtures("stand_in")
def test_a_file_that_unpacks_to_too_much_is_given_up(tmp_path: Path) -> None:
    (flood,) = outcomes(jobs(tmp_path, "flood.txt"), Limits(output=2**20))
    assert "flood.txt unpacks to more than 1 MiB" in reason(flood)


@pytest.mark.usefixtures("stand_in")
def test_a_file_that_fills_the_memory_is_named(tmp_path: Path) -> None:
    fill, after = outcomes(jobs(tmp_path, "fill.txt", "a.txt"), Limits(workers=1))
    assert "fill.txt takes more than 2000 MB of memory" in reason(fill)
    assert isinstance(after, Document)


@pytest.mark.usefixtures("stand_in")
def test_processes_are_used_again_and_as_many_as_asked(tmp_path: Path) -> None:
    def pids(hands: int) -> set[str]:
        given = jobs(tmp_path, *(f"slow{i}.txt" for i in range(3)))
        found = outcomes(given, Limits(workers=hands))
        return {d.pages[0].text for d in found if isinstance(d, Document)}

    alone = pids(1)
    assert len(alone) == 1
    both = pids(2)
    assert len(both) == 2
    assert alone < both


@pytest.mark.usefixtures("stand_in")
def test_whoever_stops_listening_leaves_no_process_at_work(tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt

    given = jobs(tmp_path, "slow.txt", "slow2.txt", "sleep.txt")
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        outcomes(given, Limits(workers=2), stop)
    assert time.monotonic() - began < 20
    names = {thread.name for thread in threading.enumerate()}
    assert "askreport-reading" not in names


def test_memory_is_bounded_by_the_system(tmp_path: Path) -> None:
    # A page of 100 KB that unpacks to 300 MB, under a limit that lets Python start.
    bomb = tmp_path / "bomb.txt"
    bomb.write_bytes(b"The port was dredged. " * 6_000_000)
    job = Job(Source("bomb", "Bomb", "bomb.txt", "0" * 64), bomb, titled=False)
    (found,) = outcomes([job], Limits(megabytes=700))
    assert "bomb.txt takes more than 700 MB of memory to read" in reason(found)


def test_a_reader_has_no_network_and_no_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_BUILD", "open sesame")
    assert "SECRET_OF_THE_BUILD" not in workers._surroundings()
    with pytest.raises(OSError, match="no network"):
        worker._Unconnected()


def test_a_document_read_in_a_process_is_the_one_read_here(tmp_path: Path) -> None:
    from askreport.ingest.documents import reader

    path = tmp_path / "bridges.pdf"
    write_pdf(path)
    source = Source("bridges", "Bridges", "bridges.pdf", "0" * 64)
    (found,) = outcomes([Job(source, path, titled=True)], Limits())
    assert found == reader.read(source, path, titled=True)


def test_a_killed_reader_costs_a_build_one_document(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process of the build is killed from outside while it reads."""
    asked = workers._Process.ask

    def ask(self: workers._Process, job: Job) -> None:
        doomed = job.path.name == "orchard.txt"
        if doomed:  # or it might have answered before it is killed
            os.kill(self._popen.pid, signal.SIGSTOP)
        asked(self, job)
        if doomed:
            os.kill(self._popen.pid, signal.SIGKILL)

    monkeypatch.setattr(workers._Process, "ask", ask)
    library = Library.open(shelf)
    built = library.build()
    assert built.documents == 3
    (lost,) = built.failed
    assert lost.source == "orchard-digest"
    assert "orchard.txt crashed its reader (SIGKILL)" in lost.reason
    assert library.coverage().unread == (lost,)


def test_a_job_is_one_line_whatever_its_file_is_called(tmp_path: Path) -> None:
    name = "two\nlines \u2028 \udcff.txt"
    (job,) = jobs(tmp_path, "plain.txt")
    odd = tmp_path / name
    job.path.rename(odd)
    told = Job(job.source, odd, titled=False)
    (found,) = outcomes([told], Limits())
    assert isinstance(found, Document)
    assert json.dumps(str(odd)).count("\n") == 0
