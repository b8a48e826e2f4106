"""OpenAI's protocol, spoken by its own SDK and by LangChain over a real socket."""

import base64
import json
import re
import struct
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import openai
import pytest
from langchain_openai import ChatOpenAI
from tests.serve.chat.conftest import BEACON, CRACK, FERRY, MONGOLIA, PUBLIC

from askreport import Library, tokens
from askreport.serve.chat import openai as protocol


@pytest.fixture(scope="module")
def sdk(address: str) -> Iterator[openai.OpenAI]:
    """OpenAI's SDK, pointed here."""
    with openai.OpenAI(
        base_url=f"{address}/v1", api_key="none", max_retries=0, timeout=60
    ) as found:
        yield found


def said(question: str) -> list[Any]:
    """A conversation of one question."""
    return [{"role": "user", "content": question}]


def test_the_models_are_the_one_that_answers_and_the_encoder(
    sdk: openai.OpenAI,
) -> None:
    assert [model.id for model in sdk.models.list()] == ["askreport", "hashing"]
    assert sdk.models.retrieve("askreport").owned_by == "askreport"
    with pytest.raises(openai.NotFoundError, match="askreport answers"):
        sdk.models.retrieve("gpt-5")


def test_an_answer_lists_its_sources_in_the_text_and_as_annotations(
    sdk: openai.OpenAI, chat_library: Library
) -> None:
    made = sdk.chat.completions.create(model="askreport", messages=said(FERRY))
    message = made.choices[0].message
    answer = chat_library.ask(FERRY)
    assert message.content is not None
    assert message.content.startswith(answer.text)
    assert f"[1] {answer.citations[0].title}" in message.content
    assert message.annotations is not None
    notes = [note.url_citation for note in message.annotations]
    assert [note.url for note in notes] == [
        f"{PUBLIC}/c/{c.passage}#passage" for c in answer.citations
    ]
    for number, note in enumerate(notes, start=1):
        assert message.content[note.start_index : note.end_index] == f"[{number}]"
        assert f"<{note.url}>" in message.content
    assert made.choices[0].finish_reason == "stop"


def test_usage_is_what_tiktoken_counts(sdk: openai.OpenAI) -> None:
    made = sdk.chat.completions.create(
        model="askreport",
        messages=[{"role": "system", "content": "Be brief."}, *said(FERRY)],
    )
    assert made.usage is not None
    prompt = tokens.count("Be brief.") + tokens.count(FERRY)
    completion = tokens.count(made.choices[0].message.content or "")
    assert made.usage.prompt_tokens == prompt
    assert made.usage.completion_tokens == completion
    assert made.usage.total_tokens == prompt + completion


def test_a_stream_adds_up_to_the_whole_answer(sdk: openai.OpenAI) -> None:
    whole = sdk.chat.completions.create(model="askreport", messages=said(FERRY))
    chunks = list(
        sdk.chat.completions.create(
            model="askreport",
            messages=said(FERRY),
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    deltas = [c.choices[0].delta for c in chunks if c.choices]
    text = "".join(delta.content or "" for delta in deltas)
    notes = [n for d in deltas for n in (d.model_dump().get("annotations") or [])]
    message = whole.choices[0].message
    assert text == message.content
    assert len(chunks) > 4
    assert message.annotations is not None
    assert notes == [note.model_dump() for note in message.annotations]
    assert [c.usage for c in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].usage == whole.usage
    ends = [c.choices[0].finish_reason for c in chunks if c.choices]
    assert ends == [None] * (len(ends) - 1) + ["stop"]


def test_a_stream_without_the_option_says_nothing_of_usage(sdk: openai.OpenAI) -> None:
    chunks = sdk.chat.completions.create(
        model="askreport", messages=said(FERRY), stream=True
    )
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


def test_a_decline_is_said_as_one_and_cites_nothing(sdk: openai.OpenAI) -> None:
    made = sdk.chat.completions.create(model="askreport", messages=said(MONGOLIA))
    message = made.choices[0].message
    assert message.content is not None
    assert message.content.startswith("No evidence: ")
    assert "which do not answer it" in message.content
    assert "[1]" not in message.content
    assert message.annotations == []
    extra = made.model_dump()["askreport"]
    assert extra["status"] == "no-evidence"
    assert extra["passages"] == []


def test_earlier_turns_make_a_follow_up_understood(sdk: openai.OpenAI) -> None:
    made = sdk.chat.completions.create(
        model="askreport",
        messages=[
            *said("How many tonnes of silt did the port dredge in 2020?"),
            {"role": "assistant", "content": "340,000 tonnes [1]."},
            *said("and in 2021?"),
        ],
    )
    looked_up = made.model_dump()["askreport"]["looked_up"]
    assert looked_up == "How many tonnes of silt did the port dredge in 2021?"
    assert f"Looked up: {looked_up}" in (made.choices[0].message.content or "")


def test_parts_of_a_message_that_are_no_text_are_passed_over(
    sdk: openai.OpenAI,
) -> None:
    parts: Any = [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "text", "text": FERRY},
    ]
    made = sdk.chat.completions.create(
        model="askreport",
        messages=[{"role": "user", "content": parts}],
        temperature=0.3,
        max_tokens=10,
        tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}],
    )
    assert "410 passengers" in (made.choices[0].message.content or "")


