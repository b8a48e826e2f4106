"""imports and the first frames -> made without Python looking through them for garbage.

All of what a start imports stays, and there are hundred thousands of objects of it: to
look through them again and again takes longer than painting the first frame.
"""

import gc


def hold() -> None:
    """From the start of the process until `release`."""
    gc.disable()


def release() -> None:
    """What is there by now stays and is never looked through; nothing unless held."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
