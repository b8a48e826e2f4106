"""a command line -> the same verbs as everywhere; the one error -> exit-code table.

Exit codes: 0 answered or done, 1 error, 2 usage, 3 no evidence, 130 interrupted. stdout
is the answer, stderr the conversation. Nothing heavy is imported before a command needs
it.
"""

import importlib
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from askreport import __version__, errors, threads
from askreport.serve import (
    adding,
    building,
    evaluating,
    generations,
    keeping,
    models,
    narrowing,
    saving,
    serving,
    terminal,
    watching,
)
from askreport.serve.console import Shelf
from askreport.serve.console import build as _build
from askreport.serve.console import err as _err
from askreport.serve.console import opened as _open
from askreport.serve.console import out as _out
from askreport.serve.console import said as _said
from askreport.serve.console import styled as _styled
from askreport.serve.console import tell as _tell
from askreport.types import Filter

if TYPE_CHECKING:
    from askreport.serve.client import Service

ANSWERED, ERROR, USAGE, NO_EVIDENCE, INTERRUPTED = 0, 1, 2, 3, 130

EXIT_CODES: tuple[tuple[type[errors.AskreportError], int], ...] = (
    (errors.QuestionRefused, USAGE),
    (errors.FilterWrong, USAGE),
    (errors.SettingsWrong, USAGE),
    (errors.AskreportError, ERROR),
)
"""The first class that fits decides."""

app = typer.Typer(
    name="askreport",
    help="Ask a shelf of reports a question; get the exact passages that answer it.",
    epilog="Exit codes: 0 answered or done, 1 error, 2 usage, 3 no evidence, "
    "130 interrupted.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Question = Annotated[
    str | None,
    typer.Argument(
        help="The question; read from stdin if not given or -.", show_default=False
    ),
]
Top = Annotated[
    int | None,
    typer.Option(
        "--top", "-n", min=1, max=50, help="Most passages.", show_default=False
    ),
]
After = Annotated[
    list[str] | None,
    typer.Option(
        "--after",
        help="What was asked before, for a follow-up to be understood; may be "
        "repeated, oldest first.",
        show_default=False,
    ),
]
Explain = Annotated[
    bool,
    typer.Option(
        "--explain", help="Show every candidate, and why it was kept or dropped."
    ),
]
Server = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Ask the service at this address, not a shelf here.",
        show_default=False,
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="File with the key of that service.", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AsMarkdown = Annotated[
    bool, typer.Option("--markdown", help="Print Markdown, to paste.")
]
BuildFirst = Annotated[
    bool, typer.Option("--build", help="Bring the index up to date first.")
]
AsPlain = Annotated[bool, typer.Option("--plain", help="Print plain text, no styles.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"askreport {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_version,
            is_eager=True,
            help="Print the version and exit.",
        ),
    ] = False,
) -> None:
    """Ask a shelf of reports a question; get the exact passages that answer it."""


@app.command()
@narrowing.options
def ask(
    question: Question = None,
    top: Top = None,
    among: Filter = Filter(),
    after: After = None,
    explain: Explain = False,
    as_json: AsJson = False,
    as_markdown: AsMarkdown = False,
    as_plain: AsPlain = False,
    build_first: BuildFirst = False,
    server: Server = None,
    key_file: KeyFile = None,
    shelf: Shelf = None,
) -> None:
    """Answer a question with cited passages, or decline.

    Exit code 3 says that there is no evidence. Without a format the answer is styled
    for a terminal and plain in a pipe.
    """
    from askreport.serve import render, screen

    if as_json + as_markdown + as_plain > 1:
        raise typer.BadParameter("choose one of --json, --markdown and --plain")
    if build_first if server else key_file:
        raise typer.BadParameter("--key-file needs --server, --build a shelf here")
    text = _question(question)
    library = _open(shelf) if server is None else _service(server, key_file)
    if build_first:
        _build(_open(shelf), quiet=False)
    more: dict[str, Any] = {"top": top, "earlier": after or (), "explain": explain}
    found = _awaited(lambda: library.ask(text, among=among, **more))
    if as_json:
        _tell(render.answer_json(found))
    elif as_markdown:
        _tell(render.markdown(found))
    elif as_plain or not _styled():
        _tell(render.plain(found))
    else:
        _out().print(screen.answer(found), highlight=False)
    raise typer.Exit(ANSWERED if found.status == "answered" else NO_EVIDENCE)


@app.command()
@narrowing.options
def search(
    question: Question = None,
    top: Top = None,
    among: Filter = Filter(),
    after: After = None,
    explain: Explain = False,
    as_json: AsJson = False,
    shelf: Shelf = None,
) -> None:
    """List passages by score, with no claim that they answer.

    Each comes with the signals that its score was made of. Exit code 3: none found.
    """
    from askreport.serve import render, screen

    text = _question(question)
    library = _open(shelf)
    more: dict[str, Any] = {"top": top, "earlier": after or (), "explain": explain}
    found = _awaited(lambda: library.find(text, among=among, **more))
    if render.looked_up(found):
        _said(render.looked_up(found))
    if as_json and explain:
        _tell(render.found_json(found))
    elif as_json:
        _tell(render.hits_json(found.hits))
    elif explain and _styled():
        _tell(render.hits(found.hits))
        told = screen.explained(found.explained, found.confidence)
        _out().print(told, highlight=False)
    else:
        _tell(render.found(found))
    if not found.hits:
        _said(render.coverage(library.coverage(among)))
    raise typer.Exit(ANSWERED if found.hits else NO_EVIDENCE)


