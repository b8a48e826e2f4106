"""PDFs -> pages a second: of plain extraction, of reading, by one worker and by two.

Time of the processor where one process works, time by the clock where workers do. Pages
that Tesseract recognises take it a second each whatever reads the rest, so workers are
measured without it first.
"""

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pypdfium2

from askreport.ingest.documents import ocr, pdf, workers
from askreport.ingest.documents.workers import Job, Limits
from askreport.types import Document, Source


@dataclass(frozen=True, slots=True)
class Pace:
    """Pages, and seconds of processor time for plain extraction and for reading."""

    pages: int
    plain: float
    full: float


@dataclass(frozen=True, slots=True)
class Worked:
    """What workers read, and in how many seconds by the clock."""

    pages: int
    scans: int
    """Pages that Tesseract was asked about, whether it found legible words or not."""
    seconds: float


def alone(paths: Sequence[Path]) -> Pace:
    """In one process, file by file in turns; scans left out."""
    pages = 0
    plain = full = 0.0
    for path in paths:
        began = time.process_time()
        pages += _plain(path)
        between = time.process_time()
        pdf.read(path, scans=False)
        plain += between - began
        full += time.process_time() - between
    return Pace(pages, plain, full)


def _plain(path: Path) -> int:
    with pypdfium2.PdfDocument(path) as document:
        for i in range(len(document)):
            sheet = document[i]
            layer = sheet.get_textpage()
            layer.get_text_range()
            layer.close()
            sheet.close()
        return len(document)


def worked(paths: Sequence[Path], hands: int) -> Worked:
    """By so many workers, as a build does, from starting them to the last document."""
    workers.dismiss()
    source = Source("s", "S", "s.pdf", "0" * 64)
    jobs = [Job(source, path, titled=False) for path in paths]
    began = time.monotonic()
    outcomes = list(workers.read(jobs, Limits(workers=hands)))
    took = time.monotonic() - began
    read = [one.found for one in outcomes if isinstance(one.found, Document)]
    scans = sum(page.ocr is not None for found in read for page in found.pages)
    scans += sum(one.reason == ocr.ILLEGIBLE for found in read for one in found.unread)
    return Worked(sum(len(found.pages) for found in read), scans, took)


@contextmanager
def without_tesseract() -> Iterator[None]:
    """Have workers that start meanwhile find no program, as where none is installed."""
    held = os.environ.get("PATH", "")
    os.environ["PATH"] = ""
    try:
        yield
    finally:
        os.environ["PATH"] = held
        workers.dismiss()


def show(paths: Sequence[Path]) -> None:
    """Print pages a second."""
    found = alone(paths)
    print(f"| on one processor | pages a second |\n|{'---|' * 2}")
    print(f"| plain text by the same engine | {found.pages / found.plain:.0f} |")
    share = f"{found.plain / found.full:.2f} of it"
    print(f"| reading | {found.pages / found.full:.0f} ({share}) |")
    with without_tesseract():
        for hands in (1, 2, 1, 2):
            one = worked(paths, hands)
            pace = one.pages / one.seconds
            print(f"| {hands} worker(s), by the clock, no scans | {pace:.0f} |")
    if shutil.which("tesseract"):
        for hands in (1, 2):
            one = worked(paths, hands)
            said = f"by the clock, {one.scans} scans by Tesseract"
            print(f"| {hands} worker(s), {said} | {one.pages / one.seconds:.0f} |")
    workers.dismiss()
