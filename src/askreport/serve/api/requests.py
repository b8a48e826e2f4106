"""JSON bodies -> checked requests; only what comes in is pydantic."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from askreport.types import Filter

MOST_TOP = 50
"""The same bound as the `top` setting: more than this is a search, not an answer."""

MOST_EARLIER = 50
"""Turns of a conversation that a body may hold; only the latest dozen are read."""

MOST_EARLIER_CHARS = 4000
"""Characters of each of them: as many as a question may have."""

FERRY = "How many passengers does each ferry carry?"
"""The question of every example in the API's description."""

ASK: JsonDict = {"question": FERRY, "top": 3}
NARROWED: JsonDict = {
    "question": FERRY,
    "filter": {"documents": ["harbour-report"], "since": "2021"},
}
SEARCH: JsonDict = {"question": FERRY, "filter": {"kinds": ["report"]}}


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

DATE = "A year, a month or a day: `2018`, `2018-03` or `2018-03-15`."


def _several(description: str, example: str) -> Any:  # noqa: ANN401 - a pydantic field
    return Field(description=description, examples=[[example]])


def _date(description: str, example: str) -> Any:  # noqa: ANN401 - a pydantic field
    return Field(description=f"{description} {DATE}", examples=[example])


class FilterRequest(BaseModel):
    """The part of the shelf to look in. Values of one field are alternatives; a passage
    must satisfy every field. Without a field, it is not asked about.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    documents: Annotated[
        tuple[str, ...],
        _several(
            "Ids. A document named here answers even if it is superseded.",
            "harbour-report",
        ),
    ] = ()
    publishers: Annotated[
        tuple[str, ...], _several("Whole names, in any case.", "Port Authority")
    ] = ()
    kinds: Annotated[
        tuple[str, ...], _several("Whole names, in any case.", "report")
    ] = ()
    sections: Annotated[
        tuple[str, ...],
        _several(
            "Words that a heading above the passage holds, in any case.", "ferries"
        ),
    ] = ()
    since: Annotated[
        str | None, _date("Documents that may be of this date or later.", "2019")
    ] = None
    until: Annotated[
        str | None, _date("Documents that may be of this date or earlier.", "2021-06")
    ] = None
    as_of: Annotated[
        str | None,
        _date(
            "The shelf as it stood at the end of it: without later documents, and "
            "without what they supersede being left out.",
            "2021-12-31",
        ),
    ] = None
    superseded: Annotated[
        bool,
        Field(
            strict=True,
            description="Whether documents that others supersede answer too.",
            examples=[True],
        ),
    ] = False

    def noun(self) -> Filter:
        """The filter as every other surface knows it."""
        return Filter(**dict(self))


Narrowed = Annotated[
    FilterRequest,
    Field(
        description="The part of the shelf to look in; where absent, all of it that is "
        "not superseded.",
        examples=[
            {"documents": ["harbour-report"]},
            {"since": "2019", "until": "2021"},
        ],
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
        extra="forbid", frozen=True, json_schema_extra={"examples": [ASK, NARROWED]}
    )

    question: Text
    top: Top = None
    filter: Narrowed = FilterRequest()
    earlier: Earlier = ()
    explain: Explain = False


class SearchRequest(BaseModel):
    """A question whose nearest passages are wanted, without an answer."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [SEARCH]}
    )

    question: Text
    top: Top = None
    filter: Narrowed = FilterRequest()
    earlier: Earlier = ()
    explain: Explain = False


class CoverageRequest(BaseModel):
    """A part of the shelf of which to tell what it holds."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"filter": {"since": "2019"}}]},
    )

    filter: Narrowed = FilterRequest()


KEYS = tuple(dict.fromkeys((*AskRequest.model_fields, *SearchRequest.model_fields)))
"""Every key a body may hold, to say which one an unknown key was meant to be."""

INNER = tuple(f"filter.{name}" for name in FilterRequest.model_fields)
"""Every key of its filter, likewise."""
