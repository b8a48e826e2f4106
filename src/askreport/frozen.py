"""a frozen encoder's folder -> vectors, by onnxruntime and tokenizers alone.

A frozen encoder is a model as a graph (ONNX, single precision) with its weights and its
tokenizer, made once by `freezing` from what the reference had loaded. torch and
transformers take seconds to import and half a gigabyte; this takes a tenth of both. The
weights are mapped, so only those that a question needs are read.

Where a graph of rounded weights lies beside it (`rounding`), questions are encoded by
that one, in half the time, and passages by the other.
"""

import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import platformdirs

from askreport import digests, threads
from askreport.encoded import Encoded, Floats, Progress, Row, joined, unit

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

log = logging.getLogger("askreport")

FORMAT = 2
"""Raised when what is made, or how it is read, changes."""

FOLDER = "encoders"
"""Beside the generations of an index: one folder a model, named by its digest."""

GRAPH, WEIGHTS, TOKENIZER = "graph.onnx", "weights.bin", "tokenizer.json"

ROUNDED, ROUNDED_WEIGHTS = "rounded.onnx", "rounded.bin"
"""Only where questions are encoded by rounded weights."""

NAME = "frozen.json"

NEW = ".new-"
"""Before the name of a folder that is being made; nobody reads such a name."""

BATCH_TOKENS = 512
"""Tokens of a batch, padding included: what is made of them on the way stays within a
processor's cache. Twice as many cost a tenth more time, sixteen times as many
twice as much."""

CACHED = 3
"""Models kept in the user's cache, so that another shelf need not freeze them again."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a frozen encoder's folder holds, or why it holds nothing."""

    model: str
    """The digest of the model's files, to which the graph answers."""
    dimensions: int = 0
    most_tokens: int = 0
    pad: int = 0
    """The token that fills up shorter texts of a batch."""
    inputs: tuple[str, ...] = ()
    files: Mapping[str, str] | None = None
    """sha256 of each file; None: the model could not be frozen."""
    why: str = ""
    """Why it could not, for `askreport doctor`."""
    made_by: str = ""
    """The versions of what froze it, or failed to."""
    format: int = FORMAT


def cached() -> Path:
    """Where frozen encoders are kept for every shelf of this user."""
    return platformdirs.user_cache_path("askreport") / FOLDER


def kept(home: Path, model: str) -> Kept | None:
    """What `home` holds for the model of that digest; None if nothing of this format,
    or nothing that can be read.
    """
    try:
        raw = json.loads((home / model / NAME).read_text("utf-8"))
        found = Kept(**raw | {"inputs": tuple(raw["inputs"])})
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return None
    return found if (found.format, found.model) == (FORMAT, model) else None


def sound(home: Path, found: Kept) -> bool:
    """Whether every file is what was written."""
    folder = home / found.model
    try:
        return found.files is not None and all(
            digests.sha256(folder / name) == digest
            for name, digest in found.files.items()
        )
    except OSError:
        return False


def put(home: Path, model: str, fill: Callable[[Path], Kept]) -> Kept:
    """Have `fill` write a folder and move it into place, in one step. Raises OSError.

    What stands there already is replaced.
    """
    home.mkdir(parents=True, exist_ok=True)
    aside = home / f"{NEW}{os.getpid()}-{model}"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir()
        made = fill(aside)
        (aside / NAME).write_text(json.dumps(asdict(made), indent=2) + "\n", "utf-8")
        shutil.rmtree(home / model, ignore_errors=True)
        aside.replace(home / model)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return made


def copied(source: Path, found: Kept, home: Path) -> Kept:
    """The same in another home, by links where the disk allows. Raises OSError."""

    def fill(folder: Path) -> Kept:
        for name in found.files or {}:
            try:
                os.link(source / found.model / name, folder / name)
            except OSError:  # another disk, or one without links
                shutil.copyfile(source / found.model / name, folder / name)
        return found

    return put(home, found.model, fill)


def forget(home: Path, *, but: Sequence[str]) -> None:
    """Remove the encoders of all other models, and what was left half-made."""
    with suppress(OSError):
        for folder in home.iterdir():
            if folder.name not in but:
                shutil.rmtree(folder, ignore_errors=True)


def trim(home: Path, *, most: int = CACHED) -> None:
    """Remove all but the newest."""
    with suppress(OSError):
        made = sorted(home.iterdir(), key=lambda one: one.stat().st_mtime)
        for folder in made[:-most]:
            shutil.rmtree(folder, ignore_errors=True)


