"""a shelf -> what is sound, what is not, and what to do about it."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from askreport import (
    calibration,
    embedding,
    errors,
    frozen,
    reranking,
    settings,
    tokens,
)
from askreport import text as texts
from askreport.generation import opened, standing
from askreport.library import Library

PACKAGES = (
    "askreport",
    "sentence-transformers",
    "torch",
    "onnxruntime",
    "faiss-cpu",
    "tiktoken",
    "fastapi",
    "textual",
)
"""The packages whose versions matter most when something is reported."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    what: str
    sound: bool
    said: str
    hint: str = ""


def examine(start: Path | None, *, deep: bool = False) -> Iterator[Finding]:
    """Look at everything an answer depends on, one finding at a time.

    `deep`: every file of every generation too.
    """
    yield Finding("python", sys.version_info >= (3, 11), sys.version.split()[0])
    for name in PACKAGES:
        yield _package(name)
    yield _tried(
        "tokens", lambda: f"{tokens.ENCODING}, {tokens.count('a b')} for 'a b'"
    )
    try:
        shelf = settings.open_shelf(start)
    except errors.AskreportError as error:
        yield Finding("shelf", False, error.message, error.hint)
        return
    yield Finding("shelf", True, str(shelf.root))
    model = _tried("model", lambda: _model(shelf))
    yield model
    if model.sound:
        yield _tried("encoding", lambda: _encoding(shelf))
    yield _tried("reranker", lambda: _reranker(shelf))
    yield _tried("index", lambda: _index(shelf))
    if deep:
        yield from _generations(shelf.index)
    if (shelf.root / calibration.FILE).exists():
        yield _tried("calibration", lambda: _calibration(shelf))
    yield _sources(shelf.root)


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, version(name))
    except PackageNotFoundError:
        return Finding(name, False, "not installed", f"pip install {name}")


def _tried(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except errors.AskreportError as error:
        return Finding(what, False, error.message, error.hint)


def _model(shelf: settings.Shelf) -> str:
    known = shelf.settings
    found = embedding.find(known.model, digest=known.model_digest)
    return f"{found.name}, digest {found.digest}"


def _encoding(shelf: settings.Shelf) -> str:
    """By what questions are encoded, and why not by what is quicker."""
    known = shelf.settings
    if not known.frozen:
        return "by sentence-transformers, as settings say (frozen = false)"
    home = shelf.index / frozen.FOLDER
    model = embedding.find(known.model, digest=known.model_digest, home=home)
    held = model.held()
    if not model.freezes:
        return f"by {model.name}, which has no files to freeze"
    if held is None:
        return "by sentence-transformers until askreport build freezes the model"
    if held.files is None:
        return f"by sentence-transformers: the model cannot be frozen: {held.why}"
    if not frozen.sound(home, held):
        raise errors.IndexDamaged(
            "the frozen copy of the model is damaged; sentence-transformers encodes",
            hint="run askreport build, which makes it anew",
        )
    rounded = known.rounded and frozen.ROUNDED in held.files
    how = ", questions by rounded weights" if rounded else ""
    return (
        f"by a frozen copy{how}, checked against sentence-transformers ({held.made_by})"
    )


def _reranker(shelf: settings.Shelf) -> str:
    named = shelf.settings.reranker
    if named is None:
        return "none"
    found = reranking.find(named)
    return f"{found.name}, digest {found.digest}"


def _index(shelf: settings.Shelf) -> str:
    found = opened.open_current(shelf.index).load()
    model = embedding.find(shelf.settings.model)
    if found.manifest.model_digest != model.digest:
        raise errors.ModelChanged(
            f"the index was built with another model ({found.manifest.model})",
            hint="run askreport build",
        )
    made = found.manifest
    return (
        f"generation {found.id}, {texts.counted(made.documents, 'document')}, "
        f"{texts.counted(made.passages, 'passage')}, built {made.created}, "
        f"every file sound that answers are made of"
    )


def _generations(index: Path) -> Iterator[Finding]:
    """Each generation, every byte of it read; what was set aside is amiss too."""
    for one in standing.listed(index):
        folder = index / "generations" / one.name
        if one.manifest is None:
            hint = f"nothing reads it; remove {folder} when you need it no more"
            yield Finding(f"generation {one.name}", False, one.said, hint)
        else:
            found = _tried(f"generation {one.name}", partial(_verified, folder))
            if found.sound or folder.exists():  # else a build has pruned it meanwhile
                yield found


def _verified(folder: Path) -> str:
    found = opened.Generation(folder).verify()
    return f"{texts.counted(len(found.manifest.files), 'file')}, every one sound"


def _calibration(shelf: settings.Shelf) -> str:
    known = calibration.read(shelf.root)
    if known is None:
        return "taken away"
    calibration.check(known, opened.open_current(shelf.index).manifest.model_digest)
    asked = texts.counted(known.answerable + known.unanswerable, "question")
    return f"{known.digest}, fitted to {asked}"


def _sources(root: Path) -> Finding:
    try:
        stands = Library.open(root).shelved()
    except errors.AskreportError as error:
        return Finding("sources", False, error.message, error.hint)
    amiss = [f"{s.source.path} ({s.status})" for s in stands if s.status != "indexed"]
    if amiss:
        failed = all(s.status in ("indexed", "failed") for s in stands)
        hint = "askreport sources says why" if failed else "run askreport build"
        return Finding("sources", False, ", ".join(amiss), hint)
    known = texts.counted(len(stands), "document")
    return Finding("sources", True, f"{known}, all indexed")
