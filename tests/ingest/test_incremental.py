"""A build does again only what has changed, and makes what a build of all would."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from askreport import Library, embedding, errors, late, lexical, text
from askreport.embedding import Encoded, HashingEncoder, Model, Progress
from askreport.generation import opened
from askreport.ingest.cache import Cache
from askreport.ingest.documents import workers
from askreport.ingest.documents.workers import Outcome
from askreport.ingest.passwords import Reading
from askreport.ingest.steps import Step

QUESTION = "Which ferries entered service?"


@pytest.fixture
def ready(built: Path, tmp_path: Path) -> Path:
    """A built shelf of one's own."""
    return shutil.copytree(built, tmp_path / "ready")


def folder_of(root: Path) -> Path:
    """The folder of the generation that answers."""
    return root / "index" / "generations" / opened.current(root / "index")


def written(root: Path) -> dict[str, bytes]:
    """The files of the generation that answers, but for its manifest (a clock)."""
    folder = folder_of(root)
    files = (p for p in folder.rglob("*") if p.is_file())
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}
    del found["manifest.json"]
    return found


def add(root: Path, name: str = "pier.txt", lamps: int = 12) -> None:
    """One more document."""
    (root / "sources" / name).write_text(f"The pier has {lamps} lamps.", "utf-8")


