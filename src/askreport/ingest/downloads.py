"""an address -> its file, within limits of size and time, or why it is not taken.

Only http and https, and only addresses of the public internet unless that is allowed:
a list of addresses from elsewhere must not make this machine ask its neighbours.
"""

import http.client
import ipaddress
import re
import socket
import ssl
import time
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from askreport import errors

MOST_HOPS = 5
"""Redirections that are followed, each checked as the first address is."""

CHUNK = 2**16

ENDINGS = {
    "application/pdf": ".pdf",
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "message/rfc822": ".eml",
    "application/vnd.oasis.opendocument.text": ".odt",
    **{
        f"application/vnd.openxmlformats-officedocument.{kind}": ending
        for kind, ending in (
            ("wordprocessingml.document", ".docx"),
            ("presentationml.presentation", ".pptx"),
            ("spreadsheetml.sheet", ".xlsx"),
        )
    },
}
"""What a server calls a file, and the ending that its reader is found by."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a download may take."""

    megabytes: int = 100
    seconds: float = 60.0
    private: bool = False
    """Whether addresses of this machine and its network may be asked."""


def fetch(url: str, folder: Path, limits: Limits) -> Path:
    """The file of an address, put into `folder`. Raises FetchFailed."""
    deadline = time.monotonic() + limits.seconds
    at = url
    for _ in range(MOST_HOPS + 1):
        parts = _checked(at)
        answer = _asked(parts, limits, deadline)
        try:
            if answer.status in (301, 302, 303, 307, 308):
                at = urljoin(at, answer.getheader("Location") or "")
                continue
            if answer.status != http.client.OK:
                raise _failed(url, f"the server answered {answer.status}")
            path = folder / _name(parts, answer.headers)
            _save(answer, path, url, limits, deadline)
        except (OSError, http.client.HTTPException) as error:
            raise _failed(url, str(error) or type(error).__name__) from error
        else:
            return path
        finally:
            answer.close()
    raise _failed(url, f"it leads on more than {MOST_HOPS} times")


def _failed(url: str, why: str) -> errors.FetchFailed:
    return errors.FetchFailed(
        f"{url} was not downloaded: {why}",
        hint="download it yourself and add the file",
    )


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _failed(url, str(error)) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _failed(url, "only http:// and https:// addresses are")
    if port == 0 or parts.username is not None:
        raise _failed(url, "it holds a name, a password or no port")
    return parts


def _asked(
    parts: SplitResult, limits: Limits, deadline: float
) -> http.client.HTTPResponse:
    """The answer of a server, asked at the very address that was checked."""
    url = parts.geturl()
    host = parts.hostname or ""
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        address = _resolved(host, port, url, limits)
        left = max(1.0, deadline - time.monotonic())
        # Closed with the answer: nothing is asked twice.
        line = socket.create_connection((address, port), timeout=min(30.0, left))
        if secure:
            line = ssl.create_default_context().wrap_socket(line, server_hostname=host)
        connection = http.client.HTTPConnection(host, port)
        connection.sock = line
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        default = parts.port is None
        headers = {
            "Host": host if default else f"{host}:{port}",
            "User-Agent": "askreport",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        connection.request("GET", target, headers=headers)
        return connection.getresponse()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _failed(url, str(error) or type(error).__name__) from error


def _resolved(host: str, port: int, url: str, limits: Limits) -> str:
    """An address of the host; every one it has must be allowed."""
    found = [
        str(known[4][0])
        for known in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ]
    for address in found:
        if not limits.private and not _public(address):
            raise _failed(url, f"{address} is in a private network (--allow-private)")
    return found[0]


def _public(address: str) -> bool:
    known = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(known, "ipv4_mapped", None)
    return (mapped or known).is_global and not known.is_multicast


def _name(parts: SplitResult, headers: Message) -> str:
    """A name for the file, with the ending of its format."""
    stated = (
        headers.get_filename() or unquote(parts.path).rstrip("/").rpartition("/")[2]
    )
    clean = re.sub(r"[^\w. -]+", "-", stated).strip(". -")[-100:]
    name = clean or re.sub(r"[^\w.-]+", "-", parts.hostname or "page")
    ending = ENDINGS.get(headers.get_content_type(), "")
    if ending and Path(name).suffix.lower() not in (ending, ".htm", ".markdown"):
        return f"{name}{ending}"
    return name


def _save(
    answer: http.client.HTTPResponse,
    path: Path,
    url: str,
    limits: Limits,
    deadline: float,
) -> None:
    most = limits.megabytes * 2**20
    size = 0
    with path.open("wb") as file:
        while chunk := answer.read1(CHUNK):
            size += len(chunk)
            if size > most:
                raise _failed(url, f"it is larger than {limits.megabytes} MiB")
            if time.monotonic() > deadline:
                raise _failed(url, f"it took more than {limits.seconds:g} s")
            file.write(chunk)
    if answer.length:
        raise _failed(url, "the server broke off")
