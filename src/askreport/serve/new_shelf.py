"""a folder -> a shelf: its settings file, an empty catalogue, places for the rest."""

from pathlib import Path

from askreport import errors
from askreport.settings import FILE

SETTINGS = """\
# This folder is an askreport shelf. Put documents into sources/, then: askreport build
# Settings and their defaults are listed by: askreport doctor --settings
"""

CATALOGUE = """\
# What a file cannot say of itself. Files not listed here are indexed all the same.
#
# [[document]]
# id = "annual-report-2024"
# path = "annual-report-2024.pdf"
# title = "Annual report 2024"
# publisher = "Somebody"
# date = "2024-06"
"""


def create(folder: Path) -> Path:
    """Make `folder` a shelf; what is in it already stays. Raises ShelfMissing."""
    root = folder.expanduser().resolve()
    if (root / FILE).exists():
        raise errors.ShelfMissing(
            f"{root} is a shelf already", hint="put documents into its sources/"
        )
    try:
        (root / "sources").mkdir(parents=True, exist_ok=True)
        (root / "index").mkdir(exist_ok=True)
        catalogue = root / "sources" / "catalogue.toml"
        if not catalogue.exists():
            catalogue.write_text(CATALOGUE, "utf-8")
        (root / FILE).write_text(SETTINGS, "utf-8")
    except OSError as error:
        raise errors.ShelfMissing(
            f"{root} cannot be made a shelf: {error.strerror}",
            hint="name a folder that you may write to",
        ) from error
    return root
