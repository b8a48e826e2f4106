"""Pages of PDFs as they were printed, with the words of a passage lit."""

import io
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pypdfium2
import pytest
from PIL import Image, ImageChops
from reportlab.pdfgen import canvas

from askreport import Library, Passage
from askreport.serve import lit, picture
from askreport.serve.api import pictures

Serve = Callable[[Library], AbstractContextManager[httpx.Client]]

CRACK = "Who measured a crack of 14 millimetres in the second arch?"


def image(raw: bytes) -> Image.Image:
    """A PNG, opened."""
    opened = Image.open(io.BytesIO(raw))
    assert opened.format == "PNG"
    return opened.convert("RGB")


def yellow(one: Image.Image) -> tuple[int, int, int, int] | None:
    """Where anything is lit: left, upper, right, lower."""
    red, _, blue = one.split()
    lit_ = ImageChops.subtract(red, blue).point(lambda value: 255 * (value > 60))
    return lit_.getbbox()


@pytest.fixture(scope="module")
def passage(library: Library) -> Passage:
    """A passage of a page of the PDF."""
    return library.search(CRACK, top=1)[0].passage


def test_a_page_of_a_pdf_is_a_png_with_the_passage_lit(
    client: httpx.Client, passage: Passage
) -> None:
    at = "/documents/bridges-pdf/pages/1.png"
    plain = client.get(at)
    shown = client.get(at, params={"passage": passage.id})
    assert plain.headers["content-type"] == "image/png"
    assert plain.headers["x-content-type-options"] == "nosniff"
    before, after = image(plain.content), image(shown.content)
    assert before.size == after.size
    assert before.width == pictures.WIDTH
    assert yellow(before) is None
    place = yellow(after)
    assert place is not None
    # Lines at 736 and 712 points of 842 (A4), from 72 points on.
    scale = after.width / 595.28
    assert place[0] == pytest.approx(72 * scale, abs=4)
    assert (841.9 - 760) * scale < place[3] < (841.9 - 700) * scale


def test_the_permalink_of_a_pdf_shows_the_page_and_that_of_a_text_does_not(
    client: httpx.Client, library: Library, passage: Passage
) -> None:
    shown = client.get(f"/c/{passage.id}").text
    at = f"/documents/bridges-pdf/pages/1.png?passage={passage.id}"
    assert f'src="{at}"' in shown
    assert 'alt="The page as printed (p. 1)' in shown
    assert image(client.get(at).content).height > pictures.WIDTH
    text = library.search("How many passengers does each ferry carry?", top=1)[0]
    assert "<img" not in client.get(f"/c/{text.passage.id}").text


def test_the_width_is_what_was_asked_for_within_bounds(client: httpx.Client) -> None:
    at = "/documents/bridges-pdf/pages/2.png"
    assert image(client.get(at, params={"width": 300}).content).width == 300
    for width in ("99", "2401", "wide", "-1"):
        assert client.get(at, params={"width": width}).status_code == 422


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/documents/harbour-report/pages/1.png", "no page 1"),
        ("/documents/bridges-pdf/pages/3.png", "no page 3"),
        ("/documents/none/pages/1.png", "no document 'none'"),
        ("/documents/bridges-pdf/pages/1.png?passage=none", "no passage 'none'"),
        ("/documents/..%2f..%2fetc/pages/1.png", "no such route"),
    ],
)
def test_what_has_no_picture_is_404(
    client: httpx.Client, path: str, words: str
) -> None:
    refused = client.get(path)
    assert refused.status_code == 404
    assert words in refused.json()["detail"]


def test_a_passage_of_another_page_is_404_and_says_where_it_stands(
    client: httpx.Client, passage: Passage
) -> None:
    at = f"/documents/bridges-pdf/pages/2.png?passage={passage.id}"
    refused = client.get(at)
    assert refused.status_code == 404
    assert refused.json()["hint"] == "it stands on page 1 of bridges-pdf"


