"""build -> the index brought up to date, or what that would change."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from askreport import errors
from askreport.serve import console
from askreport.serve.console import Shelf, said, tell

if TYPE_CHECKING:
    from askreport.library import Library, Plan

commands = typer.Typer()

AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON object a line, for programs.")
]


Password = Annotated[
    list[str] | None,
    typer.Option(
        help="Password to try on files that want one; may be repeated. - asks for "
        "it, so that it stands in no history.",
        show_default=False,
    ),
]


@commands.command()
def build(
    full: Annotated[
        bool,
        typer.Option("--full", help="Use nothing of earlier builds: do all again."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change; change nothing.")
    ] = False,
    wait: Annotated[
        float,
        typer.Option(
            min=0.0, metavar="SECONDS", help="Wait for another build to end first."
        ),
    ] = 0.0,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")
    ] = False,
    password: Password = None,
    as_json: AsJson = False,
    shelf: Shelf = None,
) -> None:
    """Bring the index up to date with sources/.

    Only new and changed documents are read and encoded. The old index answers until
    the new one is whole, and after a failure or Ctrl-C. Saved questions are asked
    again, and those that are answered otherwise are shown.
    """
    from askreport.library import Library

    library = Library.open(shelf)
    given = console.secrets(password or ())
    if dry_run:
        _foretold(library.plan(given), as_json=as_json)
    elif as_json:
        _events(library, full=full, wait=wait, passwords=given)
    else:
        console.build(library, quiet=quiet, full=full, wait=wait, passwords=given)


def _events(
    library: "Library", *, full: bool, wait: float, passwords: Sequence[str]
) -> None:
    """The build as lines of JSON on stdout; an error is the last of them."""
    from askreport.serve import progress

    try:
        built = library.build(
            progress.events(tell), full=full, wait=wait, passwords=passwords
        )
    except errors.AskreportError as error:
        failed = {"type": type(error).__name__, "message": error.message}
        tell(progress.event("failed", **failed, hint=error.hint))
        raise
    tell(progress.event("built", **asdict(built)))


def _foretold(plan: "Plan", *, as_json: bool) -> None:
    if as_json:
        tell(json.dumps(asdict(plan) | {"fresh": plan.fresh}))
        return
    if not plan.fresh:
        said(f"index {plan.generation} is up to date")
        return
    for one in plan.documents:
        was = f" (was {one.was})" if one.was is not None else ""
        tell(f"{one.change}: {one.path}{was}")
    if plan.whole:
        tell(f"everything is made anew: {plan.whole}")
    how = "is there already and would answer" if plan.there else "would be built"
    said(f"index {plan.generation} {how}; {plan.before or 'nothing'} answers now")
