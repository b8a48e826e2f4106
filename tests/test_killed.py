"""Builds killed outright, at random and at what they do to the disk."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_a_build_killed_anywhere_leaves_a_whole_index_and_no_litter() -> None:
    # A sample; python -m benchmarks.killed kills at every step and 300 instants.
    command = [sys.executable, "-m", "benchmarks.killed", "--random", "5"]
    done = subprocess.run(
        [*command, "--every", "7"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("sound every time\n")


@pytest.mark.slow
def test_readers_over_http_get_whole_answers_during_rebuilds() -> None:
    # A sample; by itself python -m benchmarks.readers has 8 readers and 50 rebuilds.
    command = [sys.executable, "-m", "benchmarks.readers", "--readers", "3"]
    done = subprocess.run(
        [*command, "--rebuilds", "6"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "0 failed, 0 cited what their generation does not hold" in done.stdout