@app.command()
def show(
    passage: Annotated[str, typer.Argument(help="Id of a passage, from an answer.")],
    whole: Annotated[
        bool, typer.Option("--page", help="Show all of its page.")
    ] = False,
    as_plain: AsPlain = False,
    shelf: Shelf = None,
) -> None:
    """Show a passage lit in its page."""
    from askreport.serve import screen

    library = _open(shelf)
    found = library.passage(passage)
    page = library.page(found.source.id, found.page)
    if as_plain or not _styled():
        _tell(screen.plain_passage(found, page, whole=whole))
    else:
        _out().print(screen.passage(found, page, whole=whole), highlight=False)


@app.command()
def tui(
    server: Server = None,
    key_file: KeyFile = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Lines only, for screen readers.")
    ] = False,
    web: Annotated[
        bool,
        typer.Option("--web", help="In a browser on this machine (askreport[web])."),
    ] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port for --web.")] = 8421,
    shelf: Shelf = None,
) -> None:
    """Open the shelf in the terminal."""
    if plain and web:
        raise typer.BadParameter("choose one of --plain and --web")
    if web:
        # By name: the screen imports askreport and nothing may depend on the screen.
        browser = importlib.import_module("askreport_tui.web")
        told = browser.arguments(shelf, server, key_file)
        raise typer.Exit(browser.run(told, port=port))
    service = _service(server, key_file) if server else None
    raise typer.Exit(terminal.read(shelf, service=service, plain=plain))


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make a shelf.")],
) -> None:
    """Make a folder a shelf; what is in it stays."""
    from askreport.serve import new_shelf

    root = new_shelf.create(folder)
    _said(
        f"{root} is a shelf: put documents into its sources/, then run askreport build"
    )


@app.command()
def doctor(
    show_settings: Annotated[
        bool, typer.Option("--settings", help="List every setting and its value.")
    ] = False,
    deep: Annotated[
        bool,
        typer.Option("--deep", help="Check every file of every generation."),
    ] = False,
    shelf: Shelf = None,
) -> None:
    """Check python, packages, model, index and sources.

    Says what to do about what is wrong, and then ends with exit code 1.
    """
    from askreport.serve import doctor as examining

    if show_settings:
        for name, value in _open(shelf).shelf.settings.model_dump().items():
            _tell(f"{name} = {value!r}")
        return
    sound = True
    for finding in examining.examine(shelf, deep=deep):
        sound = sound and finding.sound
        _tell(f"{'ok ' if finding.sound else 'BAD'} {finding.what}: {finding.said}")
        if finding.hint:
            _tell(f"    {finding.hint}")
    raise typer.Exit(ANSWERED if sound else ERROR)


app.add_typer(serving.commands)
app.add_typer(building.commands)
app.add_typer(watching.commands)
app.add_typer(saving.commands)
app.add_typer(saving.app, name="saved")
app.add_typer(generations.app, name="generations")
app.add_typer(models.app, name="models")
app.add_typer(keeping.app, name="keys")
app.add_typer(adding.sources, name="sources")
app.add_typer(adding.commands)
app.add_typer(evaluating.commands)


def _question(given: str | None) -> str:
    if given is not None and given != "-":
        return given
    if sys.stdin.isatty():
        raise typer.BadParameter("no question given, and nothing on stdin")
    # In parts: one read of everything would hear Ctrl-C only at its end.
    stdin = cast(io.BufferedReader, sys.stdin.buffer)
    said = b"".join(iter(lambda: stdin.read1(2**16), b""))
    return said.decode("utf-8", errors="replace")


def _service(address: str, key_file: Path | None) -> "Service":
    from askreport.serve import client

    key = None if key_file is None else client.key_of(key_file)
    return client.Service(address, key=key)


def _awaited(look: Any) -> Any:  # noqa: ANN401
    """What `look` returns, with a spinner while the encoder loads on a terminal."""
    with _err().status("loading the encoder"):
        return look()


def exit_code(error: errors.AskreportError) -> int:
    """The exit code of an error."""
    return next(code for kind, code in EXIT_CODES if isinstance(error, kind))


def main() -> None:
    """Run the command line; errors become a message with a hint and an exit code."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    threads.settle()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A character that the terminal's encoding lacks is no reason to fail.
            stream.reconfigure(errors="backslashreplace")
    try:
        # typer ends with 130 on Ctrl-C and with 1 when the reader of a pipe goes away.
        app(prog_name="askreport")
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            _said("interrupted")
        raise
    except errors.AskreportError as error:
        _said(f"error: {error.message}\nhint: {error.hint}")
        raise SystemExit(exit_code(error)) from error
