"""what went wrong -> a status and problem details (RFC 9457).

The one place that knows statuses. A fault of the caller is told in full. A fault of
the server is told without its paths, which stand in its log; so does an unexpected
exception, by its type and place only, since its message might hold a question.
"""

import difflib
import json
import logging
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from askreport import errors
from askreport.serve.api import later, observed, requests
from askreport.serve.api.caller import KeyMissing, KeyTooNarrow
from askreport.serve.api.readiness import Warming
from askreport.serve.chat import refusals
from askreport.serve.web import look
from askreport.upkeep import documents, generations

log = logging.getLogger(__name__)

MOST_TOLD = 5
"""Faults of a request that are told at once; a hostile body can hold thousands."""

MOST_BODY = 64 * 1024
"""Bytes. The longest question (4,000 characters, each of them an escaped surrogate pair
of 12 bytes) takes 48,000; no route of ours needs more."""

MOST_CHAT = 1024 * 1024
"""Bytes. Chat tools send the whole conversation with every question."""

CHATS = ("/v1/", "/mcp")
"""Where the paths begin that take as much."""


class BodyLong(errors.AskreportError):
    """A body is longer than its route takes."""


class HostUnknown(errors.AskreportError):
    """A request is meant for a name that is not this service's."""


class OriginRefused(errors.AskreportError):
    """A web site that is not listed had its visitor's browser send a request."""


RETRY_AFTER = {"Retry-After": "5"}
"""Seconds: about what it takes to open the default encoder."""

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="askreport"'}
"""How to authenticate, which a 401 has to say (RFC 9110, section 11.6.1)."""

CLOSE = {"Connection": "close"}
"""After a body that was not read to its end, no other request can follow."""

EXTRA: Mapping[int, Mapping[str, str]] = {
    401: CHALLENGE,
    408: CLOSE,
    413: CLOSE,
    503: RETRY_AFTER,
}
"""Headers that come with a status."""

SEND_JSON = "send a JSON object in UTF-8 with Content-Type: application/json"
DESCRIBED = "GET /openapi.json describes every route and request"


@dataclass(frozen=True, slots=True)
class Failure:
    """What happened, and what to do about it. `type` is stable; match on it."""

    type: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Problem:
    """The body of every response that is not a success (RFC 9457)."""

    type: str
    """`/problems/` and the code; a page of this service that says what it means."""
    title: str
    status: int
    detail: str
    hint: str
    """What to do about it."""
    code: str
    """Stable; match on it."""
    request: str
    """The request's id, as X-Request-Id and the log have it."""


MEDIA_TYPE = "application/problem+json"

PROBLEMS = "/problems/"
"""Where each code is explained."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A failure with the status and headers it is told with."""

    status: int
    failure: Failure
    headers: Mapping[str, str] = field(default_factory=dict)


CALLER: Mapping[type[errors.AskreportError], int] = {
    errors.QuestionRefused: 422,
    errors.FilterWrong: 422,
    errors.NotFound: 404,
    Warming: 503,
    KeyMissing: 401,
    KeyTooNarrow: 403,
    OriginRefused: 403,
    later.BodySlow: 408,
    documents.DocumentThere: 409,
    generations.GenerationRefused: 409,
    BodyLong: 413,
    documents.DocumentLong: 413,
    documents.NameRefused: 422,
    documents.Unwritable: 507,
    HostUnknown: 421,
    later.TooMany: 429,
    later.Busy: 503,
    later.TookTooLong: 503,
    refusals.BodyWrong: 400,
    refusals.ModelUnknown: 404,
}
"""Errors whose own words concern the caller and name nothing of the server."""

