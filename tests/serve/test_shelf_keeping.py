"""Building, going back, saved questions: the commands of whoever keeps the shelf."""

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.serve.commands import Run

from askreport import Filter, Library, errors, saved
from askreport.generation import opened, standing
from askreport.library import Step
from askreport.serve import progress

QUESTION = "How many lamps has the pier?"


@pytest.fixture
def root(built: Path, tmp_path: Path) -> Path:
    """A built shelf of one's own."""
    return shutil.copytree(built, tmp_path / "shelf")


@pytest.fixture(name="run")
def run_here(run: Run, root: Path) -> Run:
    """Runs a command in that shelf."""
    return partial(run, shelf=root)


def lamps(root: Path, n: int | None) -> None:
    """A document that tells of `n` lamps, or none."""
    path = root / "sources" / "pier.txt"
    if n is None:
        path.unlink()
    else:
        path.write_text(f"The pier has {n} lamps.", "utf-8")


def lines(out: str) -> list[dict[str, Any]]:
    """JSON objects, one a line."""
    return [json.loads(line) for line in out.splitlines()]


# build


def test_a_dry_run_says_what_would_change_and_changes_nothing(
    run: Run, root: Path
) -> None:
    assert run("build", "--dry-run")[2].endswith("is up to date\n")
    before = sorted((p, p.stat().st_mtime_ns) for p in (root / "index").rglob("*"))
    lamps(root, 3)
    sources = root / "sources"
    (sources / "bridges.pdf").rename(sources / "valley.pdf")
    (sources / "orchard.txt").write_text("Pears.", "utf-8")
    catalogue = sources / "catalogue.toml"
    said = catalogue.read_text("utf-8").replace("Port Authority", "Harbour Board")
    catalogue.write_text(said, "utf-8")
    code, out, err = run("build", "--dry-run")
    assert code == 0
    assert set(out.splitlines()) == {
        "described: harbour.md",
        "changed: orchard.txt",
        "added: pier.txt",
        "renamed: valley.pdf (was bridges.pdf)",
    }
    after = sorted((p, p.stat().st_mtime_ns) for p in (root / "index").rglob("*"))
    assert after == before
    plan = json.loads(run("build", "--dry-run", "--json")[1])
    assert plan["generation"] in err
    assert Library.open(root).build().generation == plan["generation"]
    assert run("build", "--dry-run")[1] == ""


def test_a_dry_run_says_why_everything_would_be_made_anew(run: Run, root: Path) -> None:
    with (root / "askreport.toml").open("a") as file:
        file.write("passage_tokens = 50\n")
    _, out, _ = run("build", "--dry-run")
    assert "everything is made anew: passages are cut otherwise" in out


def test_a_build_says_what_it_kept(run: Run, root: Path) -> None:
    lamps(root, 3)
    _, _, err = run("build")
    assert err.splitlines()[-1].endswith("(1 read, 1 encoded, 8 kept)")


def test_a_build_tells_programs_its_steps_and_how_it_ended(
    run: Run, root: Path
) -> None:
    lamps(root, 3)
    code, out, err = run("build", "--json")
    events = lines(out)
    assert (code, err) == (0, "")
    assert {e["event"] for e in events[:-1]} == {"step"}
    assert {"doing", "done", "total", "rate", "left"} <= events[0].keys()
    built = events[-1]
    assert (built["event"], built["fresh"], built["read"]) == ("built", True, 1)
    assert built["generation"] == opened.current(root / "index")
    (root / "sources" / "catalogue.toml").write_text("oops", "utf-8")
    code, out, err = run("build", "--json")
    assert code == 1
    assert lines(out)[-1]["type"] == "CatalogueWrong"
    assert "hint" in err


def test_the_pace_of_a_step_is_told_from_its_beginning() -> None:
    now = 0.0
    pace = progress.Pace(lambda: now)
    pace.move(Step("encoding", 100, 400))
    assert pace.said() == ""
    now = 10.0
    pace.move(Step("encoding", 200, 400))
    assert (pace.rate, pace.left) == (10.0, 20.0)
    assert pace.said() == "10.0 a second, 0:20 left"
    pace.move(Step("writing", 0, 1))
    assert pace.rate is None


