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
    from askreport.library import Library

Shelf = Annotated[
    Path | None,
    typer.Option(
        "--shelf",
        envvar="ASKREPORT_SHELF",
        help="Folder of the shelf; found from here upwards if not given.",
        show_default=False,
    ),
]


def build(library: "Library", *, quiet: bool, passwords: Sequence[str] = ()) -> None:
    """Bring the index up to date, its steps and what it came to told on stderr."""
    from askreport import text as texts
    from askreport.serve import progress, render

    with progress.shown(err(), quiet=quiet) as step:
        built = library.build(step, passwords=passwords)
    for item in built.failed:
        said(render.unread(item))
    if not quiet:
        state = "built" if built.fresh else "is up to date"
        documents = texts.counted(built.documents, "document")
        passages = texts.counted(built.passages, "passage")
        said(f"index {built.generation} {state}: {documents}, {passages}")


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
