"""a page or a passage -> what people see of it: the permalink, the page as printed."""

from typing import Annotated, Any
from urllib.parse import quote

from anyio import to_thread
from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse, Response

from askreport import rectangles
from askreport.errors import NotFound
from askreport.library import Library
from askreport.serve.api import examples, permalink
from askreport.serve.api.caller import READER
from askreport.serve.api.parts import (
    DocumentId,
    Drawn,
    PageNumber,
    PassageId,
    Shelf,
)
from askreport.serve.api.pictures import WIDTH, Wanted, drawable
from askreport.serve.web import look
from askreport.types import Passage

router = APIRouter(
    dependencies=[READER], responses=examples.failures(401, 429, "default")
)
pages = APIRouter(dependencies=[READER])

SEEN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The page as printed.",
        "content": {"image/png": {"schema": {"type": "string"}}},
    }
}


@router.get(
    "/documents/{document}/pages/{number}.png",
    tags=["documents"],
    summary="See a page of a PDF",
    response_class=Response,
    responses=SEEN | examples.failures(404, 422, 503),
)
async def get_page_image(
    document: DocumentId,
    number: PageNumber,
    library: Shelf,
    pictures: Drawn,
    passage: Annotated[
        str | None,
        Query(description="Id of a passage of the page, to light its words."),
    ] = None,
    width: Annotated[
        int, Query(ge=100, le=2400, description="Pixels across, at most.")
    ] = WIDTH,
) -> Response:
    """A PNG of the page, with the words of a passage lit, to set a quote beside what it
    was quoted from.
    """
    wanted = await to_thread.run_sync(
        _wanted, library, (document, number, passage), width
    )
    return Response(await pictures.draw(wanted), media_type="image/png")


def _wanted(library: Library, where: tuple[str, int, str | None], width: int) -> Wanted:
    document, number, passage = where
    source = library.document(document).source
    page = library.page(document, number)
    if passage is None:
        return Wanted(source, number, width)
    found = library.passage(passage)
    if (found.source.id, found.page) != (document, number):
        raise NotFound(
            f"no passage {passage!r} on that page",
            hint=f"it stands on page {found.page} of {found.source.id}",
        )
    lit = rectangles.of(page.layout, found.start, found.end)
    return Wanted(source, number, width, lit)


def _pages(said: dict[int | str, str]) -> dict[int | str, dict[str, Any]]:
    content = {"text/html": {"schema": {"type": "string"}}}
    return {
        status: {"description": words, "content": content}
        for status, words in said.items()
    }


@pages.head(permalink.PATH + "{passage}", include_in_schema=False)
@pages.get(
    permalink.PATH + "{passage}",
    tags=["permalinks"],
    summary="Open a passage in its page",
    response_class=HTMLResponse,
    responses=_pages(
        {
            200: "The passage marked in its page, and how to cite it.",
            404: "A page that says the passage is gone.",
            503: "A page that says there is no index now.",
            "default": "A page that says what went wrong.",
        }
    ),
)
def open_permalink(passage: PassageId, library: Shelf) -> HTMLResponse:
    """What a citation links to. Add `#passage` to land on the marked words."""
    generation = library.generation
    found = generation.passage(passage)
    page = generation.page(found.source.id, found.page)
    return look.response(permalink.html(found, page, image=_image(found)))


def _image(passage: Passage) -> str | None:
    if not drawable(passage.source, passage.page):
        return None
    document, name = quote(passage.source.id, safe=""), quote(passage.id, safe="")
    return f"/documents/{document}/pages/{passage.page}.png?passage={name}"
