"""What became of every candidate as tables: aligned, complete, harmless."""

import io
from dataclasses import replace

from rich.console import Console

from askreport import Library
from askreport.serve import explain, render, screen
from askreport.types import Explained, Ranks

FERRIES = "How many passengers does each ferry carry?"

FIRST = Explained(
    place=1,
    passage="00aa",
    document="harbour",
    section=("Traffic", "Ferries"),
    ranks=Ranks(2, None, 1),
    fused=1 / 62,
    score=0.75,
    signals={"cosine": 0.5, "odd": 1.0},
    contributions={"cosine": 3.0},
    answers=0.9,
    quoted=0.8,
    fate="quoted",
    why="quoted as [1]",
    marker=1,
)
SECOND = replace(
    FIRST,
    place=2,
    passage="00bb",
    ranks=Ranks(None, 11, 2),
    score=0.1,
    fate="repeat",
    why="repeats passage 00aa",
    marker=None,
)

PLAIN = """\
Explained: 2 candidates. The chance that the first quote answers (the confidence) is 0.76.

What became of each (ranks: fused, by meaning, by words; - is not found):
#  score   fused  rank  meaning  words  passage  why                   in
1   0.75  0.0161     1        2      -  00aa     quoted as [1]         harbour > Traffic > Ferries
2   0.10  0.0161     2        -     11  00bb     repeats passage 00aa  harbour > Traffic > Ferries

What put them in order (above, each signal; below, what it adds):
#  cosine  order
1    0.50
    +3.00  +3.00
2    0.50
    +3.00  +3.00

The other signals, and the chances that the passage answers and that its quote says so:
#   odd  answers  quoted  score
1  1.00     0.90    0.80   0.75
2  1.00     0.90    0.80   0.10"""  # noqa: E501


def shown(library: Library, width: int) -> str:
    """An explained answer on a terminal of that width."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True)
    console.print(screen.answer(library.ask(FERRIES, explain=True)), highlight=False)
    said: str = console.file.getvalue()  # type: ignore[attr-defined]
    return said


def test_both_tables_are_aligned_in_plain_text() -> None:
    assert explain.plain((FIRST, SECOND), 0.76) == PLAIN


def test_a_terminal_shows_every_candidate_and_signal(library: Library) -> None:
    said = shown(library, 160)
    for one in library.ask(FERRIES, explain=True).explained:
        assert one.passage in said
    for name in library.search(FERRIES)[0].signals:
        assert name in said
    assert "\x1b[" in said


def test_no_control_character_of_a_document_reaches_a_table() -> None:
    evil = replace(FIRST, section=("\x1b[2J\u202eFerries",))
    said = explain.plain((evil,), 0.5)
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "[2JFerries" in said


def test_markdown_keeps_a_table_as_a_block_of_code(library: Library) -> None:
    said = render.markdown(library.ask(FERRIES, explain=True))
    table = said.partition("    Explained: ")[2]
    assert "quoted as [1]" in table
    assert all(line.startswith("    ") for line in table.splitlines()[1:] if line)