def test_a_filter_and_a_number_of_sources_can_be_asked_for(sdk: openai.OpenAI) -> None:
    narrowed = {"filter": {"documents": ["orchard-digest"]}, "top": 1}
    made = sdk.chat.completions.create(
        model="askreport", messages=said(FERRY), extra_body={"askreport": narrowed}
    )
    assert "Searched 1 document" in (made.choices[0].message.content or "")
    with pytest.raises(openai.BadRequestError, match="documnets"):
        sdk.chat.completions.create(
            model="askreport",
            messages=said(FERRY),
            extra_body={"askreport": {"filter": {"documnets": []}}},
        )


def test_a_form_of_sources_can_be_asked_for(sdk: openai.OpenAI) -> None:
    made = sdk.chat.completions.create(
        model="askreport",
        messages=said(FERRY),
        extra_body={"askreport": {"sources": "text"}},
    )
    assert made.choices[0].message.annotations is None
    assert "Sources:" in (made.choices[0].message.content or "")


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"model": "gpt-5", "messages": said("x")}, 404, "no model 'gpt-5'"),
        ({"model": "askreport", "messages": []}, 400, "messages"),
        ({"model": "askreport", "messages": said(" ")}, 400, "empty"),
        ({"model": "askreport", "messages": said("x" * 4001)}, 400, "4,?001"),
        ({"model": "askreport", "messages": said("x"), "n": 2}, 400, "one answer"),
        ({"messages": said("x")}, 400, "model"),
    ],
)
def test_a_fault_is_told_in_the_shape_that_the_sdk_reads(
    http: httpx.Client, body: dict[str, Any], status: int, words: str
) -> None:
    answer = http.post("/v1/chat/completions", json=body)
    error = answer.json()["error"]
    assert answer.status_code == status
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert re.search(words, error["message"])


def test_a_route_that_is_none_and_a_body_that_is_none_have_that_shape_too(
    http: httpx.Client,
) -> None:
    unknown = http.get("/v1/assistants")
    broken = http.post(
        "/v1/chat/completions",
        content=b"{",
        headers={"Content-Type": "application/json"},
    )
    assert unknown.status_code == 404
    assert unknown.json()["error"]["code"] == "RouteUnknown"
    assert broken.status_code == 400
    assert broken.json()["error"]["code"] == "RequestInvalid"


def test_a_long_conversation_fits_and_one_past_the_limit_does_not(
    http: httpx.Client,
) -> None:
    turn = {"role": "assistant", "content": "word " * 2000}
    fits = {"model": "askreport", "messages": [turn] * 90 + said(FERRY)}
    over = {"model": "askreport", "messages": [turn] * 110 + said(FERRY)}
    assert http.post("/v1/chat/completions", json=fits).status_code == 200
    refused = http.post("/v1/chat/completions", json=over)
    assert refused.status_code == 413
    assert refused.json()["error"]["code"] == "BodyLong"


def events(text: str) -> list[dict[str, Any]]:
    """The JSON of a stream's events."""
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line]
    return [json.loads(line) for line in lines if line != "[DONE]"]


