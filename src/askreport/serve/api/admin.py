"""requests of whoever keeps the shelf -> its sources changed, its index rebuilt.

Only for keys of scope admin. What is changed here answers once a rebuild has published
it; until then the old index does.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.sse import format_sse_event
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse

from askreport.errors import NotFound
from askreport.ingest.catalogue import Date, Line
from askreport.serve.api import examples, streamed
from askreport.serve.api.caller import ADMIN
from askreport.serve.api.parts import DocumentId, Shelf
from askreport.types import Source
from askreport.upkeep import documents
from askreport.upkeep.jobs import Job, Jobs, Result, Step
from askreport.upkeep.rebuilds import STOPPED

router = APIRouter(
    prefix="/admin",
    tags=["admin"],
    dependencies=[ADMIN],
    responses=examples.failures(401, 403, 429, "default"),
)

UPLOAD_SECONDS = 600.0
"""How long a document may take to arrive."""

LOOK = 0.25
"""Seconds between two looks at a job that is followed."""

ALIVE = 10.0
"""Seconds of silence after which a stream says that it is still there."""


async def _jobs(request: Request) -> Jobs:
    found: Jobs = request.app.state.jobs
    return found


Rebuilds = Annotated[Jobs, Depends(_jobs)]
JobId = Annotated[str, Path(description="A job's id, as a rebuild gives it.")]
Rebuilt = Annotated[
    bool, Query(description="Whether to rebuild the index now, as a job.")
]


class RebuildRequest(BaseModel):
    """How to rebuild."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})

    full: Annotated[
        bool,
        Field(
            description="Use nothing of earlier builds: do all again.", examples=[False]
        ),
    ] = False


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A document that is in sources/ now."""

    document: str
    """Its id."""
    path: str
    bytes: int
    digest: str
    replaced: bool
    """Whether there was one of that name before."""
    job: Job | None
    """The rebuild that makes it answer; null if none was wanted."""


@dataclass(frozen=True, slots=True)
class Removed:
    """A document that is no longer in sources/."""

    document: str
    path: str
    job: Job | None
    """The rebuild after which it answers no more; null if none was wanted."""


JOB = Job(
    "9f2c51d07be64a18",
    "running",
    "2026-01-15T09:30:00+00:00",
    step=Step("encoding passages", 128, 1040, 41.5, 22.0),
)
DONE = Job(
    "9f2c51d07be64a18",
    "done",
    "2026-01-15T09:30:00+00:00",
    result=Result("d46b515db791fe16", True, 5, 60, 1, 2, 0),
)


STOPPED_JOB = replace(DONE, state="failed", result=None, failure=STOPPED)


FOLLOWED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`job` events whenever something changed, the last of them with "
        "the end.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


def _about(what: str) -> Any:  # noqa: ANN401 - a default, as FastAPI has it
    return Query(description=what)


@dataclass(frozen=True, slots=True)
class Named:
    """Where a document is to be put."""

    name: Annotated[
        str,
        Query(
            min_length=1,
            max_length=200,
            description="Its file name: no folder, an ending that is read.",
        ),
    ]
    replace: Annotated[
        bool, _about("Whether it may take the place of one of that name.")
    ] = False


@dataclass(frozen=True, slots=True)
class Stated:
    """What the catalogue is told of a document, beside what it says of itself."""

    title: Annotated[Line | None, _about("As it is cited.")] = None
    publisher: Annotated[Line | None, _about("Who published it.")] = None
    date: Annotated[Date | None, _about("2018, 2018-03 or 2018-03-15.")] = None
    author: Annotated[Line | None, _about("Who wrote it.")] = None
    kind: Annotated[Line | None, _about("In a word or two.")] = None
    url: Annotated[Line | None, _about("Where the original is.")] = None
    licence: Annotated[Line | None, _about("Under which it may be used.")] = None

    def told(self) -> dict[str, str]:
        """What was stated, by the keys of the catalogue."""
        return {key: value for key, value in asdict(self).items() if value}


@router.post(
    "/documents",
    summary="Add a document",
    responses=examples.success(
        Uploaded(
            "annual-report-pdf", "annual-report.pdf", 52_110, "0" * 64, False, JOB
        ),
        "The document is in sources/; the job makes it answer.",
    )
    | examples.failures(408, 409, 413, 422, 503, 507),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": {
                    "schema": {"type": "string", "format": "binary"}
                }
            },
        }
    },
)
async def upload_document(
    request: Request,
    library: Shelf,
    jobs: Rebuilds,
    named: Annotated[Named, Depends()],
    stated: Annotated[Stated, Depends()],
    rebuild: Rebuilt = True,
) -> Uploaded:
    """The body is the file itself, whatever its Content-Type.

    It is put in place whole or not at all. A document of that name is refused with 409
    unless `replace` is true. What is stated of it stands in the catalogue and overrides
    what it says of itself.
    """
    folder = library.shelf.sources
    checked = documents.checked(named.name)
    with documents.arriving(folder) as arriving:
        await _receive(request, arriving)
        put = partial(documents.put, stated=stated.told(), replace=named.replace)
        source, stored = await run_in_threadpool(put, folder, arriving, checked)
    job = jobs.submit() if rebuild else None
    return Uploaded(source.id, job=job, **asdict(stored))


async def _receive(request: Request, arriving: documents.Arriving) -> None:
    """Raises BodySlow, DocumentLong."""
    from askreport.serve.api.later import BodySlow

    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            async for part in request.stream():
                await run_in_threadpool(arriving.add, part)
    except (TimeoutError, ClientDisconnect) as error:
        raise BodySlow(
            f"the document did not arrive within {UPLOAD_SECONDS:.0f} seconds",
            hint="send it again",
        ) from error


@router.delete(
    "/documents/{document}",
    summary="Remove a document",
    responses=examples.success(
        Removed("annual-report-pdf", "annual-report.pdf", JOB),
        "The document is gone from sources/; after the job it answers no more.",
    )
    | examples.failures(404, 422, 503, 507),
)
def remove_document(
    document: DocumentId, library: Shelf, jobs: Rebuilds, rebuild: Rebuilt = True
) -> Removed:
    """Takes the file out of `sources/` and its entry out of the catalogue.

    Earlier generations still hold its text until they are pruned.
    """
    found = _listed(library.sources(), document)
    documents.remove(library.shelf.sources, found.path, found.id)
    return Removed(found.id, found.path, jobs.submit() if rebuild else None)


@router.post(
    "/rebuild",
    summary="Rebuild the index",
    responses=examples.success(JOB, "The job that does it.")
    | examples.failures(408, 413, 422, 503),
)
def rebuild_index(jobs: Rebuilds, asked: RebuildRequest | None = None) -> Job:
    """Brings the index up to date with `sources/`; the old one answers meanwhile.

    A job that waits already is the job of whoever asks next.
    """
    return jobs.submit(full=asked is not None and asked.full)


@router.get(
    "/jobs/{job}",
    summary="Look at a rebuild",
    responses=examples.success(DONE, "The job as it stands.")
    | examples.failures(404, 503),
)
def get_job(job: JobId, jobs: Rebuilds) -> Job:
    """Queued, running with its step, done with its result, or failed with the reason.

    The last hundred jobs since the service started are remembered.
    """
    return _job(jobs, job)


@router.delete(
    "/jobs/{job}",
    summary="Stop a rebuild",
    responses=examples.success(STOPPED_JOB, "The job as it stands now.")
    | examples.failures(404, 503),
)
def stop_job(job: JobId, jobs: Rebuilds) -> Job:
    """For everybody who waits for it; the index stays as it is. The job has failed
    then, with `Stopped` as the type of its failure; one that had ended stays as it was.
    """
    found = jobs.stop(job)
    return _job(jobs, job) if found is None else found


@router.get(
    "/jobs/{job}/events",
    summary="Follow a rebuild",
    response_class=StreamingResponse,
    responses=FOLLOWED | examples.failures(404, 503),
)
async def follow_job(job: JobId, jobs: Rebuilds) -> StreamingResponse:
    """Server-sent events: each `job` is the job as GET /admin/jobs/{job} shows it."""
    return StreamingResponse(
        _followed(jobs, _job(jobs, job)),
        media_type="text/event-stream",
        headers=streamed.AT_ONCE,
    )


async def _followed(jobs: Jobs, job: Job) -> AsyncIterator[bytes]:
    yield _event(job)
    silent = 0.0
    while not job.ended:
        await asyncio.sleep(LOOK)
        silent += LOOK
        now = jobs.get(job.id)
        if now is not None and now != job:
            job, silent = now, 0.0
            yield _event(job)
        elif silent >= ALIVE:
            silent = 0.0
            yield format_sse_event(comment="still at it")


def _event(job: Job) -> bytes:
    return format_sse_event(event="job", data_str=to_json(job).decode())


def _job(jobs: Jobs, name: str) -> Job:
    found = jobs.get(name)
    if found is None:
        raise NotFound("no such job", hint="POST /admin/rebuild makes one")
    return found


def _listed(sources: tuple[Source, ...], name: str) -> Source:
    found = next((source for source in sources if source.id == name), None)
    if found is None:
        raise NotFound(
            f"no document {name!r} in sources/", hint="GET /documents lists them"
        )
    return found
