"""generations list, use, prune, diff -> what stands in index/, and going back."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from askreport.serve.console import Shelf, said, tell

if TYPE_CHECKING:
    from askreport.generation.compared import Difference
    from askreport.generation.standing import Standing

app = typer.Typer(
    help="List the generations of the index, go back to one, compare, prune."
)

Id = Annotated[
    str, typer.Argument(help="Id of a generation, or as much as tells it apart.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

MOST = 400
"""Characters of a passage that are shown."""


@app.callback(invoke_without_command=True)
def options(context: typer.Context, shelf: Shelf = None) -> None:
    """List the generations of the index, go back to one, compare, prune."""
    if context.invoked_subcommand is None:
        list_(shelf=shelf)


@app.command("list")
def list_(as_json: AsJson = False, shelf: Shelf = None) -> None:
    """List the generations, newest first, and which of them answers."""
    from askreport import settings
    from askreport.generation import standing
    from askreport.upkeep import generations

    found = standing.listed(settings.open_shelf(shelf).index)
    if as_json:
        rows = [asdict(generations.of(one)) for one in found]
        tell(json.dumps(rows, indent=2))
    else:
        for one in found:
            tell(_line(one))
        if not found:
            said("there is no index yet; run askreport build")


@app.command()
def use(generation: Id, shelf: Shelf = None) -> None:
    """Make a generation the one that answers, after checking every file of it.

    The next askreport build brings the index up to date with sources/ again.
    """
    from askreport import embedding, settings
    from askreport.generation import standing

    known = settings.open_shelf(shelf)
    model = embedding.find(known.settings.model, digest=known.settings.model_digest)
    found = standing.use(known.index, generation, model_digest=model.digest)
    said(f"generation {found.id} answers now")


@app.command()
def prune(
    keep: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many to keep, with the one that answers; as settings say if not "
            "given.",
            show_default=False,
        ),
    ] = None,
    shelf: Shelf = None,
) -> None:
    """Remove all but the newest generations; damaged ones are left to you."""
    from askreport import settings
    from askreport.generation import publish, standing

    known = settings.open_shelf(shelf)
    with publish.writing(known.index):
        most = known.settings.keep_generations if keep is None else keep
        gone = standing.prune(known.index, keep=most)
    for name in gone:
        tell(name)
    said(f"removed {len(gone)}")


@app.command()
def diff(a: Id, b: Id, as_json: AsJson = False, shelf: Shelf = None) -> None:
    """Show which documents and passages B has otherwise than A."""
    from askreport import settings
    from askreport.generation import compared, standing

    index = settings.open_shelf(shelf).index
    found = compared.compare(standing.find(index, a), standing.find(index, b))
    if as_json:
        tell(json.dumps(asdict(found), indent=2))
    else:
        tell("\n".join(_differences(found)))


def _line(one: "Standing") -> str:
    from askreport import text as texts

    mark = "*" if one.current else " "
    size = f"{one.bytes / 1e6:,.1f} MB"
    if one.manifest is None:
        return f"{mark} {one.name}  {one.state}: {one.said}  {size}"
    made = one.manifest
    documents = texts.counted(made.documents, "document")
    passages = texts.counted(made.passages, "passage")
    told = f"{made.created}  {documents}, {passages}  {made.model}  {size}"
    return f"{mark} {one.name}  {told}"


def _differences(found: "Difference") -> Iterator[str]:
    for one in found.documents:
        was = f" (was {one.was})" if one.was is not None else ""
        yield f"{one.change}: {one.document} ({one.path}){was}"
    for change in found.passages:
        page = f", page {change.page}" if change.page is not None else ""
        yield f"{change.change} passage: {change.document}{page}"
        if change.before is not None:
            yield f"  - {_short(change.before)}"
        if change.after is not None:
            yield f"  + {_short(change.after)}"
    counts = [c.change for c in found.passages]
    told = ", ".join(
        f"{counts.count(kind)} {kind}" for kind in ("added", "removed", "changed")
    )
    documents = len(found.documents)
    yield f"{found.before} -> {found.after}: {documents} documents; passages: {told}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST else line[:MOST] + "…"
