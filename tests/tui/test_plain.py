"""The linear mode: lines in, lines out, nothing that drives a terminal."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.conftest import make_shelf

from askreport import Library
from askreport_tui import plain

PAINTED = "Who painted the pier?"


def talk(shelf: Path, lines: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Say these lines, then nothing more."""
    left = iter(lines)

    def said(_prompt: str) -> str:
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("builtins.input", said)
    assert plain.run(shelf) == 0


def test_questions_are_answered_and_citations_read_line_by_line(
    piers_shelf: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    out = tmp_path / "said.md"
    lines = [
        PAINTED,
        ":read 2",
        ":find pier",
        ":search whale oil",
        ":open 1",
        ":outline harbour-report",
        ":open 3",
        ":why",
        ":filter publishers='Pier Trust' since=2016",
        PAINTED,
        ":filter",
        ":history south",
        ":again 1",
        f":export {out}",
        ":shelf",
        ":generations",
        ":help",
        ":quit",
        "never read",
    ]
    talk(piers_shelf, lines, monkeypatch)
    said = capsys.readouterr().out
    for words in (
        "6 documents",
        "Painter Mia Strand painted the south pier in June 2016.",
        ">>>Painter Olu Grant painted the north pier in June 2015.<<<",
        ">>>pier<<<",
        "until 1865",
        "3. Ferries",
        "Ferries<<<",
        "1. quoted, score",
        "Searched 1 document",
        "south-pier",
        "answers now",
        ":export FILE",
    ):
        assert words in said, words
    assert "never read" not in said
    assert not set("\x1b\x07\r") & set(said)
    assert PAINTED in out.read_text("utf-8")


def test_what_does_not_work_is_told_and_the_talk_goes_on(
    piers_shelf: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = [
        ":read 1",
        ":nothing",
        ":",
        ":filter colour=blue",
        ":filter since='2015",
        ":open 1",
        ":again x",
        ":find x",
        ":why",
        ":export x.md",
        ":remove none",
        ":use none",
        "",
        PAINTED,
    ]
    talk(piers_shelf, lines, monkeypatch)
    said = capsys.readouterr().out
    assert said.count("This did not work:") == 12
    assert said.count("→ ") == 12
    assert "Mia Strand" in said


def test_a_shelf_is_built_added_to_and_pages_turned(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shelf = make_shelf(tmp_path / "shelf")
    (tmp_path / "mill.txt").write_text("Miller Rosa Quint ground 31 sacks.", "utf-8")
    lines = [
        f":add {tmp_path / 'mill.txt'}",
        ":build",
        "Who ground the sacks?",
        "How many blocks did masons replace?",
        ":read 1",
        ":back",
        ":back",
        ":next",
        ":remove mill",
    ]
    talk(shelf, lines, monkeypatch)
    said = capsys.readouterr().out
    assert "no index" in said
    assert "1 file added" in said
    assert "Built: 5 documents" in said
    assert "Rosa Quint" in said
    assert "no further page" in said
    assert not (shelf / "sources" / "mill.txt").exists()


@pytest.mark.slow
def test_it_is_started_from_the_command_line(piers: Library) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "askreport", "tui", "--plain"],
        input=f"{PAINTED}\n",
        cwd=piers.shelf.root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Mia Strand" in done.stdout
