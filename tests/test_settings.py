"""Flag over environment over file over default; a shelf is found from below."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as configured
from hypothesis import strategies as st

from askreport import errors, settings


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty shelf, and no variable of ours in the environment."""
    for name in [n for n in os.environ if n.startswith(settings.PREFIX)]:
        monkeypatch.delenv(name)
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / settings.FILE).write_text("", "utf-8")
    return folder


def say(root: Path, text: str) -> Path:
    """Write the settings file; its path."""
    (root / settings.FILE).write_text(text, "utf-8")
    return root / settings.FILE


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = say(root, "")
    assert settings.load(path).top == 5
    say(root, "top = 6")
    assert settings.load(path).top == 6
    monkeypatch.setenv("ASKREPORT_TOP", "7")
    assert settings.load(path).top == 7
    assert settings.load(path, flags={"top": 8}).top == 8


def test_a_flag_that_was_not_given_overrides_nothing(root: Path) -> None:
    path = say(root, "top = 6")
    assert settings.load(path, flags={"top": None, "floor": None}).top == 6


@pytest.mark.parametrize("name", list(settings.Settings.model_fields))
def test_every_setting_has_a_meaning_and_can_be_set_by_environment(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    field = settings.Settings.model_fields[name]
    assert field.description
    shaped = {"model_digest": "a" * 64, "public_url": "https://reports.example.org"}
    value = shaped.get(name, str(field.default))
    several = isinstance(field.default, tuple)
    monkeypatch.setenv(f"ASKREPORT_{name.upper()}", "a, b" if several else value)
    found = getattr(settings.load(root / settings.FILE), name)
    assert found == ("a", "b") if several else str(found) == value


def test_several_values_are_an_array_in_the_file(root: Path) -> None:
    path = say(root, 'hosts = ["a.example", "b.example"]')
    assert settings.load(path).hosts == ("a.example", "b.example")
    say(root, "hosts = [1]")
    with pytest.raises(errors.SettingsWrong, match="'hosts'"):
        settings.load(path)


@pytest.mark.parametrize(("said", "meant"), [("true", True), ("FALSE", False)])
def test_a_switch_is_true_or_false_in_a_variable(
    root: Path, monkeypatch: pytest.MonkeyPatch, said: str, meant: bool
) -> None:
    monkeypatch.setenv("ASKREPORT_OPEN_ACCESS", said)
    assert settings.load(root / settings.FILE).open_access is meant
    monkeypatch.setenv("ASKREPORT_OPEN_ACCESS", "yes")
    with pytest.raises(errors.SettingsWrong, match="'open_access'"):
        settings.load(root / settings.FILE)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("flor = 0.2", "floor"),
        ("passage_token = 9", "passage_tokens"),
        ("Top = 1", "top"),
    ],
)
def test_an_unknown_key_is_refused_and_the_nearest_named(
    root: Path, said: str, meant: str
) -> None:
    path = say(root, said)
    with pytest.raises(errors.SettingsWrong, match="unknown setting") as caught:
        settings.load(path)
    assert str(path) in caught.value.message
    assert caught.value.hint == f"did you mean {meant!r}?"


def test_an_unknown_key_like_no_other_gets_the_whole_list(root: Path) -> None:
    with pytest.raises(errors.SettingsWrong) as caught:
        settings.load(say(root, "zzz = 1"))
    assert "keep_generations" in caught.value.hint


