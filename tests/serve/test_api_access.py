"""Who gets in over HTTP: with which key, by which header, to which routes."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from askreport import Library
from askreport.serve.api.caller import need
from askreport.serve.keys import Keys

Serve = Callable[[Library], AbstractContextManager[httpx.Client]]

OPEN = {"/healthz", "/readyz", "/openapi.json"}
"""All that is told to those who have no key."""


@pytest.fixture(scope="module")
def root(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built shelf with keys of its own."""
    return shutil.copytree(built, tmp_path_factory.mktemp("keyed") / "shelf")


@pytest.fixture(scope="module")
def keys(root: Path) -> Keys:
    """Its keys."""
    return Keys(root / "keys.json")


@pytest.fixture(scope="module")
def reader(keys: Keys) -> str:
    """A key that reads."""
    return keys.add("reader", "read")


@pytest.fixture(scope="module")
def keyed(serve: Serve, root: Path, reader: str) -> Iterator[httpx.Client]:
    """The service of that shelf, asked without a key unless a test sends one."""
    assert reader
    with serve(Library.open(root)) as client:
        yield client


def bearer(key: str) -> dict[str, str]:
    """The header that a key is sent in."""
    return {"Authorization": f"Bearer {key}"}


def test_every_route_but_three_needs_a_key(keyed: httpx.Client) -> None:
    described = keyed.get("/openapi.json").json()
    routes = [(m, p) for p, ms in described["paths"].items() for m in ms]
    assert len(routes) > 8
    for method, path in routes:
        at = path.replace("{number}", "1").replace("{", "").replace("}", "")
        answered = keyed.request(method, at)
        if path in OPEN:
            assert answered.status_code == 200
        else:
            assert answered.status_code == 401, path
            assert answered.headers["www-authenticate"].startswith("Bearer ")


def test_what_needs_a_key_says_so_in_the_description(keyed: httpx.Client) -> None:
    described = keyed.get("/openapi.json").json()
    assert described["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for path, methods in described["paths"].items():
        for operation in methods.values():
            wanted: list[dict[str, list[str]]] = [] if path in OPEN else [{"key": []}]
            assert operation.get("security", []) == wanted, path


@pytest.mark.parametrize(
    "path",
    [
        *("/nowhere", "/documents/", "//documents", "/./documents", "/Documents"),
        *("/healthz/../documents", "/healthz/%2e%2e/documents", "/healthz%2f..%2fask"),
        *("/documents%00", "/documents;/healthz", "/documents?/healthz", "/healthzz"),
    ],
)
def test_a_path_that_pretends_to_be_another_opens_nothing(
    keyed: httpx.Client, path: str
) -> None:
    url = httpx.URL(str(keyed.base_url)).copy_with(raw_path=path.encode())
    assert keyed.get(url).status_code in (401, 404)


def test_a_key_opens_by_either_header(keyed: httpx.Client, reader: str) -> None:
    for headers in (
        bearer(reader),
        {"authorization": f"bearer   {reader}"},
        {"X-API-Key": reader},
    ):
        assert keyed.get("/documents", headers=headers).status_code == 200


def test_wrong_keys_are_told_nothing_about_what_is_wrong(
    keyed: httpx.Client, reader: str
) -> None:
    wrong: list[list[tuple[str, str]]] = [
        [],
        [("Authorization", "")],
        [("Authorization", "Bearer")],
        [("Authorization", f"Basic {reader}")],
        [("Authorization", reader)],
        [("Authorization", f"Bearer {reader[:-1]}")],
        [("Authorization", f"Bearer {reader}x")],
        [("Authorization", f"Bearer {reader}"), ("Authorization", f"Bearer {reader}")],
        [("Authorization", "Bearer x"), ("X-API-Key", reader)],
        [("X-API-Key", "askreport_000000000000_x")],
        [("Cookie", f"key={reader}")],
    ]
    wrong = [[*sent, ("X-Request-Id", "mine")] for sent in wrong]
    bodies = {keyed.get("/documents", headers=sent).text for sent in wrong}
    keyed.headers["X-Request-Id"] = "mine"
    asked = keyed.get("/documents", params={"key": reader, "access_token": reader})
    del keyed.headers["X-Request-Id"]
    assert len(bodies | {asked.text}) == 1
    assert asked.status_code == 401
    assert reader not in asked.text


def test_a_missing_key_is_told_before_the_body_is_looked_at(
    keyed: httpx.Client,
) -> None:
    refused = keyed.post("/ask", content=b"{not json" * 1000)
    assert refused.status_code == 401


def test_a_revoked_key_is_refused_by_the_running_service(
    keyed: httpx.Client, keys: Keys
) -> None:
    key = keys.add("passing", "read")
    assert keyed.get("/documents", headers=bearer(key)).status_code == 200
    keys.revoke("passing")
    assert keyed.get("/documents", headers=bearer(key)).status_code == 401


def test_routes_that_change_the_shelf_need_a_key_of_scope_admin(
    keyed: httpx.Client, keys: Keys, reader: str, client: httpx.Client
) -> None:
    admin = keys.add("admin", "admin")
    assert keyed.post("/admin/anything").status_code == 401
    assert keyed.post("/admin/anything", headers=bearer(reader)).status_code == 403
    assert keyed.post("/admin/anything", headers=bearer(admin)).status_code == 404
    assert keyed.get("/documents", headers=bearer(admin)).status_code == 200
    # Nor does a service without keys let anybody change anything.
    assert client.post("/admin/anything").status_code == 401


def test_revoking_the_last_key_does_not_open_the_shelf(
    serve: Serve, built: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(built, tmp_path / "shelf")
    keys = Keys(root / "keys.json")
    with serve(Library.open(root)) as client:
        assert client.get("/documents").status_code == 200
        key = keys.add("only", "read")
        assert client.get("/documents").status_code == 401
        assert client.get("/documents", headers=bearer(key)).status_code == 200
        keys.revoke("only")
        assert client.get("/documents").status_code == 401
        keys.path.unlink()
        assert client.get("/documents").status_code == 401


def test_a_damaged_file_of_keys_closes_the_service(
    serve: Serve, built: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(built, tmp_path / "shelf")
    key = Keys(root / "keys.json").add("mine", "read")
    with serve(Library.open(root)) as client:
        (root / "keys.json").write_text("{", "utf-8")
        refused = client.get("/documents", headers=bearer(key))
        alive = client.get("/healthz")
    assert refused.status_code == 503
    assert str(tmp_path) not in refused.text
    assert alive.status_code == 200


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("/ask", "read"),
        ("/", "read"),
        ("/mcp", "read"),
        ("/v1/models", "read"),
        ("/admin", "admin"),
        ("/admin/build", "admin"),
        ("/administer", "read"),
        ("/slack/commands", "signature"),
        ("/teams", "signature"),
        ("/mattermost", "signature"),
        ("/healthz", "nothing"),
        ("/healthz2", "read"),
    ],
)
def test_what_a_path_needs_follows_from_its_beginning(path: str, needed: str) -> None:
    assert need(path) == needed
