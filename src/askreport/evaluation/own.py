"""a TOML of one's own questions -> an EvaluationSet over the shelf they are put to.

A passage is right if it holds all the strings of any one list of `evidence`, upper and
lower case and any run of white space counting as equal. Any one right passage will do.
A question without evidence is one that the shelf cannot answer.
"""

import difflib
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from askreport.errors import QuestionsWrong
from askreport.evaluation.lines import Id
from askreport.evaluation.nouns import EvaluationSet, Query
from askreport.library import Library

HINT = "docs/evaluation.md shows a file of questions"
"""Where to look when one is not what it should be."""

NONE = "no passage holds its evidence"
"""The unit that stands for a question whose evidence no passage holds: never found."""

Said = Annotated[str, Field(pattern=r"\S")]


class Question(BaseModel):
    """A `[[question]]`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Id
    ask: Said
    evidence: list[Annotated[list[Said], Field(min_length=1)]] = []
    answers: list[Said] = []
    kind: str = ""
    split: str = ""
    originals: list[list[str]] = []


class Questions(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    question: Annotated[list[Question], Field(min_length=1)]


def read(path: Path, library: Library) -> EvaluationSet:
    """The questions, judged by what is on the shelf now. Raises QuestionsWrong."""
    asked = parsed(path)
    passages = library.generation.passages
    folded = [(passage, _folded(passage.text)) for passage in passages]
    judged: dict[str, dict[str, int]] = {}
    texts = {NONE: ""}
    for one in asked:
        if not one.evidence:
            continue
        right = [p for p, text in folded if _holds(text, one.evidence)]
        judged[one.id] = {p.id: 1 for p in right} or {NONE: 1}
        texts |= {p.id: p.text for p in right}
    queries = tuple(
        Query(one.id, one.ask, tuple(one.answers), bool(one.evidence)) for one in asked
    )
    return EvaluationSet(
        path.stem, library, queries, judged, texts, unit="passage", any_counts=True
    )


def astray(found: EvaluationSet) -> tuple[str, ...]:
    """Ids of questions whose evidence no passage of the shelf holds."""
    return tuple(query for query, units in found.judged.items() if NONE in units)


def is_right(text: str, evidence: Sequence[Sequence[str]]) -> bool:
    """Whether a passage holds all the strings of any one list."""
    return _holds(_folded(text), evidence)


def parsed(path: Path) -> list[Question]:
    """The questions of a file, ids each once. Raises QuestionsWrong."""
    try:
        found = Questions.model_validate(tomllib.loads(path.read_text("utf-8")))
    except ValidationError as error:
        raise _explained(path, error) from error
    except OSError as error:
        raise QuestionsWrong(
            f"{path} cannot be read: {error.strerror}", hint=HINT
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise QuestionsWrong(f"{path} is not valid TOML: {error}", hint=HINT) from error
    seen: set[str] = set()
    for one in found.question:
        if one.id in seen:
            raise QuestionsWrong(
                f"{path}: two questions have the id {one.id!r}", hint="rename one"
            )
        seen.add(one.id)
    return found.question


def _explained(path: Path, error: ValidationError) -> QuestionsWrong:
    first = error.errors(include_url=False)[0]
    where = [part + 1 if isinstance(part, int) else part for part in first["loc"]]
    hint = HINT
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(where[-1]), Question.model_fields, n=1)
        hint = f"did you mean {near[0]!r}?" if near else hint
    place = " ".join(str(part) for part in where)
    return QuestionsWrong(f"{path}: {place}: {first['msg']}", hint=hint)


def _holds(folded: str, evidence: Sequence[Sequence[str]]) -> bool:
    return any(all(_folded(part) in folded for part in parts) for parts in evidence)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
