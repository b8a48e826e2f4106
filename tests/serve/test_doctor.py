"""The doctor finds what is wrong and says what to do about each."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from askreport import Library
from askreport.serve import cli, doctor
from askreport.serve.doctor import Finding

Break = Callable[[Path], object]


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting from the environment."""
    for name in [n for n in os.environ if n.startswith("ASKREPORT_")]:
        monkeypatch.delenv(name)


def examined(shelf: Path | None) -> dict[str, Finding]:
    """Every finding by what was looked at; what is unsound has a hint."""
    found = {finding.what: finding for finding in doctor.examine(shelf)}
    assert all(finding.hint for finding in found.values() if not finding.sound)
    return found


def unsound(shelf: Path | None) -> set[str]:
    """What is unsound."""
    return {what for what, finding in examined(shelf).items() if not finding.sound}


def test_a_sound_shelf_is_sound(built: Path, library: Library) -> None:
    found = examined(built)
    assert unsound(built) == set()
    assert {*doctor.PACKAGES, "python", "tokens", "model", "index", "sources"} < set(
        found
    )
    generation = library.generation
    assert found["model"].said == f"hashing, digest {library.encoder.digest}"
    assert f"generation {generation.id}, 4 documents, 8 passages" in found["index"].said
    assert found["sources"].said == "4 documents, all indexed"
    ran = CliRunner().invoke(cli.app, ["doctor", "--shelf", str(built)])
    assert ran.exit_code == 0
    assert "BAD" not in ran.stdout


def _set(text: str) -> Break:
    return lambda shelf: (shelf / "askreport.toml").write_text(text, "utf-8")


def _edit(shelf: Path) -> None:
    (shelf / "sources" / "orchard.txt").write_text("Only pears now.", "utf-8")


def _damage(shelf: Path) -> None:
    for file in (shelf / "index" / "generations").glob("*/dense.faiss"):
        file.chmod(0o644)
        file.write_bytes(b"garbage")


def _unlist(shelf: Path) -> None:
    (shelf / "sources" / "catalogue.toml").write_text("oops", "utf-8")


@pytest.mark.parametrize(
    ("broken", "what", "said", "hint"),
    [
        (
            lambda shelf: (shelf / "index" / "CURRENT").unlink(),
            {"index", "sources"},
            "no index",
            "askreport build",
        ),
        (_damage, {"index", "sources"}, "dense.faiss", "askreport build"),
        (_edit, {"sources"}, "orchard.txt (changed)", "askreport build"),
        (_unlist, {"sources"}, "catalogue.toml", ""),
        (
            _set('model = "no/such/model"'),
            {"model", "index"},
            "no/such/model",
            "folder",
        ),
        (
            _set(f'model = "hashing"\nmodel_digest = "{"0" * 64}"'),
            {"model"},
            "not the ones pinned",
            "model_digest",
        ),
        (_set("topp = 3"), {"shelf"}, "'topp'", "'top'"),
    ],
    ids=["no index", "damage", "edit", "catalogue", "no model", "digest", "settings"],
)
def test_what_is_wrong_is_found_with_a_hint(
    shelf: Path, broken: Break, what: set[str], said: str, hint: str
) -> None:
    Library.open(shelf).build()
    assert unsound(shelf) == set()
    broken(shelf)
    found = examined(shelf)
    assert {name for name, finding in found.items() if not finding.sound} == what
    bad = [found[name] for name in what]
    assert any(said in one.said and hint in one.hint for one in bad)
    ran = CliRunner().invoke(cli.app, ["doctor", "--shelf", str(shelf)])
    assert ran.exit_code == 1
    lines = ran.stdout.splitlines()
    for finding in bad:
        at = lines.index(f"BAD {finding.what}: {finding.said}")
        assert lines[at + 1] == f"    {finding.hint}"


def test_an_index_of_another_model_is_found(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Library.open(shelf).build()
    monkeypatch.setenv("ASKREPORT_MODEL", "all-MiniLM-L6-v2")
    found = examined(shelf)
    assert not found["index"].sound
    assert "another model (hashing)" in found["index"].said
    assert "askreport build" in found["index"].hint
    assert found["model"].sound


def test_a_document_that_cannot_be_read_is_not_blamed_on_the_build(
    shelf: Path,
) -> None:
    (shelf / "sources" / "blob.txt").write_bytes(b"\x00\x01")
    Library.open(shelf).build()
    found = examined(shelf)["sources"]
    assert not found.sound
    assert (found.said, found.hint) == (
        "blob.txt (failed)",
        "askreport sources says why",
    )


def test_without_a_shelf_everything_else_is_looked_at(tmp_path: Path) -> None:
    assert unsound(tmp_path) == {"shelf"}
    assert "askreport init" in examined(tmp_path)["shelf"].hint


def test_a_missing_package_is_found(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", ("no-such-package",))
    assert unsound(built) == {"no-such-package"}
    assert "pip install" in examined(built)["no-such-package"].hint


def test_settings_are_listed_with_their_values(built: Path) -> None:
    ran = CliRunner().invoke(cli.app, ["doctor", "--settings", "--shelf", str(built)])
    assert ran.exit_code == 0
    lines = ran.stdout.splitlines()
    known = Library.open(built).shelf.settings
    assert lines == [f"{k} = {v!r}" for k, v in known.model_dump().items()]
