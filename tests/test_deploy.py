"""The files in docs/deploy: linted, and their very steps run in a clean folder.

There is no container engine in the gate. The steps of the Dockerfile run as they are
written, but for three things: the image's folders lie in the test's own; packages that
the development environment has are lent instead of downloaded again, and so is the
encoder if it was frozen before; and users are made in that folder's own `/etc`. With
`DEPLOY_CLEAN=1` nothing is lent.
"""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import ruamel.yaml
from tests.conftest import make_shelf

from askreport import frozen

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "docs" / "deploy"
DOCKERFILE = DEPLOY / "Dockerfile"
TOOLS = Path(sys.executable).parent

CLEAN = bool(os.environ.get("DEPLOY_CLEAN"))

NEEDS_SYSTEMD = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def ran(*command: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """A command that has ended, with what it said."""
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        **more,
    )


# Linters


def test_the_dockerfile_passes_its_linter() -> None:
    found = ran(TOOLS / "hadolint", DOCKERFILE)
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


def test_the_linter_would_have_found_something(tmp_path: Path) -> None:
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM python\nRUN cd / && sudo pip install flask\n", "utf-8")
    found = ran(TOOLS / "hadolint", bad)
    assert found.returncode == 1
    assert {"DL3006", "DL3004", "DL3003"} <= set(re.findall(r"DL\d+", found.stdout))


COMPOSE = "--builtin-schema", "vendor.compose-spec"


def test_the_compose_file_is_as_the_compose_specification_says(tmp_path: Path) -> None:
    found = ran(TOOLS / "check-jsonschema", *COMPOSE, DEPLOY / "compose.yaml")
    assert found.returncode == 0, found.stdout
    bad = tmp_path / "compose.yaml"
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    bad.write_text(text.replace("read_only: true", "read_olny: true"), "utf-8")
    assert ran(TOOLS / "check-jsonschema", *COMPOSE, bad).returncode == 1


def test_nothing_in_the_compose_file_runs_as_root_or_writes_where_it_need_not() -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    said = ruamel.yaml.YAML(typ="safe", pure=True).load(text)
    instructions = parsed()
    for service in said["services"].values():
        assert service["user"] == instructions["USER"][-1] == "10001:10001"
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    serving = said["services"]["serve"]
    assert [volume["read_only"] for volume in serving["volumes"]] == [True]
    assert all(port.startswith("127.0.0.1:") for port in serving["ports"])
    check = instructions["HEALTHCHECK"][-1].partition("CMD ")[2]
    assert serving["healthcheck"]["test"] == ["CMD", *json.loads(check)]
    assert serving["command"] == json.loads(instructions["CMD"][-1])


@NEEDS_SYSTEMD
def test_the_unit_passes_systemds_own_checks(tmp_path: Path) -> None:
    text = (DEPLOY / "askreport.service").read_text("utf-8")
    here = re.sub(r"/opt/askreport/bin/askreport", "/bin/true", text)
    here = re.sub(r"^(User|Group)=.*", r"\1=root", here, flags=re.MULTILINE)
    unit = tmp_path / "askreport.service"
    unit.write_text(here, "utf-8")
    found = ran("systemd-analyze", "verify", unit)
    assert (found.returncode, found.stdout + found.stderr) == (0, "")
    rated = ran("systemd-analyze", "security", "--offline=true", unit).stdout
    exposed = re.search(r"exposure level for askreport.service: ([\d.]+)", rated)
    assert exposed is not None
    assert float(exposed[1]) < 2.5
    unit.write_text(here.replace("[Service]", "[Service]\nRestrt=yes"), "utf-8")
    assert "Restrt" in ran("systemd-analyze", "verify", unit).stderr


# Its very steps


