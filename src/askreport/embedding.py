"""texts -> vectors: one a text and one a token, by the Encoder that settings name.

`sentence-transformers` is the reference. torch and transformers cost seconds to import,
so they are imported when an encoder is opened, not when this module is. Whose files
they load is settled by `models`; code that lies among a model's files is never run.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from askreport import errors, models
from askreport import text as texts_

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Floats = NDArray[np.float32]
Progress = Callable[[int], None]
"""Called with how many more texts are done."""

DEFAULT = models.DEFAULT
"""The encoder of a shelf whose settings name none."""

HASHING = "hashing"
"""The name of the encoder that needs no model: words hashed into vectors."""

BATCH = 32
"""Texts encoded at once; larger batches cost memory and gain nothing on a processor."""


PROBE = "Probe: 14,300 beds weren't re-opened in Leeds (5.5%); caf\u00e9 staff agreed."
"""Encoded when an index is built and before its first question is: an encoder whose
files are the same and whose libraries are not may read a text otherwise."""

AGREED = 0.999
"""The least cosine of the two: other processors and batches change the seventh digit, a
tokenizer that splits otherwise the second."""


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
    """The model called `model`: a name, an added model, a folder, or one of the hub.

    Raises ModelMissing if there is nothing of that name, ModelChanged if its files are
    not the ones that `digest` (or, for the default model, its publisher) names.
    """
    folder = None if model == HASHING else models.locate(model)
    found = HashingEncoder.digest if folder is None else models.digest(folder)
    if digest is not None and digest != found:
        raise errors.ModelChanged(
            f"the files of model {model!r} are not the ones pinned: "
            f"{found[:12]} instead of {digest[:12]}",
            hint="restore the model folder, or set model_digest to the new digest "
            "and run askreport build",
        )
    return Model(model, found, folder)


class Waiting:
    """An Encoder that is opened when something is first asked of it: a build that has
    nothing to encode need not load one.
    """

    def __init__(self, model: Model) -> None:
        self.name = model.name
        self.digest = model.digest
        self._model = model

    @cached_property
    def _opened(self) -> Encoder:
        return self._model.open()

    @property
    def dimensions(self) -> int:
        return self._opened.dimensions

    @property
    def most_tokens(self) -> int:
        return self._opened.most_tokens

    def length(self, text: str) -> int:
        return self._opened.length(text)

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Encoded:
        return self._opened.encode(texts, progress)


def agrees(encoder: Encoder, probe: Floats) -> bool:
    """Whether the encoder reads PROBE as the one did that made `probe` of it."""
    if not probe.size:
        return True
    (now,) = encoder.encode([PROBE]).vectors
    return now.shape == probe.shape and float(now @ probe) >= AGREED


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
