"""keys add, list, revoke -> who may call the HTTP service, and to do what."""

import json
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from askreport.serve.console import Shelf, said, tell

if TYPE_CHECKING:
    from askreport.serve.keys import Keys

Scope = Literal["read", "admin"]
"""As `serve.keys` has it, which brings pydantic along that no other command needs."""

app = typer.Typer(
    help="Make, list and revoke the API keys of the HTTP service.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="A name to know it by, in logs and here.")]


@app.command()
def add(
    name: Name,
    scope: Annotated[
        Scope,
        typer.Option(help="read: ask and read; admin: change the shelf as well."),
    ] = "read",
    shelf: Shelf = None,
) -> None:
    """Make a key and print it, once: only a hash of it is kept.

    From the first key on, askreport serve answers nobody without one.
    """
    key = _keys(shelf).add(name, scope)
    said(f"the key {name} ({scope}) is shown this once; send it with every request:")
    said("Authorization: Bearer <key>")
    tell(key)


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    shelf: Shelf = None,
) -> None:
    """List the keys: name, scope, when it was made, and the part that is no secret."""
    keys = _keys(shelf).listed()
    if as_json:
        shown = ("name", "scope", "created", "id")
        tell(json.dumps([{n: getattr(k, n) for n in shown} for k in keys], indent=2))
        return
    for key in keys:
        tell(f"{key.name}  {key.scope}  {key.created}  {key.id}")
    if not keys:
        said("no keys: askreport serve answers this machine only, to anybody on it")


@app.command()
def revoke(name: Name, shelf: Shelf = None) -> None:
    """Revoke a key; a running service refuses it from its next request on."""
    revoked = _keys(shelf).revoke(name)
    said(f"the key {revoked.name} ({revoked.scope}) opens nothing any more")


def _keys(shelf: Shelf) -> "Keys":
    from askreport import settings
    from askreport.serve.keys import Keys

    return Keys(settings.open_shelf(shelf).keys)