def unopened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a model from here on fails the test."""

    def open_(self: Model) -> HashingEncoder:
        raise AssertionError(self.name)

    monkeypatch.setattr(Model, "open", open_)


def test_a_new_document_costs_its_own_reading_and_encoding_only(ready: Path) -> None:
    add(ready)
    made = Library.open(ready).build()
    assert (made.fresh, made.documents) == (True, 5)
    assert (made.read, made.encoded) == (1, 1)


def test_a_changed_document_costs_itself_and_passages_that_stayed_are_kept(
    ready: Path,
) -> None:
    path = ready / "sources" / "harbour.md"
    path.write_text(path.read_text("utf-8") + "\n## Pier\n\nIt has 9 lamps.\n", "utf-8")
    made = Library.open(ready).build()
    assert (made.read, made.encoded) == (1, 1)


def test_a_renamed_document_of_the_catalogue_is_neither_read_nor_encoded(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = ready / "sources"
    (sources / "harbour.md").rename(sources / "port.md")
    catalogue = sources / "catalogue.toml"
    said = catalogue.read_text("utf-8")
    catalogue.write_text(said.replace('"harbour.md"', '"port.md"'), "utf-8")
    unopened(monkeypatch)
    made = Library.open(ready).build()
    assert (made.fresh, made.read, made.encoded) == (True, 0, 0)
    assert Library.open(ready).document("harbour-report").source.path == "port.md"


def test_a_renamed_document_that_names_itself_is_neither_read_nor_encoded(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = ready / "sources"
    (sources / "bridges.pdf").rename(sources / "valley.pdf")
    unopened(monkeypatch)
    made = Library.open(ready).build()
    assert (made.fresh, made.read, made.encoded) == (True, 0, 0)
    found = Library.open(ready).document("valley-pdf")
    assert found.source.title == "Bridges of the valley"


def test_a_renamed_document_without_a_title_is_neither_read_nor_encoded(
    ready: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = ready / "sources"
    add(ready, "pier-notes.txt")
    Library.open(ready).build()
    (sources / "deep").mkdir()
    (sources / "pier-notes.txt").rename(sources / "deep" / "lamps-of-the-mole.txt")
    opened_ = opens(monkeypatch)
    with monkeypatch.context() as patched:
        unopened(patched)
        made = Library.open(ready).build()
    assert (made.fresh, made.read, made.encoded, opened_) == (True, 0, 0, [])
    # What the name says is found by its words all the same, and is what is cited.
    found = Library.open(ready).generation
    (hit,) = lexical.search(found.lexical, text.terms("mole"), most=3)
    assert found.passages[hit[0]].source.title == "Lamps of the mole"
    assert lexical.search(found.lexical, text.terms("notes"), most=3) == []
    other = tmp_path / "afresh"
    shutil.copytree(ready, other, ignore=shutil.ignore_patterns("index"))
    Library.open(other).build()
    assert written(ready) == written(other)


def test_a_document_that_is_removed_costs_nothing_and_answers_no_more(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(ready)
    library = Library.open(ready)
    library.build()
    assert "12" in library.ask("How many lamps has the pier?").text
    (ready / "sources" / "pier.txt").unlink()
    with monkeypatch.context() as patched:
        unopened(patched)
        made = Library.open(ready).build()
    assert (made.read, made.encoded, made.documents) == (0, 0, 4)
    found = library.ask("How many lamps has the pier?")
    assert {c.document for c in (*found.citations, *found.nearest)}.isdisjoint(
        {"pier-txt"}
    )


def test_what_is_known_of_a_document_may_change_without_reading_it(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = ready / "sources" / "catalogue.toml"
    said = catalogue.read_text("utf-8")
    catalogue.write_text(said.replace("Port Authority", "Harbour Board"), "utf-8")
    unopened(monkeypatch)
    made = Library.open(ready).build()
    assert (made.fresh, made.read) == (True, 0)


@pytest.mark.parametrize("form", ["full", "compressed", "auto"])
def test_what_a_build_makes_of_little_is_what_it_would_make_of_all(
    ready: Path, tmp_path: Path, form: str
) -> None:
    with (ready / "askreport.toml").open("a") as file:
        file.write(f'late = "{form}"\n')
    sources = ready / "sources"
    for step in range(4):
        if step == 0:
            add(ready)
        elif step == 1:
            add(ready, "pier.txt", 14)
            add(ready, "a.txt")  # the same passage text in another document
        elif step == 2:
            (sources / "orchard.txt").write_text("Pears were picked late.", "utf-8")
        else:
            (sources / "pier.txt").unlink()
        Library.open(ready).build()
        other = tmp_path / f"afresh-{step}"
        shutil.copytree(ready, other, ignore=shutil.ignore_patterns("index"))
        afresh = Library.open(other).build()
        assert afresh.encoded == afresh.passages
        assert opened.current(ready / "index") == opened.current(other / "index")
        assert written(ready) == written(other)


def test_a_full_build_does_all_again_and_makes_the_same_generation(
    ready: Path,
) -> None:
    before = written(ready)
    first = opened.current(ready / "index")
    library = Library.open(ready)
    found = library.ask(QUESTION)
    made = library.build(full=True)
    assert (made.generation, made.fresh) == (first, True)
    assert (made.read, made.encoded) == (4, made.passages)
    # The folder that answers meanwhile is left as it is.
    assert opened.current(ready / "index") == f"{first}-2"
    assert written(ready) == before
    again = library.ask(QUESTION)
    assert (again.text, again.receipt) == (found.text, found.receipt)
    assert not library.build().fresh


def test_what_a_build_that_was_cut_off_had_encoded_is_not_encoded_again(
    shelf: Path,
) -> None:
    def stop(step: Step) -> None:
        if step.doing.startswith("writing"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Library.open(shelf).build(tell=stop)
    made = Library.open(shelf).build()
    assert (made.read, made.encoded) == (0, 0)
    assert Library.open(shelf).ask(QUESTION).status == "answered"
    assert not list((shelf / "index" / "cache").glob("vectors/*/*"))


def harmed(root: Path) -> int:
    """Flip a byte in every value of the cache; how many there were."""
    found = [p for p in (root / "index" / "cache").rglob("*") if p.is_file()]
    for path in found:
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 1
        path.write_bytes(bytes(raw))
    return len(found)


def test_a_damaged_cache_costs_time_and_nothing_else(
    ready: Path, tmp_path: Path
) -> None:
    assert harmed(ready) > 5
    add(ready)
    # Cut otherwise, documents are not taken over but read where the cache lacks them.
    with (ready / "askreport.toml").open("a") as file:
        file.write("passage_tokens = 150\n")
    made = Library.open(ready).build()
    assert (made.read, made.encoded) == (5, 1)
    # Taken over, they need no cache.
    assert harmed(ready) > 5
    add(ready, "quay.txt")
    made = Library.open(ready).build()
    assert (made.read, made.encoded) == (1, 0)
    other = tmp_path / "afresh"
    shutil.copytree(ready, other, ignore=shutil.ignore_patterns("index"))
    Library.open(other).build()
    assert written(ready) == written(other)


def test_damaged_vectors_are_not_handed_on_to_the_next_generation(ready: Path) -> None:
    path = folder_of(ready) / "dense.faiss"
    known = path.stat()
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(bytes(raw))
    assert path.stat().st_size == known.st_size
    add(ready)
    made = Library.open(ready).build()
    assert made.encoded == made.passages


def test_the_cache_is_kept_within_its_bound(ready: Path) -> None:
    def size() -> int:
        cache = ready / "index" / "cache"
        return sum(p.stat().st_size for p in cache.rglob("*") if p.is_file())

    assert size() > 0
    add(ready)
    Library.open(ready, flags={"cache_megabytes": 0}).build()
    assert size() == 0


def test_what_was_not_used_for_longest_leaves_the_cache_first(tmp_path: Path) -> None:
    kept = Cache(tmp_path, most_bytes=900)
    for n in range(4):
        kept.put("kind", f"{n}{n}", bytes(300), packed=0)
        path = next(tmp_path.glob(f"kind/{n}{n}/*"))
        age = 1_000_000 if n == 2 else 500_000 + n

        os.utime(path, (age, age))
    kept.trim()
    assert [kept.get("kind", f"{n}{n}") is not None for n in range(4)] == [
        False,
        False,
        True,
        True,
    ]


def test_a_file_edited_while_it_is_read_is_not_remembered_as_what_it_was(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(ready)
    read = workers.read

    def late_edit(*given: Any) -> Iterator[Outcome]:
        add(ready, lamps=13)
        found = list(read(*given))
        add(ready, lamps=15)
        yield from found

    monkeypatch.setattr(workers, "read", late_edit)
    with pytest.raises(errors.BuildFailed, match="was changed"):
        Library.open(ready).build()
    monkeypatch.undo()
    add(ready)
    library = Library.open(ready)
    assert library.build().read == 1
    assert "12" in library.document("pier-txt").pages[0].text


# What is under the index may change without a file of it changing.


def test_other_words_of_the_same_text_are_noticed_before_an_answer(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library.open(ready)
    assert library.ask(QUESTION).status == "answered"
    monkeypatch.setattr(text, "signature", lambda: "0123456789abcdef")
    with pytest.raises(errors.ModelChanged, match="stemmed") as caught:
        Library.open(ready).ask(QUESTION)
    assert "askreport build" in caught.value.hint
    assert Library.open(ready).build().fresh
    assert Library.open(ready).ask(QUESTION).status == "answered"


def test_an_encoder_that_reads_otherwise_is_noticed_before_an_answer(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = HashingEncoder.encode

    def otherwise(
        self: HashingEncoder, texts: Sequence[str], progress: Progress | None = None
    ) -> Encoded:
        return encode(self, [t.replace("re", "er") for t in texts], progress)

    monkeypatch.setattr(HashingEncoder, "encode", otherwise)
    library = Library.open(ready)
    with pytest.raises(errors.ModelChanged, match="reads a text otherwise") as caught:
        library.ask(QUESTION)
    assert "build --full" in caught.value.hint
    library.build(full=True)
    assert library.ask(QUESTION).status == "answered"


def test_a_probe_of_another_length_is_no_agreement() -> None:
    encoder = HashingEncoder()
    (probe,) = encoder.encode([embedding.PROBE]).vectors
    assert embedding.agrees(encoder, probe)
    assert not embedding.agrees(encoder, probe[:-1])
    assert embedding.agrees(encoder, np.zeros(0, dtype=np.float32))


def test_rows_taken_from_several_stores_are_those_of_the_whole() -> None:
    rng = np.random.default_rng(1)
    tokens = [rng.normal(size=(n, 8)).astype(np.float32) for n in (3, 0, 5, 2)]
    spans = [np.array([[i, i + 300] for i in range(len(t))], np.int32) for t in tokens]
    spans = [s.reshape(-1, 2) for s in spans]
    whole = late.build(tokens, spans, dimensions=8)
    parts = [late.taken(whole, slice(i, i + 1)) for i in range(4)]
    again = late.joined(parts)
    for name in late.FILES:
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))


def refused(path: Path) -> None:
    """A file that no reader can make anything of."""
    path.write_bytes(b"%PDF-1.7\n" + b"not what it says" * 40)


def opens(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are opened from here on."""
    names: list[str] = []
    read = workers.read

    def noted(jobs: Sequence[workers.Job], *given: Any) -> Iterator[Outcome]:
        names.extend(job.path.name for job in jobs)
        return read(jobs, *given)

    monkeypatch.setattr(workers, "read", noted)
    return names


