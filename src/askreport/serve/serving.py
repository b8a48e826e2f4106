"""serve, mcp -> the shelf offered to programs: over HTTP, or over stdin and stdout."""

from typing import Annotated

import typer

from askreport.serve.console import Shelf

commands = typer.Typer()


@commands.command()
def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.", show_default=False)
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Port; 0 takes a free one.", show_default=False
        ),
    ] = None,
    open_access: Annotated[
        bool | None,
        typer.Option(
            "--open-access",
            help="Serve other machines without keys.",
            show_default=False,
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Rebuild whenever sources/ changes.")
    ] = False,
    shelf: Shelf = None,
) -> None:
    """Serve the shelf over HTTP, for chat tools and programs."""
    from askreport.library import Library
    from askreport.serve.api import run

    flags = {"host": host, "port": port, "open_access": open_access}
    library = Library.open(shelf, flags=flags)
    known = library.shelf.settings
    run.run(library, known.host, known.port, watch=watch)


@commands.command()
def mcp(shelf: Shelf = None) -> None:
    """Offer the shelf to one MCP client over stdin and stdout."""
    import anyio

    from askreport.library import Library
    from askreport.serve.chat import mcp as protocol

    anyio.run(protocol.stdio, Library.open(shelf))
