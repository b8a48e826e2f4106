"""an exception that nobody expected -> lines in the reader's log, words for a panel."""

import os
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from askreport.errors import AskreportError

MOST_BYTES = 10**6
"""Of the log; then it begins anew."""


class Unexpected(AskreportError):
    """A bug, shown like a failure so that the screen survives."""


def met(error: BaseException) -> Unexpected:
    """Write a bug down, and say so."""
    place = log()
    said = "report it with these words"
    with suppress(OSError):
        _write(place, error)
        said = f"report it with the last lines of {_short(place)}"
    return Unexpected(
        f"unexpected {type(error).__name__}: {error}",
        hint=f"this is a bug in askreport; go on, and please {said}",
    )


def log() -> Path:
    """The file, the reader's own."""
    import platformdirs

    return platformdirs.user_state_path("askreport", appauthor=False) / "tui.log"


def _write(path: Path, error: BaseException) -> None:
    """Append where and why, and no value of a variable: a question or a text stands
    there only if the error's own message quotes it.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    lines = traceback.format_exception(error)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    begin = path.exists() and path.stat().st_size > MOST_BYTES
    how = os.O_TRUNC if begin else os.O_APPEND
    descriptor = os.open(path, how | os.O_CREAT | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
        file.write(f"{now} {''.join(lines)}\n")


def _short(path: Path) -> str:
    """As seen from the reader's home."""
    with suppress(ValueError, RuntimeError):
        return f"~/{path.relative_to(Path.home())}"
    return str(path)