def test_a_file_that_could_not_be_read_is_not_opened_again_until_it_changes(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = ready / "sources" / "broken.pdf"
    refused(broken)
    (first,) = Library.open(ready).build().failed
    opened_ = opens(monkeypatch)
    add(ready)
    assert Library.open(ready).build().failed == (first,)
    assert opened_ == ["pier.txt"]
    # Renamed, it is refused under its new name without being opened.
    broken.rename(ready / "sources" / "bad.pdf")
    (renamed,) = Library.open(ready).build().failed
    assert renamed.reason == first.reason.replace("broken.pdf", "bad.pdf")
    assert opened_ == ["pier.txt"]
    assert Library.open(ready).build(full=True).failed == (renamed,)
    assert "bad.pdf" in opened_
    # What can be read of the same bytes depends on what there is to read scans with.
    opened_.clear()
    there = workers.recognises()
    monkeypatch.setattr(workers, "recognises", lambda: not there)
    Library.open(ready).build()
    assert "bad.pdf" in opened_


def test_a_file_that_could_not_be_read_for_want_of_something_is_tried_again(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = workers.Limits(output=10)
    monkeypatch.setattr(Library, "reading", lambda *_: Reading(limits))
    add(ready)
    (failed,) = Library.open(ready).build().failed
    assert "unpacks to more" in failed.reason
    monkeypatch.undo()
    add(ready, "other.txt", 3)
    made = Library.open(ready).build()
    assert (made.read, made.failed) == (2, ())
