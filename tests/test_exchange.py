"""The shelf changes models while a library is open: it follows, and drops nothing."""

import shutil
import threading
import time
from pathlib import Path

import pytest
from tests import tiny

from askreport import Answer, Library
from askreport.serve import choosing

FERRIES = "Which ferries entered service?"


@pytest.mark.slow
def test_an_open_library_moves_to_another_model_and_its_index_together(
    built: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(built, tmp_path / "shelf")
    other = tiny.encoder(root / "tiny")
    library = Library.open(root)
    answers: list[Answer] = []
    troubles: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                answers.append(library.ask(FERRIES))
        except BaseException as error:  # noqa: BLE001 - any trouble of a thread counts
            troubles.append(error)

    with library.following():
        library.ask(FERRIES)
        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        with choosing.chosen(str(other), root) as chosen:
            newer = chosen.build().generation
        until = time.monotonic() + 60
        while library.generation.id != newer and time.monotonic() < until:
            time.sleep(0.05)
        asked = len(answers)  # each reader answers once more at least
        while len(answers) < asked + 6 and not troubles and time.monotonic() < until:
            time.sleep(0.05)
        done.set()
        for reader in readers:
            reader.join()
    assert troubles == []
    seen = {(a.receipt.generation, a.receipt.model_digest) for a in answers}
    assert len(seen) == 2
    assert answers[-1].receipt.generation == newer
