"""a folder or a file of questions -> an EvaluationSet, checked before any is asked.

A folder with `corpus.jsonl` is a set of its own and never touches a shelf. One without
is a set of questions to the shelf, and so is a TOML file.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from askreport import settings
from askreport import text as texts
from askreport.errors import QuestionsWrong
from askreport.evaluation import corpus, lines, own
from askreport.evaluation.nouns import EvaluationSet, Query, Unit
from askreport.library import Library, Tell

SEED = 0
"""Of the draw that `limit` makes: the same questions every time."""

MOST_CHARS = 100_000
"""Of a question of a set, the most that settings allow: a set is asked as it is."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where sets are indexed, with which settings, and which shelf questions are of."""

    known: settings.Settings
    cache: Path
    shelf: Callable[[], Library]
    """Opens it. Raises ShelfMissing; a set with a corpus never calls it."""


def read(
    path: Path,
    place: Place,
    *,
    limit: int | None = None,
    tell: Tell = lambda step: None,
) -> EvaluationSet:
    """The set at `path`, indexed; of its questions, `limit` are drawn.

    Raises QuestionsWrong, naming file and line, and whatever building or opening an
    index raises.
    """
    if (path / "corpus.jsonl").exists():
        found = _with_corpus(path.resolve(), place, tell)
    else:
        found = _of_shelf(path, place.shelf)
    _check_words(path, found)
    return _drawn(found, limit)


def read_own(path: Path, library: Library) -> EvaluationSet:
    """The questions at `path`, put to this library. Raises QuestionsWrong."""
    if (path / "corpus.jsonl").exists():
        raise QuestionsWrong(
            f"{path} has a corpus of its own: it says nothing about this shelf",
            hint="name questions to the shelf: a TOML file, or a folder without corpus",
        )
    found = _of_shelf(path, lambda: library)
    _check_words(path, found)
    return found


def _of_shelf(path: Path, shelf: Callable[[], Library]) -> EvaluationSet:
    if path.is_dir():
        return _without_corpus(path.resolve(), shelf())
    if path.is_file():
        return own.read(path, shelf())
    raise QuestionsWrong(
        f"there is no {path}", hint="name a folder of a set or a TOML of questions"
    )


def _with_corpus(folder: Path, place: Place, tell: Tell) -> EvaluationSet:
    rows = [row for _, row in lines.rows(folder / "corpus.jsonl", lines.Row)]
    queries = _queries(folder / "queries.jsonl")
    by_id = {row.id: row.text for row in rows}
    said = lines.judgements(folder / "qrels.tsv", queries)
    judged = _judged(folder, said, by_id, "corpus.jsonl has no row")
    known = place.known.model_copy(update={"question_chars": MOST_CHARS})
    library = corpus.index(rows, folder.name, known=known, cache=place.cache, tell=tell)
    named = {unit: by_id[unit] for units in judged.values() for unit in units}
    return EvaluationSet(folder.name, library, tuple(queries.values()), judged, named)


def _without_corpus(folder: Path, library: Library) -> EvaluationSet:
    """Questions whose judgements name documents of the shelf, or passages."""
    queries = _queries(folder / "queries.jsonl")
    said = lines.judgements(folder / "qrels.tsv", queries)
    documents = {
        d.source.id: "\n".join(page.text for page in d.pages)
        for d in library.generation.documents
    }
    unit: Unit = "passage"
    by_id = {passage.id: passage.text for passage in library.generation.passages}
    if any(one.unit in documents for one in said):
        unit, by_id = "document", documents
    judged = _judged(folder, said, by_id, f"the shelf has no {unit}")
    named = {unit: by_id[unit] for units in judged.values() for unit in units}
    return EvaluationSet(
        folder.name, library, tuple(queries.values()), judged, named, unit
    )


def _queries(path: Path) -> dict[str, Query]:
    found = {}
    for _, row in lines.rows(path, lines.QueryRow):
        gold = tuple(str(one) for one in row.answers or ())
        found[row.id] = Query(row.id, row.text, gold, not row.unanswerable)
    return found


def _judged(
    folder: Path,
    said: Sequence[lines.Judgement],
    known: Mapping[str, str],
    missing: str,
) -> dict[str, dict[str, int]]:
    """Gains above 0 by query and unit. Raises QuestionsWrong for an unknown unit."""
    judged: dict[str, dict[str, int]] = {}
    for one in said:
        if one.unit not in known:
            path = folder / "qrels.tsv"
            raise lines.wrong(path, one.line, f"{missing} {one.unit!r}")
        if one.gain:
            judged.setdefault(one.query, {})[one.unit] = one.gain
    return judged


def _check_words(path: Path, found: EvaluationSet) -> None:
    """Refuse now what would be refused after an hour of questions."""
    most = found.library.shelf.settings.question_chars
    for query in found.queries:
        line = texts.question(query.text)
        if not texts.words(line):
            raise QuestionsWrong(
                f"{path}: question {query.id!r} has no words", hint="take it out"
            )
        if len(line) > most:
            raise QuestionsWrong(
                f"{path}: question {query.id!r} has {len(line):,} characters; "
                f"{most:,} are read",
                hint="shorten it, or raise question_chars in askreport.toml",
            )


def _drawn(found: EvaluationSet, limit: int | None) -> EvaluationSet:
    if limit is None or limit >= len(found.queries):
        return found
    drawn = random.Random(SEED).sample(found.queries, limit)  # noqa: S311 - no secret
    ids = {query.id for query in drawn}
    judged = {query: units for query, units in found.judged.items() if query in ids}
    return replace(found, queries=tuple(drawn), judged=judged)
