"""texts -> vectors: one a text and one a token, by the Encoder that settings name.

A model is encoded with by its frozen copy (`frozen`) where there is one, which needs no
torch, else by the `reference`. Whose files are loaded is settled by `models`.
"""

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from askreport import errors, frozen, models, reference
from askreport import text as texts_
from askreport.encoded import (
    Encoded,
    Encoder,
    Floats,
    Progress,
    Row,
    joined,
    unit,
)
from askreport.frozen import Kept

__all__ = ["Encoded", "Encoder", "Floats", "Model", "Progress", "find", "unit"]

log = logging.getLogger("askreport")

DEFAULT = models.DEFAULT
"""The encoder of a shelf whose settings name none."""

HASHING = "hashing"
"""The name of the encoder that needs no model: words hashed into vectors."""

PROBE = "Probe: 14,300 beds weren't re-opened in Leeds (5.5%); caf\u00e9 staff agreed."
"""Encoded when an index is built and before its first question is: an encoder whose
files are the same and whose libraries are not may read a text otherwise."""

AGREED = 0.998
"""The least cosine of the two: other processors and batches change the seventh digit,
weights of one byte the fourth, a tokenizer that splits otherwise the second."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model found and checked but not loaded, which costs seconds."""

    name: str
    digest: str
    folder: Path | None
    """None for the hashing encoder, which has no files."""

    home: Path | None = None
    """Where its frozen copy is or will be; None: the reference encodes."""

    rounded: bool = True
    """Whether the frozen copy encodes questions by rounded weights, if it has them."""

    def open(self) -> Encoder:
        """Load it. Raises ModelMissing."""
        if self.folder is None:
            return HashingEncoder()
        return self._frozen() or reference.Reference(
            self.name, self.folder, self.digest
        )

    def _frozen(self) -> Encoder | None:
        """Its frozen copy, if there is one that is sound and opens."""
        held = self.held()
        if self.home is None or held is None or held.files is None:
            return None
        try:
            if frozen.sound(self.home, held):
                folder = self.home / self.digest
                return frozen.FrozenEncoder(
                    self.name, folder, held, rounded=self.rounded
                )
        except (OSError, RuntimeError, ValueError) as error:
            log.warning("the frozen copy of %s does not open: %s", self.name, error)
        else:
            log.warning(
                "the frozen copy of %s is damaged and is not used; "
                "askreport build makes it anew",
                self.name,
            )
        return None

    @property
    def freezes(self) -> bool:
        """Whether a frozen copy is wanted and may be had."""
        return self.folder is not None and self.home is not None

    def held(self) -> Kept | None:
        """What is known of its frozen copy; None if nothing is."""
        return None if self.home is None else frozen.kept(self.home, self.digest)

    def freeze(self) -> None:
        """Have a frozen copy where `home` says, from this user's cache if it is there.

        Where the model cannot be frozen, or its copy not be kept, the reference goes on
        encoding: `held` says why.
        """
        if self.folder is None or self.home is None:
            return
        from askreport import freezing  # only builds need it

        held = self.held()
        if held is not None and freezing.stands(self.home, held):
            return
        with suppress(OSError):  # no room, or no right to write: nothing is lost
            freezing.freeze(self.name, self.folder, self.digest, home=self.home)


def find(model: str, *, digest: str | None = None, home: Path | None = None) -> Model:
    """The model called `model`: a name, an added model, a folder, or one of the hub.

    `home` is where frozen copies are kept. Raises ModelMissing if there is nothing of
    that name, ModelChanged if its files are
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
    return Model(model, found, folder, home)


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

    def encode_query(self, texts: Sequence[str]) -> Encoded:
        return self._opened.encode_query(texts)


REMEMBERED = 256
"""Questions whose vectors are kept: some megabytes, and whoever asks again with another
filter, after a follow-up or from another tool does not pay for encoding."""


class Remembering:
    """An Encoder that keeps what it made of the last questions. Safe to use from
    several threads if the one within is.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.within = encoder
        self.name = encoder.name
        self.digest = encoder.digest
        self.dimensions = encoder.dimensions
        self.most_tokens = encoder.most_tokens
        self._kept: OrderedDict[str, Encoded] = OrderedDict()
        self._lock = threading.Lock()

    def length(self, text: str) -> int:
        return self.within.length(text)

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Encoded:
        return self.within.encode(texts, progress)

    def encode_query(self, texts: Sequence[str]) -> Encoded:
        if len(texts) != 1:
            return self.within.encode_query(texts)
        (text,) = texts
        with self._lock:
            if text in self._kept:
                self._kept.move_to_end(text)
                return self._kept[text]
        found = self.within.encode_query(texts)
        for array in (found.vectors, *found.tokens, *found.offsets):
            array.flags.writeable = False  # it is handed out again
        with self._lock:
            self._kept[text] = found
            while len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)
        return found


def agrees(encoder: Encoder, probe: Floats) -> bool:
    """Whether the encoder reads PROBE as the one did that made `probe` of it."""
    if not probe.size:
        return True
    (now,) = encoder.encode_query([PROBE]).vectors
    return now.shape == probe.shape and float(now @ probe) >= AGREED


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
        rows = []
        for text in texts:
            placed = _words(text)[: self.most_tokens - 2]
            each = [_hashed(word, self.dimensions) for word, _, _ in placed]
            words = np.stack(each) if each else np.zeros((0, 256), dtype=np.float32)
            spread = np.full(self.dimensions, 1e-6, dtype=np.float32)
            vector = unit(words.sum(axis=0) + spread)
            spans = [(start, end) for _, start, end in placed]
            offsets = np.asarray(spans, dtype=np.int32).reshape(-1, 2)
            rows.append(Row(vector, words, offsets))
            if progress is not None:
                progress(1)
        return joined(rows, dimensions=self.dimensions)

    def encode_query(self, texts: Sequence[str]) -> Encoded:
        return self.encode(texts)


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
