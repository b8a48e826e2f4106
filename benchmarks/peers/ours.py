"""askreport behind the verbs of its peers: in process, over HTTP, its vectors alone."""

import atexit
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.systems import TOP, System

PATIENCE = 60.0
"""Seconds after which a service will not be ready any more."""


class Askreport:
    """What is compared with peers: all that the default profile builds and scores."""

    def _library(self, folder: Path) -> Any:  # noqa: ANN401
        from askreport import Library, __version__
        from askreport.settings import Settings, Shelf

        return Library(Shelf(folder, Settings()), __version__)

    def build(self, rows: Sequence[dict[str, str]], folder: Path) -> None:
        from askreport import text as texts
        from askreport.generation import publish
        from askreport.ingest import indexed
        from askreport.types import Document, Page, Source

        documents = tuple(
            Document(
                Source(id=row["id"], title="", path=row["id"], digest=""),
                (Page(None, None, texts.normalise(row["text"])),),
            )
            for row in rows
        )
        library = self._library(folder)
        library.shelf.sources.mkdir(parents=True)
        recipe = library.recipe()
        recipe.model.freeze()  # taken from the user's cache
        contents = indexed.of(documents, (), recipe.model.open(), recipe)
        made = indexed.described(recipe.name("rows"), "rows", recipe, contents)
        with publish.writing(library.shelf.index):
            publish.publish(library.shelf.index, made, contents)

    def open(self, folder: Path) -> None:
        self.library = self._library(folder)

    def ask(self, question: str) -> list[tuple[str, str]]:
        hits = self.library.search(question, top=TOP)
        return [(hit.passage.source.id, hit.passage.text) for hit in hits]


class Vectors(Askreport):
    """The same, passage vectors alone: what peers build."""

    def build(self, rows: Sequence[dict[str, str]], folder: Path) -> None:
        from askreport import dense

        recipe = self._library(folder).recipe()
        recipe.model.freeze()
        found = recipe.model.open().encode([row["text"] for row in rows])
        folder.mkdir(parents=True, exist_ok=True)
        dense.write(dense.build(found.vectors), folder)


class Served(Askreport):
    """The same over HTTP: `askreport serve` on loopback, asked by httpx."""

    def open(self, folder: Path) -> None:
        import httpx

        (folder / "askreport.toml").write_text("requests_per_minute = 0\n", "utf-8")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        told = ["-m", "askreport", "serve", "--port", str(port), "--shelf", str(folder)]
        quiet = subprocess.DEVNULL
        service = subprocess.Popen([sys.executable, *told], stdout=quiet, stderr=quiet)
        atexit.register(service.terminate)
        self.process = service.pid
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE
        )
        began = time.monotonic()
        while not self._ready(httpx.TransportError):
            if service.poll() is not None or time.monotonic() - began > PATIENCE:
                raise TimeoutError("the service is not ready")
            time.sleep(0.02)

    def _ready(self, unanswered: type[Exception]) -> bool:
        try:
            return bool(self.client.get("/readyz").is_success)
        except unanswered:
            return False

    def ask(self, question: str) -> list[tuple[str, str]]:
        found = self.client.post("/search", json={"question": question, "top": TOP})
        found.raise_for_status()
        hits = [hit["passage"] for hit in found.json()]
        return [(hit["source"]["id"], hit["text"]) for hit in hits]


OURS: dict[str, type[System]] = {
    "askreport": Askreport,
    "http": Served,
    "vectors": Vectors,
}
