"""a passage -> the address at which its reader opens it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Request

from askreport.library import Library
from askreport.serve.api import permalink
from askreport.types import Answer, Citation

_HOST = re.compile(r"[A-Za-z0-9._-]+(?::\d+)?|\[[0-9A-Fa-f:.]+\](?::\d+)?")


@dataclass(frozen=True, slots=True)
class Links:
    """Where readers open citations."""

    base: str

    def passage(self, name: str) -> str:
        """The page that shows a passage, without saying where on it."""
        return f"{self.base}{permalink.PATH}{name}"

    def words(self, name: str) -> str:
        """The same page, opened at the words."""
        return f"{self.passage(name)}#passage"


def public_url(library: Library) -> str | None:
    """The address that readers know this service by, if settings say."""
    said = library.shelf.settings.public_url
    return said.rstrip("/") if said else None


def of(library: Library, request: Request) -> Links:
    """Links under the public address, else under the one that was asked.

    A Host header that names no host gives links without one: it would be repeated to
    the reader.
    """
    public = public_url(library)
    if public:
        return Links(public)
    known = _HOST.fullmatch(request.headers.get("host", ""))
    return Links(str(request.base_url).rstrip("/") if known else "")


def linked(answer: Answer, to: Links) -> Answer:
    """The answer, each passage it shows with the address that opens it."""
    return replace(
        answer,
        citations=_opening(answer.citations, to),
        nearest=_opening(answer.nearest, to),
    )


def _opening(shown: Sequence[Citation], to: Links) -> tuple[Citation, ...]:
    return tuple(replace(c, link=to.words(c.passage)) for c in shown)


async def _links(request: Request) -> Links:
    return of(request.app.state.library, request)


Linked = Annotated[Links, Depends(_links)]
