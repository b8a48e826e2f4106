"""what a generation was made of -> its id and its manifest."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from askreport import errors

FORMAT = 3
"""Raised when a reader of the older number could not read the newer files rightly."""

READING = 3
"""Raised when the same files would now be read, cut or indexed otherwise, so that an
index made before is built anew although no file changed."""

ID = re.compile(r"^[0-9a-f]{16}$")
"""A generation's id: the first digits of a digest of all that went into it."""

NAME = "manifest.json"
"""The manifest's file name in a generation's folder."""

REBUILD = "run askreport build; sources/ holds all that it needs"
"""The way out of most trouble with an index."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation was made of and what its files must be."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    id: str
    created: str
    """UTC, ISO 8601."""
    version: str
    """Of askreport, when it wrote this."""
    model: str
    model_digest: str
    dimensions: int
    cutting: Mapping[str, int]
    late: str
    """The form of the token vectors: full or compressed."""
    catalogue: str
    """Digest of everything taken from `sources/`."""
    documents: int
    passages: int
    files: Mapping[str, str]
    """sha256 of every file, by its path inside the folder."""
    format: int = FORMAT
    seal: str = ""
    """sha256 over all of the above, so that the manifest vouches for itself as well."""


_SHAPE = TypeAdapter(Manifest)


def identify(
    *, catalogue: str, model_digest: str, cutting: Mapping[str, int], late: str
) -> str:
    """The id of the generation that these inputs make: equal inputs, equal id.

    `late` says what decides the form of the token vectors (`Keeping.told`).
    """
    inputs = json.dumps(
        [FORMAT, READING, catalogue, model_digest, dict(cutting), late], sort_keys=True
    )
    return hashlib.sha256(inputs.encode()).hexdigest()[:16]


def write(folder: Path, made: Manifest) -> None:
    """Store the manifest, sealed; `read` gives it back."""
    sealed = asdict(replace(made, seal=_seal(made)))
    text = json.dumps(sealed, indent=2) + "\n"
    (folder / NAME).write_text(text, "utf-8")


def read(folder: Path) -> Manifest:
    """The manifest of a folder. Raises IndexDamaged or IndexForeign."""
    path = folder / NAME
    found = _shaped(path, _raw(path))
    if found.seal != _seal(found):
        raise errors.IndexDamaged(f"{path} is damaged", hint=REBUILD)
    if found.id != folder.name:
        raise errors.IndexForeign(
            f"{folder} holds generation {found.id}: it was renamed or put there",
            hint=REBUILD,
        )
    return found


def _raw(path: Path) -> object:
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise errors.IndexDamaged(f"{path} is missing", hint=REBUILD) from None
    except (OSError, ValueError, RecursionError) as error:
        raise errors.IndexDamaged(
            f"{path} cannot be read: {error}", hint=REBUILD
        ) from error


def _shaped(path: Path, raw: object) -> Manifest:
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise errors.IndexForeign(
            f"{path} is not in format {FORMAT} of askreport", hint=REBUILD
        )
    try:
        # As JSON, where strict checking still takes an object for a dataclass.
        return _SHAPE.validate_json(json.dumps(raw))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise errors.IndexForeign(
            f"{path} is not ours: {where}: {first['msg']}", hint=REBUILD
        ) from error


def _seal(made: Manifest) -> str:
    said = json.dumps(asdict(replace(made, seal="")), sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
