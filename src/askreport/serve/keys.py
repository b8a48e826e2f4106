"""names and scopes -> API keys, shown once and kept as salted hashes.

A key is `askreport_<id>_<secret>`. The secret has 256 random bits, so one round of a
keyed hash is enough: there is nothing to guess, and a slow hash would only let callers
without a key spend the server's time.
"""

import hmac
import json
import os
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Literal

import filelock
from pydantic import ConfigDict, TypeAdapter, ValidationError

from askreport import errors

Scope = Literal["read", "admin"]
"""What a key opens: asking and reading, or that and changing the shelf too."""

PREFIX = "askreport"
"""Before every key, so that scanners for leaked secrets can tell what one is."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Names stand in logs and metrics: nothing that could break a line of either."""

LOCK_SECONDS = 10
"""How long to wait for another command that is changing the file."""


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of a key; nothing in it opens anything."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    id: str
    """The public part of the key, which finds the rest."""
    name: str
    scope: Scope
    created: str
    """UTC, to the second."""
    salt: str
    hash: str
    """HMAC-SHA256 of the secret, keyed with the salt; both in hexadecimal."""

    def allows(self, wanted: Scope) -> bool:
        """Whether it opens what needs that scope."""
        return self.scope == "admin" or wanted == "read"


_NOBODY = Key("", "", "read", "", "00" * 16, "00" * 32)
"""What a key with an unknown id is compared with, so that it takes as long."""

_kept = TypeAdapter(tuple[Key, ...])


class Keys:
    """The keys of one file, read again whenever it changes. Safe in several threads."""

    def __init__(self, path: Path) -> None:
        """A file that need not be there yet: then there is no key."""
        self.path = path
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, ...], tuple[Key, ...]] = ((), ())

    def listed(self) -> tuple[Key, ...]:
        """Every key, oldest first. Raises KeysWrong for a file that cannot be read."""
        with self._lock:
            stamp = _stamp(self.path)
            if stamp != self._read[0]:
                self._read = (stamp, _from_file(self.path) if stamp else ())
            return self._read[1]

    def check(self, given: str) -> Key | None:
        """The key that `given` is, compared in constant time; None if it is none.

        Raises KeysWrong as `listed`: a damaged file opens nothing.
        """
        name, secret = _parts(given)
        found = {key.id: key for key in self.listed()}.get(name, _NOBODY)
        same = hmac.compare_digest(_hash(found.salt, secret), found.hash)
        return found if same and found is not _NOBODY else None

    def add(self, name: str, scope: Scope) -> str:
        """A new key, which is kept nowhere. Raises KeysWrong for a name that is taken
        or cannot be one.
        """
        if not NAME.fullmatch(name):
            raise errors.KeysWrong(
                f"{name!r} cannot be the name of a key",
                hint="use 1 to 64 letters, digits, dots, hyphens and underscores",
            )
        with self._changing() as keys:
            if any(key.name == name for key in keys):
                raise errors.KeysWrong(
                    f"there is a key named {name} already",
                    hint=f"choose another name, or askreport keys revoke {name}",
                )
            secret, salt = secrets.token_urlsafe(32), secrets.token_hex(16)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            kept = _hash(salt, secret)
            key = Key(secrets.token_hex(6), name, scope, now, salt, kept)
            _write(self.path, (*keys, key))
        return f"{PREFIX}_{key.id}_{secret}"

    def revoke(self, name: str) -> Key:
        """Forget a key; it opens nothing from now on. Raises NotFound."""
        with self._changing() as keys:
            found = next((key for key in keys if key.name == name), None)
            if found is None:
                raise errors.NotFound(
                    f"no key {name!r}", hint="askreport keys list shows their names"
                )
            _write(self.path, tuple(key for key in keys if key is not found))
        return found

    @contextmanager
    def _changing(self) -> Iterator[tuple[Key, ...]]:
        lock = self.path.with_name(f".{self.path.name}.lock")
        try:
            with filelock.FileLock(lock, timeout=LOCK_SECONDS):
                yield self.listed()
        except (OSError, filelock.Timeout) as error:
            reason = getattr(error, "strerror", None) or "another command holds it"
            raise errors.KeysWrong(
                f"{self.path} cannot be changed: {reason}",
                hint="check the permissions of its folder, and try again",
            ) from error


def _parts(given: str) -> tuple[str, str]:
    """The id and the secret of a key as it was shown; empty where it is none."""
    prefix, _, rest = given.partition("_")
    name, _, secret = rest.partition("_")
    return (name, secret) if prefix == PREFIX else ("", "")


def _hash(salt: str, secret: str) -> str:
    key = bytes.fromhex(salt)
    return hmac.digest(key, secret.encode("utf-8", "surrogatepass"), "sha256").hex()


def _stamp(path: Path) -> tuple[int, ...]:
    """Inode, size and times of the file; empty where there is none.

    Any other reason not to see it is raised: a file that cannot be read must not pass
    for one without keys.
    """
    try:
        known = path.stat()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    return (known.st_ino, known.st_size, known.st_mtime_ns, known.st_ctime_ns)


def _from_file(path: Path) -> tuple[Key, ...]:
    try:
        said = json.loads(path.read_bytes())
        # In JSON's own terms, where an array is a tuple even to a strict check.
        return _kept.validate_json(json.dumps(said["keys"]))
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        kind = "its entries" if isinstance(error, ValidationError) else "its JSON"
        raise _unreadable(path, f"{kind} cannot be understood") from error


def _unreadable(path: Path, reason: str) -> errors.KeysWrong:
    return errors.KeysWrong(
        f"{path}: {reason}",
        hint="put back a sound copy, or delete it and make new keys",
    )


def _write(path: Path, keys: tuple[Key, ...]) -> None:
    """Replace the file at once; only its owner can read it."""
    made = path.with_name(f".{path.name}.{os.getpid()}")
    text = json.dumps({"keys": [asdict(key) for key in keys]}, indent=2) + "\n"
    try:
        made.unlink(missing_ok=True)
        made.touch(0o600, exist_ok=False)
        with made.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)
