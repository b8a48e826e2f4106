"""askreport behind the verbs of its peers: in process, and its vectors alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.systems import TOP, System


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


OURS: dict[str, type[System]] = {
    "askreport": Askreport,
    "vectors": Vectors,
}