@pytest.mark.parametrize(
    "chosen",
    [
        {"headers": {"X-OpenWebUI-User-Id": "u1"}},
        {"headers": {"X-Askreport-Sources": "openwebui"}},
        {"json": {"askreport": {"sources": "openwebui"}}},
    ],
)
def test_open_webui_gets_each_source_once_as_its_own_event(
    http: httpx.Client, chat_library: Library, chosen: dict[str, Any]
) -> None:
    body = {"model": "askreport", "stream": True, "messages": said(CRACK)}
    answered = http.post(
        "/v1/chat/completions",
        json=body | chosen.get("json", {}),
        headers=chosen.get("headers"),
    )
    told = events(answered.text)
    found = [e["event"] for e in told if "event" in e]
    citations = chat_library.ask(CRACK).citations
    assert len(found) == len(citations) > 0
    assert [next(iter(e)) for e in told[: len(found)]] == ["event"] * len(found)
    for event, citation in zip(found, citations, strict=True):
        data = event["data"]
        url = f"{PUBLIC}/c/{citation.passage}"
        assert event["type"] == "source"
        assert data["source"]["url"] == data["metadata"][0]["source_url"] == url
        assert data["metadata"][0]["source"] == citation.passage
        assert data["distances"] == [round(citation.score, 4)]
        assert len(data["document"]) == len(data["metadata"]) == 1
        assert citation.page is not None
        assert data["metadata"][0]["page"] == citation.page - 1
    text = "".join(
        e["choices"][0]["delta"].get("content", "") for e in told if "choices" in e
    )
    assert "[1]" in text
    assert "Sources:" not in text
    assert "annotations" not in answered.text


def test_open_webui_sees_no_page_where_there_are_none(http: httpx.Client) -> None:
    body = {"model": "askreport", "stream": True, "messages": said(FERRY)}
    answered = http.post(
        "/v1/chat/completions", json=body, headers={"X-OpenWebUI-Chat-Id": "c"}
    )
    found = [e["event"] for e in events(answered.text) if "event" in e]
    assert "page" not in found[0]["data"]["metadata"][0]


def test_a_request_that_is_no_stream_gets_annotations_even_there(
    http: httpx.Client,
) -> None:
    body = {"model": "askreport", "messages": said(FERRY)}
    answered = http.post(
        "/v1/chat/completions", json=body, headers={"X-OpenWebUI-User-Id": "u"}
    ).json()
    message = answered["choices"][0]["message"]
    assert message["annotations"]
    assert "Sources:" in message["content"]


def test_a_response_is_the_same_answer(sdk: openai.OpenAI) -> None:
    made = sdk.responses.create(model="askreport", input=FERRY)
    chat = sdk.chat.completions.create(model="askreport", messages=said(FERRY))
    part: Any = made.output[0].content[0]
    assert made.status == "completed"
    assert made.output_text == chat.choices[0].message.content
    assert chat.choices[0].message.annotations is not None
    for note, other in zip(
        part.annotations, chat.choices[0].message.annotations, strict=True
    ):
        assert note.type == "url_citation"
        assert note.url == other.url_citation.url
        assert part.text[note.start_index : note.end_index] == "[1]"
    assert made.usage is not None
    assert made.usage.input_tokens == tokens.count(FERRY)
    assert made.usage.output_tokens == tokens.count(made.output_text)


def test_a_response_is_streamed_as_the_sdk_puts_it_together(sdk: openai.OpenAI) -> None:
    whole = sdk.responses.create(model="askreport", input=FERRY)
    text, kinds = "", []
    with sdk.responses.stream(model="askreport", input=FERRY) as stream:
        for event in stream:
            kinds.append(event.type)
            if event.type == "response.output_text.delta":
                text += event.delta
        final = stream.get_final_response()
    assert text == whole.output_text == final.output_text
    assert final.usage == whole.usage
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert "response.output_text.annotation.added" in kinds


def test_a_response_takes_a_conversation_and_keeps_none(sdk: openai.OpenAI) -> None:
    made = sdk.responses.create(
        model="askreport",
        instructions="Be brief.",
        input=[
            {"role": "user", "content": "How many tonnes of silt in 2020?"},
            {"role": "assistant", "content": "340,000."},
            {"role": "user", "content": [{"type": "input_text", "text": FERRY}]},
        ],
    )
    assert "410 passengers" in made.output_text
    with pytest.raises(openai.BadRequestError, match="no conversation is kept"):
        sdk.responses.create(
            model="askreport", input=FERRY, previous_response_id=made.id
        )


