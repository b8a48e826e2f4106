"""Files that vanish, folders that refuse, clocks that go back: nothing is lost."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from askreport import Library, errors
from askreport.generation import opened, publish, standing
from askreport.ingest.cache import Cache
from askreport.ingest.documents import workers
from askreport.ingest.stamps import Stamps
from askreport.ingest.steps import Step

QUESTION = "Which ferries entered service?"


@pytest.fixture
def root(built: Path, tmp_path: Path) -> Path:
    """A built shelf of one's own, to which something was added."""
    shelf = shutil.copytree(built, tmp_path / "shelf")
    (shelf / "sources" / "pier.txt").write_text("The pier has 9 lamps.", "utf-8")
    return shelf


def unlisted(root: Path) -> Path:
    """A file that the catalogue does not name."""
    return root / "sources" / "pier.txt"


@pytest.mark.parametrize("name", ["pier.txt", "harbour.md"])
def test_a_file_that_vanishes_while_it_is_read_fails_the_build_and_is_named(
    root: Path, name: str
) -> None:
    library = Library.open(root)
    before = library.ask(QUESTION)
    (root / "sources" / name).write_text("# Anew\n\nNothing was read of this.", "utf-8")

    def vanish(step: Step) -> None:
        if name in step.doing:
            (root / "sources" / name).unlink()

    with pytest.raises(errors.AskreportError) as caught:
        library.build(tell=vanish)
    assert isinstance(caught.value, errors.BuildFailed | errors.CatalogueWrong)
    assert name in caught.value.message or "was changed" in caught.value.message
    assert library.ask(QUESTION).citations == before.citations


def test_a_clock_that_goes_back_confuses_neither_cache_nor_pruning(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = opened.current(root / "index")
    now = time.time
    made = [Library.open(root, flags={"keep_generations": 2}).build().generation]
    for day in range(1, 4):
        monkeypatch.setattr(time, "time", lambda day=day: now() - day * 86_400)
        path = unlisted(root)
        path.write_text(f"The pier has {day} lamps.", "utf-8")  # as long as before
        os.utime(path, (now() - day * 86_400,) * 2)
        library = Library.open(root, flags={"keep_generations": 2})
        built = library.build()
        assert (built.fresh, built.read) == (True, 1)
        assert f"{day} lamps" in library.ask("How many lamps has the pier?").text
        made.append(built.generation)
        # The newest are those built last, whatever the clock said.
        kept = [one.name for one in standing.listed(root / "index")]
        assert kept == [made[-1], made[-2]]
    assert first not in made


def test_an_edit_that_keeps_size_and_time_is_noticed(root: Path) -> None:
    library = Library.open(root)
    library.build()
    path = unlisted(root)
    known = path.stat()
    path.write_text("The pier has 8 lamps.", "utf-8")
    os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))
    assert path.stat().st_size == known.st_size
    assert library.build().fresh
    assert "8 lamps" in library.ask("How many lamps has the pier?").text


def test_a_digest_is_remembered_only_of_a_file_that_has_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    kept = Cache(tmp_path / "cache")
    stamps = Stamps(kept)
    stamps.digest(path)
    assert stamps._now == {}
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 60)
    found = stamps.digest(path)
    stamps.keep(always=True)
    again = Stamps(kept)
    path.chmod(0o600)  # touched, so it is read again
    path.write_bytes(b"two")
    assert again.digest(path) != found
    assert Stamps(kept, trusted=False)._before == {}


REFUSING = """
import pathlib

opens = pathlib.Path.open

def refusing(path, *args, **named):
    if path.name == "pier.txt":
        raise PermissionError(13, "Permission denied", str(path))
    return opens(path, *args, **named)

pathlib.Path.open = refusing
"""
"""What Python runs first in a process that reads files: root may read everything."""


def test_a_source_that_may_not_be_read_is_named_and_the_others_are_built(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(REFUSING, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    workers.dismiss()
    built = Library.open(root).build(full=True)
    (failed,) = built.failed
    assert failed.source == "pier-txt"
    assert "Permission denied" in failed.reason
    monkeypatch.undo()
    workers.dismiss()
    assert Library.open(root).build(full=True).failed == ()


def test_a_build_that_waited_for_another_does_not_bring_back_what_it_saw_before(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = publish.writing

    @contextmanager
    def overtaken(index: Path, *, wait: float = 0.0) -> Iterator[None]:
        monkeypatch.setattr(publish, "writing", writing)
        unlisted(root).write_text("The pier has 7 lamps.", "utf-8")
        newer = Library.open(root).build()
        with writing(index, wait=wait):
            yield
        assert opened.current(index) == newer.generation

    monkeypatch.setattr(publish, "writing", overtaken)
    made = Library.open(root).build()
    assert not made.fresh
    assert "7 lamps" in Library.open(root).ask("How many lamps has the pier?").text
