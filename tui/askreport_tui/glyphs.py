"""any text -> as many characters, none of which drives the terminal.

Documents are normalised when they are read; titles, file names, error messages and
questions are not, and an index may have been written by somebody else.
"""

import re

_DRIVES = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters, direction overrides, line separators, lone surrogates."""

_PICTURES = 0x2400
"""Where Unicode's pictures of the control characters begin: escape is shown as ␛."""


def shown(text: str) -> str:
    """The text to paint: same length, so that offsets into it stay true."""
    return _DRIVES.sub(lambda found: _picture(found.group()), text)


def _picture(character: str) -> str:
    code = ord(character)
    if character == "\t":
        return " "
    if code < 0x20:
        return chr(_PICTURES + code)
    return "␡" if code == 0x7F else "�"
