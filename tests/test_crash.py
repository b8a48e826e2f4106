"""Builds cut off at any moment, and disks that do not take them: nothing is lost.

Every build here runs in a process of its own, which is really interrupted, killed, or
kept from writing. What is asked each time: does the old index answer as before, is
nothing half done to be seen, does the next build succeed and leave no litter.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from askreport import Library, errors
from askreport.generation import manifest, opened, publish

QUESTION = "How many lamps has the pier?"

EVERY = int(os.environ.get("ASKREPORT_EVERY_STEP", "4"))
"""Which steps of a build are tried; 1 tries each of about two hundred."""

SEED = 20240315
"""Of the random delays, so that a failure can be had again."""


def edition(root: Path, n: int) -> None:
    """Sources that answer the question with `n`."""
    (root / "sources" / "pier.txt").write_text(f"The pier has {n} lamps.", "utf-8")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A built shelf of one page; then its sources are edited, and not built again."""
    root = tmp_path / "small"
    (root / "sources").mkdir(parents=True)
    (root / "askreport.toml").write_text(
        'model = "hashing"\nfloor = 0.0\nkeep_generations = 1\n', "utf-8"
    )
    edition(root, 1)
    Library.open(root).build()
    edition(root, 2)
    return root


def sound(index: Path) -> list[str]:
    """Every generation that can be seen; opening each proves that it is whole."""
    seen = [p for p in (index / "generations").iterdir() if manifest.ID.match(p.name)]
    return [opened.Generation(folder).verify().id for folder in seen]


def litter(index: Path) -> list[str]:
    """What a finished build has no business leaving."""
    found = [*index.iterdir(), *(index / "generations").iterdir()]
    kept = {".lock", "CURRENT", "generations", ".gitkeep", "cache"}
    half = [*(index / "cache").glob(".new-*")]
    return [
        p.name
        for p in [*found, *half]
        if p.name not in kept and not manifest.FOLDER.match(p.name)
    ]


def recovers(root: Path, before: str) -> None:
    """The old index, or the new one whole, answers; a build brings the new one."""
    answer = Library.open(root).ask(QUESTION).text
    assert answer.startswith((before, "The pier has 2 lamps."))
    assert sound(root / "index")
    with publish.writing(root / "index"):
        pass  # the lock is free
    Library.open(root).build()
    assert Library.open(root).ask(QUESTION).text.startswith("The pier has 2 lamps.")
    assert litter(root / "index") == []


AT_STEPS = """
import errno, json, shutil, sys
from pathlib import Path
from askreport import Library, errors

STEPS = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir"}
TAKING = {"os.rename", "os.mkdir"}
model, kind, question = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
EVERY = int(sys.argv[4])
left, where = 0, ""

def ours(event, args):
    inside = any(where in str(arg) for arg in args)
    # rmtree names what it removes from inside the folder, by the folder's number.
    within = event != "open" and any(isinstance(arg, int) and arg > 2 for arg in args)
    return inside or within

def reads(event, args):
    return event == "open" and isinstance(args[1], str) and "w" not in args[1]

def takes(event, args):
    mode, flags = (args[1:3] if event == "open" else (None, 0))
    return event in TAKING or flags & 3 or (isinstance(mode, str) and "w" in mode)

def stop(event, args):
    global left
    if not left or event not in STEPS or reads(event, args) or not ours(event, args):
        return
    if kind == "full" and not takes(event, args):
        return
    left -= 1
    if not left:
        raise KeyboardInterrupt if kind == "cut" else OSError(errno.ENOSPC, "full")

sys.addaudithook(stop)
for n in range(1, 10_000, EVERY):
    root = model.with_name(f"{kind}-{n}")
    shutil.copytree(model, root)
    library = Library.open(root)
    before = library.ask(question).text
    where, hint = str(root / "index"), ""
    left = n
    try:
        built = library.build()
    except KeyboardInterrupt:
        outcome = "cut"
    except errors.BuildFailed as error:
        outcome, hint = "failed", error.hint
    else:
        outcome = "built"
    reached, left = not left, 0
    after = library.ask(question).text
    print(json.dumps([root.name, reached, outcome, hint, before, after]), flush=True)
    if not reached:
        break
"""


