"""Secrets: from the environment, from nowhere else, shown nowhere."""

from dataclasses import fields
from pathlib import Path

import pytest

from askreport import errors, settings
from askreport.serve.chat import credentials
from askreport.serve.chat.credentials import Credentials

NAMES = [f.name for f in fields(Credentials)]


def test_nothing_is_known_where_nothing_is_set() -> None:
    assert credentials.read({}) == Credentials()


@pytest.mark.parametrize("name", NAMES)
def test_each_is_read_from_its_variable(name: str) -> None:
    found = credentials.read({f"ASKREPORT_{name.upper()}": "one, two ,"})
    assert getattr(found, name) == ("one", "two")


@pytest.mark.parametrize("said", ["", " ", ",", " , "])
def test_one_that_is_set_to_nothing_is_an_error(said: str) -> None:
    with pytest.raises(errors.SettingsWrong, match="ASKREPORT_TEAMS_SECRET"):
        credentials.read({"ASKREPORT_TEAMS_SECRET": said})


@pytest.mark.parametrize("name", NAMES)
def test_none_is_a_setting_or_taken_from_a_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = f"ASKREPORT_{name.upper()}"
    assert variable in settings.SECRETS
    monkeypatch.setenv(variable, "x")
    path = tmp_path / settings.FILE
    path.write_text("", "utf-8")
    settings.load(path)
    path.write_text(f'{name} = "x"', "utf-8")
    with pytest.raises(errors.SettingsWrong, match="unknown setting"):
        settings.load(path)


def test_they_are_not_shown() -> None:
    assert "hush" not in repr(Credentials(teams_secret=("hush",)))
