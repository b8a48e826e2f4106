"""a Library -> the FastAPI app that serves it."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from starlette.middleware.cors import CORSMiddleware

from askreport.library import Library
from askreport.serve.api import (
    admin,
    errors,
    generations,
    health,
    routes,
    shown,
    tracing,
)
from askreport.serve.api.access import Access
from askreport.serve.api.guard import Guard
from askreport.serve.api.intake import Intake
from askreport.serve.api.metrics import Metrics
from askreport.serve.api.observed import Observed
from askreport.serve.api.pace import Pace, Paced
from askreport.serve.api.pictures import Pictures
from askreport.serve.api.queue import Queue
from askreport.serve.api.readiness import Readiness
from askreport.serve.api.sessions import Sessions
from askreport.serve.chat import credentials, protocols
from askreport.serve.chat.shared import Chat
from askreport.serve.keys import Keys
from askreport.serve.web import pages, signin
from askreport.upkeep import documents
from askreport.upkeep.jobs import Jobs

DESCRIPTION = """\
Ask a shelf of reports a question; get the exact passages that answer it, each with a
citation that opens at the right page. Every failure is a problem (RFC 9457) that says
what happened, and what to do about it.
"""

EXPOSED = ("Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-Id")
"""Headers that scripts of listed web sites may read."""

PARTS = (
    pages.router,
    signin.router,
    shown.router,
    shown.pages,
    routes.router,
    admin.router,
    generations.router,
    health.router,
)
"""Routes, in the order in which they are tried."""

TAGS = [
    {"name": "questions", "description": "Answers and passages."},
    {"name": "documents", "description": "What the shelf holds, as it was indexed."},
    {
        "name": "admin",
        "description": "For whoever keeps the shelf; keys of that scope.",
    },
    {"name": "permalinks", "description": "Pages for people who follow a citation."},
    {"name": "health", "description": "For whatever keeps the service running."},
]


def create_app(
    library: Library, *, hosts: Collection[str] = (), chat: Chat | None = None
) -> FastAPI:
    """The service of one shelf. Starting it opens the encoder in the background.

    `chat` is what the protocols of chat tools share; their secrets are read from the
    environment where it is not given.

    It answers to the names `hosts` only, or to any where none are given. No interactive
    documentation is served: its pages would fetch scripts from elsewhere.
    """
    app = FastAPI(
        title="askreport",
        summary="Ask a shelf of reports.",
        description=DESCRIPTION,
        version=library.version,
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        lifespan=_lifespan,
    )
    _equip(app, library)
    # A page's picture before the page: `3.png` could be a page's number.
    for part in PARTS:
        app.include_router(part)
    protocols.include(app, chat or Chat(library, credentials.read()))
    _wrap(app, library, hosts)
    errors.register(app)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    return app


def _equip(app: FastAPI, library: Library) -> None:
    """Give it what its routes share."""
    known = library.shelf.settings
    app.state.library = library
    app.state.readiness = Readiness(library)
    app.state.queue = Queue(library, most=known.queue, seconds=known.answer_seconds)
    app.state.keys = Keys(library.shelf.keys)
    app.state.sessions = Sessions()
    app.state.pictures = Pictures(library)
    app.state.jobs = Jobs(library.shelf.root)
    app.state.metrics = Metrics()
    app.state.metrics.watch(
        lambda: app.state.queue.waiting, lambda: app.state.queue.running
    )
    app.state.tracing = tracing.configured()


def _wrap(app: FastAPI, library: Library, hosts: Collection[str]) -> None:
    """Put the app behind what every request passes; the last added is the outermost."""
    known, state = library.shelf.settings, app.state
    app.add_middleware(Intake)
    if known.requests_per_minute:
        pace = Pace(known.requests_per_minute)
        app.add_middleware(Paced, pace=pace, everybody=known.open_access)
    app.add_middleware(Access, keys=state.keys, sessions=state.sessions)
    if known.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=known.origins,
            allow_methods=("GET", "POST"),
            allow_headers=(
                "Authorization",
                "Content-Type",
                "X-API-Key",
                *protocols.HEADERS,
            ),
            expose_headers=EXPOSED,
        )
    app.add_middleware(Guard, hosts=hosts, origins=known.origins)
    traced = None if state.tracing is None else state.tracing.tracer
    questions = known.log_questions
    app.add_middleware(
        Observed, metrics=state.metrics, questions=questions, tracer=traced
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state = app.state
    await asyncio.to_thread(documents.swept, state.library.shelf.sources)
    state.readiness.start()
    beating = asyncio.create_task(state.metrics.beat())
    yield
    beating.cancel()
    state.queue.close()
    await asyncio.to_thread(state.jobs.close)
    await state.readiness.finish()
    if state.tracing is not None:
        await asyncio.to_thread(state.tracing.close)


def _described(app: FastAPI) -> dict[str, Any]:
    """OpenAPI, with the schema of problem details, which no route returns."""
    if not app.openapi_schema:
        app.openapi_schema = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            tags=app.openapi_tags,
            routes=app.routes,
        )
        public = app.state.library.shelf.settings.public_url
        if public:
            app.openapi_schema["servers"] = [{"url": public.rstrip("/")}]
        for path, operations in app.openapi_schema["paths"].items():
            for operation in operations.values():
                # ChatGPT asks its user before each call of what it takes for a change.
                changes = path.startswith("/admin")
                operation["x-openai-isConsequential"] = changes
        schema = TypeAdapter(errors.Problem).json_schema()
        app.openapi_schema["components"]["schemas"]["Problem"] = schema
    return app.openapi_schema


def _operation_id(route: APIRoute) -> str:
    """The function's name: clients generated from the description depend on it."""
    return route.name
