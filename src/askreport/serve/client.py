"""a service's address and a key -> the library's verbs, asked over HTTP.

Answers are the same nouns as from an open library, and failures the same errors, so
whatever shows the one can show the other. What a service says is no more trusted than a
document: characters that could drive a terminal are taken out.
"""

import ipaddress
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from pydantic import TypeAdapter, ValidationError

from askreport import errors
from askreport.text import INVISIBLE
from askreport.types import Answer, Coverage, Filter, Found, Page, Passage, Shelved

if TYPE_CHECKING:
    from httpx2 import Response

    from askreport.upkeep.generations import Listed
    from askreport.upkeep.jobs import Job

TIMEOUT = 120.0
"""Seconds; a service gives up on an answer before that and says so."""

MOST_LINE = 2**20
"""Of an event: no job is a thousandth of it."""

MOST_BYTES = 64 * 2**20
"""Of a response: no answer is a thousandth of it."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ready:
    """What a service answers from."""

    generation: str
    model: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A document that was put into `sources/` there, or taken out."""

    document: str
    path: str


class Service:
    """A shelf that another process serves."""

    def __init__(self, address: str, *, key: str | None = None) -> None:
        """At an address such as `https://shelf.example.org`. Raises SettingsWrong."""
        import httpx2

        self._http = httpx2
        self.address = _checked(address, keyed=key is not None)
        self._headers = {} if key is None else {"Authorization": f"Bearer {key}"}

    def ask(
        self,
        question: str,
        *,
        top: int | None = None,
        among: Filter = Filter(),
        earlier: Sequence[str] = (),
        explain: bool = False,
    ) -> Answer:
        """As `Library.ask`; raises what it raises, and ServiceFailed."""
        body = _body(question, top, among, earlier, explain)
        return self._got("POST", "/ask", Answer, body)

    def find(
        self,
        question: str,
        *,
        top: int | None = None,
        among: Filter = Filter(),
        earlier: Sequence[str] = (),
    ) -> Found:
        """As `Library.find`, always explained; raises as `ask`."""
        return self._got(
            "POST", "/search", Found, _body(question, top, among, earlier, True)
        )

    def coverage(self, among: Filter = Filter()) -> Coverage:
        """As `Library.coverage`; raises as `ask`."""
        return self._got("POST", "/coverage", Coverage, {"filter": _given(among)})

    def ready(self) -> Ready:
        """What answers now. Raises ServiceFailed with the reason while nothing does."""
        return self._got("GET", "/readyz", Ready)

    def passage(self, name: str) -> Passage:
        """As `Library.passage`; raises as `ask`."""
        return self._got("GET", f"/passages/{quote(name, safe='')}", Passage)

    def page(self, document: str, number: int | None) -> Page:
        """As `Library.page`; raises as `ask`."""
        at = f"/documents/{quote(document, safe='')}/pages/{number or 1}"
        return self._got("GET", at, Page)

    def shelved(self) -> tuple[Shelved, ...]:
        """As `Library.shelved`; raises as `ask`."""
        return self._got("GET", "/documents", tuple[Shelved, ...])

    # What needs a key of scope admin.

    def upload(self, path: Path) -> str:
        """Send a file of this machine; its name in `sources/` there. No build follows.

        Raises as `ask`, and NotFound where the file cannot be read.
        """
        try:
            with path.open("rb") as file:
                asked = {"name": path.name, "rebuild": "false"}
                at = f"/admin/documents?{urlencode(asked)}"
                return self._got("POST", at, Placed, sent=file).path
        except OSError as error:
            raise errors.NotFound(
                f"{path.name} cannot be read: {error.strerror or error}",
                hint="check the file",
            ) from error

    def remove(self, document: str) -> None:
        """Have a document taken out of `sources/` there. Raises as `ask`."""
        at = f"/admin/documents/{quote(document, safe='')}?rebuild=false"
        self._got("DELETE", at, Placed)

    def rebuild(self) -> "Job":
        """Have the index brought up to date: a job to follow. Raises as `ask`."""
        from askreport.upkeep.jobs import Job

        return self._got("POST", "/admin/rebuild", Job, {})

    def follow(self, job: str) -> "Iterator[Job]":
        """A job whenever something changed, until it has ended. Raises as `ask`."""
        from askreport.upkeep.jobs import Job

        at = f"/admin/jobs/{quote(job, safe='')}/events"
        begun = b""
        try:
            with self._asked("GET", at) as got:
                if got.status_code != 200:
                    raise self._refused(self._parsed(got.read()))
                for part in got.iter_bytes():
                    *lines, begun = (begun + part).split(b"\n")
                    if len(begun) > MOST_LINE:
                        raise self._foreign()
                    for line in lines:
                        if line.startswith(b"data:"):
                            yield self._valid(Job, self._parsed(line[5:]))
        except self._http.HTTPError as error:
            raise self._silent(error) from error

    def stop(self, job: str) -> "Job":
        """Have a job ended: as it stands then. Raises as `ask`."""
        from askreport.upkeep.jobs import Job

        return self._got("DELETE", f"/admin/jobs/{quote(job, safe='')}", Job)

    def generations(self) -> "tuple[Listed, ...]":
        """What stands in the index there, newest first. Raises as `ask`."""
        from askreport.upkeep.generations import Listed

        return self._got("GET", "/admin/generations", tuple[Listed, ...])

    def use(self, generation: str) -> "Listed":
        """Have a generation there become the one that answers. Raises as `ask`."""
        from askreport.upkeep.generations import Listed

        at = f"/admin/generations/{quote(generation, safe='')}/use"
        return self._got("POST", at, Listed)

    def permalink(self, passage: str) -> str:
        """The address of the page that shows a passage."""
        return f"{self.address}/c/{quote(passage, safe='')}"

    def _got(
        self,
        method: str,
        path: str,
        kind: type[T],
        body: object | None = None,
        *,
        sent: IO[bytes] | None = None,
    ) -> T:
        try:
            with self._asked(method, path, body, sent) as got:
                raw = bytearray()
                for part in got.iter_bytes():
                    raw += part
                    if len(raw) > MOST_BYTES:
                        raise self._foreign()
        except self._http.HTTPError as error:
            raise self._silent(error) from error
        said = self._parsed(raw)
        if got.status_code != 200:
            raise self._refused(said)
        return self._valid(kind, said)

    def _asked(
        self,
        method: str,
        path: str,
        body: object | None = None,
        sent: IO[bytes] | None = None,
    ) -> "AbstractContextManager[Response]":
        return self._http.stream(
            method,
            self.address + path,
            json=body,
            content=sent,
            headers=self._headers,
            timeout=TIMEOUT,
        )

    def _parsed(self, raw: bytes | bytearray) -> object:
        try:
            return _harmless(json.loads(raw))
        except (ValueError, RecursionError) as error:
            raise self._foreign() from error

    def _valid(self, kind: type[T], said: object) -> T:
        try:
            return TypeAdapter(kind).validate_json(json.dumps(said))
        except ValidationError as error:
            raise self._foreign() from error

    def _silent(self, error: Exception) -> errors.ServiceFailed:
        return errors.ServiceFailed(
            f"{self.address} does not answer: {type(error).__name__}",
            hint="check the address, and that askreport serve runs there",
        )

    def _refused(self, said: object) -> errors.AskreportError:
        """The error that a problem tells of."""
        if not (isinstance(said, Mapping) and isinstance(said.get("detail"), str)):
            return self._foreign()
        code, hint = str(said.get("code")), str(said.get("hint") or "try again later")
        kind: object = getattr(errors, code, None)
        if isinstance(kind, type) and issubclass(kind, errors.AskreportError):
            return kind(said["detail"], hint=hint)
        return errors.ServiceFailed(said["detail"], hint=hint)

    def _foreign(self) -> errors.ServiceFailed:
        return errors.ServiceFailed(
            f"what answers at {self.address} is no askreport, or another version",
            hint="check the address; askreport --version there and here",
        )