# generations


def test_generations_are_listed_newest_first_with_what_they_hold(
    run: Run, root: Path
) -> None:
    first = opened.current(root / "index")
    lamps(root, 3)
    second = Library.open(root).build().generation
    code, out, _ = run("generations")
    newest, older = out.splitlines()
    assert code == 0
    assert newest.startswith(f"* {second}  ")
    assert older.startswith(f"  {first}  ")
    assert "5 documents, 9 passages  hashing" in newest
    rows = json.loads(run("generations", "list", "--json")[1])
    assert [r["id"] for r in rows] == [second, first]
    assert [r["current"] for r in rows] == [True, False]
    assert all(r["bytes"] > 10_000 and r["state"] == "sound" for r in rows)


def test_going_back_makes_an_older_generation_answer(run: Run, root: Path) -> None:
    first = opened.current(root / "index")
    lamps(root, 3)
    library = Library.open(root)
    library.build()
    assert library.ask(QUESTION).status == "answered"
    code, _, err = run("generations", "use", first[:6])
    assert (code, err) == (0, f"generation {first} answers now\n")
    assert library.generation.id == first
    assert library.ask(QUESTION).coverage.pending == ("pier.txt",)
    assert run("generations", "use", "nonesuch")[0] == 1


def test_a_generation_that_is_damaged_or_of_another_model_is_not_gone_back_to(
    run: Run, root: Path
) -> None:
    first = opened.current(root / "index")
    lamps(root, 3)
    second = Library.open(root).build().generation
    codes = root / "index" / "generations" / first / "tokens" / "codes.npy"
    raw = codes.read_bytes()
    codes.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    code, _, err = run("generations", "use", first)
    assert code == 1
    assert "tokens/codes.npy" in err
    codes.write_bytes(raw)
    with pytest.raises(errors.ModelChanged):
        standing.use(root / "index", first, model_digest="another")
    assert opened.current(root / "index") == second


def test_pruning_keeps_as_many_as_it_is_told_and_what_is_damaged(
    run: Run, root: Path
) -> None:
    for n in range(2):
        lamps(root, n)
        Library.open(root).build()
    names = [one.name for one in standing.listed(root / "index")]
    standing.set_aside(root / "index" / "generations" / names[1])
    code, out, _ = run("generations", "prune", "--keep", "1")
    assert (code, out.split()) == (0, [names[2]])
    left = [one.name for one in standing.listed(root / "index")]
    assert left == [names[0], f"{names[1]}.damaged-1"]


def test_two_generations_are_compared_by_documents_and_passages(
    run: Run, root: Path
) -> None:
    first = opened.current(root / "index")
    lamps(root, 3)
    harbour = root / "sources" / "harbour.md"
    said = harbour.read_text("utf-8").replace("eleven weeks", "nine weeks")
    harbour.write_text(said, "utf-8")
    (root / "sources" / "bridges.pdf").unlink()
    second = Library.open(root).build().generation
    code, out, _ = run("generations", "diff", first, second)
    assert code == 0
    assert "changed: harbour-report (harbour.md)" in out
    assert "added: pier-txt (pier.txt)" in out
    assert "removed: bridges-pdf (bridges.pdf)" in out
    assert "  + The pier has 3 lamps." in out
    changed = [line for line in out.splitlines() if "weeks, and no sailing" in line]
    assert [line[:3] for line in changed] == ["  -", "  +"]
    found = json.loads(run("generations", "diff", first, second, "--json")[1])
    kinds = [p["change"] for p in found["passages"]]
    assert sorted(kinds) == ["added", "changed", "removed", "removed"]
    assert "0 documents" in run("generations", "diff", first, first)[1]


def test_doctor_reads_every_byte_only_if_it_is_told_to(run: Run, root: Path) -> None:
    lamps(root, 3)
    Library.open(root).build()
    older = standing.listed(root / "index")[1].name
    codes = root / "index" / "generations" / older / "tokens" / "codes.npy"
    raw = codes.read_bytes()
    assert run("doctor", "--deep")[0] == 0
    codes.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    assert run("doctor")[0] == 0
    code, out, _ = run("doctor", "--deep")
    assert code == 1
    assert f"BAD generation {older}: tokens/codes.npy of generation {older}" in out
    standing.set_aside(root / "index" / "generations" / older)
    assert "was found damaged and set aside" in run("doctor", "--deep")[1]


