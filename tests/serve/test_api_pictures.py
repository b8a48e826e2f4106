"""Pages of PDFs as they were printed, with the words of a passage lit."""

import io
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageFilter
from reportlab.pdfgen import canvas

from askreport import Library, Passage, rectangles
from askreport.ingest.documents import reader
from askreport.serve import picture
from askreport.serve.api import pictures
from askreport.types import Page, Rectangle, Source

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
    lit = [Rectangle(72, 14300, 250, 14340)]
    found = picture.drawn(page, lit, width=2400)
    assert found.width * found.height <= picture.MOST_PIXELS * 1.01
    assert yellow(found) is not None


# Where the words stand: what the build found, on the page as it is drawn


def turned(path: Path, *, turn: int = 0, aside: int = 0, cropped: bool = False) -> Page:
    """The page that a build reads of a sheet that is shown turned by `turn` degrees,
    or cut at its margins; its text is level when shown but for `aside` degrees.
    """
    sheet = canvas.Canvas(str(path), pagesize=(600, 600))
    sheet.setPageRotation(turn)
    if cropped:
        sheet.setCropBox((50, 30, 560, 570))
    sheet.translate(300, 300)
    sheet.rotate(turn + aside)
    sheet.setFont("Helvetica", 20)
    sheet.drawString(-200, 100, "The harbour was dredged in the")
    sheet.drawString(-200, 60, "spring of that year. Nobody noticed.")
    sheet.save()
    source = Source("page", "Page", path.name, "")
    return reader.read(source, path, titled=True).pages[0]


@pytest.mark.parametrize("cropped", [False, True])
@pytest.mark.parametrize("aside", [0, 90, 180, 270])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_the_ink_of_the_words_is_lit_and_no_other_however_the_sheet_is_turned(
    tmp_path: Path, turn: int, aside: int, *, cropped: bool
) -> None:
    path = tmp_path / "page.pdf"
    page = turned(path, turn=turn, aside=aside, cropped=cropped)
    words = "dredged in the spring of that year."
    start = page.text.index("dredged")
    end = page.text.index("year.") + len("year.")
    assert " ".join(page.text[start:end].split()) == words
    drawn = pypdfium2.PdfDocument(path)[0]
    shown = picture.drawn(drawn, rectangles.of(page.layout, start, end), width=600)
    ink = ImageChops.invert(shown.convert("L")).point(lambda v: 255 * (v > 128))
    red, _, blue = shown.split()
    lit = ImageChops.subtract(red, blue).point(lambda v: 255 * (v > 60))
    lit = lit.filter(ImageFilter.MaxFilter(5))  # ink on lit paper is not yellow itself
    marked = ImageChops.multiply(ink, lit).histogram()[255]
    share = marked / ink.histogram()[255]
    letters = sum(len(w) for w in words.split())
    all_letters = sum(len(w) for w in page.text.split())
    assert share == pytest.approx(letters / all_letters, abs=0.06)


def test_where_nothing_is_known_of_places_nothing_is_lit(tmp_path: Path) -> None:
    path = tmp_path / "page.pdf"
    turned(path)
    page = pypdfium2.PdfDocument(path)[0]
    assert yellow(picture.drawn(page, (), width=600)) is None
