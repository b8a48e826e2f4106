"""an address typed, linked or made by the form -> the page that asks and answers."""

import re
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlencode

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from askreport import errors, text
from askreport.library import Library
from askreport.serve import explain, render
from askreport.serve.api import errors as mapped
from askreport.serve.api.caller import READER
from askreport.serve.web import asked, look
from askreport.serve.web.asked import Asked
from askreport.types import Answer, Citation, Shelved

router = APIRouter(dependencies=[READER], include_in_schema=False)

MOST_LISTED = 300
"""Values that can be chosen from a list; where there are more, one is typed."""

MOST_SHOWN = 100
"""Documents that the start page lists."""


Offered = tuple[tuple[str, str], ...]
"""Values, and how each is shown."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the form offers to choose from."""

    documents: Offered
    publishers: Offered
    kinds: Offered


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a question: an answer, or what went wrong; or nothing was asked."""

    answer: Answer | None = None
    wrong: mapped.Refusal | None = None


@router.head("/")
@router.get("/")
async def open_page(request: Request) -> HTMLResponse:
    """The form, and below it the answer to what it says."""
    library: Library = request.app.state.library
    said = asked.read(request.query_params)
    outcome = await _asked(request, said)
    shelved = await to_thread.run_sync(_shelved, library)
    shown = partial(
        look.page,
        "ask.html",
        said=said,
        answer=outcome.answer,
        wrong=outcome.wrong.failure if outcome.wrong else None,
        parts=_parts(outcome.answer),
        shelved=shelved[:MOST_SHOWN],
        more=max(0, len(shelved) - MOST_SHOWN),
        choice=_choice(shelved),
        earlier=(*said.earlier, said.question) if outcome.answer else said.earlier,
        longest=library.shelf.settings.question_chars,
        signed_in=request.state.caller.session,
        why=_why(request),
        grids=explain.grids(outcome.answer.explained)
        if outcome.answer and outcome.answer.explained
        else (),
        render=render,
        counted=text.counted,
        link=_link,
    )
    # In a thread: a long explanation takes a while to write, the first page to parse.
    page = await to_thread.run_sync(shown)
    return look.response(page, outcome.wrong.status if outcome.wrong else 200)


async def _asked(request: Request, said: Asked) -> Outcome:
    if not said.question:
        return Outcome()
    try:
        answer = await request.app.state.queue.ask(
            said.question,
            among=said.among,
            earlier=said.earlier,
            explain=said.explain,
        )
    except errors.AskreportError as error:
        return Outcome(wrong=mapped.refusal(error))
    return Outcome(answer=answer)


def _shelved(library: Library) -> tuple[Shelved, ...]:
    """What is on the shelf; nothing where that cannot be told, which the answer does
    not depend on.
    """
    try:
        return library.shelved()
    except errors.AskreportError:
        return ()


def _choice(shelved: tuple[Shelved, ...]) -> Choice:
    sources = [one.source for one in shelved if one.passages]
    publishers = sorted({s.publisher for s in sources if s.publisher})
    kinds = sorted({s.kind for s in sources})
    return Choice(
        documents=_few([(source.id, source.title) for source in sources]),
        publishers=_few([(name, name) for name in publishers]),
        kinds=_few([(name, name) for name in kinds]),
    )


def _few(offered: list[tuple[str, str]]) -> Offered:
    """As a list to choose from; none where that would be too long."""
    return tuple(offered) if len(offered) <= MOST_LISTED else ()


def _parts(answer: Answer | None) -> list[tuple[str, int]]:
    """The text and its markers in turn: what stands before a marker, and its number.

    The number is 0 where there is none, so that the text ends without one.
    """
    if answer is None:
        return []
    known = {citation.marker for citation in answer.citations}
    parts: list[tuple[str, int]] = []
    start = 0
    for found in re.finditer(r"\[(\d+)\]", answer.text):
        if int(found[1]) in known:
            parts.append((answer.text[start : found.start()], int(found[1])))
            start = found.end()
    return [*parts, (answer.text[start:], 0)]


def _why(request: Request) -> str:
    """The same question with its explanation."""
    sent = [(k, v) for k, v in request.query_params.multi_items() if k != "explain"]
    return f"/?{urlencode([*sent, ('explain', 'yes')])}#why"


def _link(citation: Citation) -> str:
    return f"{look.PERMALINK}{quote(citation.passage, safe='')}#passage"
