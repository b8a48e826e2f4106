"""a tool's name and arguments -> what it says, as text and as data; knows no MCP.

`search` and `fetch` have exactly the shapes that ChatGPT asks of a connector: one
string in, and as the only content the JSON of the result.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from anyio import to_thread
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from askreport.serve import render
from askreport.serve.api.links import Links, linked
from askreport.serve.api.requests import MOST_TOP, Text
from askreport.serve.chat import shared
from askreport.serve.chat.shared import Asked, Chat
from askreport.types import Citation, Filter, Passage, Shelved

MOST_FOUND = 10
"""Results of a search, as many as a model reads without losing the first."""


class Arguments(BaseModel):
    """What a tool is called with; its description is what a model goes by."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SearchArguments(Arguments):
    """Arguments of `search`."""

    query: Annotated[
        Text, Field(description="What to look for: a question or a few words.")
    ]


class FetchArguments(Arguments):
    """Arguments of `fetch`."""

    id: Annotated[
        Text, Field(description="The id of a passage, from search or from ask.")
    ]


class AskArguments(Arguments):
    """Arguments of `ask`."""

    question: Annotated[Text, Field(description="The question, in plain words.")]
    earlier: Annotated[
        tuple[Annotated[Text, Field(max_length=4000)], ...],
        Field(
            max_length=shared.MOST_EARLIER,
            description="Questions asked before it, oldest first, so that a follow-up "
            "is understood.",
        ),
    ] = ()
    top: Annotated[
        int | None,
        Field(strict=True, ge=1, le=MOST_TOP, description="Most passages to cite."),
    ] = None
    documents: Annotated[
        tuple[str, ...],
        Field(description="Ids of the only documents to look in (list_documents)."),
    ] = ()
    since: Annotated[
        str | None, Field(description="Only documents of this date or later: 2018-03.")
    ] = None
    until: Annotated[
        str | None, Field(description="Only documents of this date or earlier.")
    ] = None


class ListArguments(Arguments):
    """Arguments of `list_documents`: none."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a tool says: to a model that reads text, and to a program."""

    text: str
    data: dict[str, Any]


Run = Callable[[Chat, Links, Any], Awaitable[Said]]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as it is described to a model, and what it runs."""

    name: str
    title: str
    description: str
    arguments: type[Arguments]
    result: dict[str, Any]
    run: Run


def unfit(error: ValidationError) -> str:
    """Why arguments do not fit, naming keys and never repeating values."""
    faults = error.errors(include_url=False, include_input=False)
    told = [f"{'.'.join(map(str, f['loc']))[:100]}: {f['msg']}" for f in faults]
    return f"The arguments do not fit. {'; '.join(told[:5])}"


async def search(chat: Chat, links: Links, given: SearchArguments) -> Said:
    """The passages nearest to the query, best first, with no claim that they answer."""
    found = await shared.found(chat, given.query, top=MOST_FOUND)
    results = [
        {
            "id": hit.passage.id,
            "title": _titled(hit.passage),
            "url": links.words(hit.passage.id),
        }
        for hit in found.hits
    ]
    return _exact({"results": results})


async def fetch(chat: Chat, links: Links, given: FetchArguments) -> Said:
    """A passage's words and where they stand."""
    passage = await to_thread.run_sync(chat.library.passage, given.id)
    return _exact(
        {
            "id": passage.id,
            "title": _titled(passage),
            "text": passage.text,
            "url": links.words(passage.id),
            "metadata": _placed(passage),
        }
    )


async def ask(chat: Chat, links: Links, given: AskArguments) -> Said:
    """The answer with its passages in it: clients do not follow links to resources."""
    among = Filter(documents=given.documents, since=given.since, until=given.until)
    asked = Asked(given.question, given.earlier, given.top, among)
    answer = linked(await shared.answer(chat, asked), links)
    data = {
        "status": answer.status,
        "question": answer.question,
        "looked_up": answer.looked_up,
        "text": answer.text,
        "confidence": round(answer.confidence, 4),
        "citations": [_cited(c) for c in answer.citations],
        "nearest": [_cited(c) for c in answer.nearest],
        "coverage": render.coverage(answer.coverage),
        "generation": answer.receipt.generation,
    }
    return Said(render.plain(answer), data)


