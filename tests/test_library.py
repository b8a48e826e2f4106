"""The open shelf: it reloads, it goes on answering, it reads no more than it must."""

import hashlib
import shutil
import threading
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from askreport import Filter, Library, errors, inventory
from askreport.generation import opened, publish
from askreport.ingest import stamps

QUESTION = "How many lamps has the pier?"


def edition(root: Path, n: int) -> None:
    """Sources that answer the question with `n`."""
    (root / "sources" / "pier.txt").write_text(f"The pier has {n} lamps.", "utf-8")


@pytest.fixture
def pier(shelf: Path) -> Path:
    """A shelf with a pier of one lamp, built."""
    edition(shelf, 1)
    Library.open(shelf).build()
    return shelf


def lamps(library: Library) -> str:
    """What the shelf says of the pier."""
    return library.ask(QUESTION).citations[0].quote


def test_a_new_generation_is_picked_up_between_questions(pier: Path) -> None:
    library = Library.open(pier)
    assert lamps(library) == "The pier has 1 lamps."
    edition(pier, 2)
    assert lamps(library) == "The pier has 1 lamps."
    Library.open(pier).build()
    assert lamps(library) == "The pier has 2 lamps."


def test_going_back_to_an_older_generation_is_picked_up_too(pier: Path) -> None:
    library = Library.open(pier)
    first = library.generation.id
    edition(pier, 2)
    Library.open(pier).build()
    assert lamps(library) == "The pier has 2 lamps."
    (pier / "index" / "CURRENT").write_text(first + "\n")
    assert lamps(library) == "The pier has 1 lamps."


def test_what_is_open_answers_on_when_its_folder_is_removed(pier: Path) -> None:
    library = Library.open(pier)
    generation = library.generation
    edition(pier, 2)
    Library.open(pier, flags={"keep_generations": 1}).build()
    assert not generation.folder.exists()
    assert generation.passages[0].text
    assert generation.dense.ntotal == len(generation.passages)
    assert int(generation.tokens.starts[-1]) == len(
        np.asarray(generation.tokens.codes).copy()
    )
    assert generation.lexical.weights.copy().any()


@pytest.mark.parametrize("raw", [b"", b"garbage", b"\xff", None])
def test_what_is_open_answers_on_while_current_names_nothing_that_opens(
    pier: Path, raw: bytes | None
) -> None:
    library = Library.open(pier)
    before = lamps(library)
    current = pier / "index" / "CURRENT"
    kept = current.read_bytes()
    if raw is None:
        current.unlink()
    else:
        current.write_bytes(raw)
    assert lamps(library) == before
    with pytest.raises(errors.AskreportError):
        Library.open(pier).ask(QUESTION)
    current.write_bytes(kept)
    edition(pier, 2)
    Library.open(pier).build()
    assert lamps(library) == "The pier has 2 lamps."


def test_what_is_open_answers_on_while_the_new_generation_is_damaged(
    pier: Path,
) -> None:
    library = Library.open(pier)
    assert lamps(library) == "The pier has 1 lamps."
    edition(pier, 2)
    newer = Library.open(pier).build().generation
    (pier / "index" / "generations" / newer / "dense.faiss").write_bytes(b"")
    assert lamps(library) == "The pier has 1 lamps."
    assert library.build().generation == newer
    assert lamps(library) == "The pier has 2 lamps."