SERVER: Mapping[type[errors.AskreportError], tuple[int, str, str]] = {
    errors.IndexMissing: (503, "this shelf has no index yet", "run askreport build"),
    errors.IndexDamaged: (503, "the index is damaged", "run askreport build"),
    errors.IndexForeign: (
        503,
        "the index was not written by this version",
        "run askreport build",
    ),
    errors.ModelMissing: (503, "a model cannot be opened", "run askreport doctor"),
    errors.ModelChanged: (
        503,
        "the encoder is not the one that built the index",
        "run askreport build, or set model back",
    ),
    errors.CalibrationWrong: (
        503,
        "the shelf's calibration cannot be applied",
        "run askreport calibrate again, or askreport calibrate --reset",
    ),
    errors.CatalogueWrong: (
        503,
        "the catalogue contradicts itself or its folder",
        "run askreport sources, which names the entry",
    ),
    errors.KeysWrong: (
        503,
        "the service's keys cannot be read",
        "run askreport keys list, which says why",
    ),
    errors.AskreportError: (500, "the shelf cannot answer", "see the server's log"),
}
"""Errors whose own words may name paths of the server: what is said in their place."""

ROUTING: Mapping[int, tuple[int, str, str, str]] = {
    400: (422, "RequestInvalid", "the body cannot be read as JSON", SEND_JSON),
    404: (404, "RouteUnknown", "no such route", DESCRIBED),
    405: (405, "MethodNotAllowed", "this route has other methods", DESCRIBED),
}
"""What the framework refuses. A body it cannot parse is 422, whichever way it fails."""

UNEXPECTED = Refusal(
    500, Failure("Unexpected", "something went wrong", "see the server's log")
)

TITLES: Mapping[str, str] = {
    "BodyLong": "The body is too long",
    "BodySlow": "The body took too long to arrive",
    "BodyWrong": "This service does not do that",
    "Busy": "Too many questions wait",
    "CalibrationWrong": "The shelf's calibration cannot be applied",
    "CatalogueWrong": "The catalogue must be corrected",
    "DocumentLong": "The document is too long",
    "DocumentThere": "There is a document of that name",
    "FilterWrong": "The filter contradicts itself",
    "GenerationRefused": "That generation cannot answer, or not now",
    "HostUnknown": "Not the name of this service",
    "IndexDamaged": "The index is damaged",
    "IndexForeign": "The index is of another version",
    "IndexMissing": "There is no index yet",
    "KeyMissing": "A key is needed",
    "KeyTooNarrow": "The key does not reach this far",
    "KeysWrong": "The service's keys cannot be read",
    "MethodNotAllowed": "The route has other methods",
    "ModelChanged": "The encoder is not the one that built the index",
    "ModelMissing": "A model cannot be opened",
    "ModelUnknown": "No such model",
    "NameRefused": "Not a name for a document",
    "NotFound": "Not on this shelf",
    "OriginRefused": "Other web sites may not call",
    "QuestionRefused": "The question is empty or too long",
    "RequestInvalid": "The request is not understood",
    "RouteUnknown": "No such route",
    "TooMany": "Too many requests",
    "TookTooLong": "No answer in time",
    "Unexpected": "Something went wrong",
    "Unwritable": "The shelf cannot be written",
    "Warming": "Still starting",
}
"""What each code means, in a few words that stay the same."""

OTHER = "The shelf cannot answer"
"""The title of a code that has none of its own."""


def register(app: FastAPI) -> None:
    """Make `app` answer every foreseen failure in this module's shape."""
    app.add_exception_handler(errors.AskreportError, _respond)
    app.add_exception_handler(RequestValidationError, _respond)
    app.add_exception_handler(HTTPException, _respond)


async def _respond(request: Request, error: Exception) -> Response:
    # Async, or each refusal would wait for a thread, and refusals come in floods.
    return response(request.scope, refusal(error))


def refusal(error: Exception) -> Refusal:
    """The status and words for an exception; logs what the caller is not told."""
    if isinstance(error, errors.AskreportError):
        return _foreseen(error)
    if isinstance(error, RequestValidationError):
        return Refusal(422, _invalid(error.errors()))
    if isinstance(error, HTTPException) and error.status_code in ROUTING:
        status, name, message, hint = ROUTING[error.status_code]
        return Refusal(status, Failure(name, message, hint), error.headers or {})
    place = "".join(traceback.format_tb(error.__traceback__))
    log.error("unexpected %s\n%s", type(error).__qualname__, place)
    return UNEXPECTED


