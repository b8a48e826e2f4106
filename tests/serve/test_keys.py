"""API keys: made once, kept as hashes, found again in constant time, revoked."""

import hmac
import json
import secrets
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner

from askreport import errors
from askreport.serve import cli
from askreport.serve.keys import Keys


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """A file of keys that is not there yet."""
    return Keys(tmp_path / "keys.json")


def test_without_a_file_there_is_no_key(keys: Keys) -> None:
    assert keys.listed() == ()
    assert keys.check("askreport_abc_def") is None


def test_a_key_is_known_by_its_whole_text_and_by_nothing_less(keys: Keys) -> None:
    given = keys.add("chat", "read")
    found = keys.check(given)
    assert found is not None
    assert (found.name, found.scope) == ("chat", "read")
    _, name, secret = given.split("_", 2)
    other = keys.add("other", "admin").split("_", 2)
    wrong = [
        *("", "askreport", "askreport_", f"askreport_{name}", f"askreport_{name}_"),
        *(given[:-1], given + "x", given.upper(), given.swapcase(), f" {given}"),
        *(secret, f"{name}_{secret}", f"askreport_{other[1]}_{secret}"),
        *(f"askreport__{secret}", f"askreport_{name}_\ud800", f"x_{name}_{secret}"),
    ]
    assert [text for text in wrong if keys.check(text)] == []


def test_the_file_holds_no_secret_and_only_its_owner_can_read_it(keys: Keys) -> None:
    secret = keys.add("chat", "read").split("_", 2)[2]
    assert secret not in keys.path.read_text("utf-8")
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600


def test_equal_secrets_would_have_different_hashes(
    keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "token_urlsafe", lambda _: "the same")
    keys.add("one", "read")
    keys.add("two", "read")
    one, two = keys.listed()
    assert one.salt != two.salt
    assert one.hash != two.hash


def test_a_key_that_is_unknown_is_compared_all_the_same(
    keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = keys.add("chat", "read")
    compared: list[tuple[int, int]] = []
    compare = hmac.compare_digest

    def counted(a: str, b: str) -> bool:
        compared.append((len(a), len(b)))
        return compare(a, b)

    monkeypatch.setattr(hmac, "compare_digest", counted)
    for text in (given, given + "x", "askreport_000000000000_none", "", "Basic x"):
        keys.check(text)
    assert compared == [(64, 64)] * 5


def test_the_secret_that_nobody_has_opens_nothing(
    keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.add("chat", "read")
    monkeypatch.setattr(hmac, "compare_digest", lambda *_: True)
    assert keys.check("askreport_000000000000_none") is None


def test_a_revoked_key_opens_nothing_and_the_others_go_on(keys: Keys) -> None:
    gone, stays = keys.add("gone", "read"), keys.add("stays", "admin")
    another_process = Keys(keys.path)
    assert another_process.check(gone) is not None
    assert keys.revoke("gone").name == "gone"
    assert another_process.check(gone) is None
    assert another_process.check(stays) is not None
    with pytest.raises(errors.NotFound, match="no key 'gone'"):
        keys.revoke("gone")


def test_a_name_is_given_once(keys: Keys) -> None:
    keys.add("chat", "read")
    with pytest.raises(errors.KeysWrong, match="already") as caught:
        keys.add("chat", "admin")
    assert "askreport keys revoke chat" in caught.value.hint


@pytest.mark.parametrize("name", ["", " ", "a b", "-x", "x" * 65, 'a"b', "a\nb", "é"])
def test_a_name_that_could_break_a_log_is_refused(keys: Keys, name: str) -> None:
    with pytest.raises(errors.KeysWrong, match="cannot be the name"):
        keys.add(name, "read")
    assert not keys.path.exists()


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{", "{}", '{"keys": 1}', '{"keys": [{}]}', "\x00", "[" * 10**5),
        '{"keys": [{"id": "a", "name": "a", "scope": "owner", "created": "", '
        '"salt": "", "hash": ""}]}',
    ],
)
def test_a_damaged_file_opens_nothing_and_is_not_written_over(
    keys: Keys, text: str
) -> None:
    given = keys.add("chat", "read")
    keys.path.write_text(text, "utf-8")
    for act in (lambda: keys.check(given), keys.listed, lambda: keys.add("a", "read")):
        with pytest.raises(errors.KeysWrong):
            act()
    assert keys.path.read_text("utf-8") == text


def test_keys_made_at_once_are_all_kept(keys: Keys) -> None:
    start = threading.Barrier(8)

    def add(i: int) -> str:
        start.wait()
        return Keys(keys.path).add(f"key{i}", "read")

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(add, range(8)))
    assert all(keys.check(text) for text in given)


def test_the_commands_make_list_and_revoke(shelf: Path) -> None:
    def said(*args: str) -> str:
        ran = CliRunner().invoke(cli.app, ["keys", *args, "--shelf", str(shelf)])
        assert ran.exit_code == 0, ran.output
        return ran.stdout

    made = said("add", "chat", "--scope", "admin")
    key = made.strip()
    found = Keys(shelf / "keys.json").check(key)
    assert found is not None
    assert found.scope == "admin"
    listed = said("list")
    assert listed.startswith("chat  admin  ")
    assert key.split("_", 2)[2] not in listed
    (entry,) = json.loads(said("list", "--json"))
    assert set(entry) == {"name", "scope", "created", "id"}
    said("revoke", "chat")
    assert said("list") == ""
    assert Keys(shelf / "keys.json").check(key) is None
