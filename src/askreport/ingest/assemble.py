"""sources/ -> a published generation: list, read, cut, embed, publish.

The offline story on one page. A document that cannot be read is reported and left out;
a build that cannot finish publishes nothing.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from askreport import dense, embedding, errors, frozen, late, lexical
from askreport import text as texts
from askreport.embedding import Encoder, Model
from askreport.generation import manifest, opened, publish, sentences, standing
from askreport.generation.manifest import Manifest
from askreport.generation.opened import Generation
from askreport.ingest import (
    cache,
    catalogue,
    cuts,
    gathered,
    passages,
    passwords,
    readings,
    reused,
    vectors,
)
from askreport.ingest.cache import Cache
from askreport.ingest.gathered import Gathered
from askreport.ingest.passwords import Reading
from askreport.ingest.stamps import Stamps
from askreport.ingest.steps import Step, Tell
from askreport.ingest.vectors import Reuse
from askreport.saved import Drift
from askreport.types import Document, Unread


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


@dataclass(frozen=True, slots=True)
class Running:
    """How a build is run; none of it changes what it makes."""

    keep: int = 3
    """Generations kept for going back."""
    full: bool = False
    """Read, cut and encode everything, whatever earlier builds have left."""
    wait: float = 0.0
    """Seconds to wait for another build to end."""
    cache_bytes: int = cache.MOST_BYTES


RUNNING = Running()
"""How a build is run unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a build came to."""

    generation: str
    fresh: bool
    """False where the index already held all of it and nothing was written."""
    documents: int
    passages: int
    failed: tuple[Unread, ...]
    pruned: tuple[str, ...] = ()
    read: int = 0
    """Documents whose files were read."""
    encoded: int = 0
    """Passages that were encoded; the others were before."""
    drift: tuple[Drift, ...] = ()
    """Saved questions that are answered otherwise by what was built."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What one build works with."""

    sources: Path
    index: Path
    recipe: Recipe
    running: Running
    reading: Reading
    kept: Cache
    stamps: Stamps
    listed: tuple[catalogue.Listed, ...]
    tell: Tell

    @property
    def digest(self) -> str:
        """Of everything that the build takes from the shelf."""
        return catalogue.digest(self.listed)


READING = Reading()
"""How documents are read unless somebody says otherwise."""


def build(
    sources: Path,
    index: Path,
    *,
    recipe: Recipe,
    running: Running = RUNNING,
    reading: Reading = READING,
    tell: Tell = lambda step: None,
) -> Built:
    """Make the generation of these sources the one that answers.

    Raises CatalogueWrong, BuildBusy, ModelMissing, or BuildFailed where no document can
    be read or the disk does not take the index. The old index answers until the last
    step.
    """
    kept = Cache(index / cache.FOLDER, most_bytes=running.cache_bytes)
    stamps = Stamps(kept, trusted=not running.full)
    listed = passwords.tried(catalogue.read(sources, digest=stamps.digest), reading)
    if not listed:
        raise errors.BuildFailed(
            f"no documents in {sources}", hint="put a PDF, HTML or text file there"
        )
    work = _Work(sources, index, recipe, running, reading, kept, stamps, listed, tell)
    name = recipe.name(work.digest)
    standing_ = None if running.full else _answering(index, name, stamps)
    if standing_ is not None:
        _frozen(work)
        publish.tidy(index)
        stamps.keep(always=False)
        return _built(standing_, fresh=False)
    with publish.writing(index, wait=running.wait):
        there = None if running.full else standing.sound(index, name)
        if there is None:
            return _made(name, work)
        _frozen(work)
        publish.point(index, there)
        return _built(opened.open_current(index), fresh=True)


def _answering(index: Path, name: str, stamps: Stamps) -> Generation | None:
    """The generation of that id if it answers already, every file of it sound."""
    try:
        found = opened.open_current(index)
    except errors.AskreportError:
        return None
    sound = found.id == name and stamps.sound(found.folder, found.manifest)
    return found if sound else None


def _built(found: Generation, *, fresh: bool) -> Built:
    made = found.manifest
    return Built(found.id, fresh, made.documents, made.passages, found.unread)


def _made(name: str, work: _Work) -> Built:
    """Make a new generation and publish it, from as little as has changed."""
    read = _gathered(work)
    recipe, index = work.recipe, work.index
    _frozen(work)
    standing.quarantine(index, sound=work.stamps.sound)
    known = reused.Known()
    if not work.running.full:
        model = recipe.model.digest
        known = reused.of(index, work.kept, model=model, keeping=recipe.keeping)
    made = contents(
        read.documents,
        read.failed,
        embedding.Waiting(recipe.model),
        recipe,
        work.tell,
        reuse=Reuse(known, None if work.running.full else work.kept),
    )
    work.tell(Step("writing the index", 0, 1))
    described = describe(name, work.digest, recipe, made)
    folder = publish.publish(index, described, made)
    pruned = standing.prune(index, keep=work.running.keep)
    if recipe.model.home is not None:
        frozen.forget(recipe.model.home, but=standing.models(index))
    _remember(work, folder)
    work.tell(Step("writing the index", 1, 1))
    return Built(
        name,
        True,
        len(made.documents),
        len(made.passages),
        made.unread,
        pruned,
        len(read.anew),
        made.encoded,
    )


def _frozen(work: _Work) -> None:
    """Have a copy of the encoder that needs no torch, for this build and questions."""
    model = work.recipe.model
    held = model.held()
    if model.freezes and (held is None or held.files is None):
        work.tell(Step("freezing the encoder", 0, 1))
    model.freeze()


def _remember(work: _Work, name: str) -> None:
    """Keep what saves the next build work; forget what is published by now."""
    folder = work.index / "generations" / name
    for file, digest in manifest.read(folder).files.items():
        work.stamps.learn(folder / file, digest)
    work.stamps.keep(always=True)
    work.kept.forget(reused.KIND)
    work.kept.trim()


def _gathered(work: _Work) -> Gathered:
    """The documents as they were when they were listed. Raises BuildFailed."""
    before = readings.Readings(None if work.running.full else work.kept, work.stamps)
    found = gathered.of(work.listed, before, work.reading, work.tell)
    if not gathered.unchanged(found.anew, catalogue.named(work.stamps.digest)):
        raise errors.BuildFailed(
            f"{work.sources} was changed while it was being read",
            hint="run askreport build again; the old index still answers",
        )
    return found


def contents(
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
    probe = reuse.known.probe
    if not probe.size:
        (probe,) = encoder.encode([embedding.PROBE]).vectors
    return publish.Contents(
        documents=documents,
        passages=cut.passages,
        failed=failed,
        dense=dense.build(found.whole),
        lexical=lexical.build(cut.terms),
        tokens=found.tokens,
        sentences=sentences.joined(cut.sentences),
        keys=reused.array(cut.keys),
        probe=probe,
        encoded=total,
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


def describe(
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
