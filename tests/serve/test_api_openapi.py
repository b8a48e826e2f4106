"""The description of the API: what clients are generated from."""

from collections.abc import Iterator
from typing import Any, get_type_hints

import httpx
import pytest
from pydantic import BaseModel, TypeAdapter

from askreport.serve.api import admin, generations, health, routes
from askreport.serve.api.errors import MEDIA_TYPE, Problem
from askreport.serve.api.requests import AskRequest, SearchRequest

OPERATIONS = {
    "ask": ("post", "/ask"),
    "stream_answer": ("post", "/ask/stream"),
    "search": ("post", "/search"),
    "get_coverage": ("post", "/coverage"),
    "get_passage": ("get", "/passages/{passage}"),
    "list_documents": ("get", "/documents"),
    "get_document": ("get", "/documents/{document}"),
    "get_page": ("get", "/documents/{document}/pages/{number}"),
    "read_metrics": ("get", "/metrics"),
    "upload_document": ("post", "/admin/documents"),
    "remove_document": ("delete", "/admin/documents/{document}"),
    "rebuild_index": ("post", "/admin/rebuild"),
    "get_job": ("get", "/admin/jobs/{job}"),
    "stop_job": ("delete", "/admin/jobs/{job}"),
    "follow_job": ("get", "/admin/jobs/{job}/events"),
    "list_generations": ("get", "/admin/generations"),
    "use_generation": ("post", "/admin/generations/{generation}/use"),
    "get_page_image": ("get", "/documents/{document}/pages/{number}.png"),
    "open_permalink": ("get", "/c/{passage}"),
    "healthz": ("get", "/healthz"),
    "readyz": ("get", "/readyz"),
}
"""The ids that clients know the routes by: changing one breaks them."""


@pytest.fixture(scope="module")
def described(client: httpx.Client) -> dict[str, Any]:
    """The description as it is served."""
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation with its method and path."""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def references(part: object) -> Iterator[str]:
    """Every `$ref` of a description."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_it_is_openapi_3_1(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1.")
    assert described["info"]["title"] == "askreport"


def test_the_operation_ids_are_the_ones_clients_know(described: dict[str, Any]) -> None:
    found = [(o["operationId"], (m, p)) for m, p, o in operations(described)]
    assert len(found) == len(OPERATIONS)
    assert dict(found) == OPERATIONS


def test_every_operation_is_summed_up_described_and_tagged(
    described: dict[str, Any],
) -> None:
    known = {tag["name"] for tag in described["tags"]}
    for _, path, operation in operations(described):
        assert operation["summary"], path
        assert operation["description"], path
        assert set(operation["tags"]) <= known, path


def test_chatgpt_imports_it_and_asks_its_user_before_changes_only(
    described: dict[str, Any],
) -> None:
    for _, path, operation in operations(described):
        # Bounds of actions: https://platform.openai.com/docs/actions/production
        assert len(operation["summary"]) <= 300, path
        assert len(operation["description"]) <= 300, path
        for parameter in operation.get("parameters", ()):
            assert len(parameter["description"]) <= 700, path
        assert operation["x-openai-isConsequential"] is path.startswith("/admin")


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    found = set(references(described))
    assert "#/components/schemas/Answer" in found
    for reference in found:
        part = described
        for key in reference.removeprefix("#/").split("/"):
            part = part[key]


@pytest.mark.parametrize("model", [AskRequest, SearchRequest])
def test_every_example_of_a_request_is_one(
    described: dict[str, Any], model: type[BaseModel]
) -> None:
    schema = described["components"]["schemas"][model.__name__]
    assert schema["examples"]
    assert schema["additionalProperties"] is False
    for example in schema["examples"]:
        model.model_validate(example)
    for name, known in schema["properties"].items():
        for example in known["examples"]:
            model.model_validate({"question": "Who?", name: example})


def test_an_example_of_a_request_is_answered(
    client: httpx.Client, described: dict[str, Any]
) -> None:
    schemas = described["components"]["schemas"]
    for route, model in (("/ask", "AskRequest"), ("/search", "SearchRequest")):
        for example in schemas[model]["examples"]:
            assert client.post(route, json=example).status_code == 200


def test_every_example_of_a_response_is_one(described: dict[str, Any]) -> None:
    for _, _, operation in operations(described):
        if "application/json" not in operation["responses"]["200"]["content"]:
            continue
        name = operation["operationId"]
        homes = (
            home for home in (routes, health, admin, generations) if hasattr(home, name)
        )
        handler = getattr(next(homes), name)
        kind = get_type_hints(handler)["return"]
        for status, response in operation["responses"].items():
            media = "application/json" if status == "200" else MEDIA_TYPE
            example = response["content"][media]["example"]
            expected = kind if status == "200" else Problem
            TypeAdapter(expected).validate_python(example, extra="forbid")


def test_every_failure_has_the_one_body(described: dict[str, Any]) -> None:
    for _, path, operation in operations(described):
        for status, response in operation["responses"].items():
            if status != "200" and not path.startswith("/c/"):
                assert list(response["content"]) == [MEDIA_TYPE], (path, status)
                schema = response["content"][MEDIA_TYPE]["schema"]
                assert schema["$ref"].endswith("/Problem"), (path, status)


@pytest.mark.parametrize("name", ["ask", "stream_answer", "search"])
def test_what_questions_can_be_refused_for_is_described(
    described: dict[str, Any], name: str
) -> None:
    method, path = OPERATIONS[name]
    responses = described["paths"][path][method]["responses"]
    assert set(responses) == set("200 401 404 408 413 422 429 503 default".split())
