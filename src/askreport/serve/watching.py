"""watch -> the index kept up to date with sources/ for as long as it runs."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askreport.serve.console import Shelf, err, report, said, tell

if TYPE_CHECKING:
    from askreport.settings import Shelf as KnownShelf
    from askreport.upkeep.jobs import Jobs
    from askreport.upkeep.rebuilds import Event, Failure

commands = typer.Typer()


@commands.command()
def watch(
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing but failures.")
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print one JSON object a line, for programs."),
    ] = False,
    shelf: Shelf = None,
) -> None:
    """Rebuild whenever sources/ changes, until Ctrl-C.

    Waits until a file stops growing. A build that fails is tried again, later each
    time; the old index answers meanwhile.
    """
    from askreport import settings
    from askreport.upkeep.watched import Watch

    known = settings.open_shelf(shelf)
    if not quiet:
        said(f"watching {known.sources}")
    rebuild = _rebuilding(known.root, quiet=quiet, as_json=as_json)
    Watch(known.sources, rebuild, said).run()


@contextmanager
def beside(shelf: "KnownShelf", jobs: "Jobs", *, wanted: bool) -> Iterator[None]:
    """Meanwhile, if that is wanted, a thread has the shelf rebuilt when it changes."""
    if not wanted:
        yield
        return
    from askreport.upkeep.watched import Watch

    watching = Watch(shelf.sources, lambda: jobs.ended(jobs.submit().id).failure, said)
    thread = threading.Thread(target=watching.run, name="askreport-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        watching.ended.set()
        jobs.close()
        thread.join()


def _rebuilding(
    root: Path, *, quiet: bool, as_json: bool
) -> "Callable[[], Failure | None]":
    from askreport.library import Step
    from askreport.serve import progress
    from askreport.upkeep.rebuilds import Rebuild

    def rebuild() -> "Failure | None":
        with progress.shown(err(), quiet=quiet or as_json) as shown:

            def told(event: "Event") -> None:
                if as_json:
                    tell(json.dumps(event))
                elif event.get("event") == "step":
                    shown(Step(event["doing"], event["done"], event["total"]))

            end = Rebuild(root).run(told)
        if end.built is not None and not as_json:
            report(end.built, quiet=quiet)
        return end.failure

    return rebuild
