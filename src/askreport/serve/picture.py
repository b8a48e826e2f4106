"""a PDF, a page's number, words -> a PNG of the page with the words lit.

Run as a process of its own, with bounds on memory and time: a PDF may be made to break
whatever draws it. Arguments: path, digest, page number, width in pixels; the words on
stdin, the PNG on stdout.
"""

import hashlib
import sys
from pathlib import Path
from typing import Any

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
    words = sys.stdin.buffer.read().decode("utf-8", "replace")
    image = drawn(document[int(number) - 1], words, width=int(width))
    image.save(sys.stdout.buffer, "PNG", compress_level=6)
    return FOUND


def drawn(page: Any, words: str, *, width: int) -> Any:  # noqa: ANN401 - pypdfium2, pillow
    """The page as a Pillow image, with the words lit where they are found."""
    across, down = page.get_size()
    scale = min(width / across, (MOST_PIXELS / (across * down)) ** 0.5)
    image = page.render(scale=scale).to_pil().convert("RGB")
    if words:
        from askreport.serve import lit

        for box in lit.boxes(page.get_textpage(), words):
            _light(image, _pixels(page, image.size, box))
    return image


def _pixels(page: Any, size: tuple[int, int], box: Any) -> tuple[int, int, int, int]:  # noqa: ANN401
    """A box of the sheet as left, upper, right, lower of its picture."""
    import ctypes

    from pypdfium2 import raw

    corners = []
    for x, y in ((box.left, box.bottom), (box.right, box.top)):
        across, down = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page.raw, 0, 0, *size, 0, x, y, across, down)
        corners.append((across.value, down.value))
    (x0, y0), (x1, y1) = corners
    wide, high = size
    return (
        max(0, min(x0, x1) - 1),
        max(0, min(y0, y1) - 1),
        min(wide, max(x0, x1) + 1),
        min(high, max(y0, y1) + 1),
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
