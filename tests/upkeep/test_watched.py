"""Sources are watched: rebuilt once they stand still, tried again after a failure."""

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from askreport import Library, errors
from askreport.generation import opened, publish
from askreport.upkeep import watched
from askreport.upkeep.rebuilds import Failure
from askreport.upkeep.watched import Watch

PATIENCE = 90.0
"""Seconds for what takes two, on a busy machine."""


def until(reached: Callable[[], bool]) -> None:
    """Wait for it."""
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("report.pdf", True),
        ("catalogue.toml", True),
        ("deep/er/report.md", True),
        (".report.md.swp", False),
        ("report.md~", False),
        ("4913", False),
        ("~$report.docx", False),
        (".hidden/report.md", False),
        ("#report.md#", False),
        ("report.pdf.part", False),
        ("report.pdf.crdownload", False),
        ("report.tmp", False),
    ],
)
def test_what_editors_and_browsers_leave_is_no_change(name: str, wanted: bool) -> None:
    assert watched.bears(Path("/sources"), Path("/sources") / name) is wanted


class Builds:
    """Counts rebuilds; fails as often as it is told; says what it built."""

    def __init__(self, folder: Path, failures: int = 0) -> None:
        self.folder = folder
        self.failures = failures
        self.sizes: list[int] = []
        self.at: list[float] = []

    def __call__(self) -> Failure | None:
        sizes = [p.stat().st_size for p in self.folder.glob("*.txt")]
        self.sizes.append(sum(sizes))
        self.at.append(time.monotonic())
        if len(self.sizes) <= self.failures:
            return Failure("BuildFailed", "no room", "make some")
        return None


@contextmanager
def watching(folder: Path, builds: Builds, told: list[str]) -> Iterator[None]:
    """A watch in a thread."""
    watch = Watch(folder, builds, told.append)
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        yield
    finally:
        watch.ended.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_a_file_that_grows_is_built_once_when_it_has_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "SETTLED", 2.0)  # a busy machine may pause the writer
    builds = Builds(tmp_path)
    with watching(tmp_path, builds, []):
        until(lambda: len(builds.sizes) == 1)
        with (tmp_path / "long.txt").open("w") as file:
            for _ in range(12):
                file.write("x" * 100)
                file.flush()
                time.sleep(0.05)
        until(lambda: len(builds.sizes) > 1)
        monkeypatch.setattr(watched, "SETTLED", 0.5)
        (tmp_path / ".hidden.txt").write_text("nothing of note")
        time.sleep(1.5)
    assert builds.sizes == [0, 1200]


def test_a_failed_rebuild_is_told_and_tried_again_later_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "FIRST_RETRY", 0.2)
    builds, told = Builds(tmp_path, failures=3), list[str]()
    with watching(tmp_path, builds, told):
        until(lambda: len(builds.sizes) == 4)
        time.sleep(0.5)
    assert len(builds.sizes) == 4
    waits = [b - a for a, b in zip(builds.at, builds.at[1:], strict=False)]
    assert waits[0] >= 0.2
    assert waits[1] >= 0.4
    assert waits[2] >= 0.8
    assert len(told) == 3
    assert told[0].startswith("not rebuilt: no room (make some); the old index answers")


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(errors.ShelfMissing):
        Watch(tmp_path / "none", Builds(tmp_path), print).run()


@contextmanager
def process(shelf: Path, *args: str) -> Iterator[list[str]]:
    """A command that runs until it is told to stop; what it says, as it says it."""
    child = subprocess.Popen(
        [sys.executable, "-m", "askreport", *args, "--shelf", str(shelf)],
        stderr=subprocess.PIPE,
        text=True,
    )
    said: list[str] = []
    assert child.stderr is not None
    listening = threading.Thread(target=said.extend, args=(child.stderr,))
    listening.start()
    try:
        yield said
        child.send_signal(signal.SIGINT)
        assert child.wait(PATIENCE) in (0, 130)
    finally:
        child.kill()
        child.wait()
        listening.join()
        child.stderr.close()


@pytest.mark.slow
@pytest.mark.parametrize("command", [("watch",), ("serve", "--watch", "--port", "0")])
def test_a_document_that_arrives_is_answered_from_without_a_command(
    built: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    root = shutil.copytree(built, tmp_path / "shelf")
    first = opened.current(root / "index")

    def newer() -> bool:
        return opened.current(root / "index") != first

    with process(root, *command) as said:
        # It builds what changed before it started, too.
        (root / "sources" / "pier.txt").write_text("The pier has 9 lamps.", "utf-8")
        until(newer)
        library = Library.open(root)
        assert "9 lamps" in library.ask("How many lamps has the pier?").text
        # A catalogue that is wrong breaks nothing; once it is right it counts.
        before = opened.current(root / "index")
        catalogue = root / "sources" / "catalogue.toml"
        right = catalogue.read_text("utf-8")
        catalogue.write_text("oops", "utf-8")
        until(lambda: any("not rebuilt" in line for line in said))
        assert opened.current(root / "index") == before
        catalogue.write_text(right.replace("Port Authority", "Board"), "utf-8")
        until(lambda: opened.current(root / "index") != before)
    with publish.writing(root / "index"):
        pass  # nobody holds the lock any more
