"""LibreChat's file search -> passages of a document, in the shape of its RAG API."""

from typing import Annotated

import jwt
from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import JSONResponse, Response

from askreport.serve import render
from askreport.serve.api.caller import READER
from askreport.serve.api.links import Linked, Links
from askreport.serve.api.requests import MOST_TOP, Text
from askreport.serve.chat import shared, signed
from askreport.serve.chat.shared import Shared
from askreport.types import Filter, Hit

router = APIRouter(dependencies=[READER], include_in_schema=False)
signed_router = APIRouter(prefix="/librechat", include_in_schema=False)


class QueryRequest(BaseModel):
    """What to look for in which document; `entity_id` says for which agent, and does
    not matter here.
    """

    file_id: Text
    query: Text
    k: Annotated[int, Field(strict=True, ge=1, le=MOST_TOP)] = 4


@router.post("/query")
async def query(body: QueryRequest, chat: Shared, links: Linked) -> JSONResponse:
    """Passages of the document whose id is `file_id`, nearest first.

    An id that no document has is not found: LibreChat would cite what came instead
    under the name of that file.
    """
    among = Filter(documents=(body.file_id,))
    found = await shared.found(chat, body.query, top=body.k, among=among)
    # A decline in this shape: LibreChat then says that nothing was found.
    answers = found.confidence >= chat.library.limits().floor
    hits = found.hits if answers else ()
    return JSONResponse([[_document(hit, links), _distance(hit)] for hit in hits])


@signed_router.post("/query")
async def query_signed(request: Request, chat: Shared, links: Linked) -> Response:
    """The same for LibreChat itself, which sends no key but a token that it signs.

    Its body is looked at after its token.
    """
    token = signed.after("Bearer", request.headers.get("authorization", ""))
    secrets = chat.credentials.librechat_jwt_secret
    if not any(_signed(token, secret) for secret in secrets):
        return signed.refused()
    try:
        body = QueryRequest.model_validate_json(await request.body())
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        placed = [fault | {"loc": ("body", *fault["loc"])} for fault in faults]
        raise RequestValidationError(placed) from error
    return await query(body, chat, links)


def _signed(token: str, secret: str) -> bool:
    try:
        jwt.decode(token, secret, algorithms=["HS256"], options={"require": ["exp"]})
    except jwt.InvalidTokenError:
        return False
    return True


def _document(hit: Hit, links: Links) -> dict[str, object]:
    """What it calls a document; its file's name is what follows the last slash."""
    passage = hit.passage
    title = render.title(passage.source.title, passage.source.words)
    return {
        "page_content": passage.text,
        "metadata": {
            "source": title.replace("/", "\u2215"),  # a slash would end the name
            "page": passage.page,
            "file_id": passage.source.id,
            "passage": passage.id,
            "url": links.words(passage.id),
        },
        "type": "Document",
    }


def _distance(hit: Hit) -> float:
    """From 0 for what surely answers to 1: it sorts by it and shows the rest of 1."""
    return round(1 - hit.score, 4)
