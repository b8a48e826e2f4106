"""what went wrong -> the same in the shape that a protocol's clients read."""

import json
from collections.abc import Mapping

from starlette.responses import Response

from askreport.errors import AskreportError

OPENAI = "/v1/"
"""Where the protocol's routes begin."""

KINDS: Mapping[int, str] = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}
"""OpenAI's names; other faults are the caller's below 500 and the server's above."""


class BodyWrong(AskreportError):
    """A body asks for something that this service does not do."""


class ModelUnknown(AskreportError):
    """A body names a model that is not here."""


def openai(
    status: int, failure: Mapping[str, str], headers: Mapping[str, str]
) -> Response:
    """A failure as OpenAI's clients read it; a body that does not fit is 400 there."""
    code = 400 if status == 422 else status
    kind = KINDS.get(code, "invalid_request_error" if code < 500 else "server_error")
    told = {
        "message": f"{failure['message']}: {failure['hint']}",
        "type": kind,
        "param": None,
        "code": failure["type"],
    }
    # In ASCII: a key of the body may be half a surrogate pair, which UTF-8 cannot hold.
    body = json.dumps({"error": told})
    return Response(body, code, dict(headers), media_type="application/json")
