"""sources/ and an index -> what a build would change; nothing is read anew or written.

A document's own title and date are only known once it is read, so what a build says of
a document that stays is not foretold, only what becomes of it.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from askreport import errors
from askreport.generation import compared, manifest, opened, standing
from askreport.generation.compared import DocumentChange
from askreport.generation.opened import Generation
from askreport.ingest import cache, catalogue, passwords
from askreport.ingest.assemble import READING
from askreport.ingest.cache import Cache
from askreport.ingest.indexed import Recipe
from askreport.ingest.passwords import Reading
from askreport.ingest.stamps import Stamps
from askreport.types import Document, Source


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build would come to."""

    generation: str
    """The id of what would answer afterwards."""
    before: str | None
    """The id of what answers now; None if nothing does."""
    documents: tuple[DocumentChange, ...]
    whole: str
    """Why every passage would be made anew; empty if they would not."""
    there: bool
    """Whether that generation is on the disk already, and would only be pointed to."""

    @property
    def fresh(self) -> bool:
        """Whether a build would change anything."""
        return self.generation != self.before


def plan(
    sources: Path, index: Path, *, recipe: Recipe, reading: Reading = READING
) -> Plan:
    """Foretell a build. Raises CatalogueWrong, ModelMissing, ModelChanged."""
    stamps = Stamps(Cache(index / cache.FOLDER))
    listed = passwords.tried(catalogue.read(sources, digest=stamps.digest), reading)
    name = recipe.name(catalogue.digest(listed))
    try:
        found = opened.open_current(index)
        known = {d.source.id: d.source for d in _all(found)}
    except errors.AskreportError as error:
        return Plan(name, None, _added(listed), error.message, there=False)
    now = [_as_known(item, known.get(item.source.id)) for item in listed]
    changed = compared.documents(list(known.values()), now)
    folders = standing.listed(index)
    ids = {manifest.of_folder(one.name) for one in folders if one.state == "sound"}
    return Plan(name, found.id, changed, _whole(found, recipe), name in ids)


def _all(found: Generation) -> tuple[Document, ...]:
    return (*found.documents, *found.unreadable)


def _added(listed: tuple[catalogue.Listed, ...]) -> tuple[DocumentChange, ...]:
    return compared.documents([], [item.source for item in listed])


def _as_known(item: catalogue.Listed, was: Source | None) -> Source:
    """The source as a build would describe it, as far as that is known."""
    if was is None or was.digest != item.source.digest:
        return item.source
    return replace(
        item.source,
        title=item.source.title if item.titled else was.title,
        titled=item.titled or was.titled,
        publisher=item.source.publisher or was.publisher,
        date=item.source.date or was.date,
    )


def _whole(found: Generation, recipe: Recipe) -> str:
    made = found.manifest
    if made.model_digest != recipe.model.digest:
        return f"the index was built with another model ({made.model})"
    if dict(made.cutting) != asdict(recipe.cutting):
        return "passages are cut otherwise than when the index was built"
    return ""
