"""A shelf too large to compare every passage: built, asked, damaged, built again."""

import shutil
from pathlib import Path

import pytest

from askreport import Filter, Library, dense, errors

QUESTION = "When was the lamp lit by whale oil?"


@pytest.fixture
def large(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shelf that counts as large, built."""
    monkeypatch.setattr(dense, "EXACT", 4)
    monkeypatch.setattr(dense, "CELL", 4)
    Library.open(shelf).build()
    return shelf


def vectors_of(shelf: Path) -> Path:
    """The file of the vectors of the generation that answers."""
    library = Library.open(shelf)
    return library.generation.folder / "dense.npy"


def test_a_large_shelf_answers_as_a_small_one_does_and_says_how_it_looks(
    large: Path, library: Library
) -> None:
    other = Library.open(large)
    made = other.generation.manifest
    assert made.dense.startswith("ivf 2, ")
    assert library.generation.manifest.dense == "exact"
    assert {"dense.faiss", "dense.npy", "dense.npy.blocks"} < set(made.files)
    for among in (Filter(), Filter(documents=("lighthouse-page",))):
        one = library.search(QUESTION, among=among)
        two = other.search(QUESTION, among=among)
        assert [hit.passage.id for hit in one] == [hit.passage.id for hit in two]
        assert [h.score for h in one] == pytest.approx([h.score for h in two], 1e-4)


def test_an_altered_vector_of_a_large_shelf_is_damage_when_it_is_read(
    large: Path,
) -> None:
    path = vectors_of(large)
    raw = bytearray(path.read_bytes())
    raw[-3] ^= 1
    path.chmod(0o644)
    path.write_bytes(raw)
    with pytest.raises(errors.IndexDamaged, match=r"dense\.npy"):
        Library.open(large).ask(QUESTION)
    assert Library.open(large).build().fresh
    assert Library.open(large).ask(QUESTION).status == "answered"


@pytest.mark.parametrize("name", ["dense.npy", "dense.npy.blocks"])
def test_a_missing_file_of_vectors_is_damage(large: Path, name: str) -> None:
    vectors_of(large).with_name(name).unlink()
    with pytest.raises(errors.IndexDamaged):
        Library.open(large).ask(QUESTION)


def test_vectors_slipped_in_beside_a_small_index_are_not_read(
    built: Path, tmp_path: Path
) -> None:
    shelf = shutil.copytree(built, tmp_path / "shelf")
    vectors_of(shelf).write_bytes(b"not vectors")
    assert Library.open(shelf).generation.dense.whole is None


def test_what_a_large_shelf_had_encoded_is_used_again(large: Path) -> None:
    (large / "sources" / "new.txt").write_text("The quay has nine cranes.", "utf-8")
    built = Library.open(large).build()
    assert (built.fresh, built.encoded) == (True, 1)
    assert "cranes" in Library.open(large).search("How many cranes?")[0].passage.text
