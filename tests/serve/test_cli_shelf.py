"""The command line keeps a shelf: it builds, lists, adds, shows pages, and helps."""

import io
import json
import re
from pathlib import Path

import pytest
import typer.main
from rich.console import Console
from tests.serve.commands import (
    FERRIES,
    Ran,
    Run,
    files,
    refused,
)

from askreport import Library, __version__
from askreport.library import Step
from askreport.serve import cli, progress


def test_a_build_tells_its_steps_on_stderr_and_a_second_one_changes_nothing(
    run: Run, shelf: Path
) -> None:
    first = run("build", shelf=shelf)
    assert (first.code, first.out) == (0, "")
    assert re.search(r"^\w+.*: 4 of 4$", first.err, re.MULTILINE)
    generation = (shelf / "index" / "CURRENT").read_text().strip()
    done = f"index {generation} built: 4 documents, 8 passages"
    assert first.err.splitlines()[-1] == done
    before = files(shelf)
    second = run("build", shelf=shelf)
    assert (second.code, second.out) == (0, "")
    assert f"index {generation} is up to date: 4 documents" in second.err
    assert files(shelf) == before


def test_a_build_on_a_terminal_shows_a_bar_and_takes_it_away() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    with progress.shown(console) as tell:
        tell(Step("[reading]", 1, 4))
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "[reading]" in said
    assert said.endswith("\x1b[2K")  # the line of the bar is cleared


def test_lines_of_a_log_come_at_the_end_of_a_step_and_seldom_between() -> None:
    console = Console(file=io.StringIO(), width=80)
    with progress.shown(console) as tell:
        for done in range(1001):
            tell(Step("embedding", done, 1000))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines[-1] == "embedding: 1000 of 1000"
    assert len(lines) < 10


def test_a_quiet_build_says_only_what_failed(run: Run, shelf: Path) -> None:
    assert run("build", "--quiet", shelf=shelf) == Ran(0, "", "")
    (shelf / "sources" / "blob.txt").write_bytes(b"\x00\x01")
    ran = run("build", "-q", shelf=shelf)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("not read: blob-txt")
    assert len(ran.err.splitlines()) == 1


def test_sources_are_listed_with_their_status(run: Run, shelf: Path) -> None:
    new = run("sources", shelf=shelf)
    assert (new.code, new.err) == (0, "")
    assert "harbour-report  new" in new.out
    run("build", shelf=shelf)
    (shelf / "sources" / "orchard.txt").write_text("Only pears now.", "utf-8")
    found = json.loads(run("sources", "--json", shelf=shelf).out)
    assert {one["source"]["id"]: one["status"] for one in found} == {
        "harbour-report": "indexed",
        "orchard-digest": "changed",
        "lighthouse-page": "indexed",
        "bridges-pdf": "indexed",
    }
    assert "bridges.pdf, 2 pages, 2 passages" in run("sources", shelf=shelf).out


def test_show_lights_a_passage_in_its_page(run: Run, library: Library) -> None:
    cited = library.ask(FERRIES).citations[0]
    ran = run("show", cited.passage)
    assert (ran.code, ran.err) == (0, "")
    assert f">>>{cited.text}<<<" in ran.out
    assert run("show", cited.passage, "--plain") == ran
    whole = run("show", cited.passage, "--page").out
    assert library.page(cited.document, cited.page).text in re.sub(">>>|<<<", "", whole)


def test_init_makes_a_shelf_that_takes_a_document_and_answers(
    run: Run, tmp_path: Path
) -> None:
    root = tmp_path / "new" / "shelf"
    made = run("init", str(root), shelf=tmp_path)
    assert (made.code, made.out) == (0, "")
    assert "askreport build" in made.err
    assert (root / "sources" / "catalogue.toml").is_file()
    (root / "sources" / "pier.txt").write_text("The pier has 9 lamps.", "utf-8")
    env = {"ASKREPORT_MODEL": "hashing", "ASKREPORT_FLOOR": "0"}
    assert run("build", shelf=root, **env).code == 0
    assert "9 lamps" in run("ask", "How many lamps?", shelf=root, **env).out


def test_init_refuses_a_shelf_and_overwrites_nothing(
    run: Run, shelf: Path, tmp_path: Path
) -> None:
    before = files(shelf)
    refused(run("init", str(shelf)), 1, "a shelf already", "sources/")
    assert files(shelf) == before
    (tmp_path / "half" / "sources").mkdir(parents=True)
    kept = tmp_path / "half" / "sources" / "catalogue.toml"
    kept.write_text("# mine", "utf-8")
    assert run("init", str(tmp_path / "half")).code == 0
    assert kept.read_text("utf-8") == "# mine"
    refused(run("init", str(tmp_path / "half")), 1, "a shelf already", "sources/")
    (tmp_path / "file").write_text("", "utf-8")
    refused(run("init", str(tmp_path / "file")), 1, "cannot be made", "may write")


@pytest.mark.parametrize("flag", ["--version"])
def test_the_version_is_printed(run: Run, flag: str) -> None:
    assert run(flag) == Ran(0, f"askreport {__version__}\n", "")


def test_without_a_command_the_help_is_shown(run: Run) -> None:
    ran = run()
    assert "Commands:" in ran.out + ran.err


COMMANDS = sorted(typer.main.get_group(cli.app).commands)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_has_help(run: Run, command: str, flag: str) -> None:
    ran = run(command, flag)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: askreport {command}")
    assert "\x1b" not in ran.out


def test_help_names_every_exit_code(run: Run) -> None:
    said = " ".join(run("--help").out.split())
    for code, meaning in (
        (cli.ANSWERED, "answered or done"),
        (cli.ERROR, "error"),
        (cli.USAGE, "usage"),
        (cli.NO_EVIDENCE, "no evidence"),
        (cli.INTERRUPTED, "interrupted"),
    ):
        assert f"{code} {meaning}" in said


# Documents may hold anything.


def test_nothing_of_a_document_reaches_the_terminal_as_a_control_character(
    run: Run, shelf: Path
) -> None:
    sources = shelf / "sources"
    evil = "\x1b[2J\x1b]0;owned\x07 \x9b31m \u202eThe pier has 9 lamps."
    (sources / "evil.txt").write_text(evil, "utf-8")
    (sources / "name\x1b[2J\x9bm.txt").write_text("The pier has 8 lamps.", "utf-8")
    with (sources / "catalogue.toml").open("a", encoding="utf-8") as file:
        file.write(
            '\n[[document]]\nid = "evil"\npath = "evil.txt"\n'
            'title = "Evil\\u001b[31m"\npublisher = "P\\u009b"\n'
        )
    built = run("build", shelf=shelf)
    (sources / "late\x1b[2J.txt").write_text("Not indexed.", "utf-8")
    asked = "How many lamps has the pier?"
    passage = json.loads(run("ask", asked, "--json", shelf=shelf).out)["citations"][0]
    said = [
        built,
        *(run("ask", asked, f, shelf=shelf) for f in ("--plain", "--markdown")),
        run("ask", asked, "--json", shelf=shelf),
        run("search", asked, shelf=shelf),
        run("sources", shelf=shelf),
        run("sources", "--json", shelf=shelf),
        run("show", passage["passage"], shelf=shelf),
        run("doctor", shelf=shelf),
        run("ask", asked, "--document", "\x1b[31m", shelf=shelf),
        run("sources", "--shelf", "/\x1b[31m", shelf=shelf),
    ]
    for ran in said:
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", ran.out + ran.err)
