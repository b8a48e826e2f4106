"""requests -> what the Library says, one thin function a route."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import WrapSerializer
from starlette.responses import Response, StreamingResponse

from askreport.errors import NotFound
from askreport.serve import render
from askreport.serve.api import examples, links, streamed
from askreport.serve.api.caller import READER
from askreport.serve.api.links import Linked
from askreport.serve.api.parts import (
    DocumentId,
    PageNumber,
    PassageId,
    Shelf,
    Waiting,
)
from askreport.serve.api.requests import AskRequest, CoverageRequest, SearchRequest
from askreport.types import Answer, Coverage, Found, Hit, Page, Passage, Shelved

router = APIRouter(
    dependencies=[READER], responses=examples.failures(401, 429, "default")
)

Asked = Annotated[
    Answer, WrapSerializer(lambda answer, serialise: render.as_asked(serialise(answer)))
]
"""An Answer; its JSON leaves out an explanation that nobody asked for."""


@router.post(
    "/ask",
    tags=["questions"],
    summary="Ask a question",
    responses=examples.success(
        examples.ANSWER, "The answer, or a decline with what came nearest."
    )
    | examples.failures(404, 408, 413, 422, 503),
)
async def ask(asked: AskRequest, queue: Waiting, to: Linked) -> Asked:
    """Answers in the reports' own sentences, each with a citation to check it by: its
    `link` opens the page of this service that shows the words.

    A question the reports do not answer is a success too: `status` is `no-evidence`,
    `citations` is empty, and `nearest` shows what came closest.
    """
    return links.linked(await streamed.asked(queue, asked), to)


@router.post(
    "/ask/stream",
    tags=["questions"],
    summary="Ask a question and watch the answer come",
    response_class=StreamingResponse,
    responses=streamed.described() | examples.failures(404, 408, 413, 422, 503),
)
async def stream_answer(asked: AskRequest, queue: Waiting, to: Linked) -> Response:
    """The answer of `POST /ask` as server-sent events: `waiting` and `stage` while it
    is made, `text` for each sentence, `citation` for each citation, and at last
    `answer`, which is what `POST /ask` gives; or `problem`, if it fails after the
    stream has begun.
    """
    return await streamed.response(queue, asked, to)


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


@router.post(
    "/coverage",
    tags=["questions"],
    summary="See what a question would be asked of",
    responses=examples.success(examples.COVERAGE, "What is searched, and what not.")
    | examples.failures(404, 408, 413, 422, 503),
)
def get_coverage(asked: CoverageRequest, library: Shelf) -> Coverage:
    """How much of the shelf a filter leaves, and what is left out and why; a name that
    the index does not know is refused with the nearest that there is.
    """
    return library.coverage(asked.filter.noun())


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
