"""Documents come and go over HTTP, with a key of that scope; rebuilds are jobs."""

import errno
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from askreport import Library
from askreport.errors import CatalogueWrong
from askreport.generation import publish
from askreport.ingest import entries
from askreport.serve.keys import Keys
from askreport.upkeep import documents

Serve = Callable[[Library], AbstractContextManager[httpx.Client]]

PIER = b"The pier has 9 lamps."
QUESTION = {"question": "How many lamps has the pier?", "top": 1}


@pytest.fixture
def root(built: Path, tmp_path: Path) -> Path:
    """A built shelf of one's own."""
    return shutil.copytree(built, tmp_path / "shelf")


@pytest.fixture
def admin(serve: Serve, root: Path) -> Iterator[httpx.Client]:
    """The service of that shelf, asked with a key of scope admin."""
    key = Keys(root / "keys.json").add("keeper", "admin")
    with serve(Library.open(root)) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        yield client


def ended(client: httpx.Client, job: str) -> dict[str, Any]:
    """The job once nothing more comes of it."""
    until = time.monotonic() + 60
    while True:
        found: dict[str, Any] = client.get(f"/admin/jobs/{job}").json()
        if found["state"] in ("done", "failed"):
            return found
        assert time.monotonic() < until
        time.sleep(0.1)


def asked(client: httpx.Client, generation: str) -> dict[str, Any]:
    """The answer of that generation, which comes within two seconds."""
    until = time.monotonic() + 2.0
    while True:
        answer: dict[str, Any] = client.post("/ask", json=QUESTION).json()
        if answer["receipt"]["generation"] == generation:
            return answer
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_document_is_uploaded_answers_and_is_removed_again(
    admin: httpx.Client, root: Path
) -> None:
    said = admin.post("/admin/documents?name=pier.txt", content=PIER)
    assert said.status_code == 200
    stored = said.json()
    assert (stored["document"], stored["path"]) == ("pier-txt", "pier.txt")
    assert (stored["bytes"], stored["replaced"]) == (len(PIER), False)
    done = ended(admin, stored["job"]["id"])
    assert done["state"] == "done"
    assert (done["result"]["read"], done["result"]["encoded"]) == (1, 1)
    answer = asked(admin, done["result"]["generation"])
    assert answer["citations"][0]["quote"] == PIER.decode()

    said = admin.delete("/admin/documents/pier-txt")
    assert said.status_code == 200
    done = ended(admin, said.json()["job"]["id"])
    answer = asked(admin, done["result"]["generation"])
    assert answer["status"] == "no-evidence"
    assert not (root / "sources" / "pier.txt").exists()
    assert admin.get("/documents/pier-txt").status_code == 404


def test_a_document_of_that_name_is_replaced_only_if_that_is_said(
    admin: httpx.Client, root: Path
) -> None:
    path = root / "sources" / "orchard.txt"
    before = path.read_bytes()
    at = "/admin/documents?name=orchard.txt&rebuild=false"
    refused = admin.post(at, content=b"Pears.")
    assert (refused.status_code, refused.json()["code"]) == (409, "DocumentThere")
    assert path.read_bytes() == before
    said = admin.post(f"{at}&replace=true", content=b"Pears were picked.").json()
    assert (said["document"], said["replaced"]) == ("orchard-digest", True)
    assert said["job"] is None
    assert path.read_bytes() == b"Pears were picked."
    assert not list((root / "sources").glob(".upload-*"))


@pytest.mark.parametrize(
    "name",
    [
        *("../pier.txt", "/etc/pier.txt", "a/b.txt", "..", "C:\\pier.txt", "a\\b.txt"),
        *(".hidden.txt", "~$pier.docx", "pier.txt~", "pier.txt.", "pier", "pier.exe"),
        *("pier\n.txt", "pier\x00.txt", "catalogue.toml", "a:b.txt", "#a.txt"),
        "pier\u202efdp.txt",
    ],
)
def test_a_name_that_no_document_may_have_is_refused(
    admin: httpx.Client, root: Path, name: str
) -> None:
    before = sorted(p.name for p in (root / "sources").rglob("*"))
    refused = admin.post("/admin/documents", params={"name": name}, content=PIER)
    assert refused.status_code == 422
    assert refused.json()["code"] in ("NameRefused", "RequestInvalid")
    assert sorted(p.name for p in (root / "sources").rglob("*")) == before
    assert not (root / "pier.txt").exists()


