"""One reader a format, and every file that cannot be read, with the reason given."""

import os
from pathlib import Path

import pytest

from askreport import Library, errors
from askreport.ingest.documents import html, markdown, plain, reader
from askreport.types import Document, Page, Source


def source(name: str) -> Source:
    """A source of that file name."""
    return Source(id="s", title="From the file name", path=name, digest="0" * 64)


def read(path: Path, *, titled: bool = False) -> Document:
    """The document in a file."""
    return reader.read(source(path.name), path, titled=titled)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    """A file with that content."""
    path = folder / name
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def refused(path: Path) -> errors.SourceUnreadable:
    """The reason why a file is not read."""
    with pytest.raises(errors.SourceUnreadable) as caught:
        read(path)
    assert path.name in caught.value.message
    assert caught.value.hint
    return caught.value


def headings(pages: tuple[Page, ...]) -> list[tuple[int, str]]:
    """Levels and texts of all headings, each proven to stand where it says."""
    for page in pages:
        for h in page.headings:
            assert page.text[h.span.start : h.span.end] == h.text
    return [(h.level, h.text) for page in pages for h in page.headings]


def lines(page: Page) -> list[str]:
    """The lines of a page that hold something."""
    return [line for line in page.text.split("\n") if line]


# Markdown


def test_markdown_headings_of_both_kinds_are_found_with_their_levels() -> None:
    (page,) = markdown.pages("Top\n===\n\n## Second *level* ##\n\nText.\n\n#### Deep\n")
    assert headings((page,)) == [(1, "Top"), (2, "Second level"), (4, "Deep")]
    assert (page.number, page.label) == (None, None)
    assert page.text == "Top\n\nSecond level\n\nText.\n\nDeep"


def test_markdown_paragraphs_are_joined_and_lists_keep_their_items() -> None:
    (page,) = markdown.pages("One\ntwo.\n\n- a\n  - b\n    1. c\n- d\n\n  e\n")
    assert lines(page) == ["One two.", "- a", "- b", "- c", "- d", "- e"]


def test_deeply_nested_lists_lose_no_item() -> None:
    (page,) = markdown.pages("".join(f"{'  ' * i}- item{i}\n" for i in range(30)))
    assert lines(page) == [f"- item{i}" for i in range(30)]


def test_table_rows_repeat_their_column_headings() -> None:
    (page,) = markdown.pages(
        "| Route | Sailings | |\n|---|--:|---|\n| Island | 12 | new |\n| | 8 | |\n"
    )
    assert lines(page) == ["Route: Island; Sailings: 12; new", "Sailings: 8"]


def test_a_table_without_rows_keeps_its_headings() -> None:
    (page,) = markdown.pages("| Route | Sailings |\n|---|---|\n")
    assert page.text == "Route; Sailings"


def test_marks_links_and_images_are_reduced_to_their_words() -> None:
    (page,) = markdown.pages(
        "**Bold**, _set_ and `code` [said so](https://example.org 'T') ~~once~~ "
        "![a *map*](map.png) <https://example.org/x> &pound;5 \\*sic\\*"
    )
    assert page.text == (
        "Bold, set and code said so once a map https://example.org/x £5 *sic*"
    )


def test_code_keeps_its_lines_and_its_angle_brackets() -> None:
    (page,) = markdown.pages("Text.\n\n```java\nList<String> a;\n  b();\n```\n")
    assert lines(page) == ["Text.", "List<String> a;", "b();"]


def test_raw_html_loses_its_tags_and_keeps_its_words() -> None:
    (page,) = markdown.pages(
        "One<br>two <b>bo</b>ld, beds<sup>3</sup><!-- no --> for <your name>.\n\n"
        "<div class='x'>\n<p>Kept &amp; read.</p>\n<script>var gone = 1;</script>\n"
        "<style>p { color: red }</style>\n</div>\n"
    )
    assert page.text == "One two bold, beds 3 for <your name>.\n\nKept & read."


def test_front_matter_is_not_indexed() -> None:
    (page,) = markdown.pages("---\nauthor: nobody\n---\n\n# Title\n\nText.\n")
    assert page.text == "Title\n\nText."


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    (page,) = markdown.pages("---\n\nKept.\n")
    assert page.text == "Kept."


# Plain text


def test_hard_wrapped_paragraphs_are_joined() -> None:
    (page,) = plain.read("The port was\ndredged in\n2020.\n\nThen it\nwas not.\n").pages
    assert page.text == "The port was dredged in 2020.\n\nThen it was not."


def test_headings_of_plain_text_are_guessed() -> None:
    (page,) = plain.read(
        "WEATHER REPORT\n\nFrost in May\n\nIt froze.\n\nthis is no heading\n\n"
        "It ends with a stop.\n\n- Item\n\n2020\n"
    ).pages
    assert headings((page,)) == [(1, "WEATHER REPORT"), (2, "Frost in May")]


