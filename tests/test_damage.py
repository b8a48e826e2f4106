"""An index that is missing, damaged or somebody else's: said, set aside, replaced."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askreport import Library, errors
from askreport.generation import manifest, opened, stored

QUESTION = "Which ferries entered service?"


@pytest.fixture
def ready(built: Path, library: Library, tmp_path: Path) -> tuple[Path, str]:
    """A built shelf of one's own, and what it answers."""
    root = shutil.copytree(built, tmp_path / "ready")
    return root, library.ask(QUESTION).text


def folder_of(root: Path) -> Path:
    """The folder of the generation that answers."""
    return root / "index" / "generations" / opened.current(root / "index")


def mends(root: Path, answer: str) -> None:
    """A build makes the shelf answer again, as before."""
    library = Library.open(root)
    assert library.build().fresh
    assert library.ask(QUESTION).text == answer
    assert Library.open(root).ask(QUESTION).text == answer


def test_without_an_index_the_hint_is_to_build(shelf: Path) -> None:
    with pytest.raises(errors.IndexMissing) as caught:
        Library.open(shelf).ask(QUESTION)
    assert "askreport build" in caught.value.hint


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"garbage\n",
        b"\xff\xfe\x00",
        b"../../../etc\n",
        b"../generations/0123456789abcdef\n",
        b"/etc/passwd\n",
        b"0123456789ABCDEF\n",
        b"0123456789abcdef\nfedcba9876543210\n",
        b"0123456789abcdef0\n",
        b"x" * 100_000,
    ],
)
def test_a_current_that_names_no_generation_is_refused_and_mended(
    ready: tuple[Path, str], raw: bytes
) -> None:
    shelf, answer = ready
    kept = (shelf / "index" / "CURRENT").read_text()
    (shelf / "index" / "CURRENT").write_bytes(raw)
    with pytest.raises((errors.IndexForeign, errors.IndexDamaged)) as caught:
        Library.open(shelf).ask(QUESTION)
    assert "CURRENT" in caught.value.message
    assert "askreport build" in caught.value.hint
    mends(shelf, answer)
    assert (shelf / "index" / "CURRENT").read_text() == kept


def test_a_current_that_names_a_generation_that_is_gone_is_damage(
    ready: tuple[Path, str],
) -> None:
    shelf, answer = ready
    shutil.rmtree(folder_of(shelf))
    with pytest.raises(errors.IndexDamaged, match="missing"):
        Library.open(shelf).ask(QUESTION)
    mends(shelf, answer)


FILES = (
    "manifest.json",
    "documents.jsonl",
    "failed.jsonl",
    "unread.jsonl",
    "keys.npy",
    "origins.npy",
    "probe.npy",
    "dense.faiss",
    "lexical/letters.npy",
    "lexical/ends.npy",
    "lexical/pointers.npy",
    "lexical/peaks.npy",
    "lexical/holders.npy",
    "lexical/weights.npy",
    "lexical/sequence.npy",
    "lexical/starts.npy",
    "tokens/codes.npy",
    "tokens/codes.npy.blocks",
    "tokens/scales.npy",
    "tokens/fronts.npy",
    "tokens/lengths.npy",
    "tokens/starts.npy",
    "tokens/steps.npy",
    "tokens/turn.npy",
    "sentences/spans.npy",
    "sentences/starts.npy",
    *(f"passages/{name}.npy" for name in stored.FILES),
)


def test_the_files_that_are_harmed_below_are_all_the_files_there_are(
    built: Path,
) -> None:
    folder = folder_of(built)
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert found == set(FILES)


