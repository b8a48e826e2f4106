"""Passages become a row each, in order, their tokens placed in the stored text."""

from pathlib import Path

import numpy as np

from askreport import embedding, late
from askreport.ingest import catalogue, passages, vectors
from askreport.ingest.documents import reader
from askreport.types import Passage

ENCODER = embedding.HashingEncoder()


def _passages(shelf: Path) -> tuple[Passage, ...]:
    found: list[Passage] = []
    for item in catalogue.read(shelf / "sources"):
        document = reader.read(item.source, item.path, titled=item.titled)
        found += passages.cut(document, passages.Cutting(), fits=lambda text: True)
    return tuple(found)


def test_every_passage_has_one_row_of_unit_length(shelf: Path) -> None:
    cut = _passages(shelf)
    found = vectors.encode(cut, ENCODER)
    assert found.whole.shape == (len(cut), ENCODER.dimensions)
    assert found.whole.dtype == np.float32
    assert np.allclose(np.linalg.norm(found.whole, axis=1), 1.0, atol=1e-5)


def test_row_and_passage_agree(shelf: Path) -> None:
    cut = _passages(shelf)
    found = vectors.encode(cut, ENCODER)
    alone = [vectors.encode([passage], ENCODER).whole[0] for passage in cut]
    assert np.allclose(found.whole, np.stack(alone))


def test_title_and_section_are_encoded_too(shelf: Path) -> None:
    cut = _passages(shelf)
    ferries = next(p for p in cut if p.section == ("Ferries",))
    (bare,) = ENCODER.encode([ferries.text]).vectors
    (row,) = vectors.encode([ferries], ENCODER).whole
    (asked,) = ENCODER.encode(["The harbour report: ferries"]).vectors
    assert row @ asked > bare @ asked


def test_tokens_are_placed_in_the_stored_text_and_those_of_the_front_before_it(
    shelf: Path,
) -> None:
    cut = _passages(shelf)
    found = vectors.encode(cut, ENCODER)
    for row, passage in enumerate(cut):
        asked = np.zeros((1, ENCODER.dimensions), dtype=np.float32)
        offsets = late.together(found.tokens, asked, [row]).spans
        front = passages.front(passage.source, passage.section)
        assert offsets.min() == -len(front)
        inside = [(int(a), int(b)) for a, b in offsets if a >= 0]
        assert [passage.text[a:b].lower() for a, b in inside] == [
            word.lower() for word in _words(passage.text)
        ]


def _words(text: str) -> list[str]:
    (spans,) = ENCODER.encode([text]).offsets
    return [text[a:b] for a, b in spans]


def test_no_passages_make_no_rows() -> None:
    found = vectors.encode([], ENCODER)
    assert found.whole.shape == (0, ENCODER.dimensions)


def test_progress_counts_every_passage_once(shelf: Path) -> None:
    cut = _passages(shelf)
    told: list[int] = []
    vectors.encode(cut, ENCODER, progress=told.append)
    assert sum(told) == len(cut)
