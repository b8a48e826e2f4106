"""sources/ -> a published generation: list, read, cut, embed, publish.

The offline story on one page. A document that cannot be read is reported and left out;
a build that cannot finish publishes nothing.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from askreport import dense, errors, late, lexical
from askreport import text as texts
from askreport.embedding import Encoder, Model
from askreport.generation import manifest, opened, publish
from askreport.generation.opened import Generation
from askreport.ingest import catalogue, passages, passwords, vectors
from askreport.ingest.documents import workers
from askreport.ingest.documents.workers import Job, Progress
from askreport.ingest.passwords import Reading
from askreport.types import Document, Passage, Unread


@dataclass(frozen=True, slots=True)
class Step:
    """How far a build has come, for whoever shows it."""

    doing: str
    done: int
    total: int


Tell = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How passages are made of documents, and vectors of passages."""

    model: Model
    cutting: passages.Cutting
    keeping: late.Keeping = late.KEEPING

    def name(self, catalogue: str) -> str:
        """The id of the generation that this makes of the sources of that digest."""
        return manifest.identify(
            catalogue=catalogue,
            model_digest=self.model.digest,
            cutting=asdict(self.cutting),
            late=self.keeping.told(),
        )


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


READING = Reading()
"""How documents are read unless somebody says otherwise."""


def build(
    sources: Path,
    index: Path,
    *,
    recipe: Recipe,
    keep: int = 3,
    reading: Reading = READING,
    tell: Tell = lambda step: None,
) -> Built:
    """Make the generation of these sources the one that answers.

    Raises CatalogueWrong, BuildBusy, ModelMissing, or BuildFailed where no document can
    be read or the disk does not take the index. The old index answers until the last
    step.
    """
    listed = passwords.tried(catalogue.read(sources), reading)
    if not listed:
        raise errors.BuildFailed(
            f"no documents in {sources}", hint="put a PDF, HTML or text file there"
        )
    digest = catalogue.digest(listed)
    # Scans can be read once Tesseract is there, though no file has changed.
    name = recipe.name(f"{digest} {'ocr' if workers.recognises() else ''}".strip())
    standing = _answering(index, name)
    if standing is not None:
        publish.tidy(index)
        return _built(standing, fresh=False)
    with publish.writing(index):
        if publish.published(index, name):
            publish.point(index, name)
            return _built(opened.open_current(index), fresh=True)
        documents, failed = _read(listed, reading, tell)
        _check_unchanged(sources, catalogue.digest(listed), reading)
        made = contents(documents, failed, recipe.model.open(), recipe, tell)
        publish.quarantine(index)
        publish.publish(index, describe(name, digest, recipe, made), made)
        pruned = publish.prune(index, keep=keep)
        return _built(opened.open_current(index), fresh=True, pruned=pruned)


def _answering(index: Path, name: str) -> Generation | None:
    """The generation of that id if it answers already, every file of it sound."""
    try:
        return opened.open_current(index) if opened.current(index) == name else None
    except errors.AskreportError:
        return None


def _built(found: Generation, *, fresh: bool, pruned: tuple[str, ...] = ()) -> Built:
    return Built(
        found.id,
        fresh,
        len(found.documents),
        len(found.passages),
        found.failed + tuple(u for d in found.documents for u in d.unread),
        pruned,
    )


def _check_unchanged(sources: Path, digest: str, reading: Reading) -> None:
    """Refuse what was read if it is no longer what was listed and digested."""
    if catalogue.digest(passwords.tried(catalogue.read(sources), reading)) != digest:
        raise errors.BuildFailed(
            f"{sources} was changed while it was being read",
            hint="run askreport build again; the old index still answers",
        )


def _read(
    listed: tuple[catalogue.Listed, ...], reading: Reading, tell: Tell
) -> tuple[tuple[Document, ...], tuple[Document, ...]]:
    """The documents that could be read, and those that could not, without pages."""
    read: dict[int, Document] = {}
    failed: dict[int, Document] = {}

    def step(job: int, page: str = "") -> None:
        lost = f" ({len(failed)} not read)" if failed else ""
        doing = f"reading {listed[job].source.path}{page}{lost}"
        tell(Step(doing, len(read) + len(failed), len(listed)))

    def paged(told: Progress) -> None:
        step(told.job, f", page {told.page} of {told.of}")

    tell(Step("reading", 0, len(listed)))
    jobs = [
        Job(item.source, item.path, item.titled, reading.passwords(item.password_env))
        for item in listed
    ]
    for outcome in workers.read(jobs, reading.limits, paged):
        if isinstance(outcome.found, Document):
            read[outcome.job] = outcome.found
        else:
            source = listed[outcome.job].source
            reason = f"{outcome.found.message}: {outcome.found.hint}"
            unread = Unread(source.id, None, reason)
            failed[outcome.job] = Document(source, (), (unread,))
        step(outcome.job)
    if not read:
        reasons = "; ".join(u.reason for i in sorted(failed) for u in failed[i].unread)
        raise errors.BuildFailed(
            f"no document could be read: {reasons}",
            hint="mend or replace those files; the old index still answers",
        )
    documents, others = ([some[i] for i in sorted(some)] for some in (read, failed))
    return tuple(documents), tuple(others)


def contents(
    documents: tuple[Document, ...],
    failed: tuple[Document, ...],
    encoder: Encoder,
    recipe: Recipe,
    tell: Tell = lambda step: None,
) -> publish.Contents:
    """Cut, encode and index documents. Raises BuildFailed if they hold no words."""

    def fits(text: str) -> bool:
        return encoder.length(text) <= encoder.most_tokens

    cut = tuple(
        passage
        for document in documents
        for passage in passages.cut(document, recipe.cutting, fits=fits)
    )
    if not cut:
        raise errors.BuildFailed(
            "the documents hold no words to search",
            hint="put a document with text into sources/; the old index still answers",
        )
    counted = _counted(tell, len(cut))
    found = vectors.encode(cut, encoder, keeping=recipe.keeping, progress=counted)
    return publish.Contents(
        documents=documents,
        passages=cut,
        failed=failed,
        dense=dense.build(found.whole),
        lexical=lexical.build([_terms(passage) for passage in cut]),
        tokens=found.tokens,
    )


def _counted(tell: Tell, total: int) -> Callable[[int], None]:
    done = 0

    def progress(more: int) -> None:
        nonlocal done
        done += more
        tell(Step("encoding passages", done, total))

    tell(Step("encoding passages", 0, total))
    return progress


def _terms(passage: Passage) -> list[str]:
    """What a passage is found by: its own words, its headings, title and publisher."""
    return texts.terms(f"{passage.source.publisher or ''}\n{passages.encoded(passage)}")


def describe(
    name: str,
    digest: str,
    recipe: Recipe,
    contents: publish.Contents,
) -> manifest.Manifest:
    """The manifest of contents not yet written; writing adds the files' digests."""
    return manifest.Manifest(
        id=name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        version=_version(),
        model=recipe.model.name,
        model_digest=recipe.model.digest,
        dimensions=contents.tokens.dimensions,
        cutting=asdict(recipe.cutting),
        late=contents.tokens.form,
        catalogue=digest,
        documents=len(contents.documents),
        passages=len(contents.passages),
        files={},
    )


def _version() -> str:
    try:
        return version("askreport")
    except PackageNotFoundError:
        return "unknown"
