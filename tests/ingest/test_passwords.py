"""Locked PDFs: opened with what the builder or the environment gives, which is kept
nowhere.
"""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from reportlab.lib import pdfencrypt
from reportlab.pdfgen.canvas import Canvas
from tests.ingest.test_pdf import typed

from askreport import Library
from askreport.ingest.documents import workers
from askreport.ingest.documents.workers import Job, Outcome
from askreport.ingest.passwords import LOCK, Reading
from askreport.types import Source

SECRET = "lighthouse-7-sesame"  # noqa: S105
ENTRY = """
[[document]]
id = "locked"
path = "locked.pdf"
password_env = "BOARD_PASSWORD"
"""


@pytest.fixture
def locked(shelf: Path) -> Path:
    """A shelf with a PDF that wants a password."""
    lock = pdfencrypt.StandardEncryption(SECRET, ownerPassword="owner")
    sheet = Canvas(str(shelf / "sources" / "locked.pdf"), encrypt=lock)
    typed("The vault holds 19 ledgers.")(sheet)
    sheet.save()
    catalogue = shelf / "sources" / "catalogue.toml"
    catalogue.write_text(catalogue.read_text("utf-8") + ENTRY, "utf-8")
    return shelf


def everything(folder: Path) -> bytes:
    """All that is on disk below a folder."""
    return b"".join(p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file())


def test_a_locked_file_is_read_once_its_password_is_given(locked: Path) -> None:
    library = Library.open(locked)
    (failed,) = library.build().failed
    assert "it needs a password" in failed.reason
    assert "--password" in failed.reason
    (wrong,) = library.build(passwords=["open", "sesame"]).failed
    assert "the password given for it is wrong" in wrong.reason
    built = library.build(passwords=["open", SECRET])
    assert (built.fresh, built.failed) == (True, ())
    assert "19 ledgers" in library.document("locked").pages[0].text


def test_a_wrong_password_is_a_clear_refusal(locked: Path) -> None:
    (failed,) = Library.open(locked).build(passwords=["open"]).failed
    assert "the password given for it is wrong" in failed.reason
    assert "open" not in failed.reason.replace("not open", "")


def test_the_catalogue_names_the_variable_that_holds_it(
    locked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOARD_PASSWORD", SECRET)
    library = Library.open(locked)
    assert library.build().failed == ()
    assert not library.build().fresh


def test_a_password_is_kept_nowhere(
    locked: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("BOARD_PASSWORD", SECRET)
    told: list[str] = []
    with caplog.at_level(logging.DEBUG):
        Library.open(locked).build(lambda step: told.append(repr(step)))
    assert SECRET.encode() not in everything(locked / "index")
    assert SECRET not in caplog.text + "".join(told)
    job = Job(Source("s", "T", "p", "0"), Path("p"), titled=True, passwords=(SECRET,))
    assert SECRET not in repr(job) + repr(Reading(given=(SECRET,)))


def test_a_password_that_nothing_wants_changes_nothing(shelf: Path) -> None:
    library = Library.open(shelf)
    before = library.build()
    after = library.build(passwords=[SECRET])
    assert (after.fresh, after.generation) == (False, before.generation)


def test_only_a_pdf_that_may_be_locked_is_opened_to_see_whether_it_is(
    locked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library.open(locked)
    opened: list[tuple[str, bool]] = []
    read = workers.read

    def noted(jobs: Sequence[Job], *given: Any) -> Iterator[Outcome]:
        opened.extend((job.path.name, job.opens) for job in jobs)
        return read(jobs, *given)

    monkeypatch.setattr(workers, "read", noted)
    assert library.build(passwords=[SECRET]).failed == ()
    assert [name for name, only in opened if only] == ["locked.pdf"]
    assert sorted(name for name, only in opened if not only).count("bridges.pdf") == 1
    opened.clear()
    assert not library.build(passwords=[SECRET]).fresh
    assert opened == [("locked.pdf", True)]


@pytest.mark.parametrize("name", [b"/Encrypt", b"/#45ncrypt", b"/E#6ecryp#74"])
def test_a_lock_is_seen_however_its_name_is_spelled(name: bytes) -> None:
    assert LOCK.search(b"trailer << /Size 9 " + name + b" 8 0 R >>")
    assert not LOCK.search(b"trailer << /Size 9 /Root 8 0 R >> Encrypt /encrypt")
