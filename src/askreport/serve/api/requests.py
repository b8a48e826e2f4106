"""JSON bodies -> checked requests; only what comes in is pydantic."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

MOST_TOP = 50
"""The same bound as the `top` setting: more than this is a search, not an answer."""

MOST_EARLIER = 50
"""Turns of a conversation that a body may hold; only the latest dozen are read."""

MOST_EARLIER_CHARS = 4000
"""Characters of each of them: as many as a question may have."""

FERRY = "How many passengers does each ferry carry?"
"""The question of every example in the API's description."""

ASK: JsonDict = {"question": FERRY, "top": 3}
SEARCH: JsonDict = {"question": FERRY, "documents": ["harbour-report"]}


def _whole(text: str) -> str:
    """JSON can spell half a surrogate pair, which no answer in UTF-8 could repeat."""
    if not text.isascii() and text != text.encode("utf-8", "ignore").decode():
        raise ValueError("half a surrogate pair is no character")
    return text


Text = Annotated[
    str,
    AfterValidator(_whole),
    Field(
        description="The question, in plain words. Empty or too long (4,000 characters "
        "unless the shelf says otherwise) is refused.",
        examples=[FERRY],
    ),
]

Top = Annotated[
    int | None,
    Field(
        strict=True,
        ge=1,
        le=MOST_TOP,
        description="Most passages to return; the shelf's own setting where absent.",
        examples=[3],
    ),
]

Documents = Annotated[
    tuple[str, ...],
    Field(
        description="Ids of the documents to look in; all of them where empty.",
        examples=[["harbour-report"]],
    ),
]


Earlier = Annotated[
    tuple[Annotated[Text, Field(max_length=MOST_EARLIER_CHARS)], ...],
    Field(
        max_length=MOST_EARLIER,
        description='What was asked before, oldest first; a follow-up such as "and in '
        'Somerset?" is understood by it, and `looked_up` says as what.',
        examples=[["Who paid for the first ferry?"]],
    ),
]

Explain = Annotated[
    bool,
    Field(
        strict=True,
        description="Whether to tell every candidate's signals, ranks and scores, and "
        "why it was kept or dropped.",
        examples=[True],
    ),
]


class AskRequest(BaseModel):
    """A question to be answered from the shelf."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [ASK]}
    )

    question: Text
    top: Top = None
    documents: Documents = ()
    earlier: Earlier = ()
    explain: Explain = False


class SearchRequest(BaseModel):
    """A question whose nearest passages are wanted, without an answer."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [SEARCH]}
    )

    question: Text
    top: Top = None
    documents: Documents = ()
    earlier: Earlier = ()
    explain: Explain = False


KEYS = tuple(dict.fromkeys((*AskRequest.model_fields, *SearchRequest.model_fields)))
"""Every key a body may hold, to say which one an unknown key was meant to be."""
