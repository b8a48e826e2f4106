"""The command line: stdout is the answer, stderr the conversation, exit codes hold."""

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import pytest
import typer.main
from rich.console import Console

from askreport import Filter, Library, __version__, errors
from askreport.library import Step
from askreport.serve import cli, narrowing, progress, render

FERRIES = "How many passengers does each ferry carry?"
NEVER = {"ASKREPORT_FLOOR": "1.0"}
"""Makes every question one without evidence."""

ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("ASKREPORT_")}


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs a command in this process, in the shared shelf if not told otherwise."""
    for name in [n for n in os.environ if n.startswith(("ASKREPORT_", "NO_COLOR"))]:
        monkeypatch.delenv(name)

    def ran(*args: str, stdin: bytes = b"", shelf: Path = built, **env: str) -> Ran:
        monkeypatch.chdir(shelf)
        monkeypatch.setattr(sys, "argv", ["askreport", *args])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with monkeypatch.context() as patched:
            for name, value in env.items():
                patched.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                cli.main()
        said = capsys.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else 0, said.out, said.err)

    return ran


def start(shelf: Path, *args: str, **env: str) -> subprocess.Popen[bytes]:
    """A command as a process of its own, all its streams piped."""
    return subprocess.Popen(
        [sys.executable, "-m", "askreport", *args],
        cwd=shelf,
        env=ENVIRONMENT | env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file of a folder: when it changed and what it holds."""
    found = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in found}


def refused(ran: Ran, code: int, said: str, hint: str) -> None:
    """The command said what went wrong and what to do, and nothing on stdout."""
    assert (ran.code, ran.out) == (code, "")
    assert re.fullmatch(r"error: [^\n]+\nhint: [^\n]+\n", ran.err)
    error, _, advice = ran.err.partition("\nhint: ")
    assert said in error
    assert hint in advice


# ask


def test_an_answer_is_printed_plain_into_a_pipe(run: Run, library: Library) -> None:
    ran = run("ask", FERRIES)
    assert ran == Ran(0, render.plain(library.ask(FERRIES)) + "\n", "")
    assert run("ask", FERRIES, "--plain") == ran


@pytest.mark.parametrize("args", [(), ("-",)])
def test_the_question_may_come_from_stdin(run: Run, args: tuple[str, ...]) -> None:
    piped = run("ask", *args, stdin=FERRIES.encode() + b"\n")
    assert piped == run("ask", FERRIES)


def test_bytes_that_are_no_text_are_read_as_far_as_they_go(run: Run) -> None:
    ran = run("ask", "--json", stdin=FERRIES.encode() + b" \xff\xfe")
    assert ran.code == 0
    assert json.loads(ran.out)["question"].startswith(FERRIES)


def test_json_is_the_answer(run: Run, library: Library) -> None:
    ran = run("ask", FERRIES, "--json")
    wanted = json.loads(render.answer_json(library.ask(FERRIES)))
    assert "explained" not in wanted
    assert (ran.code, json.loads(ran.out), ran.err) == (0, wanted, "")
    cited = wanted["citations"][0]
    assert cited["quote"] == "Each ferry carries 410 passengers and 62 cars."
    assert wanted["status"] == "answered"


def test_markdown_is_the_answer_to_paste(run: Run, library: Library) -> None:
    ran = run("ask", FERRIES, "--markdown")
    assert ran == Ran(0, render.markdown(library.ask(FERRIES)) + "\n", "")


def test_an_answer_is_explained_in_every_format(run: Run, library: Library) -> None:
    mine = library.ask(FERRIES, explain=True)
    plain = run("ask", FERRIES, "--explain")
    assert plain == Ran(0, render.plain(mine) + "\n", "")
    assert "quoted as [1]" in plain.out
    marked = run("ask", FERRIES, "--explain", "--markdown")
    assert marked == Ran(0, render.markdown(mine) + "\n", "")
    said = json.loads(run("ask", FERRIES, "--explain", "--json").out)
    assert [one["passage"] for one in said["explained"]] == [
        one.passage for one in mine.explained
    ]


def test_a_follow_up_says_what_was_looked_up(run: Run, library: Library) -> None:
    args = ("--after", "Tell me about the port", "--after", FERRIES)
    said = run("ask", "And cars?", *args)
    looked_up = "Looked up: How many passengers does each ferry carry, cars?"
    assert said.out.startswith(looked_up + "\n")
    assert "62 cars" in said.out
    assert said.code == 0
    found = json.loads(run("ask", "And cars?", *args, "--json").out)
    assert (found["question"], f"Looked up: {found['looked_up']}") == (
        "And cars?",
        looked_up,
    )
    searched = run("search", "And cars?", *args, "--json")
    assert searched.err == looked_up + "\n"
    assert json.loads(searched.out)[0]["rank"] == 1


