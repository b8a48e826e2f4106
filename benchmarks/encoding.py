"""texts of a set -> how fast each encoder reads them, side by side in one process.

    python -m benchmarks.encoding SET_DIR [--texts 256] [--runs 5]

The reference (sentence-transformers, its own threads) and the frozen copy take turns,
so that a busy minute of the machine slows both. Passages a second by the clock, and the
processor's time a passage, which a busy machine changes less. Texts are drawn with a
fixed seed. The least cosine of the two is printed as well.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from askreport import embedding, reference, threads
from askreport.encoded import Encoder

SEED = 8


def texts(folder: Path, most: int) -> list[str]:
    """Some texts of a set's corpus."""
    with (folder / "corpus.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(line)["text"] for line in file]
    return random.Random(SEED).sample(rows, min(most, len(rows)))  # noqa: S311


def taken(encoder: Encoder, rows: list[str]) -> tuple[float, float]:
    """Seconds by the clock and of the processors."""
    clock, processor = time.perf_counter(), time.process_time()
    encoder.encode(rows)
    return time.perf_counter() - clock, time.process_time() - processor


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", type=Path)
    parser.add_argument("--texts", type=int, default=256)
    parser.add_argument("--runs", type=int, default=5)
    told = parser.parse_args()
    rows = texts(told.set, told.texts)
    with tempfile.TemporaryDirectory() as home:
        model = embedding.find(embedding.DEFAULT, home=Path(home))
        model.freeze()
        assert model.folder is not None
        encoders: dict[str, Encoder] = {
            "reference": reference.Reference(model.name, model.folder, model.digest),
            "frozen": model.open(),
        }
        made = {name: one.encode(rows[:32]).vectors for name, one in encoders.items()}
        least = float(np.sum(made["reference"] * made["frozen"], axis=1).min())
        runs = [
            {name: taken(one, rows) for name, one in encoders.items()}
            for _ in range(told.runs)
        ]
    print(f"{len(rows)} texts, {threads.building()} threads, least cosine {least:.7f}")
    print(f"{'encoder':12}{'texts a second':>16}{'processor ms a text':>22}")
    for name in encoders:
        clock = statistics.median(run[name][0] for run in runs)
        processor = statistics.median(run[name][1] for run in runs)
        each = 1000 * processor / len(rows)
        print(f"{name:12}{len(rows) / clock:16.1f}{each:22.1f}")


if __name__ == "__main__":
    main()