def test_a_response_declines_too(sdk: openai.OpenAI) -> None:
    made = sdk.responses.create(model="askreport", input=MONGOLIA)
    assert made.output_text.startswith("No evidence: ")
    assert made.output[0].content[0].annotations == []


def test_embeddings_are_the_vectors_of_the_shelfs_encoder(
    sdk: openai.OpenAI, chat_library: Library
) -> None:
    texts = [
        "two ferries",
        *(f"{n} late frosts on the plum blossom" for n in range(40)),
    ]
    ours = chat_library.encoder.encode(texts).vectors
    packed = sdk.embeddings.create(model="hashing", input=texts)
    plain = sdk.embeddings.create(
        model="hashing", input=texts[0], encoding_format="float"
    )
    assert np.allclose([row.embedding for row in packed.data], ours, atol=1e-7)
    assert np.allclose(plain.data[0].embedding, ours[0], atol=1e-7)
    assert packed.usage.prompt_tokens == sum(map(tokens.count, texts))


def test_embeddings_in_base64_are_little_endian_floats(http: httpx.Client) -> None:
    body = {"model": "hashing", "input": "x", "encoding_format": "base64"}
    row = http.post("/v1/embeddings", json=body).json()["data"][0]["embedding"]
    values = struct.unpack("<256f", base64.b64decode(row))
    assert abs(sum(v * v for v in values) - 1) < 1e-5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "askreport"}, "hashing embeds"),
        ({"input": "word " * 600}, "in parts"),
        ({"input": ["word"] * 20 + ["word " * 600]}, "text 20 is longer"),
        ({"input": [1, 2, 3]}, "string"),
        ({"input": []}, "at least 1"),
        ({"input": ["x"] * 257}, "at most 256"),
        ({"dimensions": 3}, "256"),
    ],
)
def test_embeddings_refuse_what_they_would_not_do_right(
    http: httpx.Client, change: dict[str, Any], words: str
) -> None:
    body = {"model": "hashing", "input": "x"} | change
    answer = http.post("/v1/embeddings", json=body)
    assert answer.status_code in (400, 404)
    assert words in answer.json()["error"]["message"]


@pytest.fixture(scope="module")
def chain(address: str) -> ChatOpenAI:
    """LangChain's client of OpenAI's protocol."""
    return ChatOpenAI(base_url=f"{address}/v1", api_key="none", model="askreport")


def test_langchain_asks_and_streams(chain: ChatOpenAI) -> None:
    whole = chain.invoke(FERRY)
    pieces = [piece.content for piece in chain.stream(FERRY)]
    assert "410 passengers" in str(whole.content)
    assert "".join(map(str, pieces)) == whole.content
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["output_tokens"] == tokens.count(str(whole.content))


def test_langchain_carries_a_conversation(chain: ChatOpenAI) -> None:
    turns: list[Any] = [
        ("human", "How many tonnes of silt did the port dredge in 2020?"),
        ("ai", "340,000."),
        ("human", "and in 2021?"),
    ]
    assert "Looked up: How many tonnes" in str(chain.invoke(turns).content)


def test_langchain_reads_a_response_with_its_annotations(address: str) -> None:
    chain = ChatOpenAI(
        base_url=f"{address}/v1",
        api_key="none",
        model="askreport",
        use_responses_api=True,
    )
    made = chain.invoke(FERRY)
    block: Any = made.content[0]
    assert "410 passengers" in block["text"]
    assert block["annotations"][0]["url"].startswith(f"{PUBLIC}/c/")


def test_a_documents_words_stay_words(sdk: openai.OpenAI) -> None:
    made = sdk.chat.completions.create(model="askreport", messages=said(BEACON))
    text = made.choices[0].message.content or ""
    assert "4,711 guilders" in text
    assert "\\<script>" in text
    assert "\x1b" not in text
    assert "](" not in text.replace("\\](", "")


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("all-MiniLM-L6-v2", "all-MiniLM-L6-v2"),
        ("sentence-transformers/all-MiniLM-L6-v2",) * 2,
        ("/srv/reports/my-model", "my-model"),
    ],
)
def test_the_folder_of_an_encoder_is_not_told(model: str, told: str) -> None:
    assert protocol.encoder(model) == told