@pytest.mark.parametrize("format_", ["--plain", "--markdown", "--json"])
def test_no_evidence_is_exit_code_3_and_an_answer_all_the_same(
    run: Run, format_: str
) -> None:
    ran = run("ask", FERRIES, format_, **NEVER)
    assert (ran.code, ran.err) == (3, "")
    assert "No evidence" in ran.out


def test_top_and_documents_are_passed_on(run: Run, library: Library) -> None:
    args = ("--document", "bridges-pdf", "-d", "orchard-digest", "--top", "1")
    said = json.loads(run("ask", "the bridge", *args, "--json").out)
    mine = library.ask(
        "the bridge", top=1, among=Filter(documents=("bridges-pdf", "orchard-digest"))
    )
    assert said["coverage"]["documents"] == 2
    assert [c["passage"] for c in said["citations"]] == [
        c.passage for c in mine.citations
    ]


ASKED = (
    *("--publisher", "port authority", "--publisher", "Growers' Union"),
    *("--kind", "REPORT", "--section", "ferries", "--since", "2021"),
    *("--until", "2021-05", "--as-of", "2022", "--superseded"),
)
MEANT = Filter(
    publishers=("port authority", "Growers' Union"),
    kinds=("REPORT",),
    sections=("ferries",),
    since="2021",
    until="2021-05",
    as_of="2022",
    superseded=True,
)


def test_the_options_of_a_filter_are_the_filter_of_the_library(
    run: Run, library: Library
) -> None:
    said = json.loads(run("ask", FERRIES, *ASKED, "--json").out)
    wanted = library.ask(FERRIES, among=MEANT)
    assert said == json.loads(render.answer_json(wanted))
    assert wanted.coverage.documents == 1
    found = json.loads(run("search", FERRIES, *ASKED, "--json").out)
    hits = library.search(FERRIES, among=MEANT)
    assert [hit["passage"]["id"] for hit in found] == [h.passage.id for h in hits] != []


def test_every_field_of_a_filter_is_an_option() -> None:
    assert list(narrowing.OPTIONS) == [field.name for field in fields(Filter)]


def test_a_filter_that_leaves_nothing_is_no_evidence_and_says_so(run: Run) -> None:
    ran = run("ask", FERRIES, "--since", "2030")
    assert ran.code == 3
    assert "the filter leaves no passage to search. Filter: since 2030." in ran.out
    assert "Left out for want of a date: 1 document." in ran.out
    ran = run("search", FERRIES, "--since", "2030")
    assert ran.code == 3
    assert "Searched 0 documents" in ran.err


def test_a_wrong_filter_is_an_error_with_what_would_be_right(run: Run) -> None:
    for command in ("ask", "search"):
        ran = run(command, FERRIES, "--since", "2018-02-30")
        refused(ran, 2, "since '2018-02-30' is no date", "2018-03-15")
        ran = run(command, FERRIES, "--kind", "reports")
        refused(ran, 1, "no kind 'reports'", "did you mean 'report'?")


@pytest.mark.parametrize(
    "formats",
    [("--json", "--plain"), ("--json", "--markdown"), ("--markdown", "--plain")],
)
def test_two_formats_at_once_are_a_usage_error(
    run: Run, formats: tuple[str, ...]
) -> None:
    ran = run("ask", FERRIES, *formats)
    assert (ran.code, ran.out) == (2, "")
    assert "choose one of --json, --markdown and --plain" in ran.err


