"""documents -> the contents of a generation: cut, encoded, indexed, described.

What earlier builds have cut and encoded is taken over; what comes of it is the same.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from askreport import dense, embedding, errors, late, lexical, termlists
from askreport import text as texts
from askreport.embedding import Encoder, Model
from askreport.generation import manifest, publish, sentences, storing
from askreport.generation.manifest import Manifest
from askreport.ingest import cuts, passages, readings, vectors
from askreport.ingest.cache import Cache
from askreport.ingest.cuts import Cut
from askreport.ingest.reused import Vectors
from askreport.ingest.steps import Step, Tell
from askreport.ingest.taken import Before, Maker, Part, Taken
from askreport.ingest.vectors import Reuse
from askreport.types import Document


@dataclass(frozen=True, slots=True)
class Recipe:
    """How passages are made of documents, and vectors of passages."""

    model: Model
    cutting: passages.Cutting
    keeping: late.Keeping = late.KEEPING

    def maker(self) -> Maker:
        """What tells whether a document would be made as it was."""
        return Maker(self.cutting, self.model.digest)

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
    documents: Sequence[Document | Taken],
    failed: tuple[Document, ...],
    encoder: Encoder,
    recipe: Recipe,
    tell: Tell = lambda step: None,
    *,
    reuse: Reuse | None = None,
) -> publish.Contents:
    """Cut, encode and index documents; take over those that are as they were.

    Raises BuildFailed if they hold no words, IndexDamaged where what was to be taken
    over turns out to be.
    """
    reuse = reuse or Reuse()
    read = tuple(one for one in documents if isinstance(one, Document))
    cut = _cut(read, encoder, recipe, reuse.kept)
    found, encoded = _encoded(cut, encoder, recipe, tell, reuse)
    parts = list(_parts(documents, cut, found, reuse.before))
    if not any(len(part.stored) for part in parts):
        raise errors.BuildFailed(
            "the documents hold no words to search",
            hint="put a document with text into sources/; the old index still answers",
        )
    whole = np.concatenate([part.vectors.whole for part in parts])
    return publish.Contents(
        stored=storing.joined([part.stored for part in parts]),
        failed=failed,
        dense=dense.build(whole),
        lexical=lexical.joined([part.terms for part in parts]),
        tokens=late.alike((part.vectors.tokens for part in parts), recipe.keeping),
        sentences=sentences.stacked([part.sentences for part in parts]),
        keys=np.concatenate([part.keys for part in parts]),
        probe=_probe(encoder, reuse),
        encoded=encoded,
    )


def _parts(
    documents: Sequence[Document | Taken],
    cut: Sequence[Cut],
    found: Vectors,
    before: Before | None,
) -> Iterator[Part]:
    """The documents in their order: runs of those taken over, runs of those that are
    not, of which `cut` holds the passages and `found` their vectors.
    """
    made = row = 0
    for _, run in groupby(enumerate(documents), lambda each: _run(*each)):
        held = [one for _, one in run]
        first = held[0]
        if isinstance(first, Taken):
            assert before is not None  # noqa: S101 - it gave out the place
            yield before.part(slice(first.place, first.place + len(held)))
            continue
        own = cut[made : made + len(held)]
        rows = slice(row, row + sum(len(one.passages) for one in own))
        read = [one for one in held if isinstance(one, Document)]
        yield Part(
            storing.build(read, [passage for one in own for passage in one.passages]),
            termlists.together([one.terms for one in own]),
            sentences.stacked([one.sentences for one in own]),
            np.concatenate([one.keys for one in own]),
            Vectors(found.whole[rows], late.taken(found.tokens, rows)),
        )
        made, row = made + len(held), rows.stop


def _run(i: int, document: Document | Taken) -> int | None:
    """Equal for those taken over that follow each other there too, and for all others
    beside each other.
    """
    return document.place - i if isinstance(document, Taken) else None


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
    cut: Sequence[Cut],
    encoder: Encoder,
    recipe: Recipe,
    tell: Tell,
    reuse: Reuse,
) -> tuple[Vectors, int]:
    """The vectors of passages, and how many texts were encoded for them."""
    rows = [passage for one in cut for passage in one.passages]
    each = [key.tobytes() for one in cut for key in one.keys]
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


def _probe(encoder: Encoder, reuse: Reuse) -> NDArray[np.float32]:
    """What the encoder makes of `embedding.PROBE`, by an earlier build if there was."""
    if reuse.probe.size:
        return np.asarray(reuse.probe)
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
        dimensions=contents.tokens[0].dimensions,
        cutting=asdict(recipe.cutting),
        late=contents.tokens[0].form,
        dense=contents.dense.told,
        catalogue=digest,
        documents=len(contents.stored.sources),
        passages=len(contents.stored),
        files={},
        words=texts.signature(),
    )


def _version() -> str:
    try:
        return version("askreport")
    except PackageNotFoundError:
        return "unknown"