def test_a_generation_removed_between_pointer_and_folder_is_looked_up_again(
    pier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition(pier, 2)
    stale = opened.current(pier / "index")
    Library.open(pier, flags={"keep_generations": 1}).build()
    looked: list[str] = []

    def current(index: Path) -> str:
        # The first look is from before the build, the second from after it.
        looked.append(stale if not looked else now(index))
        return looked[-1]

    now = opened.current
    monkeypatch.setattr(opened, "current", current)
    found = opened.open_current(pier / "index")
    assert looked == [stale, found.id]
    assert found.id != stale


@pytest.mark.slow
def test_many_readers_and_a_builder_that_prunes_at_once_never_meet(
    pier: Path,
) -> None:
    keep_one = {"keep_generations": 1}
    shared = Library.open(pier)
    done = threading.Event()
    troubles: list[BaseException] = []
    answers: set[str] = set()

    def read(*, fresh: bool) -> None:
        try:
            while not done.is_set():
                library = Library.open(pier) if fresh else shared
                answers.add(lamps(library))
        except BaseException as error:  # noqa: BLE001 - any trouble of a thread counts
            troubles.append(error)

    readers = [
        threading.Thread(target=read, kwargs={"fresh": fresh})
        for fresh in (True, False, False)
    ]
    for reader in readers:
        reader.start()
    for n in range(2, 14):
        edition(pier, n)
        Library.open(pier, flags=keep_one).build()
    done.set()
    for reader in readers:
        reader.join()
    assert troubles == []
    assert answers <= {f"The pier has {n} lamps." for n in range(1, 14)}
    assert len(answers) > 1


def test_asking_works_while_a_build_holds_the_lock(pier: Path) -> None:
    with publish.writing(pier / "index"):
        assert lamps(Library.open(pier)) == "The pier has 1 lamps."


def test_a_library_that_was_open_before_the_first_build_answers_after_it(
    shelf: Path,
) -> None:
    library = Library.open(shelf)
    with pytest.raises(errors.IndexMissing):
        library.ask(QUESTION)
    assert {s.status for s in library.shelved()} == {"new"}
    edition(shelf, 1)
    library.build()
    assert lamps(library) == "The pier has 1 lamps."


# How the folder stands to the index.


def status(library: Library) -> dict[str, str]:
    """The status of every document."""
    return {s.source.id: s.status for s in library.shelved()}


def test_every_document_says_how_it_stands_to_the_index(pier: Path) -> None:
    sources = pier / "sources"
    (sources / "broken.txt").write_bytes(b"\x00")
    (sources / "mended.txt").write_bytes(b"\x00")
    (sources / "gone.txt").write_text("Nobody will miss this.", "utf-8")
    (sources / "gone-too.txt").write_bytes(b"\x00")
    library = Library.open(pier)
    library.build()
    edition(pier, 2)
    (sources / "mended.txt").write_text("Now it can be read.", "utf-8")
    (sources / "fresh.txt").write_text("Just arrived.", "utf-8")
    (sources / "gone.txt").unlink()
    (sources / "gone-too.txt").unlink()
    assert status(library) == {
        "harbour-report": "indexed",
        "orchard-digest": "indexed",
        "lighthouse-page": "indexed",
        "bridges-pdf": "indexed",
        "broken-txt": "failed",
        "mended-txt": "changed",
        "pier-txt": "changed",
        "fresh-txt": "new",
        "gone-txt": "removed",
    }
    pending = library.ask(QUESTION).coverage.pending
    assert set(pending) == {"mended.txt", "pier.txt", "fresh.txt"}
    library.build()
    assert library.ask(QUESTION).coverage.pending == ()
    assert set(status(library).values()) == {"indexed", "failed"}


def test_a_standing_document_counts_its_pages_and_passages(library: Library) -> None:
    found = {s.source.id: s for s in library.shelved()}
    assert (found["bridges-pdf"].pages, found["orchard-digest"].pages) == (2, 0)
    assert sum(s.passages for s in found.values()) == len(library.generation.passages)
    assert all(s.unread == () for s in found.values())


def test_a_failed_document_says_why(pier: Path) -> None:
    (pier / "sources" / "broken.txt").write_bytes(b"\x00")
    library = Library.open(pier)
    library.build()
    broken = next(s for s in library.shelved() if s.source.id == "broken-txt")
    assert broken.unread[0].reason.startswith("broken.txt")


def test_questions_do_not_read_the_sources_again_until_one_is_touched(
    pier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digested: list[str] = []
    digest = hashlib.file_digest

    def counted(file: BinaryIO, name: str) -> object:
        if "sources" in file.name:
            digested.append(Path(file.name).name)
        return digest(file, name)  # type: ignore[arg-type]

    monkeypatch.setattr(hashlib, "file_digest", counted)
    monkeypatch.setattr(stamps, "SETTLED", -1.0)
    library = Library.open(pier)
    library.ask(QUESTION)
    once = len(digested)
    assert once == 5
    for _ in range(3):
        assert library.ask(QUESTION).coverage.pending == ()
        library.shelved()
    assert len(digested) == once
    edition(pier, 3)
    assert library.ask(QUESTION).coverage.pending == ("pier.txt",)
    assert digested[once:] == ["pier.txt"]


@pytest.mark.parametrize("how", ["edit", "add", "remove", "rename", "catalogue"])
def test_whatever_happens_to_the_sources_is_noticed_by_the_next_question(
    pier: Path, how: str
) -> None:
    library = Library.open(pier)
    library.ask(QUESTION)
    before = library.shelved()
    file = pier / "sources" / "pier.txt"
    if how == "edit":
        file.write_text("The pier has 9 lamps.", "utf-8")  # as long as before
    elif how == "add":
        shutil.copy(file, file.with_name("pier-two.txt"))
    elif how == "remove":
        file.unlink()
    elif how == "rename":
        file.rename(file.with_name("mole.txt"))
    else:
        (pier / "sources" / "catalogue.toml").write_text("oops", "utf-8")
        assert library.ask(QUESTION).coverage.pending[0].startswith("unknown")
        with pytest.raises(errors.CatalogueWrong):
            library.shelved()
        return
    assert library.shelved() != before


def test_coverage_is_of_the_documents_asked(library: Library) -> None:
    whole = library.ask("Which ferries entered service?").coverage
    assert (whole.documents, whole.passages) == (4, len(library.generation.passages))
    one = library.ask(
        "Which ferries?", among=Filter(documents=("harbour-report",))
    ).coverage
    inside = [p for p in library.generation.passages if p.source.id == "harbour-report"]
    assert (one.documents, one.passages) == (1, len(inside))
    with pytest.raises(errors.NotFound, match="nothing-such"):
        library.ask("Which ferries?", among=Filter(documents=("nothing-such",)))


def test_passages_pages_and_documents_are_found_by_what_citations_name(
    library: Library,
) -> None:
    cited = library.ask("Which ferries entered service?").citations[0]
    assert library.passage(cited.passage).text == cited.text
    page = library.page(cited.document, cited.page)
    assert page.text[cited.start : cited.end] == cited.quote
    assert library.document(cited.document).source.title == cited.title
    with pytest.raises(errors.NotFound):
        library.passage("nothing-such")


def test_flags_override_the_settings_of_the_shelf(built: Path) -> None:
    library = Library.open(built, flags={"top": 1})
    assert len(library.search("Which ferries entered service?")) == 1
    assert len(library.search("Which ferries entered service?", top=2)) == 2


@pytest.mark.parametrize("top", [0, -1])
def test_asking_for_no_passage_is_refused_not_called_no_evidence(
    library: Library, top: int
) -> None:
    for ask in (library.ask, library.search):
        with pytest.raises(errors.SettingsWrong):
            ask("Which ferries entered service?", top=top)


def test_answers_are_the_same_from_several_threads(library: Library) -> None:
    asked = ["Which ferries entered service?", "Who kept the lamp burning?"] * 4
    wanted = [library.ask(question) for question in asked]
    found: dict[int, object] = {}

    def ask(i: int) -> None:
        found[i] = library.ask(asked[i])

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(asked))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(len(asked))] == wanted