async def list_documents(chat: Chat, _: Links, __: ListArguments) -> Said:
    """Every document of the shelf, by which `ask` can be narrowed."""
    stands = await to_thread.run_sync(chat.library.shelved)
    return Said(render.shelf(stands), {"documents": [_listed(one) for one in stands]})


def _exact(found: dict[str, Any]) -> Said:
    """A result whose text is its JSON."""
    return Said(json.dumps(found, ensure_ascii=False), found)


def _titled(passage: Passage) -> str:
    known = (
        render.title(passage.source.title, passage.source.words),
        " > ".join(passage.section),
        render.page(passage.page, passage.label, passage.unit, passage.ocr),
    )
    return ", ".join(part for part in known if part)


def _placed(passage: Passage) -> dict[str, Any]:
    source = passage.source
    return {
        "document": source.id,
        "publisher": source.publisher,
        "date": source.date,
        "kind": source.kind,
        "words": source.words,
        "section": list(passage.section),
        "page": passage.page,
        "label": passage.label,
        "unit": passage.unit,
        "ocr": passage.ocr,
        "original": source.url,
    }


def _cited(citation: Citation) -> dict[str, Any]:
    said = asdict(citation)
    said["original"], said["url"] = said.pop("url"), said.pop("link")
    said["score"] = round(citation.score, 4)
    said["section"], said["also"] = list(citation.section), list(citation.also)
    return said


def _listed(one: Shelved) -> dict[str, Any]:
    source = one.source
    return {
        "id": source.id,
        "title": render.title(source.title, source.words),
        "publisher": source.publisher,
        "date": source.date,
        "kind": source.kind,
        "words": source.words,
        "status": one.status,
        "pages": one.pages,
        "passages": one.passages,
        "superseded_by": one.superseded_by,
    }


def _object(**properties: Any) -> dict[str, Any]:  # noqa: ANN401 - a JSON schema
    required = list(properties)
    return {"type": "object", "properties": properties, "required": required}


STRING, NUMBER = {"type": "string"}, {"type": "number"}
OBJECTS = {"type": "array", "items": {"type": "object"}}

FOUND = _object(id=STRING, title=STRING, url=STRING)

TOOLS = (
    Tool(
        "search",
        "Search the reports",
        "Finds the passages of the shelf's reports that are nearest to a query, best "
        "first. Being found does not mean that a passage answers: use ask for an "
        "answer, and fetch for a passage's words.",
        SearchArguments,
        _object(results={"type": "array", "items": FOUND}),
        search,
    ),
    Tool(
        "fetch",
        "Read a passage",
        "Gives a passage word for word, with its document, page and section, by the id "
        "that search or ask gave.",
        FetchArguments,
        _object(
            id=STRING,
            title=STRING,
            text=STRING,
            url=STRING,
            metadata={"type": "object"},
        ),
        fetch,
    ),
    Tool(
        "ask",
        "Ask the reports",
        "Answers a question in the reports' own sentences, each with a numbered "
        "citation that quotes its passage and links to the page. If status is "
        "no-evidence, the reports do not answer the question: say so, and do not "
        "present the nearest passages as an answer. A passage whose words are "
        "'digest' paraphrases its original: never quote it as the original's words.",
        AskArguments,
        _object(
            status={"type": "string", "enum": ["answered", "no-evidence"]},
            question=STRING,
            looked_up=STRING,
            text=STRING,
            confidence=NUMBER,
            citations=OBJECTS,
            nearest=OBJECTS,
            coverage=STRING,
            generation=STRING,
        ),
        ask,
    ),
    Tool(
        "list_documents",
        "List the reports",
        "Lists every document of the shelf with its id, publisher, date and kind.",
        ListArguments,
        _object(documents=OBJECTS),
        list_documents,
    ),
)
"""In the order in which they are listed to a model."""
