"""How well real files are read: every one of a folder of test files, measured.

    python -m benchmarks.reading [files] [pages] [html] [offsets] [tables] [speed]

The files lie beside the checkout (`../shared/files`) and are no part of it. Without a
name all six tables are printed. Speed is a ratio of one run on one machine.
"""

import argparse
import csv
import gzip
import json
import re
import resource
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pypdfium2
import trafilatura
from benchmarks import paces, placing

from askreport.ingest.documents import html, pdf, reader, workers
from askreport.ingest.documents.workers import Job, Limits
from askreport.types import Document, Source

FILES = Path(__file__).parents[2] / "shared" / "files"

_WORD = re.compile(r"\w+(?:[.,]\d+)*")


@cache
def manifest() -> tuple[dict[str, str], ...]:
    """A row a file."""
    with (FILES / "manifest.tsv").open(encoding="utf-8") as file:
        return tuple(csv.DictReader(file, delimiter="\t"))


@cache
def expected() -> tuple[dict[str, Any], ...]:
    """What people marked in some of them."""
    text = (FILES / "expect.jsonl").read_text("utf-8")
    return tuple(json.loads(line) for line in text.splitlines())


def words(text: str) -> Counter[str]:
    """The words and figures of a text, in small letters."""
    return Counter(_WORD.findall(text.replace("\u00ad", "").lower()))


SLOW = ("pdf/financebench/", "scan-or-image-only")
"""Annual reports of a hundred pages, and what Tesseract reads: most of the time."""


@cache
def sample() -> frozenset[str]:
    """Paths of every file that is read quickly, and of every third that is not."""
    rows = manifest()
    slow = [
        r["path"] for r in rows if any(s in r["path"] + r["category"] for s in SLOW)
    ]
    return frozenset(r["path"] for r in rows).difference(slow) | {*slow[::3]}


# Every file is read or refused.


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a file."""

    path: str
    category: str
    document: Document | None
    reason: str
    seconds: float
    password: str = ""

    @property
    def read(self) -> placing.Read | None:
        """The document with its file; None if there is none."""
        if self.document is None:
            return None
        return placing.Read(FILES / self.path, self.document, self.password)


def fates(*, hands: int = 0, among: Collection[str] | None = None) -> Iterator[Fate]:
    """Every file of the manifest, or those `among` it, read as a build does, with its
    password if any.
    """
    rows = [row for row in manifest() if among is None or row["path"] in among]
    with tempfile.TemporaryDirectory() as room:
        jobs = []
        for i, row in enumerate(rows):
            path = FILES / row["path"]
            if path.suffix == ".gz":
                unpacked = Path(room) / f"{i}-{path.stem}"
                unpacked.write_bytes(gzip.decompress(path.read_bytes()))
                path = unpacked
            source = Source(str(i), path.stem, path.name, row["sha256"])
            given = (row["password"],) if row["password"] else ()
            jobs.append(Job(source, path, titled=False, passwords=given))
        began = {i: time.monotonic() for i in range(len(jobs))}
        for outcome in workers.read(jobs, Limits(workers=hands)):
            row = rows[outcome.job]
            known = isinstance(outcome.found, Document)
            if isinstance(outcome.found, Document):
                _READ[row["path"]] = outcome.found
            yield Fate(
                row["path"],
                row["category"],
                outcome.found if isinstance(outcome.found, Document) else None,
                "" if known else f"{outcome.found.message}",  # type: ignore[union-attr]
                time.monotonic() - began[outcome.job],
                row["password"],
            )


def files() -> None:
    """Print what became of every file, by category."""
    by: dict[str, list[Fate]] = defaultdict(list)
    began = time.monotonic()
    for fate in fates():
        by[fate.category].append(fate)
    took = time.monotonic() - began
    print(
        f"| category | files | read | refused | pages | unread pages |\n|{'---|' * 6}"
    )
    for category in sorted(by):
        found = by[category]
        read = [f.document for f in found if f.document]
        pages = sum(len(d.pages) for d in read)
        unread = sum(len(d.unread) for d in read)
        refused = len(found) - len(read)
        row = (category, len(found), len(read), refused, pages, unread)
        print("| " + " | ".join(map(str, row)) + " |")
    for fate in (f for found in by.values() for f in found if f.document is None):
        print(f"refused: {fate.path}: {fate.reason}")
    workers.dismiss()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{took:.0f} s in all, largest process {peak:.0f} MiB")


# The words of a page stand on that page.


@dataclass(frozen=True, slots=True)
class Recall:
    """How much of what a person marked on a page was read on that page."""

    kind: str
    share: float
    best: int
    """The page that holds most of it."""
    page: int


_READ: dict[str, Document] = {}
"""Documents by their paths, as `fates` met them: reading all of them takes a while."""


@cache
def pages_of(path: str) -> Mapping[int, str]:
    """The text of each page of a PDF."""
    known = _READ.get(path)
    found = known.pages if known else pdf.read(FILES / path).pages
    return {page.number or 0: page.text for page in found}


def marked(among: Collection[str] | None = None) -> list[dict[str, Any]]:
    """What people marked on pages, of every file or of those `among` them."""
    return [
        one
        for one in expected()
        if "page" in one and (among is None or one["path"] in among)
    ]


def recalls(among: Collection[str] | None = None) -> list[Recall]:
    """For each marked evidence, its recall on the stated page."""
    found = []
    for one in marked(among):
        wanted = words(one["text"])
        shares = {
            number: (wanted & words(text)).total() / wanted.total()
            for number, text in pages_of(one["path"]).items()
        }
        share = shares.get(one["page"], 0.0)
        best = max(shares, key=lambda number: shares[number])
        best = one["page"] if shares[best] == share else best
        found.append(Recall(one["kind"], share, best, one["page"]))
    return found


def strays(path: str) -> int:
    """Words that we give to a page and the same engine's plain text does not."""
    lost = 0
    with pypdfium2.PdfDocument(FILES / path) as document:
        for number, text in pages_of(path).items():
            plain = document[number - 1].get_textpage().get_text_range()
            whole = "".join(re.findall(r"\w", plain.replace("\ufffe", "")))
            folded = html._folded(whole).replace(" ", "")
            lost += sum(
                "".join(re.findall(r"\w", word)) not in folded for word in words(text)
            )
    return lost


