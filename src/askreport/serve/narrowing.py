"""options of a command line -> the Filter they spell, the same for every command."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from askreport.types import Filter


def _several(*names: str, help_: str) -> Any:  # noqa: ANN401 - a typer option
    return typer.Option(*names, help=f"{help_}; may be repeated.", show_default=False)


def _one(*names: str, help_: str) -> Any:  # noqa: ANN401 - a typer option
    return typer.Option(*names, metavar="DATE", help=help_, show_default=False)


OPTIONS: dict[str, Any] = {
    "documents": Annotated[
        list[str] | None,
        _several("--document", "-d", help_="Id of a document to look in"),
    ],
    "publishers": Annotated[
        list[str] | None, _several("--publisher", help_="Whose documents to look in")
    ],
    "kinds": Annotated[
        list[str] | None, _several("--kind", help_="Kind of document to look in")
    ],
    "sections": Annotated[
        list[str] | None,
        _several("--section", help_="Words of a heading to look below"),
    ],
    "since": Annotated[
        str | None,
        _one("--since", help_="Documents of that year, month or day, or later."),
    ],
    "until": Annotated[
        str | None,
        _one("--until", help_="Documents of that year, month or day, or earlier."),
    ],
    "as_of": Annotated[
        str | None, _one("--as-of", help_="The shelf as it stood at the end of DATE.")
    ],
    "superseded": Annotated[
        bool,
        typer.Option(
            "--superseded", help="Let documents that others supersede answer too."
        ),
    ],
}
"""One option a field of Filter, in its order."""


def options(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes `among: Filter`, with the filter's options in its place."""
    own = inspect.signature(command, eval_str=True).parameters

    @functools.wraps(command)
    def narrowed(**given: Any) -> None:  # noqa: ANN401 - typer gives what it parsed
        asked = {name: given.pop(name) for name in OPTIONS}
        command(among=filtered(asked), **given)

    taken: list[inspect.Parameter] = []
    for parameter in own.values():
        taken += _spelled() if parameter.name == "among" else [parameter]
    annotations = {parameter.name: parameter.annotation for parameter in taken}
    vars(narrowed)["__signature__"] = inspect.Signature(taken)
    narrowed.__annotations__ = annotations | {"return": None}
    return narrowed


def filtered(asked: dict[str, Any]) -> Filter:
    """The filter of the options given; those not given keep its defaults."""
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in asked.items()
        if value is not None
    }
    return Filter(**given)


def _spelled() -> list[inspect.Parameter]:
    """The options as parameters of a function that typer reads."""
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return [
        inspect.Parameter(
            name,
            positional,
            annotation=option,
            default=False if name == "superseded" else None,
        )
        for name, option in OPTIONS.items()
    ]
