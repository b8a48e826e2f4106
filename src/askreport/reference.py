"""a model's files -> the reference Encoder, which is sentence-transformers.

What any encoder's vectors are measured against, and what encodes where a model cannot
be frozen. torch and transformers cost seconds to import, so they are imported when an
encoder is opened, not when this module is. Code that lies among a model's files is
never run.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from askreport import errors, models
from askreport.encoded import Encoded, Progress, Row, joined, unit

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH = 32
"""Texts encoded at once; larger batches cost memory and gain nothing on a processor."""


class Reference:
    """A sentence-transformers model on the processor."""

    def __init__(self, name: str, folder: Path, digest: str) -> None:
        """Load it. Raises ModelMissing."""
        self.name = name
        self.digest = digest
        self.model = load(name, folder)
        self.dimensions = int(self.model.get_embedding_dimension() or 0)
        self.most_tokens = int(self.model.get_max_seq_length() or 0)

    def length(self, text: str) -> int:
        ids = self.model.tokenizer(text, truncation=False, verbose=False)["input_ids"]
        return len(ids)

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Encoded:
        # Texts of like length share a batch, so that little is spent on padding.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        rows: dict[int, Row] = {}
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            found = self._batch([texts[i] for i in batch])
            rows |= dict(zip(batch, found, strict=True))
            if progress is not None:
                progress(len(batch))
        return joined([rows[i] for i in range(len(texts))], dimensions=self.dimensions)

    def encode_query(self, texts: Sequence[str]) -> Encoded:
        return self.encode(texts)

    def _batch(self, texts: list[str]) -> list[Row]:
        import torch

        features: dict[str, Any] = self.model.preprocess(texts)
        with torch.inference_mode():
            out = self.model(features)
        whole = out["sentence_embedding"].numpy()
        each = out["token_embeddings"].numpy()
        rows = []
        for i, text in enumerate(texts):
            kept, offsets = self._placed(text)
            own = each[i][features["attention_mask"][i].numpy().astype(bool)]
            rows.append(Row(unit(whole[i]), unit(own[kept]), offsets))
        return rows

    def _placed(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Which positions are real tokens, and the characters each covers."""
        placed = self.model.tokenizer(
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


def load(name: str, folder: Path) -> "SentenceTransformer":
    """The model of a folder, ready to encode. Raises ModelMissing."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    # Several libraries parse the folder, and each raises errors of its own.
    except Exception as error:
        raise errors.ModelMissing(
            f"model {name!r} does not load: {error}",
            hint="check the folder, or set model back to " + models.DEFAULT,
        ) from error
    if not model.get_embedding_dimension() or not model.get_max_seq_length():
        raise errors.ModelMissing(
            f"model {name!r} does not say how long its vectors and its texts are",
            hint="name a sentence-transformers model that reads text by tokens",
        )
    return model.eval()