def test_a_document_that_is_too_long_is_refused_and_leaves_nothing(
    admin: httpx.Client, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MOST_BYTES", 1000)
    before = sorted((root / "sources").iterdir())
    refused = admin.post("/admin/documents?name=long.txt", content=b"x" * 1001)
    assert (refused.status_code, refused.json()["code"]) == (413, "DocumentLong")
    assert sorted((root / "sources").iterdir()) == before
    # One that is longer than any question may be is none the less taken.
    monkeypatch.undo()
    body = b"The quay is long. " * 20_000
    said = admin.post("/admin/documents?name=long.txt&rebuild=false", content=body)
    assert said.json()["bytes"] == len(body)


def test_a_folder_that_takes_nothing_says_so(
    admin: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(documents.Arriving, "add", full)
    refused = admin.post("/admin/documents?name=pier.txt", content=PIER)
    assert (refused.status_code, refused.json()["code"]) == (507, "Unwritable")
    assert "No space left" in refused.json()["detail"]


def test_a_document_of_the_catalogue_leaves_it_too(
    admin: httpx.Client, root: Path
) -> None:
    catalogue = root / "sources" / "catalogue.toml"
    said = catalogue.read_text("utf-8")
    said = said.replace(
        'kind = "web page"', 'kind = "page"\nsupersedes = "harbour-report"'
    )
    catalogue.write_text(f"# Kept by hand.\n{said}", "utf-8")
    removed = admin.delete("/admin/documents/harbour-report").json()
    assert removed["path"] == "harbour.md"
    left = catalogue.read_text("utf-8")
    assert left.startswith("# Kept by hand.")
    assert "harbour" not in left
    assert "orchard-digest" in left
    assert ended(admin, removed["job"]["id"])["result"]["documents"] == 3
    assert admin.delete("/admin/documents/harbour-report").status_code == 404


def test_a_rebuild_is_a_job_that_can_be_followed(
    admin: httpx.Client, root: Path
) -> None:
    (root / "sources" / "pier.txt").write_bytes(PIER)
    job = admin.post("/admin/rebuild", json={"full": True}).json()
    assert job["state"] in ("queued", "running")
    with admin.stream("GET", f"/admin/jobs/{job['id']}/events") as said:
        assert said.headers["content-type"].startswith("text/event-stream")
        told = [line for line in said.iter_lines() if line.startswith("data: ")]
    events = [json.loads(line.removeprefix("data: ")) for line in told]
    assert events[-1]["state"] == "done"
    assert events[-1]["result"]["encoded"] == events[-1]["result"]["passages"]
    assert {e["id"] for e in events} == {job["id"]}
    assert admin.get(f"/admin/jobs/{job['id']}").json() == events[-1]
    assert admin.get("/admin/jobs/nonesuch").status_code == 404
    assert admin.post("/admin/rebuild").status_code == 200
    assert admin.post("/admin/rebuild", json={"fulll": 1}).status_code == 422


def test_a_rebuild_that_fails_says_why_and_the_old_index_answers(
    admin: httpx.Client, root: Path
) -> None:
    (root / "sources" / "catalogue.toml").write_text("oops", "utf-8")
    job = admin.post("/admin/rebuild").json()
    failed = ended(admin, job["id"])
    assert failed["state"] == "failed"
    assert failed["failure"]["type"] == "CatalogueWrong"
    assert admin.post("/ask", json=QUESTION).status_code == 200


def test_a_rebuild_is_stopped_for_all_who_wait_for_it(
    admin: httpx.Client, root: Path
) -> None:
    (root / "sources" / "pier.txt").write_bytes(PIER)
    before = admin.get("/readyz").json()["generation"]
    with publish.writing(root / "index"):  # so that it waits
        job = admin.post("/admin/rebuild").json()["id"]
        assert admin.delete(f"/admin/jobs/{job}").status_code == 200
        stopped = ended(admin, job)
    assert (stopped["state"], stopped["failure"]["type"]) == ("failed", "Stopped")
    assert admin.delete(f"/admin/jobs/{job}").json() == stopped
    assert admin.get("/readyz").json()["generation"] == before
    assert admin.delete("/admin/jobs/nonesuch").status_code == 404


def test_generations_are_listed_and_gone_back_to(
    admin: httpx.Client, root: Path
) -> None:
    (first,) = admin.get("/admin/generations").json()
    (root / "sources" / "pier.txt").write_bytes(PIER)
    second = Library.open(root).build().generation
    assert asked(admin, second)["citations"][0]["document"] == "pier-txt"
    newest, older = admin.get("/admin/generations").json()
    assert (newest["id"], newest["current"], newest["state"]) == (second, True, "sound")
    assert older == first | {"current": False}
    assert (newest["documents"], newest["model"]) == (5, "hashing")
    used = admin.post(f"/admin/generations/{first['id'][:8]}/use").json()
    assert used == first
    assert asked(admin, first["id"])["coverage"]["pending"] == ["pier.txt"]
    missing = admin.post("/admin/generations/nonesuch/use")
    assert (missing.status_code, missing.json()["code"]) == (404, "NotFound")


def test_a_generation_that_cannot_answer_is_refused_and_no_path_is_told(
    admin: httpx.Client, root: Path
) -> None:
    (first,) = admin.get("/admin/generations").json()
    (root / "sources" / "pier.txt").write_bytes(PIER)
    second = Library.open(root).build().generation
    at = f"/admin/generations/{first['id']}/use"
    with publish.writing(root / "index"):
        busy = admin.post(at)
    folder = root / "index" / "generations" / first["id"]
    codes = folder / "tokens" / "codes.npy"
    codes.write_bytes(codes.read_bytes()[:-1])
    damaged = admin.post(at)
    (folder / "manifest.json").write_text("oops", "utf-8")
    listed = admin.get("/admin/generations")
    assert [one["state"] for one in listed.json()] == ["sound", "damaged"]
    assert listed.json()[1]["said"]
    for refused in (busy, damaged):
        found = (refused.status_code, refused.json()["code"])
        assert found == (409, "GenerationRefused")
    assert "build" in busy.json()["detail"]
    for said in (busy, damaged, listed):
        assert str(root) not in said.text
    assert asked(admin, second)["status"] == "answered"


def test_a_key_that_reads_changes_nothing(admin: httpx.Client, root: Path) -> None:
    reader = Keys(root / "keys.json").add("reader", "read")
    headers = {"Authorization": f"Bearer {reader}"}
    for method, path in (
        ("POST", "/admin/documents?name=pier.txt"),
        ("DELETE", "/admin/documents/harbour-report"),
        ("POST", "/admin/rebuild"),
        ("GET", "/admin/jobs/nonesuch"),
        ("DELETE", "/admin/jobs/nonesuch"),
        ("GET", "/admin/generations"),
        ("POST", "/admin/generations/nonesuch/use"),
    ):
        refused = admin.request(method, path, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "KeyTooNarrow")
        refused = admin.request(method, path, headers={"Authorization": "Bearer no"})
        assert refused.status_code == 401
    assert (root / "sources" / "harbour.md").exists()


def test_what_a_cut_off_upload_left_is_no_document_and_is_swept(root: Path) -> None:
    left = root / "sources" / f"{documents.PARTIAL}0011"
    left.write_bytes(PIER)
    assert not Library.open(root).build().fresh
    documents.swept(root / "sources")
    assert left.exists()  # it may still be arriving
    os.utime(left, (1, 1))
    documents.swept(root / "sources")
    assert not left.exists()


ABOUT = {
    "title": "The pier",
    "publisher": "Harbour Board",
    "date": "2021-05",
    "kind": "survey",
    "url": "https://example.org/pier",
}


def test_what_is_stated_of_a_document_is_cited_and_stands_in_the_catalogue(
    admin: httpx.Client, root: Path
) -> None:
    catalogue = root / "sources" / "catalogue.toml"
    before = catalogue.read_text("utf-8")
    named = {"name": "pier.txt"}
    said = admin.post("/admin/documents", params=named | ABOUT, content=PIER).json()
    done = ended(admin, said["job"]["id"])
    (citation,) = asked(admin, done["result"]["generation"])["citations"]
    found = Library.open(root).document(said["document"]).source
    assert (citation["title"], citation["publisher"]) == ("The pier", "Harbour Board")
    assert {key: getattr(found, key) for key in ABOUT} == ABOUT
    assert catalogue.read_text("utf-8").startswith(before)
    # Replaced, it is described anew where something is stated, else as before.
    more = named | {"replace": "true", "rebuild": "false", "date": "2022"}
    again = admin.post("/admin/documents", params=more, content=PIER + b" Or 8.").json()
    assert (again["document"], again["replaced"]) == (said["document"], True)
    (listed,) = (s for s in Library.open(root).sources() if s.path == "pier.txt")
    assert (listed.title, listed.date) == ("The pier", "2022")
    # Removed, it leaves the catalogue as it was.
    admin.delete(f"/admin/documents/{said['document']}?rebuild=false")
    assert catalogue.read_text("utf-8").strip() == before.strip()


def test_a_file_that_the_catalogue_did_not_list_is_replaced_and_described(
    admin: httpx.Client, root: Path
) -> None:
    (root / "sources" / "pier.txt").write_bytes(PIER)
    (before,) = (s for s in Library.open(root).sources() if s.path == "pier.txt")
    named = {"name": "pier.txt", "replace": "true", "rebuild": "false"}
    said = admin.post("/admin/documents", params=named | ABOUT, content=b"Ten.").json()
    assert (said["document"], said["replaced"]) == (before.id, True)
    (listed,) = (s for s in Library.open(root).sources() if s.path == "pier.txt")
    assert {key: getattr(listed, key) for key in ABOUT} == ABOUT
    assert (root / "sources" / "pier.txt").read_bytes() == b"Ten."


@pytest.mark.parametrize("there", [True, False])
def test_what_the_catalogue_refuses_leaves_the_folder_as_it_was(
    root: Path, there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = root / "sources"
    if there:
        (folder / "pier.txt").write_bytes(PIER)
    before = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}

    def put(stated: dict[str, str]) -> None:
        with documents.arriving(folder) as arriving:
            arriving.add(b"Another pier.")
            documents.put(folder, arriving, "pier.txt", stated=stated, replace=True)

    with pytest.raises(CatalogueWrong):
        put({"date": "in May"})
    monkeypatch.setattr(entries, "_replace", full)
    with pytest.raises(documents.Unwritable, match="No space left"):
        put({"date": "2021-05"})
    after = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
    assert {name: raw for name, raw in after.items() if name != entries.LOCK} == before


def full(*_: object) -> None:
    """A disk that takes nothing more."""
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("wrong", [{"date": "May"}, {"title": "x" * 2001}])
def test_what_no_catalogue_may_say_is_refused_before_anything_is_stored(
    admin: httpx.Client, root: Path, wrong: dict[str, str]
) -> None:
    params = {"name": "pier.txt", "rebuild": "false"} | wrong
    said = admin.post("/admin/documents", params=params, content=PIER)
    assert (said.status_code, said.json()["code"]) == (422, "RequestInvalid")
    assert not (root / "sources" / "pier.txt").exists()


def test_a_catalogue_that_is_wrong_takes_no_document(
    admin: httpx.Client, root: Path
) -> None:
    (root / "sources" / "catalogue.toml").write_text("oops", "utf-8")
    said = admin.post("/admin/documents?name=pier.txt", content=PIER)
    assert (said.status_code, said.json()["code"]) == (503, "CatalogueWrong")
    assert not (root / "sources" / "pier.txt").exists()


def test_documents_that_arrive_together_are_all_listed(
    admin: httpx.Client, root: Path
) -> None:
    def send(n: int) -> int:
        about = {"name": f"pier-{n}.txt", "title": f"Pier {n}", "rebuild": "false"}
        return admin.post("/admin/documents", params=about, content=PIER).status_code

    with ThreadPoolExecutor(6) as together:
        assert set(together.map(send, range(12))) == {200}
    titles = {source.title for source in Library.open(root).sources()}
    assert titles >= {f"Pier {n}" for n in range(12)}
