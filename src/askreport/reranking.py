"""a question and texts -> how well each answers, by the CrossEncoder settings name.

Optional: a model that reads question and text together orders better than vectors made
apart, and costs a forward pass a pair. Like `embedding`, it imports sentence-
transformers only when a model is opened.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from askreport import errors, models

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

Floats = NDArray[np.float32]

HEADS = ("ForSequenceClassification", "ForCausalLM")
"""How the architecture of a model that scores pairs ends. Anything else would be loaded
with a random head, and would order at random without a word."""


class Reranker(Protocol):
    """What orders texts by how well they answer a question."""

    @property
    def name(self) -> str:
        """The model as settings name it."""

    @property
    def digest(self) -> str:
        """sha256 over the model's files."""

    def score(self, question: str, texts: Sequence[str]) -> Floats:
        """One score a text, in their order; greater is better, the scale its own."""


@dataclass(frozen=True, slots=True)
class Model:
    """A reranker found and checked but not loaded, which costs seconds."""

    name: str
    digest: str
    folder: Path

    def open(self) -> Reranker:
        """Load it. Raises ModelMissing."""
        return _CrossEncoder(self.name, self.folder, self.digest)


def find(model: str) -> Model:
    """The reranker called `model`: an added model, a folder, or a model of the hub.

    Raises ModelMissing if there is none of that name, or it is no CrossEncoder.
    """
    folder = models.locate(model)
    found = models.digest(folder)
    if not _scores_pairs(folder):
        raise errors.ModelMissing(
            f"{model!r} is no CrossEncoder: its config.json names no model that scores "
            f"a pair of texts",
            hint="set reranker to a CrossEncoder, or remove it from askreport.toml",
        )
    return Model(model, found, folder)


def _scores_pairs(folder: Path) -> bool:
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        named = config["architectures"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return isinstance(named, list) and any(str(n).endswith(HEADS) for n in named)


class _CrossEncoder:
    """A sentence-transformers CrossEncoder on the processor."""

    def __init__(self, name: str, folder: Path, digest: str) -> None:
        self.name = name
        self.digest = digest
        self._model = _load(name, folder)
        # The first pair costs more than the next, and its time is no question's.
        self.score("warm", ["up"])

    def score(self, question: str, texts: Sequence[str]) -> Floats:
        pairs = [(question, text) for text in texts]
        found = self._model.predict(
            pairs, batch_size=max(1, len(pairs)), show_progress_bar=False
        )
        scores = np.asarray(found, dtype=np.float32)
        if scores.shape != (len(texts),) or not np.isfinite(scores).all():
            raise errors.ModelMissing(
                f"reranker {self.name!r} gives no usable score",
                hint="its weights may be damaged: restore them, or remove reranker "
                "from askreport.toml",
            )
        return scores


def _load(name: str, folder: Path) -> "CrossEncoder":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from sentence_transformers import CrossEncoder
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        model: CrossEncoder = CrossEncoder(
            str(folder), device="cpu", local_files_only=True
        )
        outputs = model.num_labels
    # Several libraries parse the folder, and each raises errors of its own.
    except Exception as error:
        raise errors.ModelMissing(
            f"reranker {name!r} does not load: {error}",
            hint="check its folder, or remove reranker from askreport.toml",
        ) from error
    if outputs != 1:
        raise errors.ModelMissing(
            f"{name!r} gives {outputs} scores for a pair; a reranker gives one",
            hint="name a CrossEncoder trained to rank (num_labels = 1)",
        )
    model.eval()
    return model
