"""a request -> the same with its Caller, or a refusal: the one place that reads keys.

Stands before anything of the request's body is read.
"""

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from askreport.serve.api.caller import Caller, need
from askreport.serve.api.sessions import COOKIE, Sessions
from askreport.serve.keys import Key, Keys

HEADER = "x-api-key"
"""Where a key may stand for callers that cannot set Authorization."""


class Access:
    """Lets a request through if its caller may do what its route does.

    While there are no keys, everybody may read, and nobody may do more. Once there has
    been a key, nobody without one may do anything: revoking the last does not open the
    shelf, nor does deleting the file.
    """

    def __init__(self, app: ASGIApp, *, keys: Keys, sessions: Sessions) -> None:
        self.app = app
        self._keys = keys
        self._sessions = sessions
        self._closed = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Raises KeyMissing, KeyTooNarrow, KeysWrong."""
        if scope["type"] == "http":
            caller = self._caller(scope)
            needed = need(scope["path"])
            if needed in ("read", "admin"):
                caller.require("admin" if needed == "admin" else "read")
            scope.setdefault("state", {})["caller"] = caller
        await self.app(scope, receive, send)

    def _caller(self, scope: Scope) -> Caller:
        address = str((scope.get("client") or ("unknown",))[0])
        needed = need(scope["path"])
        if needed in ("nothing", "signature"):
            return Caller(address, None)
        self._closed = self._closed or bool(self._keys.listed())
        headers = Headers(scope=scope)
        key = self._keys.check(_sent(headers))
        if key is not None:
            return Caller(key.name, key.scope, keyed=True)
        key = self._signed_in(headers) if scope["method"] in ("GET", "HEAD") else None
        if key is not None:
            return Caller(key.name, "read", keyed=True, session=True)
        return Caller(address, None if self._closed or needed == "admin" else "read")

    def _signed_in(self, headers: Headers) -> Key | None:
        """The key that a browser signed in with. It reads, whatever its scope: another
        site could have the browser send more than that.
        """
        value = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        name = self._sessions.key_id(value)
        return next((key for key in self._keys.listed() if key.id == name), None)


def _sent(headers: Headers) -> str:
    """The key of a request; empty where there is none, or more than one."""
    given = headers.getlist("authorization") + headers.getlist(HEADER)
    if len(given) != 1:
        return ""
    scheme, _, key = given[0].partition(" ")
    if "authorization" in headers:
        return key.strip() if scheme.lower() == "bearer" else ""
    return given[0].strip()
