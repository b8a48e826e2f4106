"""What the Makefile promises, on a stand-in environment: nothing is installed."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="no make here")

ASKREPORT = """\
#!/bin/sh
printf '%s\\0' "$@" > "{said}"
exit {code}
"""

AWKWARD = (
    "Who bought beds?",
    'it\'s a "test" $(rm -rf x) `rm -rf x`',
    "$(shell touch made-by-make) ${HOME} $5 $$ and a last $",
    "--version",
    "first line\nsecond line",
    "C:\\beds\\ # and wards; 50% & more | less * ? [a] !",
    "Wie viele Betten für Ängste?",
)


def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Make, without what a make that runs these tests hands down to it."""
    inherited = ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "Q")
    kept = {k: v for k, v in os.environ.items() if k not in inherited}
    return subprocess.run(
        ["make", *words],
        cwd=ROOT,
        env=kept | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def environment(folder: Path, *, code: int = 0) -> str:
    """What tells make that `folder` is where all is installed, askreport a stub."""
    (folder / "bin").mkdir(parents=True)
    script = folder / "bin" / "askreport"
    script.write_text(ASKREPORT.format(said=folder / "said", code=code))
    script.chmod(0o755)
    for stamp in (".installed", ".developing"):
        (folder / stamp).touch()
    return f"VENV={folder}"


def told(folder: Path) -> list[str]:
    """The arguments that the stub was called with."""
    return (folder / "said").read_bytes().decode("utf-8").split("\0")[:-1]


@pytest.mark.parametrize("question", AWKWARD)
def test_a_question_arrives_as_one_untouched_argument(
    tmp_path: Path, question: str
) -> None:
    done = run("ask", f"Q={question}", environment(tmp_path / "v"))
    assert done.returncode == 0, done.stderr
    *options, dashes, asked = told(tmp_path / "v")
    assert (options, dashes, asked) == (["ask", "--build"], "--", question)
    assert not (ROOT / "made-by-make").exists()


@pytest.mark.parametrize("question", AWKWARD)
def test_a_question_may_come_from_the_environment(
    tmp_path: Path, question: str
) -> None:
    done = run("ask", environment(tmp_path / "v"), Q=question)
    assert done.returncode == 0, done.stderr
    assert told(tmp_path / "v")[-1] == question


def test_a_dry_run_shows_the_question_unread() -> None:
    done = run("-n", "ask", 'Q=it\'s a "test" $(rm -rf x)')
    assert done.returncode == 0
    assert '-- "$Q"' in done.stdout
    assert "rm -rf" not in done.stdout


@pytest.mark.parametrize(
    ("code", "fails"), [(0, False), (3, False), (1, True), (2, True), (130, True)]
)
def test_ask_fails_when_askreport_does_and_no_evidence_is_no_failure(
    tmp_path: Path, code: int, fails: bool
) -> None:
    done = run("ask", "Q=Who?", environment(tmp_path / "v", code=code))
    assert (done.returncode != 0) == fails


@pytest.mark.parametrize("target", ["ask", "test", "tui", "serve", "check"])
def test_what_is_installed_is_not_installed_again(tmp_path: Path, target: str) -> None:
    done = run("-n", target, "Q=Who?", environment(tmp_path / "v"))
    assert done.returncode == 0
    assert " install " not in done.stdout
    assert "venv " not in done.stdout


def test_no_question_is_said_before_anything_is_installed(tmp_path: Path) -> None:
    done = run("ask", f"VENV={tmp_path / 'v'}")
    assert done.returncode != 0
    assert 'make ask Q="' in done.stderr
    assert not (tmp_path / "v").exists()


def test_other_pins_are_installed_anew(tmp_path: Path) -> None:
    stands = environment(tmp_path / "v")
    os.utime(tmp_path / "v" / ".installed", (0, 0))
    done = run("-n", "test", stands)
    assert done.stdout.count("--editable .") == 1
    assert done.stdout.count("--group dev") == 1


def test_nothing_of_an_installation_goes_where_the_answer_does(tmp_path: Path) -> None:
    lines = run("-n", "ask", "Q=Who?", f"VENV={tmp_path / 'v'}").stdout.splitlines()
    installs = [line for line in lines if "pip " in line and " install " in line]
    assert installs
    assert all(line.startswith(">&2 ") for line in installs)
    assert all("--constraint constraints.txt" in line for line in installs)


@pytest.mark.parametrize(
    ("script", "said"),
    [(None, "there is no"), ("#!/bin/sh\nexit 1\n", "3.11 or later")],
)
def test_a_python_that_is_missing_or_too_old_is_named(
    tmp_path: Path, script: str | None, said: str
) -> None:
    python = tmp_path / "python-of-old"
    if script is not None:
        python.write_text(script)
        python.chmod(0o755)
    done = run("ask", "Q=Who?", f"PYTHON={python}", f"VENV={tmp_path / 'v'}")
    assert done.returncode != 0
    assert said in done.stderr
    assert str(python) in done.stderr
    assert not (tmp_path / "v").exists()


def test_an_installation_that_fails_says_how_to_go_on(tmp_path: Path) -> None:
    venv = tmp_path / "v"
    (venv / "bin").mkdir(parents=True)
    pip = venv / "bin" / "python"
    pip.write_text('#!/bin/sh\ncase "$*" in *install*) exit 1;; esac\n')
    pip.chmod(0o755)
    done = run("ask", "Q=Who?", f"VENV={venv}")
    assert done.returncode != 0
    assert "not installed" in done.stderr
    assert not (venv / ".installed").exists()


def test_every_documented_target_exists() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "Makefile"]
    pages += sorted((ROOT / "docs").glob("*.md"))
    text = "\n".join(page.read_text("utf-8") for page in pages)
    named = set(re.findall(r"(?m)(?:^|[`#$] ?)make ([a-z]+)\b", text))
    assert {"ask", "test", "check"} <= named
    for target in sorted(named):
        done = run("-n", target, "VENV=/nowhere", "Q=Who?")
        assert done.returncode == 0, done.stderr


def test_help_lists_the_targets() -> None:
    listed = re.findall(r"(?m)^make (\S+)", run().stdout)
    assert {"ask", "build", "tui", "serve", "test", "check", "docs"} <= set(listed)


def test_every_constraint_is_one_version_of_one_package() -> None:
    text = (ROOT / "constraints.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    pinned = [re.fullmatch(r"([\w.-]+)==[\w.]+", line) for line in lines]
    assert all(pinned), lines
    names = [re.sub(r"[-_.]+", "-", m.group(1)).lower() for m in pinned if m]
    assert len(names) == len(set(names))


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    pins = (ROOT / "constraints.txt").read_text("utf-8").lower().replace("_", "-")
    for requirement in wanted:
        match = re.match(r"[\w.-]+", requirement)
        assert match is not None
        assert f"\n{match.group().lower()}==" in pins
