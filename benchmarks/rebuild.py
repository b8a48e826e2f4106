"""What builds cost: all of a shelf, nothing new, one document more.

    python -m benchmarks.rebuild [--files FOLDER] [--model NAME] [--documents N ...]

Shelves are made of synthetic reports and, as far as they go, of the PDF, HTML and text
files below FOLDER (at most a third, the smallest first). Each build is the command
`askreport build --json` in a process of its own; seconds are by the clock, from start
to end, and those of its parts as its events come; processor time is user and system.
What a bare interpreter takes to start is measured too, and taken off. "index copied" is
what it takes to write the index and no more.
"""

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ENDINGS = (".pdf", ".html", ".htm", ".md", ".txt")

MOST_BYTES = 400_000
"""A larger file is left out: the table is about how many documents there are."""

WORDS = (
    "harbour quay tonnes silt channel ferry crew sailing passengers island bridge "
    "mason arch crack survey lorry weight limit orchard frost blossom grower trap "
    "damage lamp keeper storm oil wick clock steps boat landing winter spring review "
    "staff ward bed nurse patient vacancy training incident report board leader "
    "culture safety visit"
).split()


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one build and of its parts."""

    whole: float
    processor: float
    listing: float
    """Until the first document is looked at: imports, digests of the sources."""
    reading: float
    cutting: float
    encoding: float
    writing: float
    passages: int
    read: int
    encoded: int


def report(seed: int, paragraphs: int) -> str:
    """A synthetic report, the same for the same seed."""
    drawn = random.Random(seed)  # noqa: S311
    lines = [f"# Report {seed} of the {drawn.choice(WORDS)} board", ""]
    for n in range(paragraphs):
        if n % 3 == 0:
            lines += [f"## The {drawn.choice(WORDS)} of {drawn.choice(WORDS)} {n}", ""]
        told = []
        for _ in range(8):
            words = [drawn.choice(WORDS) for _ in range(14)]
            words.insert(5, str(drawn.randrange(10**5)))
            told.append(" ".join(words).capitalize() + ".")
        lines += [" ".join(told), ""]
    return "\n".join(lines)


def shelf(root: Path, documents: int, files: Path | None, model: str) -> int:
    """Fill a shelf; how many of its documents are real files."""
    sources = root / "sources"
    sources.mkdir(parents=True)
    (root / "askreport.toml").write_text(f'model = "{model}"\n', "utf-8")
    found = [] if files is None else _real(files)
    real = found[: documents // 3]
    for n, path in enumerate(real):
        shutil.copy(path, sources / f"real-{n:04}{path.suffix.lower()}")
    for n in range(documents - len(real)):
        text = report(n, 6)
        (sources / f"report-{n:04}.md").write_text(text, "utf-8")
    return len(real)


def _real(folder: Path) -> list[Path]:
    inside = (p for p in folder.rglob("*") if p.suffix.lower() in ENDINGS)
    sized = sorted((p.stat().st_size, p) for p in inside if p.is_file())
    return [path for size, path in sized if 1000 < size < MOST_BYTES]


def build(root: Path, *more: str) -> Cost:
    """One build by the command line, its events timed as they come."""
    command = [sys.executable, "-m", "askreport", "build", "--json", *more]
    before = _processor()
    began = time.monotonic()
    seen: dict[str, float] = {}
    last: dict[str, object] = {}
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as child:
        for line in child.stdout or ():
            now = time.monotonic() - began
            last = json.loads(line)
            doing = str(last.get("doing", ""))
            phase = doing.split(" ")[0] if last["event"] == "step" else "ended"
            seen.setdefault(phase, now)
            if phase == "encoding":
                seen["encoded"] = now
    whole = time.monotonic() - began
    if child.returncode:
        raise RuntimeError(last)
    first = seen.get("reading", whole)
    read = seen.get("read", first)
    encoding = seen.get("encoding", read)
    encoded = seen.get("encoded", encoding)
    writing = seen.get("writing", encoded)
    counts = (int(str(last[name])) for name in ("passages", "read", "encoded"))
    parts = (first, read - first, encoding - read, writing - encoding, whole - writing)
    return Cost(whole, _processor() - before, *parts, *counts)


def copied(root: Path) -> tuple[float, float]:
    """Seconds by the clock and of the processor that bare writing of the index takes:
    its files read, digested, written anew and flushed, by a process of its own.
    """
    name = (root / "index" / "CURRENT").read_text("utf-8").strip()
    folder = root / "index" / "generations" / name
    command = [sys.executable, "-c", COPY, str(folder), str(root / "copy")]
    before, began = _processor(), time.monotonic()
    subprocess.run(command, check=True)
    took = time.monotonic() - began, _processor() - before
    shutil.rmtree(root / "copy")
    return took


COPY = """
import hashlib, os, pathlib, sys
old, new = map(pathlib.Path, sys.argv[1:])
for path in sorted(p for p in old.rglob("*") if p.is_file()):
    to = new / path.relative_to(old)
    to.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("rb") as source, to.open("wb") as file:
        while data := source.read(2**20):
            digest.update(data)
            file.write(data)
        os.fsync(file.fileno())
"""


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def bare() -> float:
    """Seconds that an interpreter takes to start and end, the least of five."""
    times = []
    for _ in range(5):
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        times.append(time.monotonic() - began)
    return min(times)


def row(documents: int, what: str, cost: Cost, start: float) -> str:
    """A line of the table."""
    parts = (cost.listing, cost.reading, cost.cutting, cost.encoding, cost.writing)
    times = [f"{part:.2f}" for part in (cost.whole - start, cost.processor, *parts)]
    counts = (cost.read, cost.encoded)
    return (
        f"| {' | '.join(map(str, (documents, cost.passages, what, *times, *counts)))} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=Path)
    parser.add_argument("--model", default="all-MiniLM-L6-v2")
    parser.add_argument("--documents", type=int, nargs="+", default=[10, 100, 1000])
    given = parser.parse_args()
    start = bare()
    print(f"interpreter start {start:.2f} s, taken off; model {given.model}\n")
    print(
        "| documents | passages | build | s | processor | until reading | reading "
        "| cutting | encoding | index and writing | read | encoded |\n"
        + "| --- " * 12
        + "|"
    )
    for documents in given.documents:
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            shelf(root, documents, given.files, given.model)
            print(row(documents, "full", build(root), start), flush=True)
            time.sleep(2.5)  # files that were just written are read again
            nothing = min((build(root) for _ in range(3)), key=lambda c: c.whole)
            print(row(documents, "no change", nothing, start), flush=True)
            (root / "sources" / "one-more.md").write_text(report(10**6, 6), "utf-8")
            added = build(root)
            print(row(documents, "one added", added, start), flush=True)
            clock, processor = copied(root)
            told = (documents, added.passages, "index copied")
            times = (f"{clock - start:.2f}", f"{processor:.2f}")
            print("| " + " | ".join(map(str, (*told, *times))) + " |" + " |" * 7)
            (root / "sources" / "report-0001.md").unlink()
            print(row(documents, "one removed", build(root), start), flush=True)


if __name__ == "__main__":
    main()
