"""Whatever the API's description allows, and what it does not: the server never fails
and never gives an answer that is not described.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from askreport import Library
from askreport.serve.keys import Keys

Serve = Callable[[Library], AbstractContextManager[httpx.Client]]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("schema")]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]

WANTED = int(os.environ.get("SCHEMA_EXAMPLES", "12"))
"""Examples an operation; a third of them without a key, which nothing else decides."""


def examples(number: int) -> settings:
    """So many, however long they take."""
    return settings(
        max_examples=number, deadline=None, suppress_health_check=list(HealthCheck)
    )


@pytest.fixture(scope="module")
def keyed(
    serve: Serve, built: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """The address of a service with keys, and one of them."""
    root = shutil.copytree(built, tmp_path_factory.mktemp("schema") / "shelf")
    key = Keys(root / "keys.json").add("tester", "read")
    flags = {"requests_per_minute": 0}
    with serve(Library.open(root, flags=flags)) as client:
        yield str(client.base_url).rstrip("/"), key


@pytest.fixture(scope="module")
def described(keyed: tuple[str, str]) -> Any:
    """Its description, as schemathesis reads it."""
    return schemathesis.openapi.from_url(f"{keyed[0]}/openapi.json")


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@examples(WANTED)
def test_with_a_key_every_answer_is_as_described(
    case: "schemathesis.Case[Any]", keyed: tuple[str, str]
) -> None:
    sent = {"Authorization": f"Bearer {keyed[1]}"}
    case.call_and_validate(headers=sent, checks=CHECKS)


@schema.parametrize()
@examples(max(1, WANTED // 3))
def test_without_a_key_every_answer_is_as_described_and_tells_nothing(
    case: "schemathesis.Case[Any]",
) -> None:
    case.headers.pop("Authorization", None)
    answered = case.call_and_validate(checks=[*CHECKS, ignored_auth])
    if case.path not in ("/healthz", "/readyz"):
        assert answered.status_code in (401, 404, 405, 408, 413, 421)
        assert "Port Authority" not in answered.text
