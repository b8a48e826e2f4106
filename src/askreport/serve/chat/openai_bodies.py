"""bodies of OpenAI's API -> checked requests: what is used of them, the rest ignored.

Clients send dozens of knobs for a writer that invents (temperature, tools, seeds). The
writer here repeats documents, so they have nothing to turn; refusing them would refuse
the clients.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from askreport.serve.api.requests import FilterRequest, Text, Top
from askreport.serve.chat.shared import Asked, conversation
from askreport.serve.chat.sources import Form

MOST_MESSAGES = 2000
"""Messages of a conversation; more than any client keeps."""

MOST_INPUTS = 256
"""Texts embedded at once: about ten seconds of one processor with the default
encoder."""


class Extras(BaseModel):
    """What only askreport knows, as `askreport` in the body (`extra_body` in SDKs)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    top: Top = None
    filter: FilterRequest = FilterRequest()
    sources: Form | None = None


class Part(BaseModel):
    """A part of a message; pictures and sound are not read."""

    type: str = "text"
    text: Text | None = None


def _parts(content: Any) -> Any:  # noqa: ANN401 - whatever a client sent
    """A message's content as a list of parts, which is one of its two spellings."""
    return [{"text": content}] if isinstance(content, str) else content or []


Parts = Annotated[tuple[Part, ...], BeforeValidator(_parts)]


class Said(BaseModel):
    """A message of a conversation."""

    role: str = ""
    type: str = "message"
    content: Parts = ()

    @property
    def text(self) -> str:
        """Its words, the parts of it that are words."""
        return "\n".join(part.text for part in self.content if part.text)


class StreamOptions(BaseModel):
    """Whether a stream ends with the count of tokens."""

    include_usage: bool | None = False


class ChatRequest(BaseModel):
    """The body of `POST /v1/chat/completions`."""

    model: str
    messages: Annotated[tuple[Said, ...], Field(min_length=1, max_length=MOST_MESSAGES)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = None
    askreport: Extras = Extras()


def _said(given: Any) -> Any:  # noqa: ANN401 - whatever a client sent
    """An input as a list of messages, which is one of its two spellings."""
    return [{"role": "user", "content": given}] if isinstance(given, str) else given


class ResponseRequest(BaseModel):
    """The body of `POST /v1/responses`."""

    model: str
    input: Annotated[
        tuple[Said, ...],
        BeforeValidator(_said),
        Field(min_length=1, max_length=MOST_MESSAGES),
    ]
    stream: bool | None = False
    previous_response_id: str | None = None
    conversation: Any = None
    background: bool | None = False
    askreport: Extras = Extras()


def _inputs(given: Any) -> Any:  # noqa: ANN401 - whatever a client sent
    return [given] if isinstance(given, str) else given


class EmbeddingRequest(BaseModel):
    """The body of `POST /v1/embeddings`."""

    model: str
    input: Annotated[
        tuple[Text, ...],
        BeforeValidator(_inputs),
        Field(min_length=1, max_length=MOST_INPUTS),
    ]
    encoding_format: Literal["float", "base64"] | None = "float"
    dimensions: int | None = None


def asked(said: tuple[Said, ...], extras: Extras) -> Asked:
    """The question of a conversation: what its user said last.

    What the assistant said is left out: it was ours, and would bring passages back
    because they were shown before.
    """
    words = [
        turn.text for turn in said if turn.role == "user" and turn.type == "message"
    ]
    return conversation(words or [""], extras.top, extras.filter.noun())
