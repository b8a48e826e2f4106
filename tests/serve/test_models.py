"""models list, add, use: at the command line, and what they leave on the disk."""

import json
import shutil
import threading
from pathlib import Path

import pytest
from tests import tiny
from tests.serve.commands import Ran, Run, called
from tests.serve.test_fetching import NAME, offer

from askreport import Library, embedding, errors, models, settings
from askreport.generation import opened
from askreport.ingest import indexed
from askreport.serve import choosing

FERRIES = "Which ferries entered service in March 2021?"

COMMENTED = """\
# Ours.

model = "hashing"  # quick to try

floor = 0.02       # low
"""


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty models folder of the test's own."""
    folder = tmp_path / "models"
    for name in ("ASKREPORT_MODEL", "ASKREPORT_MODEL_DIGEST", "ASKREPORT_SHELF"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(models.VARIABLE, str(folder))
    return folder


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny sentence encoder."""
    return tiny.encoder(tmp_path_factory.mktemp("tiny") / "encoder")


@pytest.fixture
def own(kept: Path, saved: Path) -> Path:
    """It, in the models folder."""
    return Path(shutil.copytree(saved, kept / "own-model"))


@pytest.fixture
def mine(shelf: Path) -> Path:
    """A built shelf whose settings hold comments."""
    (shelf / settings.FILE).write_text(COMMENTED, "utf-8")
    Library.open(shelf).build()
    return shelf


@pytest.fixture
def run(
    shelf: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs a command in this process: its exit code, stdout and stderr."""

    def ran(*args: str, at: Path = shelf) -> Ran:
        monkeypatch.chdir(at)
        return called(monkeypatch, capsys, "models", *args)

    return ran


def listing(run: Run, at: Path) -> dict[str, dict[str, object]]:
    """What `models list --json` says, by name."""
    code, out, _ = run("list", "--json", at=at)
    assert code == 0
    return {row["name"]: row for row in json.loads(out)}


# list


@pytest.mark.usefixtures("own")
def test_the_list_holds_the_default_the_added_and_what_can_be_added(
    run: Run, shelf: Path, saved: Path
) -> None:
    found = listing(run, shelf)
    default = found[models.DEFAULT]
    assert default["state"] == "default"
    assert (default["dimensions"], default["most_tokens"]) == (384, 256)
    assert default["licence"] == "Apache-2.0"
    assert default["digest"] == embedding.find(models.DEFAULT).digest
    mpnet = found["all-mpnet-base-v2"]
    assert (mpnet["state"], mpnet["digest"]) == ("can be added", None)
    assert (mpnet["dimensions"], mpnet["most_tokens"]) == (768, 384)
    assert mpnet["fetched"] == 404_534_822
    own = found["own-model"]
    assert (own["state"], own["digest"]) == ("added", models.digest(saved))
    assert (own["dimensions"], own["licence"]) == (32, None)
    assert found["hashing"]["state"] == "named in settings"
    assert [name for name, row in found.items() if row["used"]] == ["hashing"]


def test_the_list_is_readable_and_says_how_to_add(run: Run, shelf: Path) -> None:
    code, out, err = run("list", at=shelf)
    assert (code, err) == (0, "")
    assert f"{models.DEFAULT}  default\n" in out
    assert "768 dimensions, 384 tokens at most, 439 MB, 405 MB to fetch" in out
    assert "askreport models add all-mpnet-base-v2" in out
    assert "hashing  named in settings, used by this shelf" in out


def test_the_list_needs_no_shelf(run: Run, tmp_path: Path) -> None:
    found = listing(run, tmp_path)
    assert not any(row["used"] for row in found.values())
    code, _, err = run("list", "--shelf", str(tmp_path / "nowhere"), at=tmp_path)
    assert code == 1
    assert "nowhere is no shelf" in err


def test_the_list_says_which_added_model_is_damaged(
    run: Run, shelf: Path, own: Path, saved: Path, kept: Path
) -> None:
    shutil.copytree(saved, kept / "all-mpnet-base-v2")
    (own / "config.json").unlink()
    (own / "modules.json").unlink()
    found = listing(run, shelf)
    assert "models add all-mpnet-base-v2 puts it right" in str(
        found["all-mpnet-base-v2"]["state"]
    )
    assert "holds no" in str(found["own-model"]["state"])
    assert found["own-model"]["digest"] is None


# add


def test_add_puts_a_model_in_place_and_use_takes_it(
    run: Run,
    mine: Path,
    saved: Path,
    kept: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = [p for p in saved.rglob("*") if p.suffix in models.LOADED]
    contents = {p.relative_to(saved).as_posix(): p.read_bytes() for p in files}
    known = {**models.known(), NAME: offer(tmp_path / "wheels", contents, {})}
    monkeypatch.setattr(models, "known", lambda: known)
    assert listing(run, mine)[NAME]["state"] == "can be added"
    code, out, err = run("add", NAME, "--from", str(tmp_path / "wheels"), at=mine)
    assert (code, out) == (0, "")
    assert f"{NAME} is in {kept / NAME}" in err
    assert listing(run, mine)[NAME]["state"] == "added"
    code, out, err = run("use", NAME, at=mine)
    assert (code, out) == (0, "")
    assert f"now uses {NAME}" in err
    assert listing(run, mine)[NAME]["used"]
    assert Library.open(mine).ask(FERRIES).receipt.model == NAME
    again = run("add", NAME, "--from", str(tmp_path / "wheels"), "-q", at=mine)
    assert again == (0, "", "")


def test_add_of_a_model_that_is_none_is_an_error_with_a_hint(run: Run) -> None:
    code, out, err = run("add", "no-such-model")
    assert (code, out) == (1, "")
    assert "hint: can be added: all-mpnet-base-v2" in err


# use


@pytest.mark.usefixtures("own")
def test_use_keeps_every_comment_and_the_layout(run: Run, mine: Path) -> None:
    assert run("use", "own-model", "-q", at=mine) == (0, "", "")
    said = (mine / settings.FILE).read_text("utf-8")
    assert said == COMMENTED.replace('"hashing"', '"own-model"')


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    "before", ["", "# only words", "floor = 0.02", "floor = 0.02\r\n# end\r\n"]
)
def test_use_adds_the_model_to_a_file_that_names_none(
    run: Run, mine: Path, before: str
) -> None:
    (mine / settings.FILE).write_bytes(before.encode())
    assert run("use", "own-model", "-q", at=mine)[0] == 0
    after = (mine / settings.FILE).read_bytes().decode()
    assert after.startswith(before)
    assert settings.load(mine / settings.FILE).model == "own-model"


@pytest.mark.usefixtures("own")
def test_the_manifest_records_the_model_and_questions_are_encoded_by_it(
    run: Run, mine: Path, saved: Path
) -> None:
    before = opened.current(mine / "index")
    run("use", "own-model", at=mine)
    library = Library.open(mine)
    manifest = library.generation.manifest
    assert manifest.id != before
    assert manifest.model_digest == models.digest(saved)
    receipt = library.ask(FERRIES).receipt
    assert receipt.model_digest == manifest.model_digest
    # Any other model than the one that made the passages is refused.
    other = Library.open(mine, flags={"model": "hashing"})
    with pytest.raises(errors.ModelChanged, match="own-model"):
        other.ask(FERRIES)
    assert run("use", "hashing", "-q", at=mine)[0] == 0
    assert opened.current(mine / "index") == before


def test_the_old_index_answers_until_the_new_one_is_whole(
    mine: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoding, go_on = threading.Event(), threading.Event()
    of = indexed.of

    def waiting(*args: object, **more: object) -> object:
        encoding.set()
        assert go_on.wait(60)
        return of(*args, **more)  # type: ignore[arg-type]

    def switch() -> None:
        with choosing.chosen(own.name, mine) as library:
            library.build()

    monkeypatch.setattr(indexed, "of", waiting)
    running = Library.open(mine)
    running.ask(FERRIES)
    thread = threading.Thread(target=switch)
    thread.start()
    assert encoding.wait(60)
    # A fresh process meanwhile: old settings, old index, an answer.
    assert Library.open(mine).ask(FERRIES).receipt.model == "hashing"
    go_on.set()
    thread.join()
    assert Library.open(mine).ask(FERRIES).receipt.model == "own-model"
    # One that was open moves to the other model and its index at once, together.
    assert running.ask(FERRIES).receipt.model == "own-model"
    assert running.generation.manifest.model == "own-model"


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, errors.BuildFailed])
@pytest.mark.usefixtures("own")
def test_a_build_that_fails_changes_neither_settings_nor_index(
    mine: Path, monkeypatch: pytest.MonkeyPatch, trouble: type[BaseException]
) -> None:
    def fail(*args: object, **more: object) -> object:
        if issubclass(trouble, errors.AskreportError):
            raise trouble("no", hint="none")
        raise trouble

    before = opened.current(mine / "index")
    monkeypatch.setattr(indexed, "of", fail)
    with pytest.raises(trouble), choosing.chosen("own-model", mine) as library:
        library.build()
    assert (mine / settings.FILE).read_text("utf-8") == COMMENTED
    assert opened.current(mine / "index") == before
    assert [p.name for p in mine.iterdir() if p.name.startswith(".")] == []
    assert Library.open(mine).ask(FERRIES).receipt.model == "hashing"


