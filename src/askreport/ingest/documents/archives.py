"""an office file, which is a zip archive -> checked before a library unpacks it.

Nothing is ever unpacked to disk, so that no name in an archive leads anywhere.
"""

import zipfile
from pathlib import Path

from askreport import errors

MOST_BYTES = 512 * 2**20
"""Of all that an archive says it unpacks to: reports full of pictures take a tenth."""

MOST_FILES = 20_000
"""In one archive."""

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""What files of office programs before 2007 begin with, and what a password makes of
newer ones."""


def check(path: Path) -> None:
    """Refuse what is no archive, or one that unpacks to too much."""
    with path.open("rb") as file:
        first = file.read(len(OLE))
    if first == OLE:
        raise errors.SourceUnreadable(
            f"{path.name} is locked with a password, or older than its ending says",
            hint="open it, and save it without a password in the format of its ending",
        )
    try:
        with zipfile.ZipFile(path) as archive:
            held = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise errors.SourceUnreadable(
            f"{path.name} is damaged: {error}",
            hint="open it in the program that made it and save it afresh",
        ) from error
    unpacked = sum(one.file_size for one in held)
    if unpacked > MOST_BYTES or len(held) > MOST_FILES:
        raise errors.SourceUnreadable(
            f"{path.name} unpacks to {unpacked // 2**20} MiB in {len(held)} files",
            hint=f"split it, or leave pictures out: {MOST_BYTES // 2**20} MiB are read",
        )