def pages() -> None:
    """Print the recall of marked evidence."""
    found = recalls()
    print(f"| evidence | items | median | mean | elsewhere better |\n|{'---|' * 5}")
    for kind in sorted({one.kind for one in found}):
        mine = [one for one in found if one.kind == kind]
        shares = [one.share for one in mine]
        away = sum(one.best != one.page and one.share < 0.9 for one in mine)
        median, mean = statistics.median(shares), statistics.mean(shares)
        print(f"| {kind} | {len(mine)} | {median:.4f} | {mean:.4f} | {away} |")
    paths = sorted({one["path"] for one in marked()})
    total = sum(len(pages_of(path)) for path in paths)
    print(f"words on no such page: {sum(map(strays, paths))} on {total} pages")


# The content of web pages.


@dataclass(frozen=True, slots=True)
class Content:
    """How well the content of web pages was told from the rest."""

    f1: float
    kept: float
    gone: float


def content(read: Any, *, every: int = 1) -> Content:  # noqa: ANN401
    """Against hand-made bodies, and strings that must and must not be there; of every
    page, or of one in so many.
    """
    f1 = []
    kept: list[bool] = []
    gone: list[bool] = []
    pages = [one for one in expected() if "articleBody" in one or "with" in one]
    for one in pages[::every]:
        if "articleBody" in one:
            f1.append(_f1(words(read(_html(one["path"]))), words(one["articleBody"])))
        else:
            text = " ".join(read(_html(one["path"])).split())
            kept += [" ".join(s.split()) in text for s in one["with"]]
            gone += [" ".join(s.split()) not in text for s in one["without"]]
    mean = statistics.mean
    return Content(mean(f1), mean(kept), mean(gone))


def _f1(found: Counter[str], wanted: Counter[str]) -> float:
    return 2 * (found & wanted).total() / max(1, found.total() + wanted.total())


@cache
def _html(path: str) -> str:
    raw = (FILES / path).read_bytes()
    with tempfile.NamedTemporaryFile(suffix=".html") as file:
        file.write(gzip.decompress(raw) if path.endswith(".gz") else raw)
        file.flush()
        return reader._decoded(Path(file.name))


