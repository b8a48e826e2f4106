"""The extractive writer says what the documents say, each sentence once."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from askreport import Library
from askreport import text as texts
from askreport.query import candidates, evidence, prose, question
from askreport.query.prose import Sentence
from askreport.types import Evidence


def pieces_of(library: Library, asked: str) -> tuple[Evidence, ...]:
    """Every unlike passage of a small shelf as evidence."""
    generation = library.generation
    lookup = question.ask(asked, library.encoder, generation.lexical, most_chars=4000)
    found = evidence.score(candidates.find(lookup, generation, most=50))
    return evidence.number(lookup, found, generation, most=50)


def test_each_sentence_stands_on_its_page(library: Library) -> None:
    pieces = pieces_of(library, "Which ferry carries passengers?")
    written = prose.write(pieces, library.generation)
    assert len(written) == len(pieces)
    for sentence, piece in zip(written, pieces, strict=True):
        source = piece.candidate.passage.source
        page = library.page(source.id, piece.candidate.passage.page)
        assert sentence.text in page.text
        assert sentence.markers == (piece.marker,)


def test_the_same_sentence_of_two_passages_is_said_once_with_both_markers(
    echoes: Library,
) -> None:
    pieces = pieces_of(echoes, "How many beds were bought in June 2017?")
    written = prose.write(pieces, echoes.generation)
    assert written == (Sentence("The trust bought 12 beds in June 2017.", (1, 2)),)


def test_no_evidence_is_no_sentence(library: Library) -> None:
    assert prose.write((), library.generation) == ()
    assert prose.joined(()) == ""


def test_a_paragraph_carries_the_markers_after_each_sentence() -> None:
    said = prose.joined([Sentence("One.", (1, 3)), Sentence("Two.", (2,))])
    assert said == "One. [1] [3] Two. [2]"


def test_the_dash_of_a_list_item_is_left_out_of_the_paragraph() -> None:
    said = prose.joined([Sentence("- item - with a dash", (1,))])
    assert said == "item - with a dash [1]"


def test_a_list_item_is_quoted_as_it_stands(make_library: Any) -> None:
    library = make_library({"list.md": "# Lamps\n\n- 40 oil lamps\n- 3 paraffin\n"})
    answer = library.ask("How many oil lamps?")
    assert answer.text == "40 oil lamps [1]"
    cited = answer.citations[0]
    page = library.page(cited.document, cited.page)
    assert page.text[cited.start : cited.end] == cited.quote


@given(st.text(alphabet="[]0123 a", max_size=30), st.integers(1, 9))
def test_only_the_answers_own_markers_look_like_markers(text: str, n: int) -> None:
    said = prose.joined([Sentence(text, (n,))])
    assert said.endswith(f" [{n}]")
    assert texts.unmarked(said.removesuffix(f" [{n}]")) + f" [{n}]" == said
