"""The files of a folder: in order, without what is hidden, links told apart."""

import os
from pathlib import Path

import pytest

from askreport.ingest import paths


def test_files_come_in_the_order_of_their_paths_part_by_part(tmp_path: Path) -> None:
    for name in ("b.md", "a-b/x.md", "a/z.md", "a/b/c.md", "A.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [file.name for file in paths.of(tmp_path)]
    assert found == ["A.md", "a/b/c.md", "a/z.md", "a-b/x.md", "b.md"]
    files = (path for path in tmp_path.rglob("*") if path.is_file())
    assert found == [p.relative_to(tmp_path).as_posix() for p in sorted(files)]


def test_what_is_hidden_or_left_by_editors_is_no_file(tmp_path: Path) -> None:
    for name in (".git/x", ".a.md", "~$b.docx", "c.md~", "~$d/e.md", "f/.g/h.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert paths.of(tmp_path) == ()
    assert paths.of(tmp_path / "none") == ()


def test_links_are_not_followed_into_folders_and_dangling_ones_are_told(
    tmp_path: Path,
) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "deep").mkdir(parents=True)
    (elsewhere / "x.md").touch()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file.md").symlink_to(elsewhere / "x.md")
    (folder / "folder").symlink_to(elsewhere)
    (folder / "nothing.md").symlink_to(tmp_path / "nothing")
    (folder / "circle.md").symlink_to(folder / "circle.md")
    found = {file.name: file for file in paths.of(folder)}
    assert set(found) == {"file.md", "nothing.md", "circle.md"}
    assert all(file.link for file in found.values())
    real = found["file.md"].real(os.path.realpath(folder))
    assert real == os.path.realpath(elsewhere / "x.md")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
def test_a_folder_that_may_not_be_looked_into_holds_nothing(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "a.md").touch()
    closed.chmod(0)
    try:
        assert paths.of(tmp_path) == ()
    finally:
        closed.chmod(0o700)
