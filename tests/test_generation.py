"""The index on disk: what is written is what is opened; one writer; pruning."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from askreport import Library, dense, errors, late, lexical
from askreport import text as texts_
from askreport.embedding import HashingEncoder
from askreport.generation import (
    manifest,
    opened,
    publish,
    sentences,
    standing,
    storing,
)
from askreport.ingest import passages as cutting
from askreport.ingest import vectors
from askreport.types import Document, Heading, Page, Passage, Source, Span, Unread

QUESTION = "Which ferries entered service?"

TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\r"), min_size=1, max_size=60
)
NAMES = st.text("abcxyz-", min_size=1, max_size=8)


@st.composite
def pages(draw: st.DrawFn, number: int | None) -> Page:
    """A page of any text, line ends and emoji and all."""
    text = draw(TEXT)
    end = draw(st.integers(1, len(text)))
    heading = Heading(Span(0, end), draw(st.integers(1, 6)), text[:end])
    label = draw(st.none() | TEXT)
    headings = (heading,) if draw(st.booleans()) else ()
    return Page(number, label, text, headings)


@st.composite
def documents(draw: st.DrawFn, name: str) -> Document:
    """A document with numbered pages, or with one that has no number."""
    known = st.none() | TEXT
    source = Source(
        id=name,
        title=draw(TEXT),
        path=f"{name}.txt",
        digest=draw(TEXT),
        words=draw(st.sampled_from(["original", "digest"])),
        publisher=draw(known),
        date=draw(known),
        url=draw(known),
        licence=draw(known),
        supersedes=draw(known),
    )
    choices: list[list[int | None]] = [[None], [1], [1, 2], [2, 5, 9]]
    numbers = draw(st.sampled_from(choices))
    found = tuple(draw(pages(number)) for number in numbers)
    missed = Unread(name, 3, "no text layer")
    return Document(source, found, (missed,) if draw(st.booleans()) else ())


@st.composite
def shelves(draw: st.DrawFn) -> list[Document]:
    """Documents with ids of their own; one without pages is one that failed."""
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    found = [draw(documents(name)) for name in names]
    for n in range(1, len(found)):
        if draw(st.booleans()):
            reason = Unread(names[n], None, draw(TEXT))
            found[n] = Document(found[n].source, (), (reason,))
    return found


def cut(document: Document) -> list[Passage]:
    """Two passages a page: its halves."""
    found = []
    for page in document.pages:
        middle = len(page.text) // 2
        for n, (start, end) in enumerate([(0, middle), (middle, len(page.text))]):
            name = f"{document.source.id}/{page.number}/{n}"
            place = (page.number, page.label, start, end, ("One", "Two")[:n])
            found.append(Passage(name, document.source, *place, page.text[start:end]))
    return found


def contents(documents_: list[Document], rows: tuple[Passage, ...]) -> publish.Contents:
    """What a build would hand to `publish`, with the hashing encoder."""
    shelf = tuple(d for d in documents_ if d.pages)
    found = vectors.encode(rows, HashingEncoder())
    return publish.Contents(
        stored=storing.build(shelf, rows),
        failed=tuple(d for d in documents_ if not d.pages),
        dense=dense.build(found.whole),
        lexical=lexical.build([texts_.terms(cutting.encoded(p)) for p in rows]),
        tokens=(found.tokens,),
        sentences=sentences.build(rows),
    )


def made(name: str = "0123456789abcdef") -> manifest.Manifest:
    """The manifest of a generation that was made of nothing in particular."""
    return manifest.Manifest(
        id=name,
        created="2024-01-01T00:00:00+00:00",
        version="0",
        model="hashing",
        model_digest=HashingEncoder.digest,
        dimensions=HashingEncoder.dimensions,
        cutting={"budget": 200},
        late="full",
        catalogue="0" * 64,
        documents=1,
        passages=2,
        files={},
    )


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(shelf=shelves(), asked=TEXT)
def test_write_then_open_is_identity(
    tmp_path_factory: pytest.TempPathFactory,
    shelf: list[Document],
    asked: str,
) -> None:
    index = tmp_path_factory.mktemp("identity") / "index"
    held = tuple(document for document in shelf if document.pages)
    passages = tuple(passage for document in held for passage in cut(document))
    before = contents(shelf, passages)
    with publish.writing(index):
        publish.publish(index, made(), before)
    after = opened.open_current(index)

    assert after.documents == held
    assert tuple(after.passages) == passages
    assert after.unreadable == before.failed
    assert after.failed == tuple(u for d in before.failed for u in d.unread)
    assert replace(after.manifest, files={}, seal="", number=0) == made()
    assert after.manifest.number == 1
    question = HashingEncoder().encode([asked])
    most = len(passages)
    vector = question.vectors[0]
    assert dense.search(after.dense, vector, most=most) == dense.search(
        before.dense, vector, most=most
    )
    terms = [t for p in passages for t in texts_.terms(p.text)]
    assert lexical.search(after.lexical, terms, most=most) == lexical.search(
        before.lexical, terms, most=most
    )
    for name in late.FILES:
        np.testing.assert_array_equal(
            getattr(after.tokens, name), getattr(before.tokens[0], name)
        )
    for row, passage in enumerate(passages):
        spans = [Span(*span) for span in after.sentences.of(row).tolist()]
        assert tuple(spans) == texts_.sentences(passage.text)
    for document in held:
        assert after.document(document.source.id) == document
        for page in document.pages:
            assert after.page(document.source.id, page.number) == page
    for passage in passages:
        assert after.passage(passage.id) == passage
        page = after.page(passage.source.id, passage.page)
        assert passage.text == page.text[passage.start : passage.end]


def test_what_is_not_there_is_not_found(library: Library) -> None:
    generation = library.generation
    looks: list[Callable[[], object]] = [
        lambda: generation.passage("nothing"),
        lambda: generation.document("nothing"),
        lambda: generation.page("bridges", 99),
        lambda: generation.page("nothing", None),
    ]
    for look in looks:
        with pytest.raises(errors.NotFound) as caught:
            look()
        assert caught.value.hint


# One writer; readers take no lock.


@pytest.fixture
def ready(built: Path, library: Library, tmp_path: Path) -> tuple[Path, str]:
    """A built shelf of one's own, and what it answers."""
    root = shutil.copytree(built, tmp_path / "ready")
    return root, library.ask(QUESTION).text


