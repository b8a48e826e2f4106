"""requests -> what the Library says, one thin function a route."""

import contextlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import WrapSerializer
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from askreport.errors import AskreportError, NotFound
from askreport.library import Library
from askreport.serve import render
from askreport.serve.api import errors, examples, metrics, permalink
from askreport.serve.api.caller import READER
from askreport.serve.api.metrics import Metrics
from askreport.serve.api.queue import Queue
from askreport.serve.api.readiness import Alive, Readiness, Ready
from askreport.serve.api.requests import AskRequest, SearchRequest
from askreport.serve.web import look
from askreport.types import Answer, Found, Hit, Page, Passage, Shelved

router = APIRouter(
    dependencies=[READER], responses=examples.failures(401, 429, "default")
)
health = APIRouter(responses=examples.failures("default"))


async def _library(request: Request) -> Library:
    found: Library = request.app.state.library
    return found


async def _queue(request: Request) -> Queue:
    found: Queue = request.app.state.queue
    return found


async def _metrics(request: Request) -> Metrics:
    found: Metrics = request.app.state.metrics
    return found


async def _readiness(request: Request) -> Readiness:
    found: Readiness = request.app.state.readiness
    return found


Asked = Annotated[
    Answer, WrapSerializer(lambda answer, serialise: render.as_asked(serialise(answer)))
]
"""An Answer; its JSON leaves out an explanation that nobody asked for."""

Shelf = Annotated[Library, Depends(_library)]
Waiting = Annotated[Queue, Depends(_queue)]
DocumentId = Annotated[
    str,
    Path(description="A document's id, as GET /documents lists it."),
]
PassageId = Annotated[
    str, Path(description="A passage's id, as a citation or a search result gives it.")
]
PageNumber = Annotated[
    int,
    Path(
        ge=1,
        description="The page as the PDF counts, from 1. A document without pages has "
        "its whole text at 1.",
    ),
]


@router.post(
    "/ask",
    tags=["questions"],
    summary="Ask a question",
    responses=examples.success(
        examples.ANSWER, "The answer, or a decline with what came nearest."
    )
    | examples.failures(404, 408, 413, 422, 503),
)
async def ask(asked: AskRequest, queue: Waiting) -> Asked:
    """Answers in the reports' own sentences, each with a citation to check it by.

    A question the reports do not answer is a success too: `status` is `no-evidence`,
    `citations` is empty, and `nearest` shows what came closest.
    """
    return await queue.ask(
        asked.question,
        top=asked.top,
        among=asked.filter.noun(),
        earlier=asked.earlier,
        explain=asked.explain,
    )


@router.post(
    "/search",
    tags=["questions"],
    summary="Search for passages",
    responses=examples.success([examples.HIT], "Passages, best first.")
    | examples.failures(404, 408, 413, 422, 503),
)
async def search(asked: SearchRequest, queue: Waiting) -> tuple[Hit, ...] | Found:
    """Passages that might bear on a question, with the signals that say so.

    A list of them; with `explain`, an object that holds the list as `hits`, what was
    looked up, and what became of every candidate.
    """
    found = await queue.find(
        asked.question,
        top=asked.top,
        among=asked.filter.noun(),
        earlier=asked.earlier,
        explain=asked.explain,
    )
    return found if asked.explain else found.hits


@router.get(
    "/passages/{passage}",
    tags=["documents"],
    summary="Read a passage",
    responses=examples.success(examples.PASSAGE, "The passage and its source.")
    | examples.failures(404, 503),
)
def get_passage(passage: PassageId, library: Shelf) -> Passage:
    """A passage with its document, section, page and offsets in the page's text."""
    return library.passage(passage)


@router.get(
    "/documents",
    tags=["documents"],
    summary="List the documents",
    responses=examples.success([examples.SHELVED], "Every document of the shelf.")
    | examples.failures(503),
)
def list_documents(library: Shelf) -> tuple[Shelved, ...]:
    """Every document, and whether it is indexed, changed, new, removed or failed."""
    return library.shelved()


@router.get(
    "/documents/{document}",
    tags=["documents"],
    summary="Look up a document",
    responses=examples.success(examples.SHELVED, "The document and how it stands.")
    | examples.failures(404, 503),
)
def get_document(document: DocumentId, library: Shelf) -> Shelved:
    """One document of the list, indexed or not."""
    listed = {shelved.source.id: shelved for shelved in library.shelved()}
    if document not in listed:
        raise NotFound(
            f"no document {document!r} on this shelf", hint="GET /documents lists them"
        )
    return listed[document]


@router.get(
    "/documents/{document}/pages/{number}",
    tags=["documents"],
    summary="Read a page",
    responses=examples.success(examples.PAGE, "The page's text and headings.")
    | examples.failures(404, 422, 503),
)
def get_page(document: DocumentId, number: PageNumber, library: Shelf) -> Page:
    """A page's text as it was indexed; offsets of passages and quotes count in it."""
    pages = library.document(document).pages
    if number == 1 and len(pages) == 1 and pages[0].number is None:
        return pages[0]
    return library.page(document, number)


def _pages(said: dict[int | str, str]) -> dict[int | str, dict[str, Any]]:
    content = {"text/html": {"schema": {"type": "string"}}}
    return {
        status: {"description": words, "content": content}
        for status, words in said.items()
    }


@router.head(permalink.PATH + "{passage}", include_in_schema=False)
@router.get(
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
    return look.response(permalink.html(found, page))


@health.get(
    errors.PROBLEMS + "{code}", include_in_schema=False, response_class=HTMLResponse
)
async def explain_problem(code: str) -> HTMLResponse:
    """What the `type` of a problem leads to."""
    title = errors.TITLES.get(code)
    if title is None:
        raise NotFound(f"no problem {code!r}", hint="see docs/http.md")
    return look.response(look.page("problem.html", code=code, title=title))


@router.get(
    "/metrics",
    tags=["health"],
    summary="Figures for Prometheus",
    response_class=PlainTextResponse,
    responses={200: {"description": "Prometheus's text format."}},
)
def read_metrics(
    library: Shelf, kept: Annotated[Metrics, Depends(_metrics)]
) -> Response:
    """Requests, latency by route and by stage, answers and declines, the queue, the
    index that answers, how late the event loop is, and the process itself.
    """
    with contextlib.suppress(AskreportError):
        manifest = library.generation.manifest
        kept.answering(library.generation.id, manifest.model)
    return Response(kept.text(), media_type=metrics.CONTENT_TYPE)


@health.get(
    "/healthz",
    tags=["health"],
    summary="Whether the process runs",
    responses=examples.success(examples.ALIVE, "It does."),
)
async def healthz(library: Shelf) -> Alive:
    """Always 200; touches neither index nor encoder."""
    return Alive("ok", library.version)


@health.get(
    "/readyz",
    tags=["health"],
    summary="Whether questions are answered",
    responses=examples.success(examples.READY, "Index and encoder are open.")
    | examples.failures(503),
)
async def readyz(readiness: Annotated[Readiness, Depends(_readiness)]) -> Ready:
    """200 once index and encoder are open; until then 503 and the reason."""
    return await readiness.now()
