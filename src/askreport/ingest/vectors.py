"""passages -> one matrix of passage vectors and one store of token vectors.

Row i of both belongs to passage i. Texts are encoded in batches by the Encoder.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from askreport import late
from askreport.embedding import Encoder, Progress
from askreport.ingest import passages as cutting
from askreport.types import Passage

AT_ONCE = 1024
"""Passages whose token vectors are held as floats at one time: 300 MB of them at 384
dimensions, where those of a whole shelf could be more than there is memory."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """What an encoder makes of the passages."""

    whole: NDArray[np.float32]
    """Shape (passages, dimensions), unit length."""
    tokens: late.TokenVectors


def encode(
    passages: Sequence[Passage],
    encoder: Encoder,
    *,
    keeping: late.Keeping = late.KEEPING,
    progress: Progress | None = None,
) -> Vectors:
    """Encode every passage with its title and section path in front."""
    whole: list[NDArray[np.float32]] = []

    def parts() -> Iterator[late.TokenVectors]:
        for start in range(0, max(1, len(passages)), AT_ONCE):
            part = passages[start : start + AT_ONCE]
            vectors = _encoded(part, encoder, progress)
            whole.append(vectors.whole)
            yield vectors.tokens

    tokens = late.kept(parts(), keeping)
    return Vectors(np.concatenate(whole), tokens)


def _encoded(
    passages: Sequence[Passage], encoder: Encoder, progress: Progress | None
) -> Vectors:
    texts = [cutting.encoded(passage) for passage in passages]
    found = encoder.encode(texts, progress)
    # Offsets are kept relative to the stored text; those of the front become negative.
    spans = [
        offsets - np.int32(len(text) - len(passage.text))
        for text, passage, offsets in zip(texts, passages, found.offsets, strict=True)
    ]
    tokens = late.build(found.tokens, spans, dimensions=encoder.dimensions)
    return Vectors(found.vectors, tokens)