def key_of(path: Path) -> str:
    """The key that a file holds. Raises KeysWrong."""
    try:
        found = path.expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise errors.KeysWrong(
            f"{path} cannot be read: {reason}",
            hint="askreport keys add NAME > FILE on the service's machine makes one",
        ) from error
    if not (found.isascii() and found.isprintable() and found and " " not in found):
        raise errors.KeysWrong(
            f"{path} holds no key",
            hint="it should hold what askreport keys add printed, and nothing else",
        )
    return found


def _checked(address: str, *, keyed: bool) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise errors.SettingsWrong(
            f"{address!r} is no address of a service",
            hint="it looks like https://shelf.example.org or http://127.0.0.1:8420",
        )
    if keyed and parts.scheme == "http" and not _local(parts.hostname):
        raise errors.SettingsWrong(
            "a key would be sent to another machine for all to read",
            hint="use an address that begins with https://",
        )
    return address.rstrip("/")


def _local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _body(
    question: str,
    top: int | None,
    among: Filter,
    earlier: Sequence[str],
    explain: bool,
) -> dict[str, Any]:
    return {
        "question": question,
        "top": top,
        "filter": _given(among),
        "earlier": list(earlier),
        "explain": explain,
    }


def _given(among: Filter) -> dict[str, Any]:
    """The fields of a filter that ask for something."""
    return {name: value for name, value in asdict(among).items() if value}


def _harmless(said: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(said, str):
        return said.translate(INVISIBLE)
    if isinstance(said, list):
        return [_harmless(one) for one in said]
    if isinstance(said, dict):
        return {_harmless(key): _harmless(value) for key, value in said.items()}
    return said
