"""Shelves made for what is asked of them: echoes of a sentence, a crowd of rivals."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from askreport import Library
from askreport.query import candidates, question, second
from askreport.query.question import Question
from askreport.types import Candidate

MakeShelf = Callable[..., Library]
Look = Callable[[str], Question]
Find = Callable[[str], tuple[Candidate, ...]]

ECHOES = {
    "annual.txt": "FINANCE\n\nThe trust bought 12 beds in June 2017. Its auditor, Noor "
    "Adeyemi, praised the purchase and the board published every invoice.\n",
    "minutes.txt": "ITEM FOUR\n\nThe trust bought 12 beds in June 2017. Two governors "
    "asked whether mattresses were included; nobody in the room could say.\n",
    "copy.txt": "FINANCE\n\nThe trust bought 12 beds in June 2017. Its auditor, Noor "
    "Adeyemi, praised the purchase and the board published each invoice.\n",
}
"""A sentence in two documents that say other things around it, and a near-copy."""


@pytest.fixture(scope="session")
def make_library(tmp_path_factory: pytest.TempPathFactory) -> MakeShelf:
    """Builds a shelf of the given files and opens it."""

    def make(files: Mapping[str, str], **flags: object) -> Library:
        root = tmp_path_factory.mktemp("made")
        (root / "sources").mkdir()
        (root / "askreport.toml").write_text('model = "hashing"\n', "utf-8")
        for name, text in files.items():
            (root / "sources" / name).write_text(text, "utf-8")
        library = Library.open(Path(root), flags={"floor": 0.0, **flags})
        library.build()
        return library

    return make


@pytest.fixture(scope="session")
def echoes(make_library: MakeShelf) -> Library:
    """Three documents that repeat one another; it never declines."""
    return make_library(ECHOES)


@pytest.fixture(scope="session")
def look(library: Library) -> Look:
    """A question as looked up on the shared shelf."""

    def ask(text: str) -> Question:
        return question.ask(
            text, library.encoder, library.generation.lexical, most_chars=4000
        )

    return ask


@pytest.fixture(scope="session")
def find(library: Library, look: Look) -> Find:
    """Every passage of the shared shelf as a candidate, looked at twice."""

    def found(text: str) -> tuple[Candidate, ...]:
        generation = library.generation
        first = candidates.find(look(text), generation, most=100)
        return second.look(first, candidates.vectors(first, generation))

    return found
