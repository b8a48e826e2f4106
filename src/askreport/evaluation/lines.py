"""a file of an evaluation set -> its lines, each checked, and named if it is wrong."""

import json
import math
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from askreport.errors import QuestionsWrong

FORMAT = "docs/evaluation.md describes the files of a set"
"""Where to look when a file is not what it should be."""

Id = Annotated[str, Field(pattern=r"^\S+$", max_length=1000)]
"""No white space: a run file separates its columns by it."""


class Row(BaseModel):
    """A line of corpus.jsonl; what else it says is not looked at."""

    model_config = ConfigDict(strict=True)

    id: Id = Field(alias="_id")
    text: str
    title: str | None = None
    page: Annotated[int, Field(ge=1)] | None = None


class QueryRow(BaseModel):
    """A line of queries.jsonl; what else it says is not looked at."""

    model_config = ConfigDict(strict=True)

    id: Id = Field(alias="_id")
    text: str
    answers: list[str | int | float] | None = None
    unanswerable: bool | None = None


Shape = TypeVar("Shape", Row, QueryRow)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A line of qrels.tsv; a gain of 0 says that the unit does not answer."""

    line: int
    query: str
    unit: str
    gain: int


def rows(path: Path, shape: type[Shape]) -> list[tuple[int, Shape]]:
    """Every line with its number. Raises QuestionsWrong; ids come at most once."""
    found = []
    seen: dict[str, int] = {}
    for number, line in _numbered(path):
        if not line.strip():
            continue
        row = _row(path, number, line, shape)
        if row.id in seen:
            raise wrong(path, number, f"{row.id!r} is the id of line {seen[row.id]}")
        seen[row.id] = number
        found.append((number, row))
    if not found:
        raise QuestionsWrong(f"{path} is empty", hint=FORMAT)
    return found


def judgements(path: Path, queries: Container[str]) -> list[Judgement]:
    """Every judgement of qrels.tsv. Raises QuestionsWrong; pairs come at most once."""
    found = []
    seen: set[tuple[str, str]] = set()
    for number, line in _numbered(path):
        parts = line.split("\t")
        if number == 1:
            _check_header(path, parts)
            continue
        if not line.strip():
            continue
        if len(parts) != 3:
            raise wrong(path, number, f"{len(parts)} columns in place of 3")
        one = Judgement(number, parts[0], parts[1], _gain(path, number, parts[2]))
        if one.query not in queries:
            raise wrong(path, number, f"no query has the id {one.query!r}")
        if (one.query, one.unit) in seen:
            raise wrong(path, number, f"{one.unit!r} is judged twice for {one.query!r}")
        seen.add((one.query, one.unit))
        found.append(one)
    if not any(one.gain for one in found):
        raise QuestionsWrong(f"{path} judges nothing to be right", hint=FORMAT)
    return found


def wrong(path: Path, number: int, what: str) -> QuestionsWrong:
    """What to raise for a line."""
    return QuestionsWrong(f"{path}, line {number}: {what}", hint=FORMAT)


def _check_header(path: Path, parts: list[str]) -> None:
    if len(parts) == 3 and _number(parts[2]) is not None:
        raise QuestionsWrong(
            f"{path}, line 1: a judgement where the header belongs",
            hint="begin with the line: query-id, corpus-id, score, separated by tabs",
        )


def _gain(path: Path, number: int, text: str) -> int:
    gain = _number(text)
    if gain is None or gain < 0 or gain != int(gain):
        raise wrong(path, number, f"gain {text.strip()!r} is no whole number from 0 up")
    return int(gain)


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _numbered(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                yield number, line.rstrip("\n")
    except OSError as error:
        raise QuestionsWrong(
            f"{path} cannot be read: {error.strerror}", hint=FORMAT
        ) from error
    except UnicodeDecodeError as error:
        raise QuestionsWrong(
            f"{path} is not UTF-8: {error}", hint="save it as UTF-8"
        ) from error


def _row(path: Path, number: int, line: str, shape: type[Shape]) -> Shape:
    try:
        return shape.model_validate(json.loads(line))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        said = f"{where}: {first['msg']}" if where else "no JSON object"
        raise wrong(path, number, said) from error
    except (ValueError, RecursionError) as error:
        raise wrong(path, number, f"no JSON: {error}") from error
