"""The command line: stdout is the answer, stderr the conversation, exit codes hold."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
import typer.main
from tests.serve.commands import FERRIES, NEVER, Ran, Run, refused

from askreport import Filter, Library, errors
from askreport.serve import cli, narrowing, render


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
