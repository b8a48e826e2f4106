"""Token counts: known values, and a first run wherever it happens."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askreport import tokens

PROGRAM = "from askreport import tokens; print(tokens.count('hello world'))"


def _first_run(home: Path, **more: str) -> subprocess.Popen[str]:
    """A process that has never counted, with a home folder of its own."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("TIKTOKEN", "XDG"))
    }
    places = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    offline = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=kept | places | offline | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _counted(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.strip()


def test_known_texts_have_their_known_counts() -> None:
    assert tokens.count("") == 0
    assert tokens.count("hello world") == 2
    assert tokens.count("The trust was rated as requires improvement in 2014.") == 12


def test_what_looks_like_a_special_token_is_counted_as_text() -> None:
    assert tokens.count("<|endoftext|>") > 1
    assert tokens.clip("<|endoftext|>", 100) == "<|endoftext|>"


@given(st.text(max_size=60), st.integers(0, 20))
def test_a_clipped_text_is_a_prefix_within_the_limit(text: str, most: int) -> None:
    clipped = tokens.clip(text, most)
    assert text.startswith(clipped)
    assert tokens.count(clipped) <= most
    assert clipped == text or tokens.count(text) > most


@pytest.mark.parametrize(
    "text", ["👩‍🚀" * 5, "日本語の文書です。" * 5, "ก็ได้" * 9, "\ufffd" * 9]
)
def test_clipping_splits_no_character(text: str) -> None:
    for most in range(tokens.count(text) + 1):
        assert text.startswith(tokens.clip(text, most))


def test_a_first_run_offline_unpacks_the_ranks_and_leaves_nothing_half_done(
    tmp_path: Path,
) -> None:
    assert _counted(_first_run(tmp_path)) == "2"
    kept = tmp_path / "cache" / "askreport" / "tiktoken"
    assert [path.name for path in kept.iterdir()] == [tokens.CACHE_NAME]


def test_two_first_runs_at_once_do_not_clash(tmp_path: Path) -> None:
    both = [_first_run(tmp_path), _first_run(tmp_path)]
    assert [_counted(process) for process in both] == ["2", "2"]
    kept = tmp_path / "cache" / "askreport" / "tiktoken"
    assert [path.name for path in kept.iterdir()] == [tokens.CACHE_NAME]


def test_a_cache_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be", "utf-8")
    assert _counted(_first_run(tmp_path)) == "2"


def test_half_a_rank_file_is_replaced(tmp_path: Path) -> None:
    kept = tmp_path / "cache" / "askreport" / "tiktoken"
    kept.mkdir(parents=True)
    (kept / tokens.CACHE_NAME).write_bytes(b"cut short")
    assert _counted(_first_run(tmp_path)) == "2"


def test_somebody_elses_tiktoken_folder_is_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    run = _first_run(tmp_path, TIKTOKEN_CACHE_DIR=str(theirs))
    assert _counted(run) == "2"
    assert list(theirs.iterdir()) == []
