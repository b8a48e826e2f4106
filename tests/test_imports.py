"""What is imported when, and what `askreport` offers to whoever imports it."""

import doctest
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import askreport
from askreport import library

HEAVY = (
    "torch sentence_transformers transformers faiss trafilatura textual fastapi numpy "
    "bm25s uvicorn pypdfium2 tiktoken mcp httpx2"
).split()
"""None of these is needed to print a help text; some take seconds to import."""

REPORT = """
import sys
print("imported:", *(name for name in sys.argv[1:] if name in sys.modules))
"""

LAUNCH = """
import contextlib, sys
heavy, sys.argv[1:] = sys.argv[1:], {args!r}
from askreport.serve import cli
with contextlib.suppress(SystemExit):
    cli.main()
sys.argv[1:] = heavy
"""


def imported(code: str) -> list[str]:
    """Which of HEAVY a fresh interpreter has imported after running the code."""
    done = subprocess.run(
        [sys.executable, "-c", code + REPORT, *HEAVY],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1].split()[1:]


def test_the_report_sees_what_is_imported() -> None:
    assert imported("import numpy") == ["numpy"]


@pytest.mark.parametrize(
    "code",
    ["import askreport", "from askreport import Answer, AskreportError, Hit, Passage"],
)
def test_importing_askreport_imports_nothing_heavy(code: str) -> None:
    assert imported(code) == []


@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["--version"],
        ["ask", "--help"],
        ["tui", "--help"],
        ["models", "add", "--help"],
        ["mcp", "--help"],
        ["ask", "--no"],
    ],
    ids=" ".join,
)
def test_help_and_version_import_nothing_heavy(args: list[str]) -> None:
    assert imported(LAUNCH.format(args=args)) == []


def test_opening_a_library_loads_no_model_and_no_framework(shelf: Path) -> None:
    found = imported(f"from askreport import Library; Library.open({str(shelf)!r})")
    assert not {"torch", "sentence_transformers", "transformers"} & set(found)
    assert not {"textual", "fastapi", "uvicorn"} & set(found)


SCREEN = """
import sys
import askreport_tui.app
from askreport.__main__ import main
heavy, sys.argv[1:] = sys.argv[1:], {args!r}
def run(shelf, service=None):
    print("screen of", shelf, "typer" in sys.modules)
    return 7
askreport_tui.app.run = run
main()
"""


@pytest.mark.parametrize(
    ("args", "shelf", "said"),
    [
        (["tui"], "", "screen of None False"),
        (["tui"], "reports", "screen of reports False"),
        (["tui", "--shelf", "papers"], "reports", "screen of papers True"),
    ],
)
def test_a_bare_tui_goes_to_the_screen_without_the_parser(
    args: list[str], shelf: str, said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCREEN.format(args=args)],
        capture_output=True,
        text=True,
        env=os.environ | {"ASKREPORT_SHELF": shelf},
    )
    assert (done.returncode, done.stdout) == (7, f"{said}\n")


SETTLED = """
import os
{first}
from askreport import Library
print("threads", os.environ.get("OPENBLAS_NUM_THREADS"))
"""


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("", "1"),
        ("import numpy", "None"),
        ("os.environ['OMP_NUM_THREADS'] = '2'", "None"),
        ("os.environ['OPENBLAS_NUM_THREADS'] = '2'", "2"),
    ],
)
def test_blas_is_told_to_use_one_thread_unless_somebody_was_first(
    first: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    done = subprocess.run(
        [sys.executable, "-c", SETTLED.format(first=first)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["threads", said]


# The public names


def test_the_public_names_are_the_ones_listed() -> None:
    listed = "Answer AskreportError Citation Filter Hit Library Passage".split()
    assert sorted(askreport.__all__) == listed
    found = {name: getattr(askreport, name) for name in listed}
    assert all(inspect.isclass(kind) for kind in found.values())
    assert found["Library"] is library.Library
    starred: dict[str, object] = {}
    exec("from askreport import *", starred)  # noqa: S102 - what a star brings in
    assert set(starred) - {"__builtins__"} == set(listed)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Libary'"):
        _ = askreport.Libary


@pytest.mark.parametrize("name", askreport.__all__)
def test_every_public_name_says_what_it_is(name: str) -> None:
    kind = getattr(askreport, name)
    said = inspect.getdoc(kind) or ""
    assert said
    assert not said.startswith(f"{name}(")  # what dataclass writes if nobody does


@pytest.mark.parametrize(
    "name", [n for n, _ in inspect.getmembers(library.Library) if n[0] != "_"]
)
def test_every_public_method_of_the_library_says_what_it_does(name: str) -> None:
    assert inspect.getdoc(getattr(library.Library, name))


def test_the_examples_of_the_library_run(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(built)
    names = {"Library": library.Library}
    ran = doctest.testmod(library, extraglobs=names, raise_on_error=True)
    assert (ran.failed, ran.attempted) == (0, 3)