# The form of the token vectors.


def test_another_form_of_token_vectors_is_another_generation(pier: Path) -> None:
    full = Library.open(pier).generation
    short = Library.open(pier, flags={"late": "compressed"})
    assert short.build().fresh
    assert short.generation.id != full.id
    assert (full.manifest.late, short.generation.manifest.late) == (
        "full",
        "compressed",
    )
    assert short.generation.tokens.form == "compressed"
    assert 6 * short.generation.tokens.codes.nbytes < full.tokens.codes.nbytes
    assert lamps(short) == "The pier has 1 lamps."
    assert not short.build().fresh


@pytest.mark.parametrize(("megabytes", "form"), [(0, "compressed"), (1, "full")])
def test_token_vectors_are_compressed_where_they_exceed_their_budget(
    pier: Path, megabytes: int, form: str
) -> None:
    library = Library.open(pier, flags={"late_megabytes": megabytes})
    library.build()
    assert library.generation.manifest.late == form
    assert library.generation.tokens.form == form
    assert lamps(library) == "The pier has 1 lamps."


def test_the_budget_does_not_count_where_a_form_is_named(pier: Path) -> None:
    named = {"late": "full"}
    Library.open(pier, flags=named).build()
    built = Library.open(pier, flags={**named, "late_megabytes": 0}).build()
    assert not built.fresh


def test_a_folder_of_very_many_files_is_not_looked_at_for_every_question(
    pier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library.open(pier)
    (pier / "sources" / "one.txt").write_text("One.", "utf-8")
    assert library.coverage().pending == ("one.txt",)
    monkeypatch.setattr(inventory, "MANY", 1)
    monkeypatch.setattr(inventory, "AGAIN", 1e9)
    (pier / "sources" / "two.txt").write_text("Two.", "utf-8")
    assert library.coverage().pending == ("one.txt", "two.txt")
    (pier / "sources" / "two.txt").unlink()
    assert library.coverage().pending == ("one.txt", "two.txt")
    assert Library.open(pier).coverage().pending == ("one.txt",)
