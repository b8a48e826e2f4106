"""A build: what it makes of the same sources, of bad ones, and of nothing new."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from askreport import Library, errors
from askreport.generation import opened
from askreport.ingest.steps import Step

QUESTION = "Which ferries entered service?"

State = dict[str, tuple[int, int, int, str]]


def state(root: Path) -> State:
    """Size, times and digest of everything below `index/` and `sources/`."""
    found = {}
    for path in sorted([*(root / "index").rglob("*"), *(root / "sources").rglob("*")]):
        known = path.stat()
        raw = path.read_bytes() if path.is_file() else b""
        digest = hashlib.sha256(raw).hexdigest()
        times = (known.st_mtime_ns, known.st_ctime_ns)
        found[str(path.relative_to(root))] = (known.st_size, *times, digest)
    return found


def written(root: Path) -> dict[str, bytes]:
    """The files of the generation that answers, by name."""
    folder = root / "index" / "generations" / opened.current(root / "index")
    files = (p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def test_a_build_of_unchanged_sources_changes_nothing_on_disk(shelf: Path) -> None:
    first = Library.open(shelf).build()
    before = state(shelf)
    again = Library.open(shelf).build()
    assert state(shelf) == before
    assert (first.fresh, again.fresh) == (True, False)
    assert again.generation == first.generation
    assert (again.documents, again.passages) == (first.documents, first.passages)


def test_a_touched_but_unchanged_source_changes_nothing_in_the_index(
    shelf: Path,
) -> None:
    Library.open(shelf).build()
    before = written(shelf)
    (shelf / "sources" / "harbour.md").touch()
    assert not Library.open(shelf).build().fresh
    assert written(shelf) == before


def test_asking_changes_nothing_on_disk(shelf: Path) -> None:
    Library.open(shelf).build()
    before = state(shelf)
    library = Library.open(shelf)
    library.ask(QUESTION)
    library.search(QUESTION)
    library.shelved()
    assert state(shelf) == before


BUILD = "import sys; from askreport import Library; Library.open(sys.argv[1]).build()"


def test_the_same_sources_make_the_same_index_in_any_folder_and_process(
    shelf: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(shelf, tmp_path / "another" / "place")
    Library.open(shelf).build()
    surroundings = os.environ | {"PYTHONHASHSEED": "77"}
    command = [sys.executable, "-c", BUILD, str(other)]
    subprocess.run(command, cwd=tmp_path, env=surroundings, check=True)
    here, there = written(shelf), written(other)
    assert opened.current(shelf / "index") == opened.current(other / "index")
    assert here.keys() == there.keys()
    # The manifest holds the clock, and nothing else does.
    same = [name for name in here if here[name] == there[name]]
    assert set(here) - set(same) <= {"manifest.json"}


def test_passages_keep_their_ids_when_another_document_changes(shelf: Path) -> None:
    library = Library.open(shelf)
    library.build()
    before = library.generation
    (shelf / "sources" / "orchard.txt").write_text("Pears were picked.", "utf-8")
    library.build()
    after = library.generation
    assert after.id != before.id
    for name in ("harbour-report", "lighthouse-page", "bridges-pdf"):
        ids = [p.id for p in before.passages if p.source.id == name]
        assert ids
        assert [p.id for p in after.passages if p.source.id == name] == ids


@pytest.mark.parametrize(
    "flags", [{"passage_tokens": 30}, {"overlap_sentences": 0, "passage_tokens": 40}]
)
def test_other_ways_of_cutting_make_another_generation(
    shelf: Path, flags: dict[str, int]
) -> None:
    first = Library.open(shelf).build()
    second = Library.open(shelf, flags=flags).build()
    assert second.fresh
    assert second.generation != first.generation
    assert second.passages > first.passages


def test_what_the_catalogue_says_is_part_of_what_was_indexed(shelf: Path) -> None:
    library = Library.open(shelf)
    library.build()
    catalogue = shelf / "sources" / "catalogue.toml"
    said = catalogue.read_text("utf-8")
    catalogue.write_text(said.replace("Port Authority", "Harbour Board"), "utf-8")
    assert library.build().fresh
    assert library.document("harbour-report").source.publisher == "Harbour Board"


# Documents that cannot be read.

BAD = {
    "empty.txt": b"",
    "blank.md": b"  \n\n\t\n",
    "binary.txt": b"\x00\x01\x02\x00" * 50,
    "broken.pdf": b"%PDF-1.7 and then nothing of the kind",
    "sheet.xyz": b"no reader for this",
}


def test_documents_that_fail_are_listed_with_reasons_and_the_build_goes_on(
    shelf: Path,
) -> None:
    for name, raw in BAD.items():
        (shelf / "sources" / name).write_bytes(raw)
    library = Library.open(shelf)
    built = library.build()
    assert built.documents == 4
    failed = {item.source: item for item in built.failed}
    assert {name.replace(".", "-") for name in BAD} == set(failed)
    for name in BAD:
        assert name in failed[name.replace(".", "-")].reason
    answer = library.ask(QUESTION)
    assert answer.status == "answered"
    assert set(answer.coverage.unread) == set(built.failed)
    assert answer.coverage.pending == ()
    assert Library.open(shelf).build().failed == built.failed


def test_where_no_document_can_be_read_the_build_fails_and_says_why(
    shelf: Path,
) -> None:
    library = Library.open(shelf)
    library.build()
    before = library.ask(QUESTION)
    (shelf / "sources" / "catalogue.toml").unlink()
    for path in (shelf / "sources").iterdir():
        path.write_bytes(b"\x00")
    with pytest.raises(errors.BuildFailed, match="no document could be read") as caught:
        library.build()
    assert all(p.name in caught.value.message for p in (shelf / "sources").iterdir())
    assert "old index still answers" in caught.value.hint
    assert library.ask(QUESTION).citations == before.citations


@pytest.mark.parametrize("gone", ["documents", "folder"])
def test_a_shelf_without_documents_says_what_to_put_there(
    shelf: Path, gone: str
) -> None:
    shutil.rmtree(shelf / "sources")
    if gone == "documents":
        (shelf / "sources").mkdir()
    with pytest.raises(errors.BuildFailed, match="no documents") as caught:
        Library.open(shelf).build()
    assert caught.value.hint
    assert not (shelf / "index").exists()


def test_a_wrong_catalogue_is_refused_before_anything_is_written(shelf: Path) -> None:
    library = Library.open(shelf)
    library.build()
    before = state(shelf)["index/CURRENT"]
    with (shelf / "sources" / "catalogue.toml").open("a", encoding="utf-8") as file:
        file.write("\n[[document]]\nid = 'ghost'\npath = 'ghost.md'\n")
    with pytest.raises(errors.CatalogueWrong):
        library.build()
    assert state(shelf)["index/CURRENT"] == before
    assert library.ask(QUESTION).coverage.pending[0].startswith("unknown: ")


def test_an_unknown_model_is_refused_and_the_old_index_answers(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    library = Library.open(shelf)
    library.build()
    before = state(shelf)
    with pytest.raises(errors.ModelMissing) as caught:
        Library.open(shelf, flags={"model": "nobodys-model"}).build()
    assert caught.value.hint
    assert state(shelf) == before
    assert library.ask(QUESTION).status == "answered"


# While it runs.


def test_sources_edited_while_they_are_read_are_not_published_as_what_they_were(
    shelf: Path,
) -> None:
    library = Library.open(shelf)
    late = shelf / "sources" / "orchard.txt"

    def edit(step: Step) -> None:
        if step.doing.startswith("reading orchard"):
            late.write_text("Pears were picked in haste.", "utf-8")

    with pytest.raises(errors.BuildFailed, match="was changed while") as caught:
        library.build(tell=edit)
    assert "again" in caught.value.hint
    assert not (shelf / "index" / "CURRENT").exists()
    library.build()
    assert "Pears" in library.document("orchard-digest").pages[0].text


def test_a_build_stopped_from_within_publishes_nothing(shelf: Path) -> None:
    library = Library.open(shelf)
    library.build()
    before = library.generation.id
    (shelf / "sources" / "more.txt").write_text("The pier has 12 lamps.", "utf-8")

    def stop(step: Step) -> None:
        if step.doing.startswith("encoding") and step.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.build(tell=stop)
    assert library.generation.id == before
    assert [p.name for p in (shelf / "index" / "generations").iterdir()] == [before]
    assert library.build().fresh


def test_progress_counts_every_document_and_every_passage_up_to_the_last(
    shelf: Path,
) -> None:
    steps: list[Step] = []
    built = Library.open(shelf).build(tell=steps.append)
    read = [s for s in steps if s.doing.startswith("read")]
    encoded = [s for s in steps if s.doing.startswith("encoding")]
    written = [s for s in steps if s.doing.startswith("writing")]
    assert read + encoded + written == steps
    assert [(s.done, s.total) for s in written] == [(0, 1), (1, 1)]
    assert [s.done for s in read] == sorted(s.done for s in read)
    assert {s.done for s in read} == set(range(5))
    assert {s.doing for s in read} >= {
        "reading bridges.pdf, page 1 of 2",
        "reading bridges.pdf, page 2 of 2",
        "reading bridges.pdf",
        "reading orchard.txt",
    }
    assert encoded[0].done == 0
    assert [s.done for s in encoded] == sorted(s.done for s in encoded)
    assert encoded[-1].done == encoded[-1].total == built.passages
