"""a request -> the parts of the app that its route needs, and its path, checked."""

from typing import Annotated

from fastapi import Depends, Path, Request

from askreport.library import Library
from askreport.serve.api.metrics import Metrics
from askreport.serve.api.pictures import Pictures
from askreport.serve.api.queue import Queue
from askreport.serve.api.readiness import Readiness


async def _library(request: Request) -> Library:
    found: Library = request.app.state.library
    return found


async def _queue(request: Request) -> Queue:
    found: Queue = request.app.state.queue
    return found


async def _pictures(request: Request) -> Pictures:
    found: Pictures = request.app.state.pictures
    return found


async def _metrics(request: Request) -> Metrics:
    found: Metrics = request.app.state.metrics
    return found


async def _readiness(request: Request) -> Readiness:
    found: Readiness = request.app.state.readiness
    return found


Shelf = Annotated[Library, Depends(_library)]
Waiting = Annotated[Queue, Depends(_queue)]
Drawn = Annotated[Pictures, Depends(_pictures)]
Figures = Annotated[Metrics, Depends(_metrics)]
Warmth = Annotated[Readiness, Depends(_readiness)]
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
