"""the nouns -> the examples that the API's description shows.

Built from the types themselves, so that an example cannot fall behind its schema.
"""

from dataclasses import replace
from typing import Any

from pydantic_core import to_jsonable_python

from askreport import types
from askreport.serve.api import errors
from askreport.serve.api.readiness import Alive, Ready
from askreport.serve.api.requests import FERRY

SOURCE = types.Source(
    id="harbour-report",
    title="The harbour report",
    path="harbour.pdf",
    digest="a77c1b9e5d0c4c1f8f1e6f2f5d0a3b4c9d8e7f60112233445566778899aabbcc",
    publisher="Port Authority",
    date="2021-05",
)

PASSAGE = types.Passage(
    id="5a1011da920153c0",
    source=SOURCE,
    page=12,
    label="8",
    start=310,
    end=434,
    section=("Ferries",),
    text="Two new ferries entered service in March 2021. Each ferry carries 410 "
    "passengers and 62 cars. Crew training took eleven weeks.",
)

QUOTE = "Each ferry carries 410 passengers and 62 cars."

CITATION = types.Citation(
    marker=1,
    document=SOURCE.id,
    title=SOURCE.title,
    publisher=SOURCE.publisher,
    date=SOURCE.date,
    kind=SOURCE.kind,
    words=SOURCE.words,
    section=PASSAGE.section,
    page=PASSAGE.page,
    label=PASSAGE.label,
    quote=QUOTE,
    start=PASSAGE.start + PASSAGE.text.index(QUOTE),
    end=PASSAGE.start + PASSAGE.text.index(QUOTE) + len(QUOTE),
    text=PASSAGE.text,
    passage=PASSAGE.id,
    score=0.93,
    link=f"http://127.0.0.1:8420/c/{PASSAGE.id}#passage",
)

ANSWER = types.Answer(
    question=FERRY,
    looked_up=FERRY,
    status="answered",
    text=f"{QUOTE} [1]",
    confidence=0.93,
    citations=(CITATION,),
    coverage=types.Coverage(documents=4, passages=58),
    receipt=types.Receipt(
        generation="d46b515db791fe16",
        model="all-MiniLM-L6-v2",
        model_digest="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        version="0.1.0",
        parameters={
            "top": 5,
            "floor": 0.3,
            "candidates": 60,
        },
        scores={PASSAGE.id: 0.93},
    ),
)

HIT = types.Hit(1, PASSAGE, 0.93, {"dense": 0.71, "lexical": 11.4})

SHELVED = types.Shelved(SOURCE, "indexed", pages=40, passages=58)

PAGE = types.Page(
    number=12,
    label="8",
    text=f"Ferries\n\n{PASSAGE.text}",
    headings=(types.Heading(types.Span(0, 7), 1, "Ferries"),),
)

COVERAGE = types.Coverage(documents=4, passages=58)

ALIVE = Alive("ok", "0.1.0")

READY = Ready("ready", "d46b515db791fe16", "all-MiniLM-L6-v2")


def success(example: object, description: str) -> dict[int | str, dict[str, Any]]:
    """The 200 of a route, with an instance of its type, or a list of them."""
    content = {"application/json": {"example": to_jsonable_python(example)}}
    return {200: {"description": description, "content": content}}


def failures(*statuses: int | str) -> dict[int | str, dict[str, Any]]:
    """What a route answers when it does not succeed; "default" stands for the rest."""
    return {status: _failure(status) for status in statuses}


def _failure(status: int | str) -> dict[str, Any]:
    description, failure = _FAILURES[status]
    told = 500 if status == "default" else int(status)
    problem = replace(errors.problem(errors.Refusal(told, failure)), request=REQUEST)
    return {
        "description": description,
        "content": {
            errors.MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": to_jsonable_python(problem),
            }
        },
    }


REQUEST = "7e2f0d5b1c9a4f3e8d6b2a1c0f9e8d7c"
"""The id of a request."""

_FAILURES: dict[int | str, tuple[str, errors.Failure]] = {
    401: (
        "A key is needed, and none that is known was sent.",
        errors.Failure(
            "KeyMissing",
            "this needs a key, and none that is known was sent",
            "send Authorization: Bearer with a key of askreport keys add",
        ),
    ),
    403: (
        "The key is sound and does not reach this far.",
        errors.Failure(
            "KeyTooNarrow",
            "this needs a key of scope admin",
            "askreport keys add NAME --scope admin makes one",
        ),
    ),
    409: (
        "There is a document of that name, or the generation cannot answer.",
        errors.Failure(
            "DocumentThere",
            "there is a document 'annual-report.pdf' already",
            "choose another name, or say replace=true",
        ),
    ),
    507: (
        "The shelf's folder does not take it.",
        errors.Failure(
            "Unwritable",
            "sources/ does not take it: No space left on device",
            "free some space there, or allow writing",
        ),
    ),
    404: (
        "No passage, document or page of that name.",
        errors.Failure(
            "NotFound",
            "no document 'harbor-report' in this index",
            "askreport sources lists the documents and their ids",
        ),
    ),
    408: (
        "The body took too long to arrive.",
        errors.Failure(
            "BodySlow", "the body did not arrive within 10 seconds", "send it at once"
        ),
    ),
    413: (
        "The body is too long.",
        errors.Failure(
            "BodyLong",
            f"the body is longer than {errors.MOST_BODY:,} bytes",
            "ask one thing at a time",
        ),
    ),
    422: (
        "Not what this route takes, a question that is empty or too long, or a filter "
        "that contradicts itself.",
        errors.Failure(
            "RequestInvalid",
            "unknown key 'filter.documnets'",
            "did you mean 'filter.documents'?",
        ),
    ),
    429: (
        "The key sends more than its share; `Retry-After` says how long to wait.",
        errors.Failure(
            "TooMany",
            "more than 600 requests a minute",
            "wait as long as Retry-After says",
        ),
    ),
    "default": ("Any other failure has the same body.", errors.UNEXPECTED.failure),
    503: (
        "No answer now: no index, a damaged one, another encoder, still starting, or "
        "as many questions wait as may. `Retry-After` says when to try again.",
        errors.Failure(
            "IndexMissing", "this shelf has no index yet", "run askreport build"
        ),
    ),
}
