"""documents -> the contents of a generation: cut, encoded, indexed, described.

What earlier builds have cut and encoded is taken over; what comes of it is the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from numpy.typing import NDArray

from askreport import dense, embedding, errors, late, lexical
from askreport import text as texts
from askreport.embedding import Encoder, Model
from askreport.generation import manifest, publish, sentences
from askreport.generation.manifest import Manifest
from askreport.ingest import cuts, passages, readings, vectors
from askreport.ingest.cache import Cache
from askreport.ingest.cuts import Cut
from askreport.ingest.reused import Known, Vectors
from askreport.ingest.steps import Step, Tell
from askreport.ingest.vectors import Reuse
from askreport.types import Document, Passage


@dataclass(frozen=True, slots=True)
class Recipe:
    """How passages are made of documents, and vectors of passages."""

    model: Model
    cutting: passages.Cutting
    keeping: late.Keeping = late.KEEPING

    def name(self, catalogue: str) -> str:
        """The id of the generation that this makes of the sources of that digest."""
        return manifest.identify(
            # Scans can be read once there is a program for it, though no file changes.
            catalogue=f"{catalogue} {readings.means()}".strip(),
            model_digest=self.model.digest,
            cutting=asdict(self.cutting),
            late=self.keeping.told(),
            words=texts.signature(),
        )


def of(
    documents: tuple[Document, ...],
    failed: tuple[Document, ...],
    encoder: Encoder,
    recipe: Recipe,
    tell: Tell = lambda step: None,
    *,
    reuse: Reuse | None = None,
) -> publish.Contents:
    """Cut, encode and index documents. Raises BuildFailed if they hold no words."""
    reuse = reuse or Reuse()
    cut = _cut(documents, encoder, recipe, reuse.kept)
    rows = tuple(passage for one in cut for passage in one.passages)
    if not rows:
        raise errors.BuildFailed(
            "the documents hold no words to search",
            hint="put a document with text into sources/; the old index still answers",
        )
    keys = np.concatenate([one.keys for one in cut])
    found, encoded = _encoded(rows, keys, encoder, recipe, tell, reuse)
    return publish.Contents(
        documents=documents,
        passages=rows,
        failed=failed,
        dense=dense.build(found.whole),
        lexical=lexical.joined([one.terms for one in cut]),
        tokens=found.tokens,
        sentences=sentences.stacked([one.sentences for one in cut]),
        keys=keys,
        probe=_probe(encoder, reuse.known),
        encoded=encoded,
    )


def _cut(
    documents: tuple[Document, ...],
    encoder: Encoder,
    recipe: Recipe,
    kept: Cache | None,
) -> list[Cut]:
    def fits(text: str) -> bool:
        return encoder.length(text) <= encoder.most_tokens

    model = recipe.model.digest
    cutter = cuts.Cutter(recipe.cutting, fits, model, readings.means())
    return [cuts.of(document, cutter, kept) for document in documents]


def _encoded(
    rows: Sequence[Passage],
    keys: NDArray[np.uint8],
    encoder: Encoder,
    recipe: Recipe,
    tell: Tell,
    reuse: Reuse,
) -> tuple[Vectors, int]:
    """The vectors of passages, and how many texts were encoded for them."""
    each = [key.tobytes() for key in keys]
    total = vectors.fresh(each, reuse.known, recipe.keeping)
    found = vectors.encode(
        rows,
        encoder,
        keeping=recipe.keeping,
        progress=_counted(tell, total),
        reuse=reuse,
        keys=each,
    )
    return found, total


def _probe(encoder: Encoder, known: Known) -> NDArray[np.float32]:
    """What the encoder makes of `embedding.PROBE`, by an earlier build if there was."""
    if known.probe.size:
        return known.probe
    (made,) = encoder.encode([embedding.PROBE]).vectors
    return np.asarray(made, dtype=np.float32)


def _counted(tell: Tell, total: int) -> Callable[[int], None]:
    done = 0

    def progress(more: int) -> None:
        nonlocal done
        done += more
        tell(Step("encoding passages", done, total))

    tell(Step("encoding passages", 0, total))
    return progress


def described(
    name: str,
    digest: str,
    recipe: Recipe,
    contents: publish.Contents,
) -> Manifest:
    """The manifest of contents not yet written; writing adds the files' digests."""
    return Manifest(
        id=name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        version=_version(),
        model=recipe.model.name,
        model_digest=recipe.model.digest,
        dimensions=contents.tokens.dimensions,
        cutting=asdict(recipe.cutting),
        late=contents.tokens.form,
        dense=contents.dense.told,
        catalogue=digest,
        documents=len(contents.documents),
        passages=len(contents.passages),
        files={},
        words=texts.signature(),
    )


def _version() -> str:
    try:
        return version("askreport")
    except PackageNotFoundError:
        return "unknown"