@pytest.mark.usefixtures("own")
def test_settings_that_cannot_be_replaced_put_the_old_index_back(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if Path(target).name == settings.FILE:
            raise PermissionError(13, "Permission denied", str(target))
        return replace(self, target)

    before = opened.current(mine / "index")
    monkeypatch.setattr(Path, "replace", refuse)
    with (
        pytest.raises(errors.SettingsWrong, match="cannot be replaced"),
        choosing.chosen("own-model", mine) as library,
    ):
        library.build()
    monkeypatch.undo()
    assert opened.current(mine / "index") == before
    assert (mine / settings.FILE).read_text("utf-8") == COMMENTED


@pytest.mark.usefixtures("own")
def test_an_edit_during_the_build_is_kept(mine: Path) -> None:
    with choosing.chosen("own-model", mine) as library:
        library.build()
        (mine / settings.FILE).write_text(COMMENTED + "top = 2\n", "utf-8")
    found = settings.load(mine / settings.FILE)
    assert (found.model, found.top) == ("own-model", 2)


def test_a_model_that_is_not_here_is_refused_before_anything_changes(
    run: Run, mine: Path
) -> None:
    code, out, err = run("use", "all-mpnet-base-v2", at=mine)
    assert (code, out) == (1, "")
    assert "hint: askreport models add all-mpnet-base-v2" in err
    assert (mine / settings.FILE).read_text("utf-8") == COMMENTED


@pytest.mark.usefixtures("own")
def test_a_variable_that_would_override_the_choice_is_named(
    run: Run, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASKREPORT_MODEL", "hashing")
    code, _, err = run("use", "own-model", at=mine)
    assert code == 2
    assert "hint: unset ASKREPORT_MODEL first" in err


@pytest.mark.usefixtures("own")
def test_a_pin_is_moved_to_the_new_model(run: Run, mine: Path, saved: Path) -> None:
    pinned = f'model_digest = "{embedding.HashingEncoder.digest}"\n'
    (mine / settings.FILE).write_text(COMMENTED + pinned, "utf-8")
    assert run("use", "own-model", "-q", at=mine)[0] == 0
    found = settings.load(mine / settings.FILE)
    assert found.model_digest == models.digest(saved)
    assert Library.open(mine).ask(FERRIES).receipt.model == "own-model"


def test_a_folder_may_be_named_from_where_one_stands(
    run: Run, mine: Path, saved: Path
) -> None:
    code, _, err = run("use", f"../{saved.name}", "--shelf", str(mine), at=saved)
    assert code == 0, err
    assert settings.load(mine / settings.FILE).model == str(saved)
    inner = Path(shutil.copytree(saved, mine / "own" / "model"))
    code, _, err = run("use", "model", "--shelf", str(mine), at=inner.parent)
    assert code == 0, err
    assert 'model = "own/model"' in (mine / settings.FILE).read_text("utf-8")
    assert Library.open(mine).ask(FERRIES).receipt.model == str(inner)
