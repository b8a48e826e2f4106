"""a PDF, a page's number, rectangles -> a PNG of the page with them lit.

Run as a process of its own, with bounds on memory and time: a PDF may be made to break
whatever draws it. Arguments: path, digest, page number, width in pixels; the
rectangles on stdin as JSON, the PNG on stdout.
"""

import hashlib
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from askreport.types import Rectangle

FOUND, FAILED, CHANGED, NO_PAGE = 0, 1, 3, 4
"""Exit codes."""

MEMORY = 2 * 2**30
"""Bytes of address space; the largest picture below takes a fiftieth of it."""

SECONDS = 20
"""Of processor time."""

MOST_PIXELS = 6_000_000
"""A sheet of A4 at 1,600 pixels across has 3.6 million; a hostile one can be a banner
of 200 inches."""

LIT = (255, 230, 128)
"""What a lit word's paper is multiplied with: ink stays ink."""


def main(arguments: list[str]) -> int:
    """Draw what the arguments say; the exit code."""
    _bound()
    path, digest, number, width = arguments
    raw = Path(path).read_bytes()
    if hashlib.sha256(raw).hexdigest() != digest:
        return CHANGED
    import pypdfium2

    document = pypdfium2.PdfDocument(raw)
    if not 1 <= int(number) <= len(document):
        return NO_PAGE
    lit = [Rectangle(*sides) for sides in json.load(sys.stdin)]
    image = drawn(document[int(number) - 1], lit, width=int(width))
    image.save(sys.stdout.buffer, "PNG", compress_level=6)
    return FOUND


def drawn(page: Any, lit: Sequence[Rectangle], *, width: int) -> Any:  # noqa: ANN401 - pypdfium2, pillow
    """The page as a Pillow image, with the rectangles lit."""
    across, down = page.get_size()
    scale = min(width / across, (MOST_PIXELS / (across * down)) ** 0.5)
    image = page.render(scale=scale).to_pil().convert("RGB")
    for place in lit:
        _light(image, _pixels(image.size, place, scale))
    return image


def _pixels(
    size: tuple[int, int], place: Rectangle, scale: float
) -> tuple[int, int, int, int]:
    """A rectangle of the sheet as left, upper, right, lower of its picture."""
    wide, high = size
    return (
        max(0, math.floor(place.left * scale) - 1),
        max(0, math.floor(place.top * scale) - 1),
        min(wide, math.ceil(place.right * scale) + 1),
        min(high, math.ceil(place.bottom * scale) + 1),
    )


def _light(image: Any, at: tuple[int, int, int, int]) -> None:  # noqa: ANN401 - pillow's
    from PIL import Image, ImageChops

    if at[0] < at[2] and at[1] < at[3]:
        part = image.crop(at)
        image.paste(ImageChops.multiply(part, Image.new("RGB", part.size, LIT)), at)


def _bound() -> None:
    """Bound this process, where the system can."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
