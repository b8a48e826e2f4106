"""The service moves to a newer generation by itself, and drops nothing on the way."""

import shutil
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx

from askreport import Library

Serve = Callable[[Library], AbstractContextManager[httpx.Client]]

QUESTION = {"question": "How many lamps has the pier?", "top": 1}

WITHIN = 2.0
"""Seconds in which a service is to move on."""


def lamps(root: Path, n: int) -> str:
    """Build an index whose sources tell of `n` lamps; its id."""
    path = root / "sources" / "pier.txt"
    path.write_text(f"The pier has {n} lamps.", "utf-8")
    return Library.open(root).build().generation


def test_a_newer_generation_answers_within_two_seconds(
    built: Path, tmp_path: Path, serve: Serve
) -> None:
    root = shutil.copytree(built, tmp_path / "shelf")
    lamps(root, 1)
    with serve(Library.open(root)) as client:
        assert "1 lamps" in client.post("/ask", json=QUESTION).json()["text"]
        for n in (2, 3):
            wanted = lamps(root, n)
            until = time.monotonic() + WITHIN
            found, text = "", ""
            while found != wanted and time.monotonic() < until:
                said = client.post("/ask", json=QUESTION)
                assert said.status_code == 200
                found, text = _told(said.json())
            assert found == wanted
            assert f"{n} lamps" in text


def _told(answer: dict[str, Any]) -> tuple[str, str]:
    return answer["receipt"]["generation"], answer["text"]


def test_readers_during_rebuilds_get_whole_answers_of_one_generation(
    built: Path, tmp_path: Path, serve: Serve
) -> None:
    root = shutil.copytree(built, tmp_path / "shelf")
    held = {lamps(root, 0): 0}
    troubles: list[str] = []
    seen: set[str] = set()
    done = threading.Event()

    def read(client: httpx.Client) -> None:
        while not done.is_set():
            said = client.post("/ask", json=QUESTION)
            if said.status_code == 200:
                answer = said.json()
                (cited,) = answer["citations"]
                seen.add(f"{answer['receipt']['generation']} {cited['quote']}")
            else:
                troubles.append(said.text)

    with serve(Library.open(root)) as client:
        readers = [threading.Thread(target=read, args=(client,)) for _ in range(3)]
        for reader in readers:
            reader.start()
        for n in range(1, 7):
            held[lamps(root, n)] = n
            time.sleep(0.7)
        done.set()
        for reader in readers:
            reader.join()
    assert troubles == []
    told = dict(one.split(" ", 1) for one in seen)
    assert len(told) == len(seen) > 3
    for generation, quote in told.items():
        assert quote == f"The pier has {held[generation]} lamps."
