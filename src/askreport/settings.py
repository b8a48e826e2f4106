"""flags, environment, askreport.toml, defaults -> one Settings, in that precedence.

Read once at the edge and handed on as plain arguments; nothing of either act imports
this.
"""

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from askreport import errors

FILE = "askreport.toml"
"""The settings file; the folder that holds it is a shelf."""

PREFIX = "ASKREPORT_"
"""Before a setting's name in capitals: the environment variable that sets it."""

PLACES = frozenset((PREFIX + "SHELF", PREFIX + "MODELS"))
"""Variables that say where something is kept (the shelf, added models), not how to
answer: they name no setting."""

SECRETS = frozenset(
    PREFIX + name
    for name in (
        "SLACK_SIGNING_SECRET",
        "SLACK_BOT_TOKEN",
        "TEAMS_SECRET",
        "MATTERMOST_TOKEN",
        "LIBRECHAT_JWT_SECRET",
    )
)
"""Variables that hold secrets of chat tools (`serve.chat.credentials`); no file may."""


def _tuple(value: object) -> object:
    """TOML and JSON have lists; settings are frozen."""
    return tuple(value) if isinstance(value, list) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_tuple)]
"""Several texts: an array in the file, separated by commas in a variable."""


class Settings(BaseModel):
    """Every knob, its default and its meaning."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    model: Annotated[
        str,
        Field(
            min_length=1,
            description="Encoder: a name, a model folder or a model of the hub.",
        ),
    ] = "all-MiniLM-L6-v2"
    model_digest: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9a-f]{64}$",
            description="Refuse the encoder unless its files have this digest "
            "(askreport doctor prints it).",
        ),
    ] = None
    frozen: Annotated[
        bool,
        Field(
            description="Encode with a frozen copy of the model, which starts in a "
            "tenth of the time; false: with sentence-transformers."
        ),
    ] = True
    rounded: Annotated[
        bool,
        Field(
            description="Encode questions by weights rounded to a byte, in half the "
            "time; false: exactly, so that scores are the same to the fourth digit on "
            "every processor."
        ),
    ] = True
    passage_tokens: Annotated[
        int,
        Field(ge=20, le=2000, description="Most tokens (tiktoken) of a passage."),
    ] = 200
    overlap_sentences: Annotated[
        int,
        Field(
            ge=0, le=5, description="Most sentences repeated from passage to passage."
        ),
    ] = 1
    late: Annotated[
        Literal["auto", "full", "compressed"],
        Field(
            description="Form of the token vectors: full, compressed to a seventh, or "
            "auto: full while they fit late_megabytes."
        ),
    ] = "auto"
    late_megabytes: Annotated[
        int,
        Field(
            ge=0,
            le=10**9,
            description="Most megabytes of full token vectors, if late is auto.",
        ),
    ] = 4000
    candidates: Annotated[
        int,
        Field(ge=1, le=1000, description="Passages looked at closely for a question."),
    ] = 60
    top: Annotated[
        int, Field(ge=1, le=50, description="Most citations of an answer.")
    ] = 5
    floor: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="Decline unless the best quote answers this probably.",
        ),
    ] = 0.26
    reranker: Annotated[
        str | None,
        Field(
            min_length=1,
            description="CrossEncoder that orders the best passages anew: an added "
            "model, a model folder or a model of the hub.",
        ),
    ] = None
    reranker_candidates: Annotated[
        int, Field(ge=1, le=1000, description="Most passages that it is shown.")
    ] = 20
    reranker_seconds: Annotated[
        float,
        Field(
            ge=0,
            le=600,
            description="Time it has for a question; what it did not reach stays "
            "below, in order.",
        ),
    ] = 1.0
    question_chars: Annotated[
        int, Field(ge=1, le=100_000, description="Longest question accepted.")
    ] = 4000
    workers: Annotated[
        int,
        Field(ge=0, le=64, description="Files read at once; 0: as many as processors."),
    ] = 0
    page_seconds: Annotated[
        float,
        Field(
            gt=0,
            le=3600,
            description="Give a document up after so long without another page read.",
        ),
    ] = 60.0
    worker_megabytes: Annotated[
        int,
        Field(
            ge=500, le=10**6, description="Most memory of a process that reads files."
        ),
    ] = 2000
    keep_generations: Annotated[
        int, Field(ge=1, le=100, description="Generations kept for going back.")
    ] = 3
    cache_megabytes: Annotated[
        int,
        Field(
            ge=0,
            le=10**7,
            description="Most megabytes kept in index/cache, which spares the next "
            "build work.",
        ),
    ] = 1000
    host: Annotated[
        str, Field(min_length=1, description="Address that askreport serve listens on.")
    ] = "127.0.0.1"
    port: Annotated[
        int, Field(ge=0, le=65535, description="Its port; 0 takes a free one.")
    ] = 8420
    keys_file: Annotated[
        str,
        Field(
            min_length=1,
            description="File of its API keys, from the shelf's folder "
            "(askreport keys add).",
        ),
    ] = "keys.json"
    open_access: Annotated[
        bool,
        Field(
            description="Serve without keys on an address that other machines reach: "
            "whoever reaches it can read the shelf."
        ),
    ] = False
    hosts: Annotated[
        Names,
        Field(
            description="Names that it answers to, beside those of this machine; on an "
            "address that others reach, to any name where there are none."
        ),
    ] = ()
    origins: Annotated[
        Names,
        Field(
            description="Web sites whose scripts may call it (CORS), such as "
            "https://chat.example.org; none where empty."
        ),
    ] = ()
    requests_per_minute: Annotated[
        int,
        Field(
            ge=0,
            le=10**6,
            description="Most requests of a key a minute; 0 sets no limit.",
        ),
    ] = 600
    queue: Annotated[
        int,
        Field(
            ge=0,
            le=10_000,
            description="Most questions that wait for their turn; more are refused.",
        ),
    ] = 64
    answer_seconds: Annotated[
        float,
        Field(gt=0, le=3600, description="Longest that a caller waits for an answer."),
    ] = 30.0
    log_format: Annotated[
        Literal["text", "json"],
        Field(
            description="What the service writes to stderr: failures in words, or "
            "every request and failure as a line of JSON."
        ),
    ] = "text"
    log_questions: Annotated[
        bool,
        Field(description="Whether the lines of requests hold what was asked."),
    ] = False
    public_url: Annotated[
        str | None,
        Field(
            pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$",
            description="Address that readers open citations at, if it is not the one "
            "that is listened on: https://reports.example.org.",
        ),
    ] = None
    chat_sources: Annotated[
        Literal["auto", "text", "annotations", "openwebui"],
        Field(
            description="How OpenAI's protocol tells clients of sources: in the text, "
            "as annotations too, as Open WebUI's events, or auto: by the client."
        ),
    ] = "auto"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder with `askreport.toml`, `sources/` and `index/`, and its settings."""

    root: Path
    settings: Settings

    @property
    def sources(self) -> Path:
        """The documents and their catalogue."""
        return self.root / "sources"

    @property
    def index(self) -> Path:
        """The generations and `CURRENT`."""
        return self.root / "index"

    @property
    def keys(self) -> Path:
        """The file of the service's API keys."""
        return self.root / Path(self.settings.keys_file).expanduser()


