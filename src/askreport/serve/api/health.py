"""the service itself -> how it fares, for whatever keeps it running."""

import contextlib

from fastapi import APIRouter
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from askreport.errors import AskreportError, NotFound
from askreport.serve.api import errors, examples, metrics
from askreport.serve.api.caller import READER
from askreport.serve.api.parts import Figures, Shelf, Warmth
from askreport.serve.api.readiness import Alive, Ready
from askreport.serve.web import look

router = APIRouter(responses=examples.failures("default"))


@router.get(
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
    dependencies=[READER],
    tags=["health"],
    summary="Figures for Prometheus",
    response_class=PlainTextResponse,
    responses=examples.failures(401, 429),
    response_description="Prometheus's text format.",
)
def read_metrics(library: Shelf, kept: Figures) -> Response:
    """Requests, latency by route and by stage, answers and declines, the queue, the
    index that answers, how late the event loop is, and the process itself.
    """
    with contextlib.suppress(AskreportError):
        manifest = library.generation.manifest
        kept.answering(library.generation.id, manifest.model)
    return Response(kept.text(), media_type=metrics.CONTENT_TYPE)


@router.get(
    "/healthz",
    tags=["health"],
    summary="Whether the process runs",
    responses=examples.success(examples.ALIVE, "It does."),
)
async def healthz(library: Shelf) -> Alive:
    """Always 200; touches neither index nor encoder."""
    return Alive("ok", library.version)


@router.get(
    "/readyz",
    tags=["health"],
    summary="Whether questions are answered",
    responses=examples.success(examples.READY, "Index and encoder are open.")
    | examples.failures(503),
)
async def readyz(readiness: Warmth) -> Ready:
    """200 once index and encoder are open; until then 503 and the reason."""
    return await readiness.now()
