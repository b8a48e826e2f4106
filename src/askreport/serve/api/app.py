"""a Library -> the FastAPI app that serves it."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute

from askreport.library import Library
from askreport.serve.api import errors
from askreport.serve.api.access import Access
from askreport.serve.api.guard import Guard
from askreport.serve.api.readiness import Readiness
from askreport.serve.api.routes import health, router
from askreport.serve.keys import Keys

DESCRIPTION = """\
Ask a shelf of reports a question; get the exact passages that answer it, each with a
citation that opens at the right page. Every failure has the same body: what happened,
and what to do about it.
"""

TAGS = [
    {"name": "questions", "description": "Answers and passages."},
    {"name": "documents", "description": "What the shelf holds, as it was indexed."},
    {"name": "permalinks", "description": "Pages for people who follow a citation."},
    {"name": "health", "description": "For whatever keeps the service running."},
]


def create_app(library: Library, *, hosts: Collection[str] = ()) -> FastAPI:
    """The service of one shelf. Starting it opens the encoder in the background.

    It answers to the names `hosts` only, or to any where none are given. No interactive
    documentation is served: its pages would fetch scripts from elsewhere.
    """
    readiness = Readiness(library)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        readiness.start()
        yield
        await readiness.finish()

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
        lifespan=lifespan,
    )
    app.state.library = library
    app.state.readiness = readiness
    app.include_router(router)
    app.include_router(health)
    # The last added is the outermost.
    app.add_middleware(Access, keys=Keys(library.shelf.keys))
    app.add_middleware(Guard, hosts=hosts)
    errors.register(app)
    return app


def _operation_id(route: APIRoute) -> str:
    """The function's name: clients generated from the description depend on it."""
    return route.name
