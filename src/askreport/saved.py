"""saved.json of a shelf -> questions with the answers they had, and how answers drift.

A saved answer is what somebody accepted. It stays what answers are compared with until
somebody accepts another, so that a change nobody saw is reported again.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from askreport import errors
from askreport.types import Answer, Filter, Status

FILE = "saved.json"
"""Its name, beside the shelf's settings."""

_STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class Quote:
    """What a citation stands for, whatever its marker and its score."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    document: str
    page: int | None
    quote: str


@dataclass(frozen=True, slots=True)
class Saved:
    """A question and the answer that was accepted."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    id: str
    """Of question and filter: saving it again replaces it."""
    question: str
    among: Filter
    generation: str
    status: Status
    text: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Drift:
    """How the answer to a saved question differs from the one that was accepted."""

    id: str
    question: str
    change: Literal["changed", "appeared", "vanished", "refused"]
    """Appeared: there was no evidence then. Vanished: there is none now. Refused: it
    cannot be asked any more, for the reason in `after`."""
    before: str
    after: str
    lost: tuple[Quote, ...]
    """Quotes that are no longer cited."""
    gained: tuple[Quote, ...]


_SHAPE = TypeAdapter(tuple[Saved, ...])


def of(answer: Answer, among: Filter) -> Saved:
    """An answer as it is saved."""
    said = json.dumps([answer.question, asdict(among)], sort_keys=True)
    return Saved(
        hashlib.sha256(said.encode()).hexdigest()[:8],
        answer.question,
        among,
        answer.receipt.generation,
        answer.status,
        answer.text,
        _quotes(answer),
    )


def compare(known: Saved, now: Answer) -> Drift | None:
    """How the answer drifted; None if it says and cites the same."""
    quotes = _quotes(now)
    same = (known.status, known.text) == (now.status, now.text)
    if same and set(quotes) == set(known.quotes):
        return None
    change: Literal["changed", "appeared", "vanished"] = "changed"
    if known.status != now.status:
        change = "appeared" if now.status == "answered" else "vanished"
    return Drift(
        known.id,
        known.question,
        change,
        known.text,
        now.text,
        tuple(one for one in known.quotes if one not in quotes),
        tuple(one for one in quotes if one not in known.quotes),
    )


def refused(known: Saved, error: errors.AskreportError) -> Drift:
    """The drift of a question that cannot be asked any more."""
    return Drift(
        known.id,
        known.question,
        "refused",
        known.text,
        error.message,
        known.quotes,
        (),
    )


def read(root: Path) -> tuple[Saved, ...]:
    """The saved questions of the shelf at `root`, oldest first. Raises SavedWrong."""
    path = root / FILE
    try:
        return _SHAPE.validate_json(path.read_bytes())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise errors.SavedWrong(
            f"{path} cannot be read: {error.strerror}", hint="check its permissions"
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise errors.SavedWrong(
            f"{path} is damaged: {where}: {first['msg']}",
            hint="mend it, or move it away and save the questions anew",
        ) from error


def write(root: Path, all_: Sequence[Saved]) -> Path:
    """Make these the shelf's saved questions, at once or not at all."""
    path = root / FILE
    aside = root / f".{FILE}.{os.getpid()}"
    try:
        text = json.dumps([asdict(one) for one in all_], indent=2) + "\n"
        aside.write_text(text, "utf-8")
        aside.replace(path)
    except OSError as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise errors.SavedWrong(
            f"{path} cannot be written: {error.strerror}",
            hint="allow writing in the shelf's folder",
        ) from error
    return path


def keep(root: Path, one: Saved) -> None:
    """Add a question, or replace what was saved of it. Raises SavedWrong."""
    others = [known for known in read(root) if known.id != one.id]
    write(root, [*others, one])


def _quotes(answer: Answer) -> tuple[Quote, ...]:
    return tuple(Quote(c.document, c.page, c.quote) for c in answer.citations)
