"""sources/ -> a published generation: list, read, cut, embed, publish.

The offline story on one page. A document that cannot be read is reported and left out;
a build that cannot finish publishes nothing.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from askreport import embedding, errors, frozen
from askreport.generation import manifest, opened, publish, standing
from askreport.generation.opened import Generation
from askreport.ingest import (
    cache,
    catalogue,
    gathered,
    indexed,
    passwords,
    readings,
    reused,
    taken,
)
from askreport.ingest.cache import Cache
from askreport.ingest.gathered import Gathered
from askreport.ingest.indexed import Recipe
from askreport.ingest.passwords import Reading
from askreport.ingest.stamps import Stamps
from askreport.ingest.steps import Step, Tell
from askreport.ingest.taken import Before
from askreport.ingest.vectors import Reuse
from askreport.saved import Drift
from askreport.types import Unread


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

    @property
    def name(self) -> str:
        """The id of what is to be made."""
        return self.recipe.name(self.digest)


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

    seen: passwords.Seen = {}

    def looked() -> _Work:
        listed = catalogue.read(sources, digest=stamps.digest)
        if not listed:
            raise errors.BuildFailed(
                f"no documents in {sources}", hint="put a PDF, HTML or text file there"
            )
        how = (recipe, running, reading, kept, stamps)
        opened_ = passwords.tried(listed, reading, kept, seen)
        return _Work(sources, index, *how, opened_, tell)

    there = _standing(looked())
    if there is not None:
        publish.tidy(index)
        return there
    with publish.writing(index, wait=running.wait):
        # Seen anew: what was seen before may be older than what another build, which
        # held the lock meanwhile, has published.
        work = looked()
        return _standing(work) or _pointed(work) or _made(work)


def _standing(work: _Work) -> Built | None:
    """What answers already, if it is what would be built, every file of it sound."""
    if work.running.full:
        return None
    try:
        found = opened.open_current(work.index)
    except errors.AskreportError:
        return None
    if found.id != work.name or not work.stamps.sound(found.folder, found.manifest):
        return None
    _frozen(work)
    work.stamps.keep(always=False)
    return _built(found, fresh=False)


def _pointed(work: _Work) -> Built | None:
    """The generation, if it is on the disk already and sound: it answers from now."""
    there = None if work.running.full else standing.sound(work.index, work.name)
    if there is None:
        return None
    _frozen(work)
    publish.point(work.index, there)
    return _built(opened.open_current(work.index), fresh=True)


def _built(found: Generation, *, fresh: bool) -> Built:
    made = found.manifest
    return Built(found.id, fresh, made.documents, made.passages, found.unread)


def _made(work: _Work) -> Built:
    """Make a new generation and publish it, from as little as has changed."""
    standing.quarantine(work.index, sound=work.stamps.sound)
    before = taken.Before(work.recipe.maker())
    if not work.running.full:
        model, keeping = work.recipe.model.digest, work.recipe.keeping
        before = taken.of(work.index, before.maker, model=model, keeping=keeping)
    try:
        return _published(work, before)
    except errors.IndexDamaged:
        # What was to be taken over is not what was written, though it seemed so.
        if before.generation is None:
            raise
        return _published(work, taken.Before(before.maker))


def _published(work: _Work, before: Before) -> Built:
    read = _gathered(work, before)
    recipe, index = work.recipe, work.index
    _frozen(work)
    encoder = embedding.Waiting(recipe.model)
    found = indexed.of(
        read.documents,
        read.failed,
        encoder,
        recipe,
        work.tell,
        reuse=_reuse(work, before),
    )
    made = replace(found, origins=before.maker.origins(read.items))
    work.tell(Step("writing the index", 0, 1))
    described = indexed.described(work.name, work.digest, recipe, made)
    folder = publish.publish(index, described, made)
    pruned = standing.prune(index, keep=work.running.keep)
    if recipe.model.home is not None:
        frozen.forget(recipe.model.home, but=standing.models(index))
    _remember(work, folder)
    work.tell(Step("writing the index", 1, 1))
    return Built(
        described.id,
        True,
        described.documents,
        described.passages,
        made.unread,
        pruned,
        len(read.anew),
        made.encoded,
    )


def _reuse(work: _Work, before: Before) -> Reuse:
    if work.running.full:
        return Reuse()
    model, keeping = work.recipe.model.digest, work.recipe.keeping
    known = reused.of(work.index, work.kept, model=model, keeping=keeping)
    return Reuse(known, work.kept, before)


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


def _gathered(work: _Work, before: Before) -> Gathered:
    """The documents as they were when they were listed. Raises BuildFailed."""
    kept = None if work.running.full else work.kept
    known = gathered.Known(readings.Readings(kept, work.stamps), before)
    found = gathered.of(work.listed, known, work.reading, work.tell)
    if not gathered.unchanged(found.anew, catalogue.named(work.stamps.digest)):
        raise errors.BuildFailed(
            f"{work.sources} was changed while it was being read",
            hint="run askreport build again; the old index still answers",
        )
    return found
