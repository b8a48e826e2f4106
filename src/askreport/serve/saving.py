"""save, saved -> questions kept with their answers, and what became of the answers."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from difflib import ndiff
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askreport import errors
from askreport.serve import narrowing
from askreport.serve.console import Shelf, opened, said, tell
from askreport.types import Filter

if TYPE_CHECKING:
    from askreport.saved import Drift, Quote, Saved

commands = typer.Typer()

app = typer.Typer(
    help="List saved questions, ask them again, accept or remove them.",
    no_args_is_help=True,
)

Id = Annotated[str, typer.Argument(help="Id of a saved question, as saved list shows.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@commands.command()
@narrowing.options
def save(
    question: Annotated[str, typer.Argument(help="The question.")],
    among: Filter = Filter(),
    shelf: Shelf = None,
) -> None:
    """Keep a question with its answer, to see when it changes.

    Every build asks it again. What is kept is in saved.json, beside askreport.toml.
    """
    from askreport import saved

    library = opened(shelf)
    kept = saved.of(library.ask(question, among=among), among)
    saved.keep(library.shelf.root, kept)
    tell(kept.text if kept.status == "answered" else "No evidence.")
    said(f"saved as {kept.id}")


@app.command("list")
def list_(as_json: AsJson = False, shelf: Shelf = None) -> None:
    """List the saved questions and their answers."""
    found = _read(shelf)
    if as_json:
        tell(json.dumps([asdict(one) for one in found], indent=2))
        return
    for one in found:
        answer = one.text if one.status == "answered" else "no evidence"
        tell(f"{one.id}  {one.question}\n    {answer}")
    if not found:
        said('nothing is saved; askreport save "a question" keeps one')


@app.command()
def check(as_json: AsJson = False, shelf: Shelf = None) -> None:
    """Ask every saved question again and show what is answered otherwise now.

    Exit code 1 says that something is.
    """
    found = opened(shelf).drift()
    if as_json:
        tell(json.dumps([asdict(one) for one in found], indent=2))
    else:
        for one in found:
            tell(drifted(one))
    if found:
        raise typer.Exit(1)
    said("every saved question is answered as it was")


@app.command()
def accept(
    question_id: Annotated[
        str | None,
        typer.Argument(help="Which; all if not given.", show_default=False),
    ] = None,
    shelf: Shelf = None,
) -> None:
    """Make what is answered now what later answers are compared with."""
    from askreport import saved

    library = opened(shelf)
    root = library.shelf.root
    known = _read(root)
    wanted = known if question_id is None else (_one(known, question_id),)
    for one in wanted:
        now = saved.of(library.ask(one.question, among=one.among), one.among)
        saved.keep(root, now)
        said(f"accepted {now.id}: {now.question}")


@app.command()
def remove(question_id: Id, shelf: Shelf = None) -> None:
    """Forget a saved question."""
    from askreport import saved

    root = opened(shelf).shelf.root
    known = _read(root)
    gone = _one(known, question_id)
    saved.write(root, [one for one in known if one.id != gone.id])
    said(f"removed {gone.id}: {gone.question}")


def drifted(one: "Drift") -> str:
    """A drift as a diff: what was said and cited, what is said and cited now."""
    return "\n".join(_lines(one))


def _lines(one: "Drift") -> Iterator[str]:
    yield f"{one.change}: {one.question}  ({one.id})"
    if one.change == "refused":
        yield f"  ! {one.after}"
    elif one.before != one.after:
        before, after = one.before.splitlines(), one.after.splitlines()
        yield from (f"  {line}" for line in ndiff(before, after) if line[0] in "+-")
    yield from (f"  - cited {_cited(quote)}" for quote in one.lost)
    yield from (f"  + cited {_cited(quote)}" for quote in one.gained)


def _cited(quote: "Quote") -> str:
    page = f", page {quote.page}" if quote.page is not None else ""
    return f'{quote.document}{page}: "{quote.quote}"'


def _read(shelf: Path | None) -> "tuple[Saved, ...]":
    from askreport import saved, settings

    return saved.read(settings.open_shelf(shelf).root)


def _one(known: "tuple[Saved, ...]", question_id: str) -> "Saved":
    found = [one for one in known if one.id == question_id]
    if not found:
        raise errors.NotFound(
            f"no saved question {question_id!r}",
            hint="askreport saved list shows their ids",
        )
    return found[0]
