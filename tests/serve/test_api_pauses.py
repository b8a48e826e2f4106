"""The collector's long looks: made short while a service runs, and only then."""

import gc
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from askreport.serve.api import pauses

MOVED = """\
import gc, json, sys, weakref
from pathlib import Path
from askreport import Library
from askreport.serve.api import pauses

pauses.LONG_SECONDS = -1.0  # every collection is a long one
library = Library.open(sys.argv[1])
with pauses.short():
    library.ask("How many passengers does each ferry carry?")
    gc.collect()
    old = weakref.ref(library.generation)
    held = gc.get_freeze_count()
    (Path(sys.argv[1]) / "sources" / "pier.txt").write_text("The pier has 40 lamps.")
    newer = Library.open(sys.argv[1]).build().generation
    answer = library.ask("How many lamps has the pier?")
    print(json.dumps([held, answer.receipt.generation == newer, old() is None]))
"""


def looked_at(one: object) -> bool:
    """Whether a collection looks at an object: it does not at what is set aside."""
    return any(other is one for other in gc.get_objects())


def test_what_outlives_a_long_collection_is_set_aside_until_the_service_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pauses, "LONG_SECONDS", -1.0)
    with pauses.short():
        kept = [[number] for number in range(1000)]
        gc.collect()
        assert not looked_at(kept)
    assert gc.get_freeze_count() == 0
    assert looked_at(kept)


def test_a_short_collection_sets_nothing_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pauses, "LONG_SECONDS", 60.0)
    with pauses.short():
        aside = gc.get_freeze_count()
        more = [[number] for number in range(1000)]
        gc.collect()
        assert gc.get_freeze_count() <= aside
    assert len(more) == 1000


def test_a_collection_that_is_not_of_everything_sets_nothing_aside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pauses, "LONG_SECONDS", -1.0)
    with pauses.short():
        gc.disable()  # only what is asked for here is collected
        try:
            aside = gc.get_freeze_count()
            more = [[number] for number in range(1000)]
            gc.collect(1)
            assert gc.get_freeze_count() <= aside
            gc.collect()
            assert gc.get_freeze_count() > aside
        finally:
            gc.enable()
    assert len(more) == 1000


def test_an_index_that_a_newer_one_replaced_is_freed_all_the_same(
    built: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(built, tmp_path / "shelf")
    ran = subprocess.run(
        [sys.executable, "-c", MOVED, str(root)],
        capture_output=True,
        text=True,
        check=True,
    )
    held, moved, freed = json.loads(ran.stdout.splitlines()[-1])
    assert held > 10_000
    assert moved
    assert freed
