"""Documents of which nothing changed are copied from the index, and only if sound."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.ingest.test_incremental import add, folder_of, written

from askreport import Library
from askreport.generation import blocks, files, manifest, opened
from askreport.generation import written as writing
from askreport.ingest import cuts
from askreport.ingest.cache import Cache
from askreport.ingest.catalogue import Listed
from askreport.ingest.cuts import Cut, Cutter
from askreport.ingest.readings import Found, Readings
from askreport.ingest.stamps import Stamps
from askreport.types import Document


@pytest.fixture
def ready(built: Path, tmp_path: Path) -> Path:
    """A built shelf of one's own."""
    return shutil.copytree(built, tmp_path / "ready")


def afresh(root: Path, place: Path) -> dict[str, bytes]:
    """What a build of the same sources makes that knows nothing."""
    shutil.copytree(root, place, ignore=shutil.ignore_patterns("index"))
    Library.open(place).build()
    return written(place)


def test_what_stays_is_neither_looked_up_nor_cut(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, cut = Readings.known, cuts.of
    seen: list[str] = []

    def looked(self: Readings, item: Listed) -> Found | None:
        seen.append(item.source.path)
        return known(self, item)

    def noted(document: Document, cutter: Cutter, kept: Cache | None = None) -> Cut:
        seen.append(document.source.path)
        return cut(document, cutter, kept)

    monkeypatch.setattr(Readings, "known", looked)
    monkeypatch.setattr(cuts, "of", noted)
    add(ready, "pier.txt")
    Library.open(ready).build()
    assert seen == ["pier.txt", "pier.txt"]
    seen.clear()
    (ready / "sources" / "pier.txt").unlink()
    (ready / "sources" / "bridges.pdf").rename(ready / "sources" / "arches.pdf")
    Library.open(ready).build()
    assert set(seen) == {"arches.pdf"}


def test_documents_between_others_come_and_go_as_if_all_were_made_anew(
    ready: Path, tmp_path: Path
) -> None:
    names = ["a.txt", "m.txt", "z.txt", "cé — 3.txt"]
    for step, name in enumerate(names):
        path = ready / "sources" / name
        path.write_text(f"# Stück {step}\n\nThe pier’s {step} lämps.\n", "utf-8")
        if step == 2:
            (ready / "sources" / "m.txt").unlink()
        Library.open(ready).build()
        assert written(ready) == afresh(ready, tmp_path / f"afresh-{step}")


@pytest.mark.parametrize(
    "name", ["passages/texts.npy", "lexical/sequence.npy", "tokens/codes.npy"]
)
def test_what_was_damaged_unseen_is_not_handed_on(
    ready: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = folder_of(ready) / name
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    # As if the disk had changed it: nothing of the file's times shows it.
    monkeypatch.setattr(Stamps, "sound", lambda *_: True)
    add(ready)
    made = Library.open(ready).build()
    assert made.fresh
    assert written(ready) == afresh(ready, tmp_path / "afresh")


def test_an_index_that_was_just_written_is_not_read_to_be_trusted(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(ready)
    Library.open(ready).build()
    read: list[str] = []
    digest = files.sha256

    def noted(path: Path) -> str:
        read.append(path.name)
        return digest(path)

    monkeypatch.setattr(files, "sha256", noted)
    assert not Library.open(ready).build().fresh
    assert read == ["unread.jsonl"]


def test_vectors_of_an_index_of_the_format_before_are_taken_over(ready: Path) -> None:
    folder = folder_of(ready)
    made = manifest.read(folder)
    whole = {name: files.sha256(folder / name) for name in made.files}
    older = folder.rename(folder.with_name("0123456789abcdef"))
    manifest.write(older, replace(made, id=older.name, format=4, files=whole))
    (ready / "index" / "CURRENT").write_text(f"{older.name}\n")
    found = Library.open(ready).build()
    assert (found.fresh, found.encoded) == (True, 0)
    assert opened.open_current(ready / "index").manifest.format == manifest.FORMAT


def test_a_file_is_written_as_numpy_would_and_digested_on_the_way(
    tmp_path: Path,
) -> None:
    folder = writing.Folder(tmp_path)
    parts = [
        np.arange(90_000, dtype=np.int32).reshape(-1, 3),
        np.ones((0, 3), np.int32),
    ]
    parts.append(np.full((5, 3), 7, dtype=np.int32))
    folder.array("small.npy", parts)
    folder.array("large.npy", parts * 4)
    np.save(tmp_path / "numpy.npy", np.concatenate(parts))
    small, large = tmp_path / "small.npy", tmp_path / "large.npy"
    assert small.read_bytes() == (tmp_path / "numpy.npy").read_bytes()
    assert folder.digests["small.npy"] == files.sha256(small)
    assert folder.digests["large.npy"] == blocks.digest(large)
    beside = large.with_name("large.npy.blocks")
    assert folder.digests["large.npy.blocks"] == files.sha256(beside)
    assert set(folder.digests) == {"small.npy", "large.npy", "large.npy.blocks"}