def at_steps(
    root: Path, kind: str, *, every: int
) -> Iterator[tuple[Path, str, str, str]]:
    """Copies of the shelf whose build was stopped at its first, ... step, every n-th.

    A step is whatever changes or flushes something below `index/`.

    With each, how the build ended, its hint, and what an open library answered after
    it.
    """
    done = subprocess.run(
        [sys.executable, "-c", AT_STEPS, str(root), kind, QUESTION, str(every)],
        check=True,
        stdout=subprocess.PIPE,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1][1:3] == [False, "built"]
    for name, _, outcome, hint, before, after in lines[:-1]:
        assert before.startswith("The pier has 1 lamps.")
        yield root.with_name(name), outcome, hint, after


@pytest.mark.slow
def test_a_build_interrupted_at_any_step_loses_nothing(small: Path) -> None:
    cut = 0
    for root, outcome, _, after in at_steps(small, "cut", every=EVERY):
        assert after.startswith(("The pier has 1 lamps.", "The pier has 2 lamps."))
        assert outcome == "cut"
        recovers(root, "The pier has 1 lamps.")
        cut += 1
    assert cut > 100 // EVERY


@pytest.mark.slow
def test_a_disk_that_is_full_at_any_step_fails_the_build_and_loses_nothing(
    small: Path,
) -> None:
    failed = 0
    for root, outcome, hint, after in at_steps(small, "full", every=2):
        # Where only tidying up fails, the new index answers and the build is done.
        assert after.startswith(
            "The pier has 1 lamps." if outcome == "failed" else "The pier has 2 lamps."
        )
        if outcome == "failed":
            assert "old index still answers" in hint
            failed += 1
        recovers(root, "The pier has 1 lamps.")
    assert failed > 10


# Real signals, at moments that a real build goes through.

BUILD = """
import sys
from askreport import Library
library = Library.open(sys.argv[1])
library.build(tell=lambda step: print(step.doing, step.done, step.total, flush=True))
print("published", flush=True)
"""

