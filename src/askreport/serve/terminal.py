"""a shelf -> the terminal UI, until the reader leaves it."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from askreport.serve.client import Service


def read(
    shelf: Path | None, *, service: "Service | None" = None, plain: bool = False
) -> int:
    """Show the shelf, or a service's, as panes or as plain lines; the exit code."""
    # By name: the screen imports askreport and nothing here may depend on the screen.
    if not plain:
        importlib.import_module("askreport_tui.collecting").hold()
    screen = importlib.import_module(f"askreport_tui.{'plain' if plain else 'app'}")
    code: int = screen.run(shelf, service=service)
    return code