class FrozenEncoder:
    """A frozen model. Safe to use from several threads."""

    def __init__(
        self, name: str, folder: Path, found: Kept, *, rounded: bool = True
    ) -> None:
        """Open it; raises RuntimeError where its files are no encoder.

        `rounded`: whether to encode questions by rounded weights, where it has them.
        """
        self.name = name
        self.digest = found.model
        self.dimensions = found.dimensions
        self.most_tokens = found.most_tokens
        self._kept = found
        self._folder = folder
        rounded = rounded and ROUNDED in (found.files or {})
        self._asking = _session(folder / (ROUNDED if rounded else GRAPH))
        self._rounded = rounded
        self._tokenizer = _tokenizer(folder / TOKENIZER)

    @cached_property
    def _exact(self) -> "InferenceSession":
        """What encodes passages, opened when the first of them comes."""
        return _session(self._folder / GRAPH) if self._rounded else self._asking

    @cached_property
    def _cutting(self) -> "Tokenizer":
        """The tokenizer for the few texts that are too long."""
        found = _tokenizer(self._folder / TOKENIZER)
        found.enable_truncation(max_length=self.most_tokens)
        return found

    @cached_property
    def _tokens(self) -> "Callable[[str], Encoding]":
        """The tokens of a text; whoever asks for its length has it encoded next."""
        return lru_cache(maxsize=16)(self._tokenizer.encode)

    def length(self, text: str) -> int:
        return len(self._tokens(text).ids)

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Encoded:
        read = [self._read(text) for text in texts]
        groups = _batches([len(one.ids) for one in read])
        rows: dict[int, Row] = {}
        session = self._exact

        def made(group: Sequence[int]) -> list[Row]:
            return self._batch([read[i] for i in group], session)

        for group, found in zip(groups, _each(made, groups), strict=True):
            rows |= dict(zip(group, found, strict=True))
            if progress is not None:
                progress(len(group))
        return joined([rows[i] for i in range(len(texts))], dimensions=self.dimensions)

    def encode_query(self, texts: Sequence[str]) -> Encoded:
        rows = [self._batch([self._read(text)], self._asking)[0] for text in texts]
        return joined(rows, dimensions=self.dimensions)

    def _read(self, text: str) -> "Encoding":
        read = self._tokens(text)
        whole = len(read.ids) <= self.most_tokens
        return read if whole else self._cutting.encode(text)

    def _batch(
        self, texts: Sequence["Encoding"], session: "InferenceSession"
    ) -> list[Row]:
        longest = max(len(one.ids) for one in texts)
        shape = (len(texts), longest)
        ids = np.full(shape, self._kept.pad, dtype=np.int64)
        types, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for i, one in enumerate(texts):
            own = len(one.ids)
            ids[i, :own], types[i, :own], mask[i, :own] = one.ids, one.type_ids, 1
        given = {"input_ids": ids, "token_type_ids": types, "attention_mask": mask}
        named = {name: given[name] for name in self._kept.inputs}
        vectors, tokens = session.run(None, named)
        return [_row(*of) for of in zip(texts, vectors, tokens, strict=True)]


def _row(text: "Encoding", vector: Floats, tokens: Floats) -> Row:
    special = np.asarray(text.special_tokens_mask, dtype=bool)
    offsets = np.asarray(text.offsets, dtype=np.int32).reshape(-1, 2)
    own = np.flatnonzero(~special)
    return Row(unit(vector), unit(tokens[own]), offsets[own])


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Which texts go together: of like length, the longest first, so that little is
    spent on padding and the largest batch is the first.
    """
    groups: list[list[int]] = []
    widest = 0
    for i in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if not groups or (len(groups[-1]) + 1) * widest > BATCH_TOKENS:
            groups.append([])
            widest = lengths[i]
        groups[-1].append(i)
    return groups


def _each(
    made: Callable[[Sequence[int]], list[Row]], groups: Sequence[Sequence[int]]
) -> Iterator[list[Row]]:
    """What is made of each group, in their order, several at a time if there are."""
    if len(groups) < 2:
        yield from map(made, groups)
        return
    with ThreadPoolExecutor(threads.building()) as pool:
        yield from pool.map(made, groups)


def _session(graph: Path) -> "InferenceSession":
    """The graph as it was optimised when it was frozen, its weights mapped."""
    import onnxruntime

    options = threads.of_session()
    level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.graph_optimization_level = level
    try:
        return onnxruntime.InferenceSession(
            str(graph), options, providers=["CPUExecutionProvider"]
        )
    # onnxruntime's errors share no base but this one.
    except Exception as error:
        raise RuntimeError(str(error)) from error


def _tokenizer(path: Path) -> "Tokenizer":
    """The tokenizer, without the cutting and filling up that its file asks for."""
    from tokenizers import Tokenizer

    try:
        found = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises nothing more particular
        raise RuntimeError(str(error)) from error
    found.no_truncation()
    found.no_padding()
    return found