def test_a_file_that_changed_since_it_was_indexed_is_not_shown(
    serve: Serve, built: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(built, tmp_path / "shelf")
    with serve(Library.open(root)) as client:
        at = "/documents/bridges-pdf/pages/1.png"
        assert client.get(at, params={"width": 200}).status_code == 200
        with (root / "sources" / "bridges.pdf").open("ab") as file:
            file.write(b"\n%")
        refused = client.get(at, params={"width": 201})
        (root / "sources" / "bridges.pdf").unlink()
        gone = client.get(at, params={"width": 202})
    assert refused.status_code == 404
    assert "not the one that was indexed" in refused.json()["detail"]
    assert gone.status_code == 404
    assert str(tmp_path) not in refused.text + gone.text


def test_a_picture_is_drawn_once_and_old_ones_are_forgotten(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    process = pictures._process

    def counted(path: Path, wanted: pictures.Wanted) -> bytes:
        drawn.append(wanted.width)
        return process(path, wanted)

    monkeypatch.setattr(pictures, "_process", counted)
    at = "/documents/bridges-pdf/pages/1.png"
    first, second = (client.get(at, params={"width": 555}) for _ in range(2))
    assert first.content == second.content
    assert drawn == [555]
    monkeypatch.setattr(pictures, "MOST_KEPT", len(first.content) + 10)
    client.get(at, params={"width": 556})
    client.get(at, params={"width": 555})
    assert drawn == [555, 556, 555]


def test_a_banner_of_a_page_is_drawn_small(tmp_path: Path) -> None:
    path = tmp_path / "banner.pdf"
    sheet = canvas.Canvas(str(path), pagesize=(14400, 14400))
    sheet.drawString(72, 72, "A very large sheet indeed.")
    sheet.save()
    page = pypdfium2.PdfDocument(path)[0]
    found = picture.drawn(page, "A very large sheet indeed.", width=2400)
    assert found.width * found.height <= picture.MOST_PIXELS * 1.01


# Where the words stand


def boxes(tmp_path: Path, lines: list[tuple[int, int, str]], words: str) -> list[int]:
    """The baselines (rounded to 10 points) of what is lit on a page of these lines."""
    sheet = canvas.Canvas(str(tmp_path / "page.pdf"))
    for x, y, text in lines:
        sheet.drawString(x, y, text)
    sheet.save()
    page = pypdfium2.PdfDocument(tmp_path / "page.pdf")[0]
    found = lit.boxes(page.get_textpage(), words)
    assert all(box.right > box.left and box.top > box.bottom for box in found)
    return [round(box.bottom / 10) * 10 for box in found]


def test_words_over_several_lines_are_a_box_a_line(tmp_path: Path) -> None:
    lines = [
        (72, 700, "The harbour was dredged in"),
        (72, 680, "the spring of that year by"),
        (72, 660, "two boats. Nobody noticed."),
    ]
    words = "dredged in the spring of that year by two boats."
    assert boxes(tmp_path, lines, words) == [700, 680, 660]


def test_a_word_that_was_broken_at_the_line_end_is_found(tmp_path: Path) -> None:
    lines = [(72, 700, "The har-"), (72, 680, "bour was dredged.")]
    assert boxes(tmp_path, lines, "The harbour was dredged.") == [700, 680]


def test_words_that_furniture_interrupts_are_found_in_pieces(tmp_path: Path) -> None:
    lines = [
        (72, 700, "The harbour was dredged."),
        (72, 680, "Annual report of the port, page 7"),
        (72, 660, "Nobody noticed it at all."),
    ]
    words = "The harbour was dredged. Nobody noticed it at all."
    assert boxes(tmp_path, lines, words) == [700, 660]


def test_words_that_are_not_there_light_nothing(tmp_path: Path) -> None:
    lines = [(72, 700, "The harbour was dredged.")]
    assert boxes(tmp_path, lines, "A lamp was lit on the pier.") == []
    assert boxes(tmp_path, lines, "was") == []
    assert boxes(tmp_path, lines, "") == []
