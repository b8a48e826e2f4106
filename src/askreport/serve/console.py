"""words -> a terminal or a pipe: what the commands share.

stdout is the answer, stderr the conversation. Nothing heavy is imported before it is
needed.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from askreport.library import Built, Library

Shelf = Annotated[
    Path | None,
    typer.Option(
        "--shelf",
        envvar="ASKREPORT_SHELF",
        help="Folder of the shelf; found from here upwards if not given.",
        show_default=False,
    ),
]


def opened(shelf: Path | None) -> "Library":
    """The shelf of a command. Raises as `Library.open`."""
    from askreport.library import Library

    return Library.open(shelf)


def secrets(given: Sequence[str]) -> tuple[str, ...]:
    """Passwords as given; one that is - is asked for, so that it is in no history."""
    return tuple(
        str(typer.prompt("Password", hide_input=True, err=True)) if one == "-" else one
        for one in given
    )


def build(
    library: "Library",
    *,
    quiet: bool,
    full: bool = False,
    wait: float = 0.0,
    passwords: Sequence[str] = (),
) -> None:
    """Bring the index up to date, its steps and what it came to told on stderr."""
    from askreport.serve import progress

    with progress.shown(err(), quiet=quiet) as step:
        built = library.build(step, full=full, wait=wait, passwords=passwords)
    report(built, quiet=quiet)


def report(built: "Built", *, quiet: bool) -> None:
    """What a build could not read, what drifted, and what it came to."""
    from askreport.serve import render, saving

    for item in built.failed:
        said(render.unread(item))
    for one in built.drift:
        said(saving.drifted(one))
    if not quiet:
        said(_summary(built))


def _summary(built: "Built") -> str:
    """What a build came to, in a line."""
    from askreport import text as texts

    state = "built" if built.fresh else "is up to date"
    documents = texts.counted(built.documents, "document")
    passages = texts.counted(built.passages, "passage")
    line = f"index {built.generation} {state}: {documents}, {passages}"
    spared = built.passages - built.encoded
    if built.fresh and spared > 0:
        line += f" ({built.read} read, {built.encoded} encoded, {spared} kept)"
    return line


def styled() -> bool:
    """Whether stdout is a terminal that may be sent styles (see no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def out() -> Console:
    """The terminal of the answer."""
    return Console()


def err() -> Console:
    """The terminal of the conversation."""
    return Console(stderr=True)


def tell(text: str) -> None:
    """Put it on stdout, harmless whatever a document, a name or a path holds."""
    from askreport.text import INVISIBLE

    typer.echo(text.translate(INVISIBLE))


def said(text: str) -> None:
    """Put it on stderr, as harmless."""
    from askreport.text import INVISIBLE

    typer.echo(text.translate(INVISIBLE), err=True)
