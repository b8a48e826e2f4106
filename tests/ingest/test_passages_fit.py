"""Whatever is cut, the encoder reads it whole: nasty texts and the shelf's own.

With the hashing encoder, and with the default model, loaded once.
"""

import base64
from dataclasses import replace
from pathlib import Path

import pytest

from askreport import embedding, tokens
from askreport.ingest import catalogue, passages
from askreport.ingest.documents import blocks, reader
from askreport.types import Document, Page, Source

SOURCE = Source(id="a", title="The title", path="a.md", digest="0" * 64)
ENCODER = embedding.HashingEncoder()

NASTY = (
    "質問応答システムは文書を検索し、正確な引用を返します。" * 40,
    "👩‍🚀🏳️‍🌈👨‍👩‍👧‍👦" * 60,
    "x" * 5000,
    base64.b64encode(bytes(range(256)) * 12).decode(),
    "https://example.org/" + "/".join(f"path{i}?q=%20{i}&r=a_b-c" for i in range(120)),
    "_" * 400 + " " + "-=" * 300,
    "เอกสารนี้อธิบายการทำงานของระบบ" * 30,
    "1,234.5 " * 300,
    "e\u0301\u0302\u0303" * 200,
)


def _page(*found: blocks.Block, number: int) -> Page:
    return blocks.page(found, number=number, label=None)


@pytest.mark.parametrize("nasty", NASTY, ids=lambda text: repr(text[:12]))
def test_nasty_text_is_cut_so_that_the_hashing_encoder_reads_it(nasty: str) -> None:
    _check_fits(ENCODER, _nasty(nasty))


def _nasty(text: str) -> Document:
    """The text as a paragraph, as a heading over text, and as the title."""
    source = replace(SOURCE, title=text[:300])
    plain = _page(blocks.Block(f"Before it. {text} After it."), number=1)
    heading = blocks.Block(text[:500], 2)
    headed = _page(heading, blocks.Block(f"Under it. {text}"), number=2)
    return Document(source, (plain, headed))


def _check_fits(encoder: embedding.Encoder, document: Document) -> None:
    cutting = passages.Cutting()
    found = passages.cut(
        document, cutting, fits=lambda t: encoder.length(t) <= encoder.most_tokens
    )
    assert found
    pages = {page.number: page for page in document.pages}
    for passage in found:
        assert encoder.length(passages.encoded(passage)) <= encoder.most_tokens
        assert tokens.count(passage.text) <= cutting.budget
        assert passage.text == pages[passage.page].text[passage.start : passage.end]
    # However little room the front leaves, it is more than a few letters.
    assert len(found) <= 4 + sum(len(p.text) for p in document.pages) / 10


@pytest.fixture(scope="module")
def real_encoder() -> embedding.Encoder:
    """The default model, loaded once."""
    return embedding.find(embedding.DEFAULT).open()


@pytest.mark.slow
def test_nothing_is_longer_than_the_default_model_reads(
    real_encoder: embedding.Encoder,
) -> None:
    shelf = Path(__file__).parents[2] / "sources"
    for item in catalogue.read(shelf):
        _check_fits(
            real_encoder, reader.read(item.source, item.path, titled=item.titled)
        )
    for nasty in NASTY:
        _check_fits(real_encoder, _nasty(nasty))


@pytest.mark.slow
def test_the_default_models_vectors_cover_every_token_of_a_passage(
    real_encoder: embedding.Encoder,
) -> None:
    """As many token vectors as tokens: nothing was cut off on the way in."""
    most = real_encoder.most_tokens
    found = passages.cut(
        _nasty(NASTY[4]),
        passages.Cutting(),
        fits=lambda text: real_encoder.length(text) <= most,
    )
    whole = [passages.encoded(passage) for passage in found]
    encoded = real_encoder.encode(whole)
    special = 2
    assert [len(rows) + special for rows in encoded.tokens] == [
        real_encoder.length(text) for text in whole
    ]
