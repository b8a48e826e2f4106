"""passages -> one matrix of passage vectors and one store of token vectors.

Row i of both belongs to passage i. Texts are encoded in batches by the Encoder.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from askreport import late
from askreport.embedding import Encoder, Progress
from askreport.ingest import passages as cutting
from askreport.types import Passage


@dataclass(frozen=True, slots=True)
class Vectors:
    """What an encoder makes of the passages."""

    whole: NDArray[np.float32]
    """Shape (passages, dimensions), unit length."""
    tokens: late.TokenVectors


def encode(
    passages: Sequence[Passage], encoder: Encoder, *, progress: Progress | None = None
) -> Vectors:
    """Encode every passage with its title and section path in front."""
    texts = [cutting.encoded(passage) for passage in passages]
    found = encoder.encode(texts, progress)
    # Offsets are kept relative to the stored text; those of the front become negative.
    spans = [
        offsets - np.int32(len(text) - len(passage.text))
        for text, passage, offsets in zip(texts, passages, found.offsets, strict=True)
    ]
    tokens = late.build(found.tokens, spans, dimensions=encoder.dimensions)
    return Vectors(found.vectors, tokens)