def flip(path: Path) -> None:
    """Alter one byte in the middle, or add one to an empty file."""
    raw = bytearray(path.read_bytes() or b"\n")
    raw[len(raw) // 2] ^= 1
    path.write_bytes(bytes(raw))


def cut_short(path: Path) -> None:
    """Lose the second half, as a full disk would."""
    raw = path.read_bytes() or b"more than there was"
    path.write_bytes(raw[: len(raw) // 2])


def replace_by_folder(path: Path) -> None:
    """A folder where the file should be."""
    path.unlink()
    path.mkdir()


HARMED = [(name, harm) for name in FILES for harm in (Path.unlink, flip)] + [
    ("manifest.json", cut_short),
    ("documents.jsonl", cut_short),
    ("passages/texts.npy", cut_short),
    ("tokens/codes.npy", cut_short),
    ("sentences/spans.npy", cut_short),
    ("manifest.json", replace_by_folder),
    ("dense.faiss", replace_by_folder),
]


@pytest.mark.parametrize(("name", "harm"), HARMED)
def test_any_harmed_file_is_named_set_aside_and_replaced(
    ready: tuple[Path, str], name: str, harm: Callable[[Path], None]
) -> None:
    shelf, answer = ready
    folder = folder_of(shelf)
    harm(folder / name)
    harmed = inventory(folder)
    with pytest.raises(errors.IndexDamaged) as caught:
        Library.open(shelf).ask(QUESTION)
    assert name in caught.value.message
    assert "askreport build" in caught.value.hint
    mends(shelf, answer)
    aside = folder.with_name(folder.name + ".damaged-1")
    assert inventory(aside) == harmed


@pytest.mark.parametrize("name", ["codes", "scales", "turn", "starts"])
@pytest.mark.parametrize("harm", [flip, cut_short, Path.unlink])
def test_a_harmed_file_of_compressed_vectors_is_named_and_replaced(
    ready: tuple[Path, str],
    name: str,
    harm: Callable[[Path], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    shelf, answer = ready
    with (shelf / "askreport.toml").open("a") as file:
        file.write('late = "compressed"\n')
    mends(shelf, answer)
    folder = folder_of(shelf)
    assert manifest.read(folder).late == "compressed"
    harm(folder / "tokens" / f"{name}.npy")
    with caplog.at_level("WARNING", "askreport"):
        found = Library.open(shelf).ask(QUESTION)
    assert f"tokens/{name}.npy of generation {folder.name}" in caplog.text
    # The generation before, in the full form, answers in its place.
    assert (found.text, found.receipt.generation != folder.name) == (answer, True)
    assert folder.with_name(folder.name + ".damaged-1").is_dir()
    mends(shelf, answer)
    assert folder_of(shelf) == folder


def inventory(folder: Path) -> dict[str, bytes]:
    """Every file with its bytes, folders as themselves."""
    found = folder.rglob("*")
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() if p.is_file() else b"folder"
        for p in found
    }


def test_each_damaged_copy_is_kept_beside_the_others(ready: tuple[Path, str]) -> None:
    shelf, answer = ready
    folder = folder_of(shelf)
    for n in (1, 2, 3):
        flip(folder / "dense.faiss")
        mends(shelf, answer)
        assert folder.with_name(f"{folder.name}.damaged-{n}").is_dir()


def test_a_damaged_generation_is_set_aside_by_a_build_of_other_sources(
    ready: tuple[Path, str],
) -> None:
    shelf, _ = ready
    folder = folder_of(shelf)
    flip(folder / "tokens" / "codes.npy")
    harmed = inventory(folder)
    (shelf / "sources" / "more.txt").write_text("The pier has 12 lamps.", "utf-8")
    library = Library.open(shelf, flags={"keep_generations": 1})
    library.build()
    found = library.ask("How many lamps has the pier?")
    assert found.citations[0].document == "more-txt"
    assert inventory(folder.with_name(folder.name + ".damaged-1")) == harmed


def rewrite(root: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest, as another program might have written it."""
    folder = folder_of(root)
    raw = json.loads((folder / "manifest.json").read_text("utf-8"))
    change(raw)
    (folder / "manifest.json").write_text(json.dumps(raw), "utf-8")


CHANGES: list[Callable[[dict[str, Any]], object]] = [
    lambda raw: raw.update(format=0),
    lambda raw: raw.update(format=1),
    lambda raw: raw.update(format="1"),
    lambda raw: raw.pop("format"),
    lambda raw: raw.clear(),
    lambda raw: raw.update(colour="blue"),
    lambda raw: raw.pop("model"),
    lambda raw: raw.pop("late"),
    lambda raw: raw.update(late=5),
    lambda raw: raw.update(files="all of them"),
    lambda raw: raw.update(files=["dense.faiss"]),
    lambda raw: raw.update(files={"dense.faiss": 5}),
    lambda raw: raw.update(files=None),
    lambda raw: raw.update(documents="4"),
    lambda raw: raw.update(documents=4.5),
    lambda raw: raw.update(dimensions=True),
    lambda raw: raw.update(cutting={"budget": "many"}),
    lambda raw: raw.update(cutting=[]),
    lambda raw: raw.update(created=2024),
    lambda raw: raw.update(id=["a"]),
    lambda raw: raw.update(seal=1),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_manifest_of_another_make_is_foreign_and_a_build_starts_afresh(
    ready: tuple[Path, str], change: Callable[[dict[str, Any]], object]
) -> None:
    shelf, answer = ready
    rewrite(shelf, change)
    with pytest.raises(errors.IndexForeign) as caught:
        Library.open(shelf).ask(QUESTION)
    assert "manifest.json" in caught.value.message
    assert "askreport build" in caught.value.hint
    mends(shelf, answer)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff", b"[" * 100_000, b"\x00", b"{}" * 2, b"nonsense"]
)
def test_a_manifest_that_is_no_json_is_damage(
    ready: tuple[Path, str], raw: bytes
) -> None:
    shelf, answer = ready
    (folder_of(shelf) / "manifest.json").write_bytes(raw)
    with pytest.raises(errors.IndexDamaged, match=r"manifest\.json"):
        Library.open(shelf).ask(QUESTION)
    mends(shelf, answer)


@pytest.mark.parametrize("raw", [b"[]", b"5", b"null", b'"text"', b"NaN"])
def test_a_manifest_that_is_no_object_is_foreign(
    ready: tuple[Path, str], raw: bytes
) -> None:
    shelf, answer = ready
    (folder_of(shelf) / "manifest.json").write_bytes(raw)
    with pytest.raises(errors.IndexForeign, match=r"manifest\.json"):
        Library.open(shelf).ask(QUESTION)
    mends(shelf, answer)


@pytest.mark.parametrize("field", ["model_digest", "created", "version", "catalogue"])
def test_a_manifest_whose_words_were_altered_is_damage(
    ready: tuple[Path, str], field: str
) -> None:
    shelf, answer = ready
    rewrite(shelf, lambda raw: raw.update({field: raw[field][:-1] + "~"}))
    with pytest.raises(errors.IndexDamaged, match=r"manifest\.json"):
        Library.open(shelf).ask(QUESTION)
    mends(shelf, answer)


def test_a_generation_under_another_name_is_foreign(ready: tuple[Path, str]) -> None:
    shelf, _ = ready
    folder = folder_of(shelf)
    folder.rename(folder.with_name("0123456789abcdef"))
    (shelf / "index" / "CURRENT").write_text("0123456789abcdef\n")
    with pytest.raises(errors.IndexForeign, match=folder.name):
        Library.open(shelf).ask(QUESTION)


@given(data=st.data())
@settings(deadline=None, max_examples=80)
def test_no_altered_byte_of_a_manifest_opens_or_is_a_traceback(
    built: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    name = folder_of(built).name
    whole = bytearray((folder_of(built) / "manifest.json").read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255))
    copy = tmp_path_factory.mktemp("altered") / name
    copy.mkdir()
    before = json.loads(bytes(whole))
    whole[place] = byte
    (copy / "manifest.json").write_bytes(bytes(whole))
    try:
        found = manifest.read(copy)
    except (errors.IndexDamaged, errors.IndexForeign):
        return
    # Only white space may differ without a word being said.
    assert asdict(found) == before
