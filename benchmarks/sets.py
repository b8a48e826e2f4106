"""A public evaluation set -> an index of its rows, and its questions.

A set is a folder with `corpus.jsonl` (`_id`, `title`, `text`), `queries.jsonl` (`_id`,
`text`, where known `answers` and `unanswerable`) and `qrels.tsv` (query, row, gain).
Each row becomes a document whose id is the row's; a long row is cut as any document is.
"""

import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from askreport import Library, embedding, settings
from askreport import text as texts
from askreport.generation import publish
from askreport.ingest import assemble, passages
from askreport.types import Document, Page, Source


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """A set, its rows open for questions."""

    name: str
    library: Library
    queries: tuple[Mapping[str, Any], ...]
    relevant: Mapping[str, frozenset[str]]


def read(folder: Path, cache: Path, *, limit: int | None = None) -> EvaluationSet:
    """The set in `folder`; its index is kept in `cache` and built only once.

    `limit` takes that many questions, drawn with a fixed seed.
    """
    rows = lines(folder / "corpus.jsonl")
    opened = library(rows, cache / folder.name)
    queries = list(lines(folder / "queries.jsonl"))
    if limit is not None and limit < len(queries):
        queries = random.Random(0).sample(queries, limit)  # noqa: S311 - no secret
    return EvaluationSet(
        folder.name, opened, tuple(queries), _relevant(folder / "qrels.tsv")
    )


def library(rows: Iterable[Mapping[str, Any]], root: Path) -> Library:
    """A library over the rows, all of the shelf's settings at their defaults."""
    known = settings.Settings()
    model = embedding.find(known.model)
    cutting = passages.Cutting(known.passage_tokens, known.overlap_sentences)
    recipe = assemble.Recipe(model, cutting)
    documents = tuple(_document(row) for row in rows)
    digest = hashlib.sha256(repr(documents).encode()).hexdigest()
    name = recipe.name(digest)
    shelf = settings.Shelf(root, known)
    shelf.sources.mkdir(parents=True, exist_ok=True)
    with publish.writing(shelf.index):
        if publish.published(shelf.index, name):
            publish.point(shelf.index, name)
        else:
            made = assemble.contents(documents, (), model.open(), recipe)
            described = assemble.describe(name, digest, recipe, made)
            publish.publish(shelf.index, described, made)
    return Library(shelf, "benchmark")


def _document(row: Mapping[str, Any]) -> Document:
    title = texts.question(row.get("title") or "")
    source = Source(id=row["_id"], title=title, path=row["_id"], digest="")
    return Document(source, (Page(None, None, texts.normalise(row["text"])),))


def _relevant(path: Path) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for line in path.read_text("utf-8").splitlines()[1:]:
        query, row, gain = line.split("\t")
        if float(gain) > 0:
            found[query].add(row)
    return {query: frozenset(rows) for query, rows in found.items()}


def lines(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file, one a line."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]