def response(scope: Scope, refused: Refusal) -> Response:
    """A refusal as it is sent: a page where a person reads, else problem details."""
    if look.is_page(scope["path"]):
        failure, status = refused.failure, refused.status
        if status == 401:
            page = look.page("signin.html", next=_again(scope), wrong="")
        else:
            page = look.failure(failure.message, failure.hint)
        return look.response(page, status, refused.headers)
    if scope["path"].startswith(refusals.OPENAI):
        return refusals.openai(refused.status, asdict(refused.failure), refused.headers)
    # In ASCII: a key of the body may be half a surrogate pair, which UTF-8 cannot hold.
    body = json.dumps(asdict(problem(refused)))
    return Response(body, refused.status, dict(refused.headers), media_type=MEDIA_TYPE)


def _again(scope: Scope) -> str:
    """Where a reader wanted to go, for after signing in."""
    if scope["method"] not in ("GET", "HEAD"):
        return "/"
    query = scope["query_string"].decode("latin-1")
    path = quote(scope["path"])
    return f"{path}?{query}" if query else path


def problem(refused: Refusal) -> Problem:
    """The body that a refusal is told in."""
    failure, record = refused.failure, observed.current()
    return Problem(
        type=f"{PROBLEMS}{failure.type}",
        title=TITLES.get(failure.type, OTHER),
        status=refused.status,
        detail=failure.message,
        hint=failure.hint,
        code=failure.type,
        request=record.id if record is not None else "",
    )


def most_body(path: str) -> int:
    """Bytes that a body sent to `path` may have."""
    return MOST_CHAT if path.startswith(CHATS) else MOST_BODY


def _foreseen(error: errors.AskreportError) -> Refusal:
    name = type(error).__name__
    for kind in type(error).__mro__:
        if kind in CALLER:
            told = Failure(name, error.message, error.hint)
            headers = dict(EXTRA.get(CALLER[kind], {}))
            if isinstance(error, later.Later):
                headers |= error.headers
            return Refusal(CALLER[kind], told, headers)
        if kind in SERVER:
            status, message, hint = SERVER[kind]
            log.warning("%s: %s (%s)", name, error.message, error.hint)
            return Refusal(status, Failure(name, message, hint), EXTRA.get(status, {}))
    raise AssertionError(name)


def _invalid(found: Sequence[Mapping[str, Any]]) -> Failure:
    told = "; ".join(_told(fault) for fault in found[:MOST_TOLD])
    more = len(found) - MOST_TOLD
    message = f"{told}; and {more} more" if more > 0 else told
    return Failure("RequestInvalid", message, _hint(found[0]))


def _told(fault: Mapping[str, Any]) -> str:
    """A fault in words that name the key and never repeat its value."""
    if fault["type"] == "json_invalid":
        return f"not valid JSON at character {fault['loc'][-1]}"
    name = _name(fault)
    if not name:
        return "the body is not a JSON object"
    if fault["type"] == "extra_forbidden":
        return f"unknown key {name!r}"
    return f"{name}: {fault['msg']}"


def _hint(fault: Mapping[str, Any]) -> str:
    name = _name(fault)
    if fault["type"] == "json_invalid" or not name:
        return SEND_JSON
    if fault["type"] == "extra_forbidden":
        return _meant(name[:100])
    return DESCRIBED


def _meant(name: str) -> str:
    """The key that an unknown one comes nearest to, here or in the filter."""
    place = "filter." if name.startswith("filter.") else ""
    known = requests.INNER if place else requests.KEYS
    by_name = {key.removeprefix("filter."): key for key in requests.INNER}
    by_name |= {} if place else {key: key for key in requests.KEYS}
    near = difflib.get_close_matches(name.removeprefix(place), by_name, n=1)
    if near:
        return f"did you mean {by_name[near[0]]!r}?"
    return f"known keys: {', '.join(known)}"


def _name(fault: Mapping[str, Any]) -> str:
    return ".".join(str(part) for part in fault["loc"][1:])
