"""a request -> its Caller, and whether that may do what the route does.

What a route needs follows from its path alone (`need`), so that a route nobody thought
of is closed, not open. Routers say it once more as a dependency (`READER`, `ADMIN`),
which also writes it into the API's description.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from askreport import errors
from askreport.serve.keys import Scope

Need = Literal["nothing", "signature", "read", "admin"]
"""What a route asks of its caller. `signature`: no key, since the platform that calls
signs its requests; the route itself checks that, before it does anything else."""

NEEDS: tuple[tuple[str, Need], ...] = (
    ("/admin", "admin"),
    ("/healthz", "nothing"),
    ("/readyz", "nothing"),
    ("/openapi.json", "nothing"),
    ("/icon.svg", "nothing"),
    ("/problems", "nothing"),
    ("/signin", "nothing"),
    ("/signout", "nothing"),
    ("/slack", "signature"),
    ("/teams", "signature"),
    ("/mattermost", "signature"),
    ("/librechat", "signature"),
)
"""Paths, each with all that lies below it. Any other path needs `read`."""


def need(path: str) -> Need:
    """What the route at `path` asks of its caller."""
    for known, needed in NEEDS:
        if path == known or path.startswith(f"{known}/"):
            return needed
    return "read"


class KeyMissing(errors.AskreportError):
    """A request that needs a key has none, or one that opens nothing."""


class KeyTooNarrow(errors.AskreportError):
    """The key is sound; its scope does not reach this far."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    name: str
    """Of its key; of its address where it has none."""
    scope: Scope | None
    """What it may do; None: only what needs no key."""
    keyed: bool = False
    """Whether it showed a key."""
    session: bool = False
    """Whether a browser did so for it, some time ago."""

    @property
    def account(self) -> str:
        """What its requests are counted under: no address is the name of a key."""
        return f"key {self.name}" if self.keyed else self.name

    def require(self, wanted: Scope) -> None:
        """Raises KeyMissing or KeyTooNarrow unless it may do that."""
        if self.scope is None or (wanted == "admin" and self.scope != "admin"):
            if self.scope is not None:
                raise KeyTooNarrow(
                    f"this needs a key of scope {wanted}",
                    hint=f"askreport keys add NAME --scope {wanted} makes one",
                )
            raise KeyMissing(
                "this needs a key, and none that is known was sent",
                hint="send Authorization: Bearer with a key of askreport keys add",
            )


_bearer = HTTPBearer(
    scheme_name="key",
    description="A key made by `askreport keys add`. A service without keys answers "
    "its own machine only, and asks for none but on `/admin`.",
    auto_error=False,
)
_Sent = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


async def _reader(request: Request, _: _Sent) -> Caller:
    return _required(request, "read")


async def _admin(request: Request, _: _Sent) -> Caller:
    return _required(request, "admin")


def _required(request: Request, wanted: Scope) -> Caller:
    found: Caller = request.state.caller
    found.require(wanted)
    return found


READER: Any = Depends(_reader)
"""For `APIRouter(dependencies=[...])` of routes that ask and read."""

ADMIN: Any = Depends(_admin)
"""The same for routes that change the shelf."""
