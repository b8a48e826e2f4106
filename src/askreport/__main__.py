"""a process -> its command; also `python -m askreport`."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Run the command line. A bare `askreport tui` goes straight to the screen: the
    parser, which would find nothing to parse, takes half as long to import.
    """
    if sys.argv[1:] == ["tui"]:
        from askreport import threads
        from askreport.serve import terminal

        threads.settle()
        shelf = os.environ.get("ASKREPORT_SHELF")
        sys.exit(terminal.read(Path(shelf) if shelf else None))
    from askreport.serve import cli

    cli.main()


if __name__ == "__main__":
    main()
