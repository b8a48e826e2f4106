"""the commands `add` and `sources` -> what is put on the shelf, and what is there."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from askreport.serve import console
from askreport.serve.console import Shelf, said, tell

if TYPE_CHECKING:
    from askreport.ingest.downloads import Limits
    from askreport.ingest.shelving import Added
    from askreport.library import Library

commands = typer.Typer()
sources = typer.Typer(invoke_without_command=True)

Most = Annotated[
    int, typer.Option("--megabytes", min=1, help="Largest download, in MiB.")
]
Seconds = Annotated[
    float, typer.Option("--seconds", min=1, help="Longest download, in seconds.")
]
Private = Annotated[
    bool,
    typer.Option(
        "--allow-private", help="Download from this machine and its network too."
    ),
]


Id = Annotated[
    str | None,
    typer.Option("--id", help="Its id; from its title.", show_default=False),
]


def _about(what: str) -> object:
    return typer.Option(help=what, show_default=False)


@commands.command()
def add(
    given: Annotated[
        list[str],
        typer.Argument(metavar="WHAT", help="Files, folders, http(s) addresses."),
    ],
    title: Annotated[str | None, _about("As it is cited.")] = None,
    publisher: Annotated[str | None, _about("Who published it.")] = None,
    date: Annotated[str | None, _about("2018, 2018-03 or 2018-03-15.")] = None,
    author: Annotated[str | None, _about("Who wrote it.")] = None,
    kind: Annotated[
        str | None, _about("In a word or two; report if not given.")
    ] = None,
    words: Annotated[str | None, _about("original or digest.")] = None,
    licence: Annotated[str | None, _about("Under which it may be used.")] = None,
    url: Annotated[str | None, _about("Where the original is.")] = None,
    name: Id = None,
    password: Annotated[
        str | None, _about("To try on PDFs that want one; - asks for it.")
    ] = None,
    megabytes: Most = 100,
    seconds: Seconds = 60.0,
    allow_private: Private = False,
    shelf: Shelf = None,
) -> None:
    """Put documents on the shelf: copied into sources/, listed in the catalogue.

    What a document says of itself fills its entry, and options override it. What is on
    the shelf already is told, what cannot be read is refused with the reason, and the
    rest is added; the exit code is then 1. askreport build brings the index up to date.
    """
    options = {"title": title, "publisher": publisher, "date": date, "author": author}
    options |= {"kind": kind, "words": words, "licence": licence, "url": url}
    options |= {"id": name}
    stated = {key: value for key, value in options.items() if value}
    limits = _limits(megabytes, seconds, allow_private)
    passwords = console.secrets([password] if password else [])
    told = _add(console.opened(shelf), given, stated, limits, passwords)
    raise typer.Exit(1 if any(one.refused for one in told) else 0)


@sources.callback()
def list_sources(
    context: typer.Context,
    check: Annotated[
        bool,
        typer.Option("--check", help="Say what each document yielded, and its flaws."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    shelf: Shelf = None,
) -> None:
    """List the documents and how each stands to the index."""
    if context.invoked_subcommand is not None:
        return
    from askreport.serve import checking, render

    library = console.opened(shelf)
    if check:
        found = checking.check(library.generation)
        plain = checking.told(found)
        rows = [asdict(one) for one in found]
    else:
        stands = library.shelved()
        plain = render.shelf(stands)
        rows = [asdict(one) for one in stands]
    tell(json.dumps(rows, indent=2) if as_json else plain)


@sources.command()
def fetch(
    megabytes: Most = 100,
    seconds: Seconds = 60.0,
    allow_private: Private = False,
    shelf: Shelf = None,
) -> None:
    """Download the originals that digests stand for, where their address is known.

    A digest names its original by `original` in the catalogue and its address by `url`.
    Once the original is on the shelf it answers, and the digest steps back.
    """
    from askreport.ingest import shelving

    library = console.opened(shelf)
    wanted = shelving.originals(library.shelf.sources)
    if not wanted:
        said("no digest names an original with an address that is not here already")
    limits = _limits(megabytes, seconds, allow_private)
    told = [_add(library, [at], stated, limits, ()) for at, stated in wanted]
    raise typer.Exit(1 if any(one.refused for some in told for one in some) else 0)


def _limits(megabytes: int, seconds: float, private: bool) -> "Limits":
    from askreport.ingest.downloads import Limits

    return Limits(megabytes, seconds, private)


def _add(
    library: "Library",
    given: Sequence[str],
    stated: Mapping[str, str],
    limits: "Limits",
    passwords: Sequence[str],
) -> tuple["Added", ...]:
    """Add and say what became of each."""
    told = library.add(given, stated=stated, passwords=passwords, downloads=limits)
    for one in told:
        said(_told(one))
    if any(one.source for one in told):
        said("run askreport build to have them answer")
    return told


def _told(one: "Added") -> str:
    if one.refused:
        return f"refused: {one.given}: {one.refused}"
    if one.same or one.source is None:
        return f"on the shelf already: {one.given} is {one.same}"
    near = "".join(f"; {share:.0%} the same as {name}" for name, share in one.near)
    return f"added: {one.source.id}: {one.source.title}{near}"