def test_lists_and_columns_of_plain_text_keep_their_lines() -> None:
    (page,) = plain.read("It says:\n- one\n  more\n- two\n\na\tb\nc\td\n").pages
    assert lines(page) == ["It says:", "- one more", "- two", "a b", "c d"]


def test_form_feeds_make_numbered_pages() -> None:
    pages = plain.read("First.\n\fSecond.\n\f\n\fFourth.\n\f").pages
    assert [(p.number, p.text) for p in pages] == [
        (1, "First."),
        (2, "Second."),
        (3, ""),
        (4, "Fourth."),
    ]


def test_pages_without_text_keep_the_numbers_of_the_others(tmp_path: Path) -> None:
    document = read(write(tmp_path, "a.txt", "First.\f\fThird."))
    assert [page.number for page in document.pages] == [1, 3]


# HTML

WEB_PAGE = """\
<!doctype html><html lang="en"><head><title>Keepers | The Coast</title>
<meta property="og:title" content="Keepers of the &#27;[31m light">
<meta property="og:site_name" content="The Coast">
<meta property="article:published_time" content="2018-03-15T09:00:00Z">
<link rel="stylesheet" href="http://192.0.2.1/style.css">
<script src="http://192.0.2.1/script.js"></script></head><body>
<div id="cookie-banner" class="cookie-consent">We use cookies. Accept all cookies</div>
<header><nav><ul><li><a href="/">Home</a></li>
<li><a href="/shop">Shop</a></li></ul></nav></header>
<main><article><h1>Keepers of the light</h1>
<h2>The lamp</h2>
<p>The lighthouse lamp was lit by whale oil until 1865, when paraffin replaced it.
The keeper climbed 199 <b>steps</b> each evening to trim the wick and wind the
clockwork.</p>
<img src="http://192.0.2.1/lamp.png" alt="">
<p>For a &lt;whole&gt; decade the lamp burned <a href="/oil">colza oil</a>, which
smoked.</p>
<h2>The storm</h2>
<p>In the storm of 1901 the keeper, Ada Marsh, kept the lamp burning for three nights
without relief. The supply boat could not land until the fourth morning.</p>
<table><tr><th>Year</th><th>Wrecks</th></tr><tr><td>1901</td><td>3</td></tr></table>
</article></main><footer>Copyright. Privacy policy</footer></body></html>
"""


def test_a_web_page_is_its_main_content() -> None:
    (page,) = html.read(WEB_PAGE).pages
    for gone in ("cookies", "Shop", "Privacy", "192.0.2.1"):
        assert gone not in page.text
    assert "climbed 199 steps each evening" in page.text
    assert "For a <whole> decade the lamp burned colza oil" in page.text
    assert "Year: 1901; Wrecks: 3" in page.text


def test_headings_of_a_web_page_are_kept() -> None:
    assert headings(html.read(WEB_PAGE).pages) == [
        (1, "Keepers of the light"),
        (2, "The lamp"),
        (2, "The storm"),
    ]


def test_a_brief_web_page_is_its_main_content_too() -> None:
    pages = html.read(
        "<html><body><nav><a href='/'>Home</a> Shop</nav><main><h1>Notice</h1>"
        "<p>The pier is closed until May.</p><h2>Why</h2><p>Repairs take long.</p>"
        "</main><footer>Cookie notice</footer></body></html>"
    ).pages
    assert lines(pages[0]) == [
        *("Notice", "The pier is closed until May.", "Why", "Repairs take long.")
    ]
    assert headings(pages) == [(1, "Notice"), (2, "Why")]


def test_a_web_page_describes_itself_where_the_catalogue_is_silent(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "page.html", WEB_PAGE)
    found = read(path).source
    assert found.title == "Keepers of the [31m light", "no escape sequence"
    assert (found.publisher, found.date) == ("The Coast", "2018-03-15")
    named = read(path, titled=True).source
    assert named.title == "From the file name"
    assert named.publisher == "The Coast"


def test_nothing_that_a_web_page_refers_to_is_fetched(tmp_path: Path) -> None:
    """Every socket is forbidden in these tests; here a file would betray it too."""
    local = write(tmp_path, "other.html", "<p>Words of another file.</p>")
    page = WEB_PAGE.replace(
        "<article>", f'<article><iframe src="{local.as_uri()}"></iframe>'
    ).replace("<!doctype html>", f'<!DOCTYPE html [<!ENTITY x SYSTEM "{local}">]>&x;')
    (found,) = html.read(page).pages
    assert "another file" not in found.text
    assert "whale oil" in found.text


@pytest.mark.parametrize("broken", ["<", "<div>" * 5000 + "x", "\x00", "<!-- ", "]]>"])
def test_broken_html_is_no_crash(broken: str) -> None:
    assert isinstance(html.read(broken).pages, tuple)
    html.described(broken)


