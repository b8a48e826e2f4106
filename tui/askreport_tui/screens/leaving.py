"""a screen that closes itself -> that one closed, and no other.

Textual's `dismiss` closes the uppermost screen, whichever that is. Keys that are typed
ahead, and looks that take their time, come when another one lies above, or when this
one has been left already.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import Screen

R = TypeVar("R")


def once(
    screen: Screen[Any], dismiss: Callable[[R | None], AwaitComplete], result: R | None
) -> AwaitComplete:
    """Close it, and what was opened over it; nothing where it was left before.

    `dismiss` is Textual's.
    """
    if screen not in screen.app.screen_stack[1:]:
        return AwaitComplete()
    while screen.app.screen is not screen:
        screen.app.pop_screen()
    return dismiss(result)