MOMENTS = ("reading", "encoding passages 0", "encoding passages 3")
"""Lines of a build's progress; it is struck at one of them or somewhat later."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf whose first edition is built; the second takes a second or two."""
    root = tmp_path_factory.mktemp("large") / "shelf"
    (root / "sources").mkdir(parents=True)
    (root / "askreport.toml").write_text('model = "hashing"\nfloor = 0.0\n', "utf-8")
    edition(root, 1)
    Library.open(root).build()
    edition(root, 2)
    words = random.Random(SEED)  # noqa: S311
    for n in range(10):
        lines = [
            f"Harbour {words.randrange(10**6)} moved {words.randrange(10**6)} tonnes "
            f"of cargo number {words.randrange(10**6)} to the quay."
            for _ in range(100)
        ]
        (root / "sources" / f"log-{n}.txt").write_text("\n".join(lines), "utf-8")
    return root


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("moment", [*MOMENTS, "late"])
def test_a_build_struck_by_a_signal_loses_nothing(
    large: Path, tmp_path: Path, sent: signal.Signals, moment: str
) -> None:
    root = shutil.copytree(large, tmp_path / "struck")
    answering = Library.open(root)
    before = answering.ask(QUESTION)
    delay = random.Random(f"{SEED} {sent} {moment}").uniform(0, 0.15)  # noqa: S311
    build = subprocess.Popen(
        [sys.executable, "-c", BUILD, str(root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert build.stdout is not None
    with build, build.stdout:
        for line in build.stdout:
            done, total = (int(n) for n in line.split()[-2:])
            late = line.startswith("encoding") and done == total
            if line.startswith(moment) or (moment == "late" and late):
                break
        time.sleep(delay)
        build.send_signal(sent)
        rest = build.stdout.read()
        build.wait()
    if "published" not in rest:
        assert build.returncode != 0
        after = answering.ask(QUESTION)
        if after.receipt.generation == before.receipt.generation:
            assert (after.text, after.citations) == (before.text, before.citations)
    recovers(root, "The pier has 1 lamps.")


# Disks that do not take what is written.

LIMITED = """
import resource, sys
from pathlib import Path
from askreport import Library, errors
library = Library.open(sys.argv[1])
before = library.ask(sys.argv[2])
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
for size in (0, 10, 100, 500, 1000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        library.build()
    except errors.BuildFailed as error:
        assert "old index still answers" in error.hint, error.hint
        assert "too large" in error.message, error.message
        print("failed", flush=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    after = library.ask(sys.argv[2])
    assert (after.text, after.citations) == (before.text, before.citations)
    assert after.receipt == before.receipt
"""


def test_files_that_cannot_grow_fail_the_build_and_the_old_index_answers(
    small: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(small), QUESTION],
        check=True,
        stdout=subprocess.PIPE,
    )
    assert done.stdout.split() == [b"failed"] * 5
    assert litter(small / "index") == []
    recovers(small, "The pier has 1 lamps.")


FILLED = """
set -e
mount -t tmpfs -o size=$1 tmpfs "$2" || exit 77
cp -r "$3"/. "$2"
exec "$4" -c "$5" "$2" "$6"
"""

FULL = """
import sys
from pathlib import Path
from askreport import Library, errors
library = Library.open(sys.argv[1])
before = library.ask(sys.argv[2])
filler = Path(sys.argv[1]) / "filler"
with filler.open("wb", buffering=0) as file:
    try:
        while file.write(b"x" * 4096):
            pass
    except OSError:
        pass
try:
    library.build()
except errors.BuildFailed as error:
    assert "No space left" in error.message, error.message
    assert "old index still answers" in error.hint, error.hint
else:
    raise SystemExit("the disk was not full")
assert library.ask(sys.argv[2]) == before
assert Library.open(sys.argv[1]).ask(sys.argv[2]) == before
filler.unlink()
assert library.build().fresh
assert "2 lamps" in library.ask(sys.argv[2]).text
"""


def test_a_disk_that_is_really_full_fails_the_build_until_space_is_made(
    small: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("no unshare here to mount a small disk with")
    inside = [unshare, "--map-root-user", "--mount", "sh", "-c", FILLED, "sh"]
    given = ["4m", str(disk), str(small), sys.executable, FULL, QUESTION]
    done = subprocess.run([*inside, *given], check=False, stderr=subprocess.PIPE)
    said = done.stderr.decode()
    if done.returncode == 77 or said.startswith("unshare:"):
        pytest.skip("this system lets nobody mount a small disk")
    assert done.returncode == 0, said


READ_ONLY = """
import os, sys
from pathlib import Path
from askreport import Library, errors
root, question = Path(sys.argv[1]), sys.argv[2]
library = Library.open(root)
before = library.ask(question)
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    library.build()
except errors.BuildFailed as error:
    assert "Permission denied" in error.message, error.message
    assert "allow writing" in error.hint, error.hint
else:
    raise SystemExit("it was not read-only")
assert library.ask(question) == before
(root / "sources" / "pier.txt").write_text("The pier has 1 lamps.")
assert not library.build().fresh
"""


def test_a_read_only_index_fails_the_build_answers_and_may_be_up_to_date(
    small: Path,
) -> None:
    # Not below tmp_path, which other users may not enter.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root = shutil.copytree(small, folder / "shelf")
        inside = [root / "index", root / "index" / "generations"]
        for path, mode in ((folder, 0o755), *((p, 0o555) for p in inside)):
            path.chmod(mode)
        (root / "sources" / "pier.txt").chmod(0o666)
        (root / "index" / ".lock").chmod(0o444)
        try:
            subprocess.run(
                [sys.executable, "-c", READ_ONLY, str(root), QUESTION],
                check=True,
                cwd=folder,
            )
        finally:
            for path in inside:
                path.chmod(0o755)


def test_an_index_that_is_a_file_fails_the_build_with_a_hint(shelf: Path) -> None:
    (shelf / "index").write_text("not a folder", "utf-8")
    with pytest.raises(errors.BuildFailed, match="cannot write") as caught:
        Library.open(shelf).build()
    assert caught.value.hint
    with pytest.raises(errors.AskreportError):
        Library.open(shelf).ask(QUESTION)
    assert (shelf / "index").read_text() == "not a folder"