def open_shelf(
    start: Path | None = None, *, flags: Mapping[str, Any] | None = None
) -> Shelf:
    """The shelf at `start`, named by the environment, or found from here upwards.

    Raises ShelfMissing, or SettingsWrong naming the key and the nearest right one.
    """
    root = find(start)
    return Shelf(root, load(root / FILE, flags=flags))


def find(start: Path | None = None) -> Path:
    """The root of the shelf. `start`, if given, must be one. Raises ShelfMissing."""
    named = str(start) if start is not None else os.environ.get(PREFIX + "SHELF")
    if named:
        root = Path(named).expanduser().resolve()
        if not (root / FILE).is_file():
            raise errors.ShelfMissing(
                f"{root} is no shelf: it has no {FILE}",
                hint=f"askreport init {named} makes it one",
            )
        return root
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / FILE).is_file():
            return folder
    raise errors.ShelfMissing(
        f"no {FILE} in {here} or any folder above it",
        hint="go to a shelf, name one with --shelf, or make one: askreport init DIR",
    )


def load(path: Path | None, *, flags: Mapping[str, Any] | None = None) -> Settings:
    """Settings of a file, overridden by the environment, then by `flags` not None.

    Without a file (None), defaults take its place.

    Raises SettingsWrong naming the key, where it was said and what would be right.
    """
    filed = {} if path is None else _file(path)
    said = {name: (str(path), value) for name, value in filed.items()}
    said |= _environment()
    said |= {k: ("a flag", v) for k, v in (flags or {}).items() if v is not None}
    given = {name: value for name, (_, value) in said.items()}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        where = {name: place for name, (place, _) in said.items()}
        raise _explained(where, error) from error


def _file(path: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise errors.SettingsWrong(
            f"{path} is not valid TOML: {error}", hint="correct that line"
        ) from error
    except OSError as error:
        raise errors.SettingsWrong(
            f"{path} cannot be read: {error.strerror}", hint="check its permissions"
        ) from error
    for key in ("model", "reranker"):
        named = found.get(key)
        if isinstance(named, str) and named and (path.parent / named).is_dir():
            found[key] = str(path.parent / named)  # as every path in the shelf's file
    return found


def _environment() -> dict[str, tuple[str, Any]]:
    """Variables that name a setting."""
    found = {}
    for variable, text in os.environ.items():
        if variable.startswith(PREFIX) and variable not in PLACES | SECRETS:
            name = variable[len(PREFIX) :].lower()
            found[name] = (variable, _typed(name, text))
    return found


def _typed(name: str, text: str) -> str | int | float | list[str]:
    """What a variable's text says, as the kind of thing its setting wants, if it is."""
    field = Settings.model_fields.get(name)
    wanted = None if field is None else field.annotation
    if wanted is bool:
        return {"true": True, "false": False}.get(text.strip().lower(), text)
    if wanted == tuple[str, ...]:
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return int(text) if wanted is int else float(text) if wanted is float else text
    except ValueError:
        return text


def _explained(
    where: Mapping[str, str], error: ValidationError
) -> errors.SettingsWrong:
    first = error.errors(include_url=False)[0]
    key = str(first["loc"][0]) if first["loc"] else ""
    place = where.get(key, FILE)
    known = list(Settings.model_fields)
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
        return errors.SettingsWrong(f"unknown setting {key!r} in {place}", hint=hint)
    said = Settings.model_fields[key].description if key in known else None
    return errors.SettingsWrong(
        f"setting {key!r} in {place}: {first['msg']}",
        hint=said or "see docs/settings.md",
    )