def ours(text: str) -> str:
    """What we read of a page."""
    return "\n".join(page.text for page in html.read(text).pages)


def alone(text: str) -> str:
    """What trafilatura reads of it by itself."""
    return trafilatura.extract(text) or ""


def pages_of_the_web() -> None:
    """Print how well content is told from the rest."""
    print(f"| reader | F1 | with kept | without gone |\n|{'---|' * 4}")
    for name, read in (("askreport", ours), ("trafilatura alone", alone)):
        c = content(read)
        print(f"| {name} | {c.f1:.4f} | {c.kept:.4f} | {c.gone:.4f} |")


# Offsets and rectangles.


def offsets() -> None:
    """Print what became of a sample of passages."""
    found = placing.check([fate.read for fate in fates() if fate.read])
    print(
        f"{found.passages} passages, {found.moved} moved; {found.with_layout} with "
        f"rectangles, {found.uncovered} not covered by them"
    )


# Tables.

CELLS = (
    ("senate", "What amount was paid to ENGLERT, PAYTON A?", "25,499.96", "AMOUNT"),
    ("senate", "What was the amount of CAMPBELL, CLAYTON D?", "31,111.08", "AMOUNT"),
    ("senate", "When was document DHAW20190031 posted?", "05/28/2019", "POSTED"),
    ("warn", "How many at McGraw-Hill Education in Monterey?", "137", "No. Of"),
    ("warn", "In which city was the Alphatec Spine layoff?", "Carlsbad", "City"),
    ("warn", "When was Microsoft Corporation effective?", "09/06/2015", "Effective"),
    ("warn", "What closure was Fusion Contacts Centers?", "Permanent", "Closure"),
    ("warn", "Notice date of Bosch Healthcare Systems?", "07/01/2015", "Notice Date"),
    ("warn", "How many employees at KLA-Tencor in Milpitas?", "213", "No. Of"),
    ("warn", "When was the Leidos notice received?", "07/01/2015", "Received"),
)
"""Part of a file's name, a question about a cell, the cell, and its heading."""


def cells() -> list[tuple[str, bool, str]]:
    """Each question, whether row and heading are in the first quote, and that quote."""
    from askreport import Library

    with tempfile.TemporaryDirectory() as room:
        root = Path(room)
        (root / "sources").mkdir()
        (root / "askreport.toml").write_text("floor = 0.0\n", "utf-8")
        for name in ("senate-expenditures.pdf", "ca-warn-report.pdf"):
            raw = (FILES / "pdf" / "pdfplumber" / name).read_bytes()
            (root / "sources" / name).write_bytes(raw)
        library = Library.open(root)
        library.build()
        found = []
        for _, question, cell, heading in CELLS:
            quotes = [c.quote for c in library.ask(question).citations]
            good = bool(quotes) and cell in quotes[0] and heading in quotes[0]
            found.append((question, good, quotes[0] if quotes else ""))
        return found


def tables() -> None:
    """Print the answers to questions about cells."""
    for question, good, quote in cells():
        print(f"{'ok ' if good else 'BAD'} {question}\n      {quote}")


# Speed.


def speed() -> None:
    """Print pages a second, of one processor and of two."""
    paths = sorted((FILES / "pdf" / "financebench").glob("*.pdf"))
    paces.show(paths + sorted((FILES / "pdf" / "climretrieve").glob("*.pdf")))


TABLES = {
    "files": files,
    "pages": pages,
    "html": pages_of_the_web,
    "offsets": offsets,
    "tables": tables,
    "speed": speed,
}


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("table", nargs="*", help=f"of {', '.join(TABLES)}; else all")
    given = parser.parse_args()
    if unknown := set(given.table) - set(TABLES):
        parser.error(f"{', '.join(unknown)}: there is only {', '.join(TABLES)}")
    if not FILES.is_dir():
        parser.error(f"{FILES} is not there: the files are no part of the checkout")
    for name in given.table or TABLES:
        print(f"\n{name}\n")
        TABLES[name]()


if __name__ == "__main__":
    main()
