"""`askreport add`, `sources --check` and `sources fetch`: what is put on the shelf, and
that nothing is where any of it fails.
"""

import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import HARBOUR, LIGHTHOUSE, write_pdf
from typer.testing import CliRunner, Result

from askreport import Library, errors
from askreport.ingest import catalogue, downloads, entries, shelving
from askreport.serve import checking, cli
from askreport.types import Page

TEXT = "The quarry closed in 1954. " + " ".join(
    f"Stone {i} was cut." for i in range(80)
)


def run(shelf: Path, *words: str) -> Result:
    """What a command says of that shelf."""
    return CliRunner().invoke(cli.app, [*words, "--shelf", str(shelf)])


def state(shelf: Path) -> dict[str, bytes]:
    """Everything in sources/, but the file by which its catalogue is held."""
    files = (p for p in (shelf / "sources").rglob("*") if p.name != entries.LOCK)
    return {str(p): p.read_bytes() if p.is_file() else b"" for p in files}


def ids(shelf: Path) -> list[str]:
    """The documents of a shelf."""
    return [item.source.id for item in catalogue.read(shelf / "sources")]


class Server(http.server.BaseHTTPRequestHandler):
    """Serves a page, a large file, and ways that lead elsewhere."""

    def do_GET(self) -> None:
        leads = {"/away": "file:///etc/passwd", "/round": "/round", "/on": "/page"}
        if self.path in leads:
            self.send_response(302)
            self.send_header("Location", leads[self.path])
            self.end_headers()
            return
        body = LIGHTHOUSE.encode() if self.path == "/page" else b"x" * 3_000_000
        self.send_response(200 if self.path != "/none" else 404)
        kind = "text/html; charset=utf-8" if self.path == "/page" else "text/plain"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """The address of a small server on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_file_is_copied_and_listed_with_what_it_says_of_itself(
    shelf: Path, tmp_path: Path
) -> None:
    write_pdf(tmp_path / "new.pdf", (("A line of the quarry report.", TEXT[:90]),))
    told = run(shelf, "add", str(tmp_path / "new.pdf"), "--publisher", "Stone & Sons")
    assert told.exit_code == 0
    (entry,) = (
        item.source
        for item in catalogue.read(shelf / "sources")
        if item.source.id == "bridges-of-the-valley"
    )
    assert entry.title == "Bridges of the valley"
    assert (entry.publisher, entry.date) == ("Stone & Sons", "2000-01")
    assert (shelf / "sources" / "new.pdf").read_bytes() == (
        tmp_path / "new.pdf"
    ).read_bytes()


def test_the_catalogue_keeps_what_was_written_in_it(
    shelf: Path, tmp_path: Path
) -> None:
    path = shelf / "sources" / "catalogue.toml"
    before = "# Mind the order.\n" + path.read_text("utf-8")
    path.write_text(before, "utf-8")
    (tmp_path / "quarry.txt").write_text(TEXT, "utf-8")
    assert run(shelf, "add", str(tmp_path / "quarry.txt"), "--id", "q1").exit_code == 0
    assert path.read_text("utf-8").startswith(before.rstrip("\n"))
    assert "q1" in ids(shelf)


def test_folders_are_gone_through_and_what_cannot_be_read_is_refused(
    shelf: Path, tmp_path: Path
) -> None:
    inside = tmp_path / "in" / "deep"
    inside.mkdir(parents=True)
    (inside / "quarry.txt").write_text(TEXT, "utf-8")
    (inside / "empty.txt").write_text("", "utf-8")
    (inside / ".hidden.txt").write_text(TEXT, "utf-8")
    (inside / "program.exe").write_bytes(b"MZ")
    told = run(
        shelf, "add", str(tmp_path / "in"), str(tmp_path / "in/deep/program.exe")
    )
    assert told.exit_code == 1
    assert "added: quarry: Quarry" in told.output
    assert "empty.txt is empty" in told.output
    assert "program.exe: no reader for .exe" in told.output
    assert (shelf / "sources" / "quarry.txt").exists()
    assert not (shelf / "sources" / "program.exe").exists()


def test_the_same_file_is_told_and_one_nearly_the_same_is_told_and_added(
    shelf: Path, tmp_path: Path
) -> None:
    shutil.copy(shelf / "sources" / "harbour.md", tmp_path / "again.md")
    told = run(shelf, "add", str(tmp_path / "again.md"))
    assert "on the shelf already" in told.output
    assert "harbour-report" in told.output
    (tmp_path / "one.txt").write_text(TEXT, "utf-8")
    (tmp_path / "two.txt").write_text(f"{TEXT} One more line.", "utf-8")
    told = run(shelf, "add", str(tmp_path / "one.txt"), str(tmp_path / "two.txt"))
    assert told.exit_code == 0
    assert "the same as one" in told.output
    Library.open(shelf).build()
    (tmp_path / "three.md").write_text(HARBOUR + "\nOne more line.\n", "utf-8")
    assert (
        "the same as harbour-report"
        in run(shelf, "add", str(tmp_path / "three.md")).output
    )


@pytest.mark.parametrize(
    "options",
    [("--date", "2021-13"), ("--words", "hearsay"), ("--id", "Not An Id!")],
)
def test_an_entry_that_cannot_be_leaves_everything_as_it_was(
    shelf: Path, tmp_path: Path, options: tuple[str, str]
) -> None:
    (tmp_path / "quarry.txt").write_text(TEXT, "utf-8")
    before = state(shelf)
    told = run(shelf, "add", str(tmp_path / "quarry.txt"), *options)
    assert isinstance(told.exception, errors.CatalogueWrong)
    assert state(shelf) == before


def test_a_failure_half_way_leaves_everything_as_it_was(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = []
    for name in ("one", "two"):
        (tmp_path / f"{name}.txt").write_text(f"{name}. {TEXT}", "utf-8")
        names.append(str(tmp_path / f"{name}.txt"))
    before = state(shelf)
    replace = Path.replace

    def fail(self: Path, target: Path) -> Path:
        if target.name == "two.txt":
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    told = run(shelf, "add", *names)
    assert isinstance(told.exception, errors.BuildFailed)
    assert "nothing was added" in told.exception.hint
    assert state(shelf) == before


def test_a_page_is_downloaded_named_by_its_format_and_remembers_its_address(
    shelf: Path, site: str
) -> None:
    without_lighthouse(shelf)
    told = run(shelf, "add", f"{site}/on", "--allow-private", "--id", "keepers")
    assert told.exit_code == 0, told.output
    (entry,) = (
        item
        for item in catalogue.read(shelf / "sources")
        if item.source.id == "keepers"
    )
    assert entry.path.name == "page.html"
    assert entry.source.url == f"{site}/on"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/none", "the server answered 404"),
        ("/away", "only http:// and https://"),
        ("/round", "it leads on more than"),
        ("/large", "larger than 1 MiB"),
    ],
)
def test_downloads_keep_within_their_limits(
    shelf: Path, site: str, path: str, why: str
) -> None:
    before = state(shelf)
    told = run(shelf, "add", site + path, "--allow-private", "--megabytes", "1")
    assert told.exit_code == 1
    assert why in told.output
    assert state(shelf) == before


def test_private_addresses_are_not_asked_unless_that_is_allowed(
    shelf: Path, site: str
) -> None:
    told = run(shelf, "add", f"{site}/page")
    assert told.exit_code == 1
    assert "in a private network" in told.output
    for address in ("127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fe80::1%eth0"):
        assert not downloads._public(address)
    assert not downloads._public("::ffff:192.168.0.1")
    assert downloads._public("93.184.216.34")


@pytest.mark.parametrize(
    "url", ["ftp://example.org/a", "file:///etc/passwd", "http://a:b@example.org/"]
)
def test_other_addresses_are_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(errors.FetchFailed):
        downloads.fetch(url, tmp_path, downloads.Limits(private=True))


def without_lighthouse(shelf: Path) -> str:
    """The rest of the catalogue, once the page is gone that the server serves too."""
    (shelf / "sources" / "lighthouse.html").unlink()
    path = shelf / "sources" / "catalogue.toml"
    rest = path.read_text("utf-8").partition('[[document]]\nid = "lighthouse')[0]
    path.write_text(rest, "utf-8")
    return rest


DIGEST = """
[[document]]
id = "keepers-digest"
path = "keepers.md"
title = "Keepers of the light"
publisher = "Lamp Office"
words = "digest"
original = "keepers"
url = "{url}"
"""


def test_an_original_is_fetched_and_its_digest_steps_back(
    shelf: Path, site: str
) -> None:
    rest = without_lighthouse(shelf)
    path = shelf / "sources" / "catalogue.toml"
    path.write_text(rest + DIGEST.format(url=f"{site}/page"), "utf-8")
    said = "# Keepers\n\nThe lamp burned whale oil until paraffin replaced it."
    (shelf / "sources" / "keepers.md").write_text(said, "utf-8")
    library = Library.open(shelf)
    library.build()
    question = "When was the lamp lit by whale oil?"
    assert library.ask(question).citations[0].document == "keepers-digest"
    told = run(shelf, "sources", "fetch", "--allow-private")
    assert told.exit_code == 0, told.output
    library.build()
    answer = library.ask(question)
    assert {c.document for c in answer.citations} == {"keepers"}
    assert answer.citations[0].publisher == "Lamp Office"
    assert answer.coverage.superseded == ("keepers-digest",)
    assert shelving.originals(shelf / "sources") == ()


def test_check_tells_what_each_document_yielded(shelf: Path) -> None:
    (shelf / "sources" / "again.md").write_text(HARBOUR + "\nMore.\n", "utf-8")
    (shelf / "sources" / "empty.txt").write_text("", "utf-8")
    Library.open(shelf).build()
    told = run(shelf, "sources", "--check").output
    assert "bridges-pdf: 2 pages, 55 words, 0 tables" in told
    assert "harbour-report: 1 page" in told
    assert "1 table" in told
    assert "nearly the same: again-md" in told
    assert "empty-txt: 0 pages" in told
    assert '"near": [' in run(shelf, "sources", "--check", "--json").output


def test_pages_of_mistaken_letters_are_told() -> None:
    words = "The harbour was dredged and two ferries entered service in spring. " * 4
    shifted = "".join(chr(ord(c) - 3) if c.isalpha() else c for c in words)
    assert not checking.garbled(Page(1, None, words))
    assert checking.garbled(Page(1, None, "Bcd fghj klmn pqrst vwxz bcdfg. " * 9))
    assert checking.garbled(Page(1, None, words.replace("e", "\ue001")))
    assert shifted != words