# Saved questions


def test_a_saved_question_is_asked_again_by_every_build(run: Run, root: Path) -> None:
    lamps(root, 3)
    run("build")
    code, out, err = run("save", QUESTION)
    assert (code, "3 lamps" in out, "saved as " in err) == (0, True, True)
    lamps(root, 4)
    err = run("build")[2]
    (known,) = saved.read(root)
    assert f"changed: {QUESTION}  ({known.id})" in err
    assert "  - The pier has 3 lamps. [1]" in err
    assert "  + The pier has 4 lamps. [1]" in err
    assert '  - cited pier-txt: "The pier has 3 lamps."' in err
    # Until somebody accepts it, it is told again.
    (root / "sources" / "more.txt").write_text("Nothing of the kind.", "utf-8")
    assert f"changed: {QUESTION}" in run("build", "--quiet")[2]
    assert run("saved", "check")[0] == 1
    assert run("saved", "accept", known.id)[0] == 0
    code, _, err = run("saved", "check")
    assert (code, err) == (0, "every saved question is answered as it was\n")
    lamps(root, 5)
    built = lines(run("build", "--json")[1])[-1]
    (drift,) = built["drift"]
    assert (drift["change"], drift["lost"][0]["quote"]) == (
        "changed",
        "The pier has 4 lamps.",
    )


def test_answers_that_appear_vanish_or_cannot_be_asked_are_told_as_such(
    run: Run, root: Path
) -> None:
    floor = (root / "askreport.toml").read_text("utf-8")
    (root / "askreport.toml").write_text(floor.replace("0.1", "0.3"), "utf-8")
    absent = "How many lamps has the pier of Saltholm?"
    run("save", absent, "--document", "harbour-report")
    run("save", "Which ferries entered service?", "--document", "harbour-report")
    (root / "sources" / "catalogue.toml").unlink()
    (root / "sources" / "harbour.md").unlink()
    lamps(root, 3)
    err = run("build")[2]
    assert err.count("refused: ") == 2
    assert "harbour-report" in err


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [("answered", "no-evidence", "vanished"), ("no-evidence", "answered", "appeared")],
)
def test_a_change_of_status_has_a_name_of_its_own(
    root: Path, before: str, after: str, change: str
) -> None:
    floors = {"answered": 0.0, "no-evidence": 1.0}
    asked = "Which ferries entered service?"
    then = Library.open(root, flags={"floor": floors[before]}).ask(asked)
    now = Library.open(root, flags={"floor": floors[after]}).ask(asked)
    assert (then.status, now.status) == (before, after)
    known = saved.of(then, Filter())
    found = saved.compare(known, now)
    assert found is not None
    assert found.change == change
    assert saved.compare(known, then) is None


def test_saving_again_replaces_and_removing_forgets(run: Run, root: Path) -> None:
    asked = "Which ferries entered service?"
    run("save", asked)
    run("save", asked)
    run("save", asked, "--kind", "report")
    found = json.loads(run("saved", "list", "--json")[1])
    assert [one["question"] for one in found] == [asked, asked]
    assert asked in run("saved", "list")[1]
    assert run("saved", "remove", found[0]["id"])[0] == 0
    assert len(saved.read(root)) == 1
    assert run("saved", "remove", found[0]["id"])[0] == 1


@pytest.mark.parametrize("raw", ["", "{}", '[{"id": 5}]', "[null]", "\x00"])
def test_a_damaged_file_of_questions_is_named_and_does_not_spoil_a_build(
    run: Run, root: Path, raw: str
) -> None:
    (root / "saved.json").write_text(raw, "utf-8")
    code, _, err = run("saved", "list")
    assert (code, "saved.json is damaged" in err) == (1, True)
    lamps(root, 3)
    assert run("build")[0] == 0
    assert (root / "saved.json").read_text("utf-8") == raw
