"""python -m askreport_tui -> the terminal UI on a shelf."""

import sys
from typing import TYPE_CHECKING

from askreport_tui import collecting

if TYPE_CHECKING:
    from askreport.library import Library


def main(library: "Library | None" = None) -> int:
    """Open the shelf that the command line names, or show an open library."""
    collecting.hold()
    from askreport_tui import app

    if library is not None:
        return app.run(library=library)
    import argparse
    from pathlib import Path

    parser = argparse.ArgumentParser(
        prog="askreport tui", description="Read a shelf of reports in the terminal."
    )
    parser.add_argument(
        "--shelf", type=Path, help="the shelf's folder (default: found from here up)"
    )
    return app.run(parser.parse_args().shelf)


if __name__ == "__main__":
    sys.exit(main())