@pytest.mark.parametrize(
    "args",
    [
        ("--nope",),
        ("nope",),
        ("ask", "x", "--top", "0"),
        ("ask", "x", "--top", "51"),
        ("ask", "x", "--top", "many"),
        ("ask", "two", "questions"),
        ("show",),
        ("serve", "--port", "65536"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error_that_points_to_help(
    run: Run, args: tuple[str, ...]
) -> None:
    ran = run(*args)
    assert (ran.code, ran.out) == (2, "")
    assert "--help" in ran.err or " -h" in ran.err
    assert "Traceback" not in ran.err


def test_build_first_brings_the_index_up_to_date(run: Run, shelf: Path) -> None:
    ran = run("ask", FERRIES, "--build", shelf=shelf)
    assert ran.code == 0
    assert "410" in ran.out
    assert "built: 4 documents, 8 passages" in ran.err
    (shelf / "sources" / "pier.txt").write_text("The pier has 9 lamps.", "utf-8")
    ran = run("ask", "How many lamps has the pier?", "--build", shelf=shelf)
    assert "9 lamps" in ran.out
    assert "5 documents" in ran.err


# Errors


@pytest.mark.parametrize("question", ["", "  \n", "?!"])
def test_an_empty_question_is_refused(run: Run, question: str) -> None:
    for ran in (run("ask", question), run("search", stdin=question.encode())):
        refused(ran, 2, "the question is empty", "ask something")


def test_a_question_of_10_000_characters_is_refused(run: Run) -> None:
    refused(run("ask", "x" * 10_000), 2, "10,000 characters", "question_chars")


def test_an_unknown_document_or_passage_is_an_error(run: Run) -> None:
    refused(run("ask", FERRIES, "-d", "nope"), 1, "'nope'", "askreport sources")
    refused(run("show", "nope"), 1, "'nope'", "search again")


def test_a_shelf_without_an_index_is_an_error(run: Run, shelf: Path) -> None:
    for command in ("ask", "search"):
        ran = run(command, FERRIES, shelf=shelf)
        refused(ran, 1, "no index", "askreport build")


def test_no_shelf_is_an_error(run: Run, tmp_path: Path) -> None:
    refused(run("sources", shelf=tmp_path), 1, "askreport.toml", "askreport init")
    ran = run("sources", "--shelf", str(tmp_path / "nope"))
    refused(ran, 1, "no shelf", "askreport init")


def test_a_wrong_setting_is_a_usage_error(run: Run) -> None:
    ran = run("ask", FERRIES, ASKREPORT_TOPP="3")
    refused(ran, 2, "'topp' in ASKREPORT_TOPP", "'top'")


def test_every_error_has_an_exit_code() -> None:
    kinds: list[type[errors.AskreportError]] = [errors.AskreportError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    codes = {kind.__name__: cli.exit_code(kind("x", hint="y")) for kind in kinds}
    usage = {name for name, code in codes.items() if code == cli.USAGE}
    assert usage == {"QuestionRefused", "FilterWrong", "SettingsWrong"}
    assert set(codes.values()) == {cli.ERROR, cli.USAGE}


def test_the_shelf_is_found_from_below_by_flag_and_by_environment(
    run: Run, built: Path, tmp_path: Path
) -> None:
    wanted = run("sources")
    assert run("sources", shelf=built / "sources") == wanted
    assert run("sources", "--shelf", str(built), shelf=tmp_path) == wanted
    assert run("sources", shelf=tmp_path, ASKREPORT_SHELF=str(built)) == wanted


# The other commands


def test_search_lists_passages_with_their_signals(run: Run, library: Library) -> None:
    ran = run("search", FERRIES, "-n", "2")
    assert ran == Ran(0, render.hits(library.search(FERRIES, top=2)) + "\n", "")
    assert re.search(r"^1\. The harbour report.*Ferries$", ran.out, re.MULTILINE)
    assert re.search(r"score \d\.\d\d  \(cosine -?\d\.\d\d  bm25 ", ran.out)
    found = json.loads(run("search", FERRIES, "--json", "-n", "2").out)
    assert [hit["rank"] for hit in found] == [1, 2]
    assert {"cosine", "bm25", "late"} <= set(found[0]["signals"])


def test_search_explains_every_candidate(run: Run, library: Library) -> None:
    found = library.find(FERRIES, top=2, explain=True)
    ran = run("search", FERRIES, "-n", "2", "--explain")
    assert ran == Ran(0, render.found(found) + "\n", "")
    assert ran.out.count("beyond the most wanted") == len(found.explained) - 2
    said = json.loads(run("search", FERRIES, "-n", "2", "--explain", "--json").out)
    assert [hit["rank"] for hit in said["hits"]] == [1, 2]
    assert len(said["explained"]) == len(library.generation.passages)


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


# As a process of its own


@pytest.mark.parametrize(
    ("args", "stdin", "code"),
    [
        (("ask", "-"), FERRIES.encode(), 0),
        (("ask", FERRIES, "--document", "nope"), b"", 1),
        (("ask",), b"", 2),
        (("ask", "--nope"), b"", 2),
        (("ask", FERRIES, "--floor"), b"", 2),
    ],
)
def test_exit_codes_of_a_real_process(
    built: Path, args: tuple[str, ...], stdin: bytes, code: int
) -> None:
    process = start(built, *args)
    out, err = process.communicate(stdin, timeout=60)
    assert process.returncode == code
    assert bool(out) == (code == 0)
    assert bool(err) == (code != 0)
    assert b"Traceback" not in err
    assert b"\x1b" not in out + err


def test_no_evidence_is_exit_code_3_of_a_real_process(built: Path) -> None:
    process = start(built, "ask", FERRIES, **NEVER)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (3, b"")
    assert out.startswith(b"No evidence")


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_is_exit_code_130_without_a_traceback(built: Path) -> None:
    process = start(built, "ask", "-")
    assert process.stdin is not None
    # More than a pipe holds: once it is written, the command is reading its question.
    process.stdin.write(b" " * 2**20)
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    process.wait(timeout=60)
    out, err = process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"interrupted\n")


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell")
def test_a_reader_that_goes_away_leaves_no_traceback(built: Path) -> None:
    command = f"{sys.executable} -m askreport ask '{FERRIES}' --json | head -c1"
    done = subprocess.run(
        ["sh", "-c", command], cwd=built, env=ENVIRONMENT, capture_output=True
    )
    assert (done.stdout, done.stderr) == (b"{", b"")


def test_a_reader_that_was_never_there_leaves_no_traceback(built: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as stdout:
        done = subprocess.run(
            [sys.executable, "-m", "askreport", "ask", FERRIES, "--json"],
            cwd=built,
            env=ENVIRONMENT,
            stdout=stdout,
            stderr=subprocess.PIPE,
        )
    assert (done.returncode, done.stderr) == (1, b"")


def test_an_encoding_that_lacks_a_character_is_no_reason_to_fail(built: Path) -> None:
    process = start(built, "ask", f"{FERRIES} 漢", "--json", PYTHONIOENCODING="ascii")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert json.loads(out)["question"] == f"{FERRIES} 漢"


def on_a_terminal(shelf: Path, *args: str, **env: str) -> str:
    """What a command writes to stdout where that is a terminal."""
    mine, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "askreport", *args],
        cwd=shelf,
        env=ENVIRONMENT | {"TERM": "xterm-256color", "COLUMNS": "200"} | env,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            said += os.read(mine, 65536)
        except OSError:  # the terminal is gone with the last who wrote to it
            break
    process.communicate(timeout=60)
    os.close(mine)
    return said.decode().replace("\r\n", "\n")


@pytest.mark.skipif(os.name == "nt", reason="POSIX terminals")
@pytest.mark.parametrize("command", ["ask", "show"])
def test_a_terminal_gets_styles_unless_colour_is_not_wanted(
    built: Path, library: Library, command: str
) -> None:
    cited = library.ask(FERRIES).citations[0]
    args = (command, FERRIES if command == "ask" else cited.passage)
    styled = on_a_terminal(built, *args)
    plain = on_a_terminal(built, *args, NO_COLOR="1")
    assert "\x1b[" in styled
    assert "\x1b" not in plain
    assert on_a_terminal(built, *args, "--plain") == plain
    assert bare(styled) == bare(plain)


def bare(said: str) -> str:
    """The words without styles, blanks and the marks that differ."""
    return re.sub(r"\x1b\[[\d;]*m|[“”\"><\s]", "", said)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_shown_for_the_shell_that_the_environment_names(
    built: Path, shell: str
) -> None:
    script = Path(sys.executable).with_name("askreport")
    done = subprocess.run(
        [script],
        cwd=built,
        env=ENVIRONMENT | {"_ASKREPORT_COMPLETE": f"source_{shell}"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "_ASKREPORT_COMPLETE=complete_" in done.stdout


def test_completion_completes_commands(built: Path) -> None:
    script = Path(sys.executable).with_name("askreport")
    more = {
        "_ASKREPORT_COMPLETE": "complete_bash",
        "COMP_WORDS": "askreport s",
        "COMP_CWORD": "1",
    }
    done = subprocess.run(
        [script], cwd=built, env=ENVIRONMENT | more, capture_output=True, text=True
    )
    wanted = "save saved search serve show sources".split()
    assert sorted(done.stdout.split()) == wanted


# The documentation

DOCS = Path(__file__).parents[2] / "docs"


def test_every_command_and_option_is_documented() -> None:
    said = (DOCS / "cli.md").read_text("utf-8")
    top = typer.main.get_group(cli.app).commands
    commands = dict(top)
    for group, found in top.items():
        inner = getattr(found, "commands", {})
        commands |= {f"{group} {name}": command for name, command in inner.items()}
    assert commands.keys() > {"ask", "models add", "models use", "keys add"}
    for name, command in commands.items():
        assert f"\n## askreport {name}\n" in said
        section = said.partition(f"\n## askreport {name}\n")[2].partition("\n## ")[0]
        for parameter in command.params:
            for option in parameter.opts:
                assert option in section


def test_every_setting_is_documented(library: Library) -> None:
    said = (DOCS / "settings.md").read_text("utf-8")
    for name in type(library.shelf.settings).model_fields:
        assert f"`{name}`" in said
        assert f"`ASKREPORT_{name.upper()}`" in said
