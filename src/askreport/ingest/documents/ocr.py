"""a page of a scan -> its words where they stand, and how sure Tesseract is of them.

Tesseract (Apache-2.0) is a program that may be installed beside askreport; it is looked
for when it is needed. It is given pixels and answers in text, under the limits of the
process that asks it.
"""

import csv
import io
import shutil
import subprocess
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby

import numpy as np
import pypdfium2
from numpy.typing import NDArray

from askreport.ingest.documents import composed, reading_order
from askreport.ingest.documents.composed import Known
from askreport.ingest.documents.reading_order import Prose
from askreport.ingest.documents.sheets import Run, Sheet
from askreport.types import Page

PROGRAM = "tesseract"

DOTS = 300
"""An inch: what Tesseract was trained on."""

MOST_DOTS = 24_000_000
"""Of a page; a poster is read with fewer to the inch."""

SECONDS = 50.0
"""For a page: less than what a worker may take without a sign of life."""

LEAST_SURE = 0.5
"""Of a page: less is what is seen in the grain of a photograph."""

LEAST_WORD = 0.2
"""Of a word: less is a speck."""

MISSING = "no text layer (a scan or a picture); Tesseract is not installed to read it"
"""Why a scan was not read, where it could have been."""

ILLEGIBLE = "no text layer (a scan or a picture), and no legible words in it"
"""Why a scan was not read, where that was tried."""

SLOW = f"no text layer, and recognising it took more than {SECONDS:g} s"


@cache
def there() -> bool:
    """Whether the program is installed."""
    return shutil.which(PROGRAM) is not None


@cache
def _language() -> str:
    """English, unless only others are installed."""
    told = subprocess.run(  # noqa: S603 - the program by its full path
        [shutil.which(PROGRAM) or PROGRAM, "--list-langs"],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    known = [line for line in told.stdout.splitlines()[1:] if line != "osd"]
    return "eng" if "eng" in known or not known else known[0]


def read(page: pypdfium2.PdfPage, *, number: int) -> Page | None:
    """The page as it was recognised; None if it holds no legible words.

    Raises TimeoutExpired if that takes too long.
    """
    wide, tall = page.get_size()
    dots = min(DOTS, 72 * (MOST_DOTS / max(1.0, wide * tall)) ** 0.5)
    bitmap = page.render(scale=dots / 72, grayscale=True, rev_byteorder=False)
    try:
        found = _asked(bitmap.to_numpy(), round(dots))
    finally:
        bitmap.close()
    words = [one for one in found if one.sure >= LEAST_WORD]
    letters = sum(len(one.text) for one in words)
    if not letters:
        return None
    sure = sum(one.sure * len(one.text) for one in words) / letters
    if sure < LEAST_SURE:
        return None
    sheet, regions = _sheet(words, wide, tall, 72 / dots)
    usual = float(np.median([run.size for run in sheet.runs]))
    made = composed.page(sheet, regions, Known({}, usual), number=number)
    return replace(made, ocr=round(sure, 3))


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    line: tuple[int, ...]
    """Block, paragraph and line."""
    box: tuple[int, int, int, int]
    """Left, top, width and height in dots."""
    sure: float


def _asked(pixels: NDArray[np.uint8], dots: int) -> list[_Word]:
    tall, wide = pixels.shape[:2]
    header = f"P5 {wide} {tall} 255\n".encode()
    grey = pixels.reshape(tall, wide, -1)[:, :, 0]
    done = subprocess.run(  # noqa: S603 - the program by its full path
        [
            *(shutil.which(PROGRAM) or PROGRAM, "stdin", "stdout"),
            *("-l", _language(), "--dpi", str(dots), "--psm", "3", "tsv"),
        ],
        input=header + np.ascontiguousarray(grey).tobytes(),
        capture_output=True,
        check=False,
        timeout=SECONDS,
    )
    table = io.StringIO(done.stdout.decode("utf-8", errors="replace"))
    rows = csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)
    return [
        _Word(
            row["text"].strip(),
            (int(row["block_num"]), int(row["par_num"]), int(row["line_num"])),
            (int(row["left"]), int(row["top"]), int(row["width"]), int(row["height"])),
            float(row["conf"]) / 100,
        )
        for row in rows
        if row["level"] == "5" and (row["text"] or "").strip()
    ]


def _sheet(
    words: list[_Word], wide: float, tall: float, scale: float
) -> tuple[Sheet, list[Prose]]:
    """The words as of any sheet, in Tesseract's own order: it sees the columns."""
    corners = np.array([one.box for one in words], dtype=np.float64) * scale
    boxes = np.concatenate([corners[:, :2], corners[:, :2] + corners[:, 2:]], axis=1)
    runs = []
    places = [(one.line, i) for i, one in enumerate(words)]
    for _, group in groupby(places, key=lambda place: place[0]):
        held = [i for _, i in group]
        first, last = held[0], held[-1] + 1
        low, high = boxes[first:last, :2].min(axis=0), boxes[first:last, 2:].max(axis=0)
        size = float(high[1] - low[1])
        a, b, c, d = map(float, (*low, *high))
        text = " ".join(one.text for one in words[first:last])
        runs.append(Run(first, last, text, a, b, c, d, size, bold=False))
    sheet = Sheet(wide, tall, [one.text for one in words], boxes, tuple(runs))
    blocks = groupby(runs, key=lambda run: words[run.first].line[:2])
    return sheet, [reading_order.prose(list(block)) for _, block in blocks]
