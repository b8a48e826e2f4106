"""a Place -> the address at which a viewer shows its document, at that page."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from askreport_tui.place import Place

WORDS = 12
"""Words of what is lit that a browser is told to look for."""


def address(sources: Path, here: Place) -> str:
    """The file at its page, or where the document was published; empty if neither."""
    path = (sources / here.source.path).resolve()
    if path.is_relative_to(sources.resolve()) and path.is_file():
        return path.as_uri() + _within(here)
    return _web(here.source.url)


def viewable(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether there is a screen that a viewer can open a window on.

    Without one, `webbrowser` starts a browser inside the terminal, over this program.
    """
    if sys.platform in ("darwin", "win32"):
        return True
    return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _within(here: Place) -> str:
    ending = Path(here.source.path).suffix.lower()
    if ending == ".pdf" and here.page.number is not None:
        return f"#page={here.page.number}"
    if ending in (".html", ".htm") and here.words:
        words = " ".join(here.words.split()[:WORDS])
        return f"#:~:text={quote(words, safe='').replace('-', '%2D')}"
    return ""


def _web(url: str | None) -> str:
    """An address of the web; a catalogue may say anything else."""
    return url if url and url.startswith(("https://", "http://")) else ""
