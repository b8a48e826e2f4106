"""A small evaluation set of our own, and a shelf's own questions, hashing encoder."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from askreport import Library
from askreport.evaluation.sets import Place
from askreport.settings import Settings

CORPUS = (
    ("mill", "The mill", "The water mill ground 40 sacks of flour a day until 1911."),
    ("weir", "The weir", "The weir was raised by two feet, and eels climb it in May."),
    ("kiln", "The kiln", "The kiln fired 900 tiles at once and burned beech logs."),
    ("quay", "", "Barges unloaded coal at the quay; the crane lifted three tons."),
    (
        "loft",
        "The loft",
        "Pigeons nested in the loft. " + "Straw was kept there all winter. " * 60,
    ),
)

QUERIES: tuple[tuple[str, str, list[str], bool], ...] = (
    ("q1", "How many sacks of flour did the mill grind a day?", ["40 sacks"], False),
    ("q2", "How many tiles did the kiln fire at once?", ["900", "nine"], False),
    ("q3", "What climbs the weir in May?", ["eels"], False),
    ("q4", "What did the crane at the quay lift?", ["a piano"], False),
    ("q5", "Where was straw kept all winter?", [], False),
    ("q6", "Which opera did the mayor sing?", [], True),
    ("q7", "Who won the sailing regatta?", [], True),
)

QRELS = (
    ("q1", "mill", 1),
    ("q2", "kiln", 2),
    ("q2", "mill", 0),
    ("q3", "weir", 1),
    ("q4", "quay", 1),
    ("q5", "loft", 1),
    ("q5", "mill", 1),
)

OWN = """\
[[question]]
id = "ferries"
ask = "How many passengers does each ferry carry?"
evidence = [["410 passengers"]]
answers = ["410"]

[[question]]
id = "moth"
ask = "What damaged the apples?"
kind = "fact"
split = "tune"
evidence = [["codling  MOTH", "apples"], ["nowhere to be found"]]

[[question]]
id = "astray"
ask = "What did the keeper climb each evening?"
evidence = [["250 steps"]]

[[question]]
id = "moon"
ask = "How far away is the moon?"
"""


def write_set(folder: Path, **files: str) -> Path:
    """The small set, with the text of some of its files put in place of our own."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"_id": i, "title": title, "text": text} for i, title, text in CORPUS]
    queries = [
        {"_id": i, "text": text, "answers": gold, "unanswerable": without}
        for i, text, gold, without in QUERIES
    ]
    qrels = [("query-id", "corpus-id", "score"), *QRELS]
    own = {
        "corpus": _jsonl(rows),
        "queries": _jsonl(queries),
        "qrels": "".join("\t".join(map(str, row)) + "\n" for row in qrels),
    }
    for name, ending in (("corpus", "jsonl"), ("queries", "jsonl"), ("qrels", "tsv")):
        text = files.get(name, own[name])
        (folder / f"{name}.{ending}").write_text(text, "utf-8")
    return folder


def _jsonl(rows: Sequence[Mapping[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The small set in a folder of the test's own."""
    return write_set(tmp_path / "tiny")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small set is indexed once for all tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def place(cache: Path, built: Path) -> Place:
    """The hashing encoder, and the shared shelf for questions of one's own."""
    known = Settings(model="hashing", floor=0.02)
    return Place(known, cache, lambda: Library.open(built))
