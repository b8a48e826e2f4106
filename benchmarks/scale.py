"""shelves of growing size -> what finding passages in them takes, and a plot of it.

    python -m benchmarks.scale SETS_DIR [--sizes 10000 100000 1000000] [--plot PNG]
        [--json FILE] [--work DIR]

Passages are made, with a fixed seed, from the rows of public sets: the words of each
are those of four real sentences drawn from two rows, its vector lies between the real
vectors of those rows, moved a little. Questions are the sets' own, with their real
vectors. Each size is built here and asked in a process of its own: what both indexes
take to open and answer the first question, then the median and the 95th percentile,
how much memory is resident (mapped files included), and how many of the ten nearest are
found. Texts, token vectors and the encoder are left out: what they take for a question
does not depend on the size of the shelf.
"""

import argparse
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SEED = 20261124

BASE = 1500
"""Rows that are encoded: more take minutes and make no other picture."""

ASKED = 200

MOST = 60
"""Candidates of each ranking, as by default."""

SETS = ("xquad-en", "tatqa-dev", "conditionalqa-dev", "financebench-dev")

Floats = NDArray[np.float32]


def texts(sets: Path, name: str, most: int) -> list[str]:
    """Texts of a file of every set, in turn, the same for the same sets."""
    found: list[str] = []
    for folder in (sets / one for one in SETS):
        lines = (folder / name).read_text("utf-8").splitlines()
        rows = [json.loads(line)["text"] for line in lines]
        rows = [row for row in rows if row.strip()]
        drawn = random.Random(SEED)  # noqa: S311
        found += drawn.sample(rows, min(len(rows), most // len(SETS)))
    return found


def prepare(sets: Path, work: Path) -> None:
    """Encode what passages are made of, and the questions."""
    from askreport import embedding
    from askreport import text as words

    model = embedding.find(embedding.DEFAULT, home=work / "encoders")
    model.freeze()
    encoder = model.open()
    base = texts(sets, "corpus.jsonl", BASE)
    asked = texts(sets, "queries.jsonl", ASKED)
    np.save(work / "base.npy", encoder.encode([row[:900] for row in base]).vectors)
    np.save(work / "asked.npy", encoder.encode(asked).vectors)
    sentences = [
        [words.terms(row[s.start : s.end]) for s in words.sentences(row)]
        for row in base
    ]
    (work / "sentences.json").write_text(json.dumps(sentences))
    (work / "asked.json").write_text(json.dumps([words.terms(one) for one in asked]))


def drawn_of(work: Path, size: int) -> tuple[Floats, list[list[int]], list[list[int]]]:
    """Vectors of that many passages, the two rows that each is made from, and what
    chooses its four sentences: two of either row.
    """
    base: Floats = np.load(work / "base.npy")
    drawn = np.random.default_rng(SEED)
    pairs = drawn.integers(0, len(base), (size, 2))
    share = drawn.uniform(0.5, 1.0, (size, 1)).astype(np.float32)
    vectors = np.empty((size, base.shape[1]), dtype=np.float32)
    for start in range(0, size, 50_000):
        own = slice(start, start + 50_000)
        mixed = base[pairs[own, 0]] * share[own] + base[pairs[own, 1]] * (
            1 - share[own]
        )
        noise = np.asarray(drawn.normal(size=mixed.shape), dtype=np.float32)
        mixed += noise * np.float32(0.5 / base.shape[1] ** 0.5)
        vectors[own] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    picks = drawn.integers(0, 2**31, (size, 4))
    return vectors, pairs.tolist(), picks.tolist()


def made(work: Path, size: int) -> tuple[Floats, list[list[str]]]:
    """Vectors and terms of that many passages."""
    sentences = json.loads((work / "sentences.json").read_text())
    vectors, pairs, picks = drawn_of(work, size)
    terms = []
    for (one, other), chosen in zip(pairs, picks, strict=True):
        both = (one, one, other, other)
        from_ = (sentences[row] for row in both)
        terms.append(
            [
                t
                for s, pick in zip(from_, chosen, strict=True)
                if s
                for t in s[pick % len(s)]
            ]
        )
    return vectors, terms


def build(work: Path, size: int) -> dict[str, object]:
    """Make both indexes of that size; what it took."""
    from askreport import dense, lexical

    vectors, terms = made(work, size)
    folder = work / str(size)
    (folder / "lexical").mkdir(parents=True)
    began = time.perf_counter()
    worded = lexical.build(terms)
    lexical.write(worded, folder / "lexical")
    between = time.perf_counter()
    index = dense.build(vectors)
    dense.write(index, folder)
    ended = time.perf_counter()
    asked: Floats = np.load(work / "asked.npy")
    nearest = np.argpartition(-(asked @ vectors.T), 10, axis=1)[:, :10]
    np.save(folder / "nearest.npy", nearest)
    size_on_disk = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    return {
        "lexical_seconds": round(between - began, 1),
        "dense_seconds": round(ended - between, 1),
        "dense": index.told,
        "megabytes": round(size_on_disk / 1e6, 1),
    }


def ask(work: Path, size: int) -> dict[str, object]:
    """Open the indexes of that size in this process and ask."""
    from askreport import threads

    threads.settle()
    from askreport import dense, lexical

    folder = work / str(size)
    asked: Floats = np.load(work / "asked.npy")
    terms: list[list[str]] = json.loads((work / "asked.json").read_text())
    nearest = np.load(folder / "nearest.npy").tolist()
    began = time.perf_counter()
    index = dense.read(folder, exact=not (folder / dense.WHOLE).exists())
    worded = lexical.read(folder / "lexical")

    def once(i: int) -> tuple[float, float, list[int]]:
        start = time.perf_counter()
        near = dense.search(index, asked[i], most=MOST)
        between = time.perf_counter()
        lexical.search(worded, terms[i], most=MOST)
        rows = [row for row, _ in near[:10]]
        return between - start, time.perf_counter() - between, rows

    once(0)
    first = time.perf_counter() - began
    found = [once(i) for i in range(len(asked))]
    times = [1000 * (near + words) for near, words, _ in found]
    met = [
        len(set(rows) & set(own))
        for (_, _, rows), own in zip(found, nearest, strict=True)
    ]
    return {
        "open_and_first_ms": round(1000 * first, 1),
        "p50_ms": round(statistics.median(times), 2),
        "p95_ms": round(statistics.quantiles(times, n=20)[-1], 2),
        "dense_p50_ms": round(1000 * statistics.median(f[0] for f in found), 2),
        "lexical_p50_ms": round(1000 * statistics.median(f[1] for f in found), 2),
        "recall_at_10": round(sum(met) / (10 * len(met)), 4),
        "resident_mb": resident(),
    }


def resident() -> float:
    """Megabytes of memory that this process holds, mapped files included (VmRSS)."""
    status = Path("/proc/self/status").read_text("utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return round(int(found[1]) / 1000, 1) if found else 0


def plot(found: Sequence[dict[str, object]], path: Path) -> None:
    """Cost against size, both on logarithmic scales."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    sizes = [one["size"] for one in found]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4))
    for name in ("p50_ms", "p95_ms", "dense_p50_ms", "lexical_p50_ms"):
        left.plot(sizes, [one[name] for one in found], marker="o", label=name)
    left.set(xscale="log", yscale="log", xlabel="passages", ylabel="ms a question")
    for name in ("resident_mb", "megabytes"):
        right.plot(sizes, [one[name] for one in found], marker="o", label=name)
    right.set(xscale="log", yscale="log", xlabel="passages", ylabel="MB")
    for axes in (left, right):
        axes.legend()
        axes.grid(visible=True, alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    """Build and ask every size; print, plot, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10**4, 10**5, 10**6])
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--ask", type=int, help="only ask that size, in this process")
    told = parser.parse_args()
    if told.ask is not None:
        print(json.dumps(ask(told.work, told.ask)))
        return
    with tempfile.TemporaryDirectory(dir=told.work) as made_:
        work = Path(made_)
        prepare(told.sets, work)
        found = []
        for size in told.sizes:
            built = build(work, size)
            command = [sys.executable, "-m", "benchmarks.scale", str(told.sets)]
            more = ["--work", str(work), "--ask", str(size)]
            done = subprocess.run(
                [*command, *more], capture_output=True, text=True, check=True
            )
            found.append({"size": size, **built, **json.loads(done.stdout)})
            print(json.dumps(found[-1]), flush=True)
    if told.plot is not None:
        plot(found, told.plot)
    if told.json is not None:
        told.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
