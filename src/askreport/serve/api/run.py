"""a Library, an address -> the service, until it is told to stop."""

import contextlib
import ipaddress
import socket
import sys
import threading
from collections.abc import Collection, Iterator

import uvicorn
from fastapi import FastAPI

from askreport import errors, tokens
from askreport.library import Library
from askreport.serve import watching
from askreport.serve.api import logs, pauses
from askreport.serve.api.app import create_app
from askreport.serve.api.patience import IDLE_SECONDS, Patient
from askreport.serve.keys import Keys

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""Names that a browser on this machine gives this machine."""

FINISH_SECONDS = 30
"""How long answers under way may take after a signal to stop."""

OPEN_WARNING = (
    "warning: anyone who can reach this address can read the shelf; there are no keys\n"
)

WITHOUT_KEYS = " (without keys, to this machine only)"
WITH_KEYS = " (to those who have a key)"


def run(
    library: Library,
    host: str,
    port: int,
    *,
    names: Collection[str] = (),
    watch: bool = False,
) -> None:
    """Serve until SIGINT or SIGTERM, then finish the answers under way.

    `port` 0 takes a free one; the address goes to stderr once it answers. On a loopback
    address only requests for a loopback name or one of `names` are answered; elsewhere
    `names`, if given, bound it likewise. Raises SettingsWrong if it cannot listen, or
    would be open to other machines without keys and was not told to; KeysWrong.
    """
    local = _loopback(host)
    keyed = bool(Keys(library.shelf.keys).listed())
    if not (local or keyed or library.shelf.settings.open_access):
        raise errors.SettingsWrong(
            f"without keys, {host} would let anybody who reaches it read the shelf",
            hint="make a key (askreport keys add NAME), or say --open-access",
        )
    named = f"[{host}]" if ":" in host else host
    names = {*names, *library.shelf.settings.hosts}
    hosts = {named, *LOOPBACK, *names} if local or names else ()
    if library.shelf.settings.log_format == "json":
        logs.structured()
    with listen(host, port) as listening:
        if not (local or keyed):
            sys.stderr.write(OPEN_WARNING)
        app = create_app(library, hosts=hosts)
        serving = server(app)
        serving.to_whom = WITH_KEYS if keyed else WITHOUT_KEYS if local else ""
        watching_ = watching.beside(library.shelf, app.state.jobs, wanted=watch)
        with watching_, pauses.short(), _prepared(app):
            serving.run([listening])


@contextlib.contextmanager
def _prepared(app: FastAPI) -> Iterator[None]:
    """Meanwhile make what the first caller who needs it, and the event loop with him,
    would wait for: the counting of tokens (a second, 79 MiB), the description.
    """

    def make() -> None:
        tokens.count("")
        app.openapi()

    making = threading.Thread(target=make, name="askreport-prepare")
    making.start()
    with contextlib.suppress(KeyboardInterrupt):
        yield
    making.join()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises SettingsWrong if it cannot."""
    try:
        family, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise errors.SettingsWrong(
            f"cannot listen on {host}, port {port}: {reason}",
            hint="stop what listens there, or choose another --port or --host",
        ) from error


def server(app: FastAPI) -> "Server":
    """A server of `app` that logs no request: addresses and questions are private."""
    return Server(
        uvicorn.Config(
            app,
            access_log=False,
            http=Patient,
            log_config=None,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=FINISH_SECONDS,
            timeout_keep_alive=IDLE_SECONDS,
            ws="none",
        )
    )


class Server(uvicorn.Server):
    """Says where it listens, and to whom, as soon as it does."""

    to_whom = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listening in sockets or ():
            sys.stderr.write(
                f"askreport listens on {address(listening)}{self.to_whom}\n"
            )
        sys.stderr.flush()


def address(listening: socket.socket) -> str:
    """The address to open, with the port that was really taken."""
    host, port, *_ = listening.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