def folder_of(root: Path) -> Path:
    """The folder of the generation that answers."""
    return root / "index" / "generations" / opened.current(root / "index")


def inventory(folder: Path) -> dict[str, bytes]:
    """Every file with its bytes, folders as themselves."""
    found = folder.rglob("*")
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() if p.is_file() else b"folder"
        for p in found
    }


HOLDER = """
import sys, time
from pathlib import Path
from askreport.generation import publish
with publish.writing(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def held(index: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds the lock."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(index)], stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    with holder, holder.stdout:
        try:
            assert holder.stdout.readline() == b"held\n"
            yield holder
        finally:
            holder.kill()


def test_a_second_writer_is_refused_and_told_which_process_builds(
    ready: tuple[Path, str],
) -> None:
    shelf, answer = ready
    library = Library.open(shelf)
    (shelf / "sources" / "more.txt").write_text("The pier has 12 lamps.", "utf-8")
    with held(shelf / "index") as holder:
        with pytest.raises(
            errors.BuildBusy, match=f"process {holder.pid}\\b"
        ) as caught:
            library.build()
        assert caught.value.hint
        assert library.ask(QUESTION).text == answer
        assert Library.open(shelf).ask(QUESTION).text == answer
    assert library.build().fresh


def test_the_lock_of_a_process_that_died_is_free(shelf: Path) -> None:
    index = shelf / "index"
    with held(index) as holder:
        pass
    assert (index / ".holder").read_text().startswith(f"process {holder.pid} on ")
    assert Library.open(shelf).build().fresh
    assert not (index / ".holder").exists()


def test_two_builds_in_one_process_do_not_meet_either(shelf: Path) -> None:
    with (
        publish.writing(shelf / "index"),
        pytest.raises(errors.BuildBusy, match=f"process {os.getpid()}\\b"),
    ):
        Library.open(shelf).build()
    assert Library.open(shelf).build().fresh


def test_what_dead_builds_left_is_swept_and_nothing_else(shelf: Path) -> None:
    index = shelf / "index"
    generations = index / "generations"
    for name in (".new-0123456789abcdef", ".old-0123456789abcdef", "x.damaged-1"):
        (generations / name).mkdir(parents=True)
        (generations / name / "half").write_text("half")
    (index / ".CURRENT.new").write_text("half")
    with publish.writing(index):
        assert [p.name for p in generations.iterdir()] == ["x.damaged-1"]
        assert not (index / ".CURRENT.new").exists()


# Going back, and pruning.


def edition(root: Path, n: int) -> None:
    """Other sources, so another generation."""
    text = f"The pier has {n} lamps."
    (root / "sources" / "more.txt").write_text(text, "utf-8")


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_the_current_and_the_newest_generations_are_kept(
    shelf: Path, keep: int
) -> None:
    library = Library.open(shelf, flags={"keep_generations": keep})
    made_ = []
    for n in range(5):
        edition(shelf, n)
        built_ = library.build()
        made_.append(built_.generation)
        assert built_.pruned == ((made_[n - keep],) if n >= keep else ())
    on_disk = {p.name for p in (shelf / "index" / "generations").iterdir()}
    assert on_disk == set(made_[-keep:])


def test_going_back_to_earlier_sources_takes_the_generation_that_is_there(
    shelf: Path,
) -> None:
    library = Library.open(shelf)
    edition(shelf, 1)
    first = library.build().generation
    before = inventory(folder_of(shelf))
    edition(shelf, 2)
    assert library.build().generation != first
    edition(shelf, 1)
    again = library.build()
    assert (again.generation, again.fresh) == (first, True)
    assert inventory(folder_of(shelf)) == before
    assert "1 lamps" in library.ask("How many lamps has the pier?").text


def test_the_current_generation_is_kept_however_old(shelf: Path) -> None:
    library = Library.open(shelf, flags={"keep_generations": 1})
    edition(shelf, 1)
    library.build()
    folder = folder_of(shelf)
    newer = folder.with_name("0123456789abcdef")
    shutil.copytree(folder, newer)
    known = manifest.read(folder)
    manifest.write(newer, replace(known, id=newer.name, number=known.number + 1))
    assert standing.prune(shelf / "index", keep=1) == ("0123456789abcdef",)
    assert folder.is_dir()