# Encodings

SAID = "The café’s “open” culture – it cost £3m.\n"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
def test_text_is_read_rightly_in_the_encodings_people_save(
    tmp_path: Path, encoding: str
) -> None:
    path = write(tmp_path, "a.txt", SAID.encode(encoding))
    assert read(path).pages[0].text == SAID.strip()


@pytest.mark.parametrize("said", ["naïve", "It cost £5.", "a – b", "£", "Größe"])
def test_a_few_words_of_windows_text_are_enough(tmp_path: Path, said: str) -> None:
    path = write(tmp_path, "a.md", ("Words. " + said).encode("cp1252"))
    assert read(path).pages[0].text == "Words. " + said


def test_a_web_page_is_read_in_the_encoding_it_declares(tmp_path: Path) -> None:
    page = WEB_PAGE.replace("Ada Marsh", "Łucja Żak").replace(
        "<head>", '<head><meta charset="iso-8859-2">'
    )
    path = write(tmp_path, "a.html", page.encode("iso-8859-2"))
    assert "the keeper, Łucja Żak, kept" in read(path).pages[0].text


def test_text_in_other_letters_is_told_by_its_statistics(tmp_path: Path) -> None:
    said = "Смотритель маяка каждый вечер поднимался по лестнице и зажигал лампу. " * 4
    path = write(tmp_path, "a.txt", said.encode("cp1251"))
    assert read(path).pages[0].text == said.strip()


def test_bytes_in_no_encoding_are_refused(tmp_path: Path) -> None:
    error = refused(write(tmp_path, "a.txt", bytes(range(128, 256)) * 3))
    assert "is in no known text encoding" in error.message
    assert error.hint == "save it as UTF-8"


# Files that cannot be read


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
        bytes(range(1, 32)) * 20,
        b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00",
    ],
)
def test_binary_with_the_ending_of_text_is_refused(
    tmp_path: Path, name: str, content: bytes
) -> None:
    error = refused(write(tmp_path, name, content))
    assert "is binary, not text" in error.message
    assert error.hint == "give it the ending of its real format"


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.pdf"])
def test_an_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    error = refused(write(tmp_path, name, ""))
    assert error.message == f"{name} is empty"
    assert "put the document back" in error.hint


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
@pytest.mark.parametrize("content", [" \n\n ", "\ufeff", "<br>\n"])
def test_a_file_of_blanks_or_tags_holds_no_text(
    tmp_path: Path, name: str, content: str
) -> None:
    if name == "a.txt" and content.strip("\ufeff \n"):
        pytest.skip("tags are words in plain text")
    assert "holds no text" in refused(write(tmp_path, name, content)).message


@pytest.mark.parametrize("name", ["a.xyz", "a", "a.md.bak"])
def test_a_format_without_a_reader_is_refused(tmp_path: Path, name: str) -> None:
    error = refused(write(tmp_path, name, "words"))
    ending = Path(name).suffix or "files without an ending"
    assert error.message == f"{name}: no reader for {ending}"
    assert "convert it to PDF, Markdown, HTML or plain text" in error.hint


def test_endings_are_read_in_any_case(tmp_path: Path) -> None:
    assert read(write(tmp_path, "A.MD", "# Title\n\nText.")).source.title == "Title"


@pytest.mark.parametrize("name", ["a.md", "a.pdf"])
def test_a_folder_or_a_link_to_nothing_is_refused_with_the_reason(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).mkdir()
    error = refused(tmp_path / name)
    assert "cannot be opened: Is a directory" in error.message
    assert "that you may read it" in error.hint
    (tmp_path / name).rmdir()
    (tmp_path / name).symlink_to(tmp_path / "nothing")
    assert "cannot be opened: No such file" in refused(tmp_path / name).message


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything"
)
def test_a_file_one_may_not_read_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "a.md", "words")
    path.chmod(0)
    error = refused(path)
    assert "cannot be opened: Permission denied" in error.message
    assert "that you may read it" in error.hint


def test_a_file_larger_than_the_bound_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(reader.MOST_BYTES + 1)  # a hole: it takes no room on the disk
    error = refused(path)
    assert "is larger than 256 MiB" in error.message
    assert error.hint == "split it into parts"


def test_one_bad_file_costs_itself_only(shelf: Path) -> None:
    write(shelf / "sources", "empty.md", "")
    write(shelf / "sources", "picture.txt", b"\x89PNG\x00\x00\x00")
    built = Library.open(shelf).build()
    assert built.documents == 4
    reasons = {item.source: item.reason for item in built.failed}
    assert reasons["empty-md"].startswith("empty.md is empty: ")
    assert reasons["picture-txt"].startswith("picture.txt is binary, not text: ")