def test_an_unknown_variable_is_refused_by_its_own_name(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASKREPORT_MODLE", "hashing")
    with pytest.raises(errors.SettingsWrong, match="ASKREPORT_MODLE") as caught:
        settings.load(root / settings.FILE)
    assert caught.value.hint == "did you mean 'model'?"


@pytest.mark.parametrize(
    "said",
    [
        'top = "five"',
        'top = "5"',
        "top = true",
        "top = 2.5",
        "top = 0",
        "top = 51",
        "floor = -0.1",
        "floor = 1.1",
        "floor = nan",
        'floor = "0.3"',
        "model = 5",
        'model = ""',
        'model_digest = "abc"',
        "port = 70000",
        "[top]",
        "host = []",
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_meaning(
    root: Path, said: str
) -> None:
    key = said.strip("[]").split(" ")[0]
    with pytest.raises(errors.SettingsWrong, match=f"{key!r}") as caught:
        settings.load(say(root, said))
    assert caught.value.hint == settings.Settings.model_fields[key].description


def test_a_value_that_cannot_be_is_laid_at_the_door_it_came_in_by(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = say(root, "top = 6")
    monkeypatch.setenv("ASKREPORT_TOP", "many")
    with pytest.raises(errors.SettingsWrong, match="in ASKREPORT_TOP"):
        settings.load(path)
    with pytest.raises(errors.SettingsWrong, match="in a flag"):
        settings.load(path, flags={"top": 999})


@pytest.mark.parametrize("raw", [b"top = ", b"\xff\xfe", b"top = 1\ntop = 2", b"\x00"])
def test_a_file_that_is_no_toml_is_refused(root: Path, raw: bytes) -> None:
    (root / settings.FILE).write_bytes(raw)
    with pytest.raises(errors.SettingsWrong, match="not valid TOML"):
        settings.load(root / settings.FILE)


def test_a_file_that_cannot_be_read_is_an_error_with_a_hint(root: Path) -> None:
    with pytest.raises(errors.SettingsWrong, match="cannot be read") as caught:
        settings.load(root / "not-there.toml")
    assert caught.value.hint


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


@configured(max_examples=50)
@given(name=st.sampled_from(list(settings.Settings.model_fields)), value=VALUES)
def test_any_value_of_any_setting_is_taken_or_refused_never_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, name: str, value: Any
) -> None:
    path = tmp_path_factory.mktemp("any") / settings.FILE
    path.write_text("", "utf-8")
    try:
        found = settings.load(path, flags={name: value})
    except errors.SettingsWrong as error:
        assert error.hint  # noqa: PT017
    else:
        assert value is None or getattr(found, name) == value


def test_a_model_folder_is_meant_from_the_shelf_not_from_where_one_stands(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "models" / "own").mkdir(parents=True)
    path = say(root, 'model = "models/own"')
    monkeypatch.chdir(tmp_path)
    assert Path(settings.load(path).model) == root / "models" / "own"
    say(root, 'model = "somebody/on-the-hub"')
    assert settings.load(path).model == "somebody/on-the-hub"


def test_the_shelf_is_found_from_any_folder_inside_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = root / "sources" / "reports" / "2024"
    deep.mkdir(parents=True)
    for folder in (root, root / "sources", deep):
        monkeypatch.chdir(folder)
        assert settings.find() == root
        assert settings.open_shelf().sources == root / "sources"


def test_a_shelf_within_a_shelf_is_the_nearer_one(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = root / "sources" / "inner"
    inner.mkdir(parents=True)
    say(inner, "")
    monkeypatch.chdir(inner)
    assert settings.find() == inner


def test_a_named_shelf_beats_the_variable_beats_the_folder_one_stands_in(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelves = [tmp_path / name for name in ("flag", "variable")]
    for shelf in shelves:
        shelf.mkdir()
        say(shelf, "")
    monkeypatch.chdir(root)
    assert settings.find() == root
    monkeypatch.setenv("ASKREPORT_SHELF", str(shelves[1]))
    assert settings.find() == shelves[1]
    assert settings.find(shelves[0]) == shelves[0]
    monkeypatch.setenv("ASKREPORT_SHELF", "")
    assert settings.find() == root


def test_a_named_folder_that_is_no_shelf_is_not_searched_upwards(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = root / "sources"
    inside.mkdir()
    with pytest.raises(errors.ShelfMissing, match="is no shelf") as caught:
        settings.find(inside)
    assert "askreport init" in caught.value.hint
    monkeypatch.setenv("ASKREPORT_SHELF", str(root / "nowhere"))
    with pytest.raises(errors.ShelfMissing, match="nowhere is no shelf"):
        settings.find()


def test_where_there_is_no_shelf_the_three_ways_out_are_named(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    with pytest.raises(errors.ShelfMissing) as caught:
        settings.find()
    assert "--shelf" in caught.value.hint
    assert "askreport init" in caught.value.hint
