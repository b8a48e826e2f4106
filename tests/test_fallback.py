"""A damaged generation is named and set aside, and the one before it answers."""

import logging
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from askreport import Library
from askreport.generation import blocks, opened, publish, stored

QUESTION = "How many lamps has the pier?"

FILES = (
    "manifest.json documents.jsonl failed.jsonl unread.jsonl keys.npy origins.npy "
    "probe.npy dense.faiss lexical/letters.npy lexical/ends.npy lexical/pointers.npy "
    "lexical/peaks.npy "
    "lexical/holders.npy lexical/weights.npy lexical/sequence.npy lexical/starts.npy "
    "tokens/codes.npy "
    "tokens/codes.npy.blocks tokens/scales.npy tokens/fronts.npy tokens/lengths.npy "
    "tokens/starts.npy tokens/steps.npy tokens/turn.npy sentences/spans.npy "
    "sentences/starts.npy"
).split() + [f"passages/{name}.npy" for name in stored.FILES]


def lamps(root: Path, n: int) -> Path:
    """Build an index whose sources tell of `n` lamps; its folder."""
    path = root / "sources" / "pier.txt"
    path.write_text(f"The pier has {n} lamps.", "utf-8")
    return root / "index" / "generations" / Library.open(root).build().generation


@pytest.fixture
def twice(built: Path, tmp_path: Path) -> tuple[Path, Path, Path]:
    """A shelf with two generations: its root, the older, the one that answers."""
    root = shutil.copytree(built, tmp_path / "shelf")
    return root, lamps(root, 1), lamps(root, 2)


def flip(path: Path, at: int | None = None) -> None:
    """Alter one byte, in the middle if not told where."""
    raw = bytearray(path.read_bytes() or b"\n")
    raw[len(raw) // 2 if at is None else at] ^= 1
    path.write_bytes(bytes(raw))


def inventory(folder: Path) -> dict[str, bytes]:
    """Every file with its bytes."""
    files = (p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def test_the_files_harmed_below_are_all_there_are(
    twice: tuple[Path, Path, Path],
) -> None:
    assert set(inventory(twice[2])) == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_whichever_file_is_damaged_the_generation_before_answers(
    twice: tuple[Path, Path, Path], name: str, caplog: pytest.LogCaptureFixture
) -> None:
    root, older, newer = twice
    flip(newer / name)
    harmed = inventory(newer)
    with caplog.at_level(logging.WARNING, "askreport"):
        found = Library.open(root).ask(QUESTION)
    assert found.citations[0].quote == "The pier has 1 lamps."
    assert found.receipt.generation == older.name
    assert found.coverage.pending == ("pier.txt",)
    assert name in caplog.text
    assert f"generation {older.name} answers" in caplog.text
    assert inventory(newer.with_name(f"{newer.name}.damaged-1")) == harmed
    assert opened.current(root / "index") == older.name
    assert Library.open(root).build().generation == newer.name
    assert Library.open(root).ask(QUESTION).citations[0].quote.endswith("2 lamps.")


def test_an_index_that_cannot_be_written_falls_back_without_moving_anything(
    twice: tuple[Path, Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    root, older, newer = twice
    flip(newer / "dense.faiss")
    before = inventory(root / "index")
    with (
        publish.writing(root / "index"),
        caplog.at_level(logging.WARNING, "askreport"),
    ):
        library = Library.open(root)
        assert library.ask(QUESTION).receipt.generation == older.name
        assert library.ask(QUESTION).receipt.generation == older.name
    assert "left where it is" in caplog.text
    assert inventory(root / "index") == before


def test_both_damaged_is_an_error_that_names_the_one_that_should_answer(
    twice: tuple[Path, Path, Path],
) -> None:
    root, older, newer = twice
    for other in (root / "index" / "generations").iterdir():
        if other not in (older, newer):
            shutil.rmtree(other)
    flip(older / "dense.faiss")
    flip(newer / "documents.jsonl")
    command = [sys.executable, "-m", "askreport", "ask", "--plain", QUESTION]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert f"documents.jsonl of generation {newer.name}" in ran.stderr
    assert "hint: run askreport build" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert newer.is_dir()
    assert Library.open(root).build().fresh


def test_the_command_line_answers_and_says_what_it_fell_back_from(
    twice: tuple[Path, Path, Path],
) -> None:
    root, _, newer = twice
    flip(newer / "tokens" / "codes.npy")
    command = [sys.executable, "-m", "askreport", "ask", "--plain", QUESTION]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert ran.returncode == 0
    assert ran.stdout.startswith("The pier has 1 lamps.")
    assert f"tokens/codes.npy of generation {newer.name}" in ran.stderr


# Token vectors are checked block by block, as they are read.


@pytest.fixture
def large(built: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A shelf whose token vectors take many blocks: its root and what answers."""
    root = shutil.copytree(built, tmp_path / "large")
    words = random.Random(7)  # noqa: S311
    for n in range(6):
        told = [
            f"Harbour {words.randrange(10**6)} moved {words.randrange(10**6)} tonnes."
            for _ in range(120)
        ]
        (root / "sources" / f"log-{n}.txt").write_text("\n".join(told), "utf-8")
    older = lamps(root, 1)
    newer = lamps(root, 2)
    assert (newer / "tokens" / "codes.npy").stat().st_size > 8 * blocks.BLOCK
    assert older != newer
    return root, newer


def test_damage_where_nobody_reads_changes_no_answer_and_is_found_by_reading_it(
    large: tuple[Path, Path],
) -> None:
    root, newer = large
    few = {"candidates": 2}
    before = Library.open(root, flags=few).ask(QUESTION, top=1)
    codes = newer / "tokens" / "codes.npy"
    size = codes.stat().st_size
    outcomes = set()
    for at in range(blocks.BLOCK // 2, size, blocks.BLOCK):
        flip(codes, at)
        found = Library.open(root, flags=few).ask(QUESTION, top=1)
        generation = found.receipt.generation
        if generation == newer.name:
            assert found == before
        else:
            assert found.citations[0].quote == "The pier has 1 lamps."
            aside = newer.with_name(f"{newer.name}.damaged-1")
            aside.rename(newer)
            (root / "index" / "CURRENT").write_text(newer.name + "\n")
        outcomes.add(generation == newer.name)
        flip(codes, at)
    assert outcomes == {True, False}


def test_damage_done_while_a_library_is_open_is_noticed_when_it_is_read(
    large: tuple[Path, Path],
) -> None:
    root, newer = large
    library = Library.open(root)
    assert library.generation.id == newer.name
    codes = newer / "tokens" / "codes.npy"
    with codes.open("r+b") as file:  # in place: what is mapped changes with it
        raw = file.read()
        file.seek(200)
        file.write(bytes(byte ^ 1 for byte in raw[200:]))
    found = library.ask(QUESTION, top=1)
    assert found.citations[0].quote == "The pier has 1 lamps."
    assert library.generation.id == found.receipt.generation != newer.name