def lines() -> Iterator[tuple[str, str]]:
    """Each instruction of the Dockerfile and what follows it."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text("utf-8"), flags=re.MULTILINE)
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            yield name, rest.strip()


def parsed() -> dict[str, list[str]]:
    """What follows each kind of instruction, in order."""
    found: dict[str, list[str]] = {}
    for name, rest in lines():
        found.setdefault(name, []).append(rest)
    return found


@dataclass(frozen=True, slots=True)
class Image:
    """A folder that stands for the image's file system."""

    root: Path
    variables: dict[str, str]

    def inside(self, text: str) -> str:
        """A text with the image's paths as they lie here."""
        return re.sub(r"(?<![\w./-])/(opt|build|shelf|tmp)\b", rf"{self.root}/\1", text)

    def run(self, step: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """A RUN step."""
        step = self.inside(step)
        step = re.sub(r"\b(groupadd|useradd) ", rf"\1 --prefix {self.root} ", step)
        at: dict[str, Any] = {"cwd": folder, "env": self.environment()}
        return ran("sh", "-ec", step, timeout=1800 if CLEAN else 280, **at)

    def environment(self) -> dict[str, str]:
        """The variables of the image, and what is lent."""
        lent = {"PYTHONPATH": str(self.root / "lent"), "PIP_NO_INDEX": "1"}
        if CLEAN:
            lent = {k: v for k, v in os.environ.items() if k.startswith("PIP_")}
        base = {"PATH": f"{Path(sys.base_prefix) / 'bin'}:/usr/sbin:/usr/bin:/bin"}
        return base | lent | {"HOME": str(self.root / "tmp")} | self.variables


def lend(folder: Path, home: Path) -> None:
    """Show what is installed here, but for askreport itself, which is to be built; and
    what it keeps in a user's cache.
    """
    if not CLEAN and frozen.cached().exists():
        shutil.copytree(frozen.cached(), home / ".cache/askreport" / frozen.FOLDER)
    folder.mkdir(parents=True)
    for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
        name = entry.name.lower()
        if "askreport" not in name and not name.endswith(".pth"):
            (folder / entry.name).symlink_to(entry)


def copy(sources: str, image: Image, folder: Path) -> None:
    """A COPY step."""
    *names, target = shlex.split(sources)
    for name in names:
        source, to = ROOT / name, folder / target
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, to, dirs_exist_ok=True, ignore=ignored)
        else:
            to.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, to)


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """The image's file system, made by the steps of the Dockerfile."""
    root = Path(tempfile.mkdtemp(prefix="askreport-image-"))
    made = Image(root, {})
    for part in ("etc", "tmp", "shelf"):
        (root / part).mkdir()
    lend(root / "lent", root / "tmp")
    folder, stage = root, 0
    try:
        for name, rest in lines():
            stage += name == "FROM"
            if name == "WORKDIR":
                folder = Path(made.inside(rest))
                folder.mkdir(exist_ok=True)
            elif name == "COPY" and stage == 1:
                copy(rest, made, folder)
            elif name == "RUN":
                done = made.run(rest, folder)
                assert done.returncode == 0, f"{rest}\n{done.stdout}{done.stderr}"
            elif name == "ENV":
                given = dict(part.split("=", 1) for part in shlex.split(rest))
                given["PATH"] = given["PATH"].replace(
                    "$PATH", made.environment()["PATH"]
                )
                inside = {key: made.inside(value) for key, value in given.items()}
                inside["HOME"] = str(root / "tmp")
                made.variables.update(inside)
        yield made
    finally:
        shutil.rmtree(root)


@pytest.mark.slow
@pytest.mark.xdist_group("deploy")
def test_the_steps_make_an_installation_of_its_own(image: Image) -> None:
    where = ran(
        image.root / "opt/askreport/bin/python",
        "-c",
        "import askreport; print(askreport.__file__)",
        env=image.environment(),
        cwd=image.root,
    )
    assert where.stdout.startswith(str(image.root / "opt"))
    made = (image.root / "etc" / "passwd").read_text("utf-8").split(":")
    assert made[2:4] == ["10001", "10001"]
    assert made[-1].strip() == "/usr/sbin/nologin"


@pytest.mark.slow
@pytest.mark.xdist_group("deploy")
def test_what_the_steps_made_serves_a_shelf_is_healthy_and_stops_when_told(
    image: Image,
) -> None:
    shutil.rmtree(image.root / "shelf")
    make_shelf(image.root / "shelf")
    said = parsed()

    def command(text: str) -> list[str]:
        with_port = text.replace("8420", str(port))
        return [image.inside(part) for part in json.loads(with_port)]

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    at: dict[str, Any] = {"cwd": image.root / "shelf", "env": image.environment()}
    entry = command(said["ENTRYPOINT"][-1])
    entry[0] = str(image.root / "opt/askreport/bin" / entry[0])
    refused = ran(*entry, *command(said["CMD"][-1]), **at)
    assert refused.returncode == 2
    assert "without keys" in refused.stderr
    assert ran(*entry, "build", "--quiet", **at).returncode == 0
    assert ran(*entry, "keys", "add", "chat", **at).stdout.startswith("askreport_")
    check = command(said["HEALTHCHECK"][-1].partition("CMD ")[2])
    check[0] = str(image.root / "opt/askreport/bin" / check[0])
    with subprocess.Popen(
        [*entry, *command(said["CMD"][-1])], stderr=subprocess.PIPE, text=True, **at
    ) as running:
        try:
            healthy = False
            for _ in range(60):
                healthy = ran(*check, **at).returncode == 0
                if healthy or running.poll() is not None:
                    break
                time.sleep(0.5)
        finally:
            running.send_signal(getattr(signal, said["STOPSIGNAL"][-1]))
            _, err = running.communicate(timeout=40)
    assert healthy, err
    assert running.returncode in (0, -signal.SIGTERM)
