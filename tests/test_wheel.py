"""The wheel in a bare environment, away from the repository: it is all one needs.

The environment borrows what askreport depends on from the one that runs the tests, so
nothing is downloaded; askreport itself is the wheel's.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.tui.terminal import PROMPT, Terminal

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]

ROOT = Path(__file__).parents[1]

DOCUMENT = """\
# The ferry report

## Boats

Two new ferries entered service in March 2021. Each ferry carries 410 passengers and
62 cars.

## Crews

Crew training took eleven weeks, and no sailing was cancelled meanwhile.
"""

QUOTE = "Each ferry carries 410 passengers and 62 cars."

WITHOUT_A_MODEL = 'model = "hashing"\nfloor = 0.02\n'


@dataclass(frozen=True, slots=True)
class Bare:
    """An environment with the wheel in it, and a folder to work in."""

    bin: Path
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Of the tests' own environment, only what a login would give."""
        kept = {k: os.environ[k] for k in ("PATH", "HOME", "TMPDIR") if k in os.environ}
        return kept | {"LC_ALL": "C.UTF-8", "HF_HUB_OFFLINE": "1"}

    def run(self, *words: str | Path) -> str:
        """What a script of the environment says on stdout."""
        done = subprocess.run(
            [self.bin / words[0], *words[1:]],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, f"{words}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def shelf(self, name: str, settings: str = "") -> Path:
        """A new shelf with one document, built: what a user would type."""
        self.run("askreport", "init", name)
        root = self.folder / name
        (root / "sources" / "ferries.md").write_text(DOCUMENT, "utf-8")
        with (root / "askreport.toml").open("a", encoding="utf-8") as file:
            file.write(settings)
        self.run("askreport", "build", "--shelf", root)
        return root

    def ask(self, question: str, shelf: Path) -> Any:
        """The answer's JSON."""
        said = self.run("askreport", "ask", question, "--json", "--shelf", shelf)
        return json.loads(said)


def _python(module: str, *words: str | Path) -> None:
    """Run a module of the tests' own environment."""
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    _python("build", "--no-isolation", "--outdir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(packages: Path) -> Path:
    """The wheel."""
    (found,) = packages.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Bare:
    """A new environment that holds the wheel and borrows its dependencies."""
    home = tmp_path_factory.mktemp("bare")
    venv, work = home / "venv", home / "work"
    work.mkdir()
    _python("venv", "--without-pip", venv)
    target = ("--python", venv / "bin" / "python", "--disable-pip-version-check")
    _python("pip", *target, "install", "--quiet", "--no-deps", "--no-index", wheel)
    # A folder named by a .pth file comes after the environment's own, and the .pth
    # files inside it, such as an editable askreport's, are not read.
    paths = sysconfig.get_paths()
    borrowed = sorted({paths["purelib"], paths["platlib"]})
    site = next((venv / "lib").glob("python*")) / "site-packages"
    (site / "borrowed.pth").write_text("".join(f"{p}\n" for p in borrowed), "utf-8")
    return Bare(venv / "bin", work)


@pytest.fixture(scope="module")
def ferries(bare: Bare) -> Path:
    """A shelf that needs no model, built by the wheel's command."""
    return bare.shelf("ferries", WITHOUT_A_MODEL)


def _modules() -> set[str]:
    """Every file of both import roots, as an installation names it."""
    roots = (ROOT / "src" / "askreport", ROOT / "tui" / "askreport_tui")
    files = (p for root in roots for p in root.rglob("*") if p.is_file())
    names = (p.relative_to(ROOT).as_posix().split("/", 1)[1] for p in files)
    return {n for n in names if not re.search(r"(^|/)(__pycache__|\.[^/]+)/", n)}


def test_the_wheel_holds_both_packages_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    about = {name for name in names if ".dist-info/" in name}
    assert names - about == _modules()
    assert {
        "askreport/py.typed",
        "askreport/ingest/documents/__init__.py",
        "askreport/query/weights.json",
        "askreport/serve/api/app.py",
        "askreport/generation/__init__.py",
        "askreport_tui/app.tcss",
    } <= names
    endings = {name.partition(".dist-info/")[2] for name in about}
    licences = {"licenses/LICENSE", "licenses/NOTICE"}
    assert endings == {"METADATA", "WHEEL", "entry_points.txt", "RECORD"} | licences


def test_the_sdist_holds_the_shelf_and_the_tests_but_no_index(packages: Path) -> None:
    (sdist,) = packages.glob("*.tar.gz")
    with tarfile.open(sdist) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {f"src/{n}" for n in _modules() if n.startswith("askreport/")} <= names
    assert {f"tui/{n}" for n in _modules() if n.startswith("askreport_tui/")} <= names
    assert {
        "Makefile",
        "constraints.txt",
        "askreport.toml",
        "sources/catalogue.toml",
        "tests/conftest.py",
        ".importlinter",
        ".ci/run",
    } <= names
    assert not [n for n in names if n.startswith(("index/", ".venv/", "dist/"))]
    assert not [n for n in names if "__pycache__" in n]


def test_what_is_imported_is_the_wheel_not_the_tree(bare: Bare) -> None:
    code = (
        "import askreport, askreport_tui, importlib.metadata as m\n"
        "import torch, sys\n"
        "print(askreport.__file__)\nprint(askreport_tui.__file__)\n"
        "print(m.distribution('askreport').locate_file(''))\n"
        "print(*sys.path, sep='\\n')"
    )
    package, screen, distribution, *path = bare.run("python", "-c", code).splitlines()
    inside = str(bare.bin.parent)
    assert all(p.startswith(inside) for p in (package, screen, distribution))
    assert not {str(ROOT), str(ROOT / "src"), str(ROOT / "tui")} & set(path)


def test_a_question_is_answered_from_a_new_shelf(bare: Bare, ferries: Path) -> None:
    answer = bare.ask("How many passengers does each ferry carry?", ferries)
    assert answer["status"] == "answered"
    first = answer["citations"][0]
    assert " ".join(first["quote"].split()) == QUOTE
    assert first["document"] == "ferries-md"
    assert answer["receipt"]["model"] == "hashing"


def test_the_default_model_answers_too(bare: Bare) -> None:
    shelf = bare.shelf("understood")
    answer = bare.ask("How many passengers does each ferry carry?", shelf)
    assert answer["receipt"]["model"] == "all-MiniLM-L6-v2"
    assert answer["status"] == "answered"
    assert " ".join(answer["citations"][0]["quote"].split()) == QUOTE


@contextmanager
def _serving(bare: Bare, shelf: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [bare.bin / "askreport", "serve", "--port", "0", "--shelf", shelf],
        cwd=bare.folder,
        env=bare.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def test_it_serves_until_it_is_told_to_stop(bare: Bare, ferries: Path) -> None:
    with _serving(bare, ferries) as running:
        assert running.stderr is not None
        said = running.stderr.readline()
        at = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert at is not None, said + running.stderr.read()
        question = {"question": "How many passengers does each ferry carry?"}
        answer = httpx.post(f"{at.group()}/ask", json=question, timeout=100)
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=60)
    assert answer.status_code == 200
    assert answer.json()["status"] == "answered"
    assert " ".join(answer.json()["citations"][0]["quote"].split()) == QUOTE
    assert (out, err) == ("", "")
    assert running.returncode in (0, -signal.SIGTERM)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_it_opens_in_a_terminal(bare: Bare, ferries: Path) -> None:
    terminal = Terminal(bare.folder)
    try:
        terminal.wait_for(PROMPT)
        terminal.type(f"{bare.bin / 'askreport'} tui --shelf {ferries}")
        terminal.press("Enter")
        terminal.wait_for("ready")
        terminal.type("How many passengers does each ferry carry?")
        terminal.press("Enter")
        terminal.wait_for("410 passengers")
        terminal.press("C-q")
        terminal.wait_for(PROMPT)
        terminal.type("echo left with $?")
        terminal.press("Enter")
        terminal.wait_for("left with 0")
    finally:
        terminal.close()
