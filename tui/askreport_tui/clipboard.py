"""text -> the clipboard of the system, where there is one.

The terminal's own (OSC 52) is Textual's business; it reaches through ssh, but not every
terminal allows it. So both are filled.
"""

import os
import sys
from collections.abc import Mapping


def reachable(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process sits before a desktop whose clipboard it may fill."""
    if sys.platform in ("darwin", "win32"):
        return True
    return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def fill(text: str) -> bool:
    """Put the text there; False where no program for it is installed."""
    import pyperclip

    try:
        pyperclip.copy(text)
    except (pyperclip.PyperclipException, OSError):
        return False
    return True
