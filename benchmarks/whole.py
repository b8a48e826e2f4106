"""whole shelves of growing size -> what opening one and asking it takes.

    python -m benchmarks.whole SETS_DIR [--sizes 10000 100000 1000000] [--shelf DIR]
        [--plot PNG] [--json FILE] [--work DIR]

Unlike `benchmarks.scale`, which looks at the two searches alone, this publishes a
generation with everything in it (texts, sections, words, sentences, passage and token
vectors) and asks it as everybody does, by `Library.ask`, in a process of its own:
encoding, searching, scoring sixty candidates, quoting and verifying. Passages are made
as there: four real sentences of two rows of public sets, with the real token vectors of
the first TOKENS tokens of each; fifty make a document of ten pages. `--shelf` names an
ordinary shelf to ask beside them. What was made in `--work` before is used again.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks import scale
from numpy.typing import NDArray

if TYPE_CHECKING:
    from askreport import Library
    from askreport.generation.publish import Contents
    from askreport.ingest.indexed import Recipe
    from askreport.ingest.taken import Part
    from askreport.late import TokenVectors
    from askreport.types import Page, Passage, Source

TOKENS = 12
"""Of each sentence: a passage has up to 48, a third of a usual one's, so that the
largest shelf takes 3 GB of disk for them."""

DOCUMENT, PAGE = 50, 5
"""Passages."""

CHUNK = 20_000
"""Passages made at a time."""


@dataclass(frozen=True, slots=True)
class Base:
    """The sentences that passages are made of."""

    texts: list[list[str]]
    """Of each row."""
    terms: list[list[list[str]]]
    numbers: list[list[int]]
    """The number of each, counted through."""
    tokens: "TokenVectors"
    """Token vectors, a sentence each, in the form that they are kept in."""


def prepare(sets: Path, work: Path) -> None:
    """What `scale` prepares, and the token vectors of every sentence."""
    from askreport import embedding, late
    from askreport import text as words

    scale.prepare(sets, work)
    model = embedding.find(embedding.DEFAULT, home=work / "encoders")
    encoder = model.open()
    rows = scale.texts(sets, "corpus.jsonl", scale.BASE)
    said = [[row[s.start : s.end] for s in words.sentences(row)][:6] for row in rows]
    said = [[" ".join(s.split())[:200] for s in row] or ["Nothing."] for row in said]
    flat = [sentence for row in said for sentence in row]
    found = encoder.encode(flat)
    tokens = late.build(
        [one[:TOKENS] for one in found.tokens],
        [one[:TOKENS] for one in found.offsets],
        dimensions=encoder.dimensions,
    )
    (work / "tokens").mkdir()
    late.write(tokens, work / "tokens")
    (work / "said.json").write_text(json.dumps(said))
    asked = scale.texts(sets, "queries.jsonl", scale.ASKED)
    (work / "questions.json").write_text(json.dumps([one[:500] for one in asked]))


def base(work: Path, *, compressed: bool) -> Base:
    """The sentences, their token vectors in one of the two forms."""
    from askreport import late
    from askreport import text as words

    said = json.loads((work / "said.json").read_text())
    count = 0
    numbers = []
    for row in said:
        numbers.append(list(range(count, count + len(row))))
        count += len(row)
    tokens = late.read(work / "tokens")
    terms = [[words.terms(sentence) for sentence in row] for row in said]
    return Base(said, terms, numbers, late.compressed(tokens) if compressed else tokens)


def chosen(
    known: Base, pairs: Sequence[Sequence[int]], picks: Sequence[Sequence[int]]
) -> Iterator[list[tuple[int, int]]]:
    """Row and place of the four sentences of each passage."""
    for (one, other), pick in zip(pairs, picks, strict=True):
        rows = (one, one, other, other)
        yield [(r, p % len(known.texts[r])) for r, p in zip(rows, pick, strict=True)]


def _page(
    known: Base, source: "Source", number: int, found: list[list[tuple[int, int]]]
) -> tuple["Page", list["Passage"], list[list[int]]]:
    """A page of passages, and where the sentences of each begin and end."""
    from askreport.types import Page, Passage

    at, passages, spans = 0, [], []
    section = (f"Part {number - 1}", f"Findings {source.id[1:]}-{number - 1}")
    for n, one in enumerate(found):
        said = [known.texts[row][place] for row, place in one]
        text = " ".join(said)
        first = int(source.id[1:]) * DOCUMENT + (number - 1) * PAGE
        name, span = f"{first + n:016x}", (at, at + len(text))
        passages.append(Passage(name, source, number, None, *span, section, text))
        begins = np.cumsum([0, *(len(s) + 1 for s in said[:-1])])
        ends = begins + [len(s) for s in said]
        spans.append(np.stack([begins, ends], axis=1).ravel().tolist())
        at += len(text) + 2
    return Page(number, None, "\n\n".join(p.text for p in passages)), passages, spans


def part(known: Base, first: int, found: list[list[tuple[int, int]]]) -> "Part":
    """All that is stored of passages that begin at row `first`."""
    from askreport import termlists
    from askreport.generation import sentences, storing
    from askreport.ingest.taken import Part
    from askreport.types import Document, Source

    documents, passages, spans = [], list["Passage"](), list[list[int]]()
    for start in range(0, len(found), DOCUMENT):
        number = (first + start) // DOCUMENT
        source = Source(f"r{number}", f"Report {number}", f"r{number}.txt", "0" * 64)
        pages = []
        for count, at in enumerate(range(start, start + DOCUMENT, PAGE), start=1):
            page, own, cut = _page(known, source, count, found[at : at + PAGE])
            pages.append(page)
            passages += own
            spans += cut
        documents.append(Document(source, tuple(pages)))
    terms = termlists.terms(
        [[t for row, place in one for t in known.terms[row][place]] for one in found]
    )
    keys = np.zeros((0, 32), dtype=np.uint8)
    none: Any = None
    stored = storing.build(documents, passages)
    return Part(stored, terms, sentences.joined(spans), keys, none)


def tokens_of(known: Base, found: list[list[tuple[int, int]]]) -> "TokenVectors":
    """The token vectors of passages: those of their sentences, one after another."""
    from askreport.late import TokenVectors

    held = known.tokens
    starts = np.asarray(held.starts)
    sentences = np.array([known.numbers[r][p] for one in found for r, p in one])
    counts = np.diff(starts)[sentences]
    ends = np.cumsum(counts)
    rows = np.arange(ends[-1]) - np.repeat(ends - counts, counts)
    rows += np.repeat(starts[sentences], counts)
    sizes = np.array([len(known.texts[r][p]) + 1 for one in found for r, p in one])
    before = (np.cumsum(sizes.reshape(-1, 4), axis=1) - sizes.reshape(-1, 4)).ravel()
    within = _placed(held)[rows] + np.repeat(before, counts)
    of = np.concatenate([[0], ends[3::4]]).astype(np.int64)
    steps = np.diff(within, prepend=0)
    filled = np.flatnonzero(np.diff(of))
    fronts = np.zeros(len(found), dtype=np.int32)
    fronts[filled] = within[of[filled]]
    steps[of[filled]] = 0
    return TokenVectors(
        held.codes[rows],
        held.scales[rows],
        steps.astype(np.int16),
        held.lengths[rows],
        fronts,
        of,
        held.turn,
    )


def _placed(held: "TokenVectors") -> NDArray[np.int64]:
    """Where each token of each sentence starts in it."""
    starts = np.asarray(held.starts)
    steps = np.cumsum(np.asarray(held.steps), dtype=np.int64)
    filled = np.flatnonzero(np.diff(starts))
    counts = np.diff(starts)[filled]
    base_ = np.repeat(steps[starts[filled]], counts)
    return steps - base_ + np.repeat(np.asarray(held.fronts)[filled], counts)


def build(work: Path, size: int) -> dict[str, object]:
    """Publish a shelf of that size; what it takes on disk."""
    from askreport import Library, __version__
    from askreport.generation import publish
    from askreport.ingest import indexed
    from askreport.settings import Settings, Shelf

    shelf = Shelf(work / str(size), Settings())
    shelf.sources.mkdir(parents=True, exist_ok=True)
    (shelf.root / "askreport.toml").write_text("")
    recipe = Library(shelf, __version__).recipe()
    recipe.model.freeze()
    contents = _contents(work, size, recipe)
    with publish.writing(shelf.index):
        name = recipe.name(str(size))
        told = indexed.described(name, str(size), recipe, contents)
        folder = publish.publish(shelf.index, told, contents)
    held = (shelf.index / "generations" / folder).rglob("*")
    bytes_ = sum(p.stat().st_size for p in held if p.is_file())
    return {"dense": told.dense, "late": told.late, "megabytes": round(bytes_ / 1e6, 1)}


def made(work: Path, size: int, sets: Path) -> dict[str, object]:
    """What `build` says of a shelf of that size, which is made if it is not there."""
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "questions.json").exists():
        prepare(sets, work)
    said = work / f"built-{size}.json"
    if not said.exists():
        said.write_text(json.dumps(build(work, size)))
    found: dict[str, object] = json.loads(said.read_text())
    return found


def _contents(work: Path, size: int, recipe: "Recipe") -> "Contents":
    """What a shelf of that size holds; the rows nearest to each question are noted."""
    from askreport import dense, embedding, late, lexical
    from askreport.generation import publish, sentences, storing

    vectors, pairs, picks = scale.drawn_of(work, size)
    known = base(work, compressed=size * 48 * 388 > 4 * 10**9)
    parts, tokens = [], []
    for first in range(0, size, CHUNK):
        own = slice(first, first + CHUNK)
        found = list(chosen(known, pairs[own], picks[own]))
        parts.append(part(known, first, found))
        tokens.append(tokens_of(known, found))
    del pairs, picks
    asked = np.load(work / "asked.npy")
    nearest = np.argpartition(-(asked @ vectors.T), 10, axis=1)[:, :10]
    np.save(work / f"nearest-{size}.npy", nearest)
    (probe,) = recipe.model.open().encode([embedding.PROBE]).vectors
    return publish.Contents(
        stored=storing.joined([one.stored for one in parts]),
        failed=(),
        dense=dense.build(vectors),
        lexical=lexical.joined([one.terms for one in parts]),
        tokens=late.alike(tokens, recipe.keeping),
        sentences=sentences.stacked([one.sentences for one in parts]),
        probe=np.asarray(probe, dtype=np.float32),
    )


def ask(work: Path, root: Path) -> dict[str, object]:
    """Open that shelf in this process and ask it."""
    questions = json.loads((work / "questions.json").read_text())
    began = time.perf_counter()
    from askreport import Library, stages

    imported = time.perf_counter()
    library = Library.open(root)
    library.ask(questions[0])
    first = time.perf_counter()
    worked = time.process_time()
    opened = scale.resident()
    times, work_, parts = [], [], dict[str, list[float]]()
    for question in questions[1:]:
        start, before = time.perf_counter(), time.process_time()
        with stages.told(lambda name, s: parts.setdefault(name, []).append(1000 * s)):
            library.ask(question)
        times.append(1000 * (time.perf_counter() - start))
        work_.append(1000 * (time.process_time() - before))
    found = {
        "import_s": round(imported - began, 2),
        "open_and_first_s": round(first - imported, 2),
        "start_to_first_processor_s": round(worked, 2),
        "p50_ms": round(statistics.median(times), 1),
        "p50_processor_ms": round(statistics.median(work_), 1),
        "p95_ms": round(statistics.quantiles(times, n=20)[-1], 1),
        **{f"{n}_ms": round(statistics.median(t), 1) for n, t in parts.items()},
        "resident_first_mb": opened,
        "resident_mb": scale.resident(),
    }
    return found | _searched(work, library)


def _searched(work: Path, library: "Library") -> dict[str, object]:
    """The two searches alone, and the share of the ten nearest that are found."""
    from askreport import dense, lexical

    generation = library.generation
    near = work / f"nearest-{len(generation.passages)}.npy"
    if not near.exists():
        return {}
    asked, known = np.load(work / "asked.npy"), np.load(near).tolist()
    terms = json.loads((work / "asked.json").read_text())
    met, times, words = 0, [], []
    for vector, own, said in zip(asked, known, terms, strict=True):
        start = time.perf_counter()
        found = dense.search(generation.dense, vector, most=scale.MOST)
        between = time.perf_counter()
        lexical.search(generation.lexical, said, most=scale.MOST)
        times.append(1000 * (between - start))
        words.append(1000 * (time.perf_counter() - between))
        met += len({row for row, _ in found[:10]} & set(own))
    return {
        "nearest_ms": round(statistics.median(times), 1),
        "words_ms": round(statistics.median(words), 1),
        "recall_at_10": round(met / (10 * len(known)), 4),
    }


def plot(found: Sequence[dict[str, Any]], path: Path) -> None:
    """Cost against size, both on logarithmic scales."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    sized = [one for one in found if one["size"] != "shelf"]
    sizes = [one["size"] for one in sized]
    figure, axes = pyplot.subplots(1, 3, figsize=(13, 4))
    shown = (
        ("ms a question", ("p50_ms", "p95_ms", "encode_ms", "nearest_ms", "words_ms")),
        ("s", ("open_and_first_s",)),
        ("MB", ("resident_first_mb", "resident_mb", "megabytes")),
    )
    for axis, (what, names) in zip(axes, shown, strict=True):
        for name in names:
            axis.plot(sizes, [one[name] for one in sized], marker="o", label=name)
        axis.set(xscale="log", yscale="log", xlabel="passages", ylabel=what)
        axis.legend()
        axis.grid(visible=True, alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=90)


def asked(work: Path, root: Path, sets: Path) -> dict[str, object]:
    """What `ask` says in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.whole", str(sets)]
    more = ["--work", str(work), "--ask", str(root)]
    done = subprocess.run([*command, *more], capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def main() -> None:
    """Build and ask every size; print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10**4, 10**5, 10**6])
    parser.add_argument("--shelf", type=Path)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--ask", type=Path, help="only ask that shelf, in this process")
    told = parser.parse_args()
    if told.ask is not None:
        print(json.dumps(ask(told.work, told.ask)))
        return
    with tempfile.TemporaryDirectory() as made_:
        work = told.work or Path(made_)
        found: list[dict[str, object]] = []
        if told.shelf is not None:
            found.append({"size": "shelf", **asked(work, told.shelf, told.sets)})
            print(json.dumps(found[-1]), flush=True)
        for size in told.sizes:
            built = made(work, size, told.sets)
            more = asked(work, work / str(size), told.sets)
            found.append({"size": size, **built, **more})
            print(json.dumps(found[-1]), flush=True)
    if told.plot is not None:
        plot(found, told.plot)
    if told.json is not None:
        told.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
