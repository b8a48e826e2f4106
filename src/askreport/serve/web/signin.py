"""a key typed into a page -> a browser that may read the shelf for a while."""

from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from askreport.serve.api.sessions import COOKIE, SECONDS, Sessions
from askreport.serve.keys import Keys
from askreport.serve.web import look

router = APIRouter(include_in_schema=False)

WRONG = (
    "This is no key of this service. A key begins with askreport_ and is shown once."
)


@router.get("/signin")
async def sign_in(request: Request) -> HTMLResponse:
    """The page that asks for a key."""
    wanted = _local(request.query_params.get("next", "/"))
    return look.response(look.page("signin.html", next=wanted, wrong=""))


@router.post("/signin")
async def signed_in(request: Request) -> Response:
    """Where that page leads: back to what was wanted, with a cookie."""
    sent = parse_qs((await request.body()).decode("utf-8", "replace"))
    wanted = _local(sent.get("next", ["/"])[0])
    keys: Keys = request.app.state.keys
    sessions: Sessions = request.app.state.sessions
    key = keys.check(sent.get("key", [""])[0].strip())
    if key is None:
        page = look.page("signin.html", next=wanted, wrong=WRONG)
        return look.response(page, 401)
    response = RedirectResponse(wanted, 303)
    response.set_cookie(
        COOKIE,
        sessions.begin(key.id),
        max_age=SECONDS,
        httponly=True,
        samesite="lax",  # a permalink in a chat must open for those who signed in
        secure=_encrypted(request),
    )
    return response


@router.post("/signout")
async def signed_out() -> Response:
    """Forget the cookie."""
    response = RedirectResponse("/signin", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return response


@router.get("/icon.svg")
async def icon() -> Response:
    """Beside the title of every page, also of the one that asks for a key."""
    return Response(look.icon(), media_type="image/svg+xml")


def _encrypted(request: Request) -> bool:
    """Whether readers come over TLS; a proxy that ends it is known by `public_url`."""
    known = request.app.state.library.shelf.settings
    public = known.public_url or ""
    return request.url.scheme == "https" or public.lower().startswith("https://")


def _local(wanted: str) -> str:
    """An address of this service; the start page for any other."""
    plain = wanted.isascii() and wanted.isprintable() and "\\" not in wanted
    return wanted if plain and wanted[:1] == "/" and wanted[1:2] != "/" else "/"
