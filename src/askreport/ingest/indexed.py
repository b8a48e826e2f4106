"""documents -> the contents of a generation: cut, encoded, indexed, described.

What earlier builds have cut and encoded is taken over; what comes of it is the same.
"""

from collections.abc import Callable
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
from askreport.ingest import cuts, passages, readings, reused, vectors
from askreport.ingest.cache import Cache
from askreport.ingest.reused import Known
from askreport.ingest.steps import Step, Tell
from askreport.ingest.vectors import Reuse
from askreport.types import Document


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
    if not cut.passages:
        raise errors.BuildFailed(
            "the documents hold no words to search",
            hint="put a document with text into sources/; the old index still answers",
        )
    total = vectors.fresh(cut.keys, reuse.known, recipe.keeping)
    found = vectors.encode(
        cut.passages,
        encoder,
        keeping=recipe.keeping,
        progress=_counted(tell, total),
        reuse=reuse,
        keys=cut.keys,
    )
    return publish.Contents(
        documents=documents,
        passages=cut.passages,
        failed=failed,
        dense=dense.build(found.whole),
        lexical=lexical.build(cut.terms),
        tokens=found.tokens,
        sentences=sentences.joined(cut.sentences),
        keys=reused.array(cut.keys),
        probe=_probe(encoder, reuse.known),
        encoded=total,
    )


def _probe(encoder: Encoder, known: Known) -> NDArray[np.float32]:
    """What the encoder makes of `embedding.PROBE`, by an earlier build if there was."""
    return (
        known.probe
        if known.probe.size
        else encoder.encode([embedding.PROBE]).vectors[0]
    )


def _cut(
    documents: tuple[Document, ...],
    encoder: Encoder,
    recipe: Recipe,
    kept: Cache | None,
) -> cuts.Cut:
    def fits(text: str) -> bool:
        return encoder.length(text) <= encoder.most_tokens

    model = recipe.model.digest
    cutter = cuts.Cutter(recipe.cutting, fits, model, readings.means())
    return cuts.joined([cuts.of(document, cutter, kept) for document in documents])


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
