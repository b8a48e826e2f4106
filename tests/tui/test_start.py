"""The first paint waits for nothing."""

import subprocess
import sys

HEAVY = ("faiss", "numpy", "torch", "sentence_transformers", "bm25s", "tiktoken")


def test_the_screen_is_there_before_anything_heavy_is_imported() -> None:
    code = "import sys, askreport_tui.app; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not set(HEAVY) & set(done.stdout.split())
