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
from askreport.generation import blocks, files

FORMAT = 6
"""Raised when a reader of the older number could not read the newer files rightly."""

VECTORS = (4, 5, FORMAT)
"""Formats whose vectors are stored as now: a build takes them over."""

READING = 4
"""Raised when the same files would now be read, cut or indexed otherwise, so that an
index made before is built anew although no file changed."""

ID = re.compile(r"^[0-9a-f]{16}$")
"""A generation's id: the first digits of a digest of all that went into it."""

FOLDER = re.compile(r"^[0-9a-f]{16}(-[0-9]{1,6})?$")
"""Its folder's name: the id; with a number behind it where a folder of that id is
there already, which a full build leaves as it is."""

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
    """sha256 of every file, by its path inside the folder; of one that has a file of
    block digests beside it, that of those."""
    dense: str = "exact"
    """How passages near a question are looked for (`dense.Index.told`)."""
    number: int = 0
    """One more than that of the generation written before: which is newer does not hang
    on the clock."""
    words: str = ""
    """`text.signature` when it was made: how words were split and stemmed."""
    format: int = FORMAT
    seal: str = ""
    """sha256 over all of the above, so that the manifest vouches for itself as well."""

    def digest(self, folder: Path, name: str) -> str:
        """The digest of a file as it is now, as `files` has it. Raises OSError."""
        by_blocks = self.format > 4 and name + blocks.ENDING in self.files
        return (blocks.digest if by_blocks else files.sha256)(folder / name)


_SHAPE = TypeAdapter(Manifest)


def identify(
    *,
    catalogue: str,
    model_digest: str,
    cutting: Mapping[str, int],
    late: str,
    words: str = "",
) -> str:
    """The id of the generation that these inputs make: equal inputs, equal id.

    `late` says what decides the form of the token vectors (`Keeping.told`).
    """
    inputs = json.dumps(
        [FORMAT, READING, catalogue, model_digest, dict(cutting), late, words],
        sort_keys=True,
    )
    return hashlib.sha256(inputs.encode()).hexdigest()[:16]


def write(folder: Path, made: Manifest) -> None:
    """Store the manifest, sealed; `read` gives it back."""
    sealed = asdict(replace(made, seal=_seal(made)))
    text = json.dumps(sealed, indent=2) + "\n"
    (folder / NAME).write_text(text, "utf-8")


def read(folder: Path, formats: tuple[int, ...] = (FORMAT,)) -> Manifest:
    """The manifest of a folder in one of those formats.

    Raises IndexDamaged or IndexForeign.
    """
    path = folder / NAME
    found = _shaped(path, _raw(path), formats)
    if found.seal != _seal(found):
        raise errors.IndexDamaged(f"{path} is damaged", hint=REBUILD)
    if found.id != of_folder(folder.name):
        raise errors.IndexForeign(
            f"{folder} holds generation {found.id}: it was renamed or put there",
            hint=REBUILD,
        )
    return found


def of_folder(name: str) -> str:
    """The id of the generation in a folder of that name."""
    return name.partition("-")[0]


def _raw(path: Path) -> object:
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise errors.IndexDamaged(f"{path} is missing", hint=REBUILD) from None
    except (OSError, ValueError, RecursionError) as error:
        raise errors.IndexDamaged(
            f"{path} cannot be read: {error}", hint=REBUILD
        ) from error


def _shaped(path: Path, raw: object, formats: tuple[int, ...]) -> Manifest:
    if not isinstance(raw, dict) or raw.get("format") not in formats:
        raise _another_format(path, raw.get("format") if isinstance(raw, dict) else 0)
    try:
        # As JSON, where strict checking still takes an object for a dataclass.
        return _SHAPE.validate_json(json.dumps(raw))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise errors.IndexForeign(
            f"{path} is not ours: {where}: {first['msg']}", hint=REBUILD
        ) from error


def _another_format(path: Path, found: object) -> errors.IndexForeign:
    message = f"{path} is not in format {FORMAT} of askreport"
    if type(found) is int and found > FORMAT:
        return errors.IndexForeign(
            f"{message} but in {found}, of a later version",
            hint="install that version again, or " + REBUILD,
        )
    if type(found) is int and found > 0:
        message += f" but in {found}, of an earlier version"
    return errors.IndexForeign(message, hint=REBUILD)


def _seal(made: Manifest) -> str:
    said = json.dumps(asdict(replace(made, seal="")), sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
