"""A question is refused, or looked up whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.query.conftest import Look

from askreport import Library, errors
from askreport import text as texts
from askreport.query import question as questions


@pytest.mark.parametrize(
    "text", ["", "   \n\t ", "?!… – ‘’ ()", "\u200b\u202e\ufeff", "👍 → ★", "\x00\x1b"]
)
def test_a_question_without_a_word_is_refused_with_a_hint(
    library: Library, text: str
) -> None:
    for ask in (library.ask, library.search):
        with pytest.raises(errors.QuestionRefused, match="empty") as caught:
            ask(text)
        assert "ask something" in caught.value.hint


def test_a_question_of_10_000_characters_is_refused_with_a_hint(
    library: Library,
) -> None:
    with pytest.raises(errors.QuestionRefused, match="10,000") as caught:
        library.ask("x" * 10_000)
    assert "4,000" in caught.value.message
    assert "question_chars" in caught.value.hint


def test_blanks_do_not_count_towards_the_length(library: Library) -> None:
    asked = "Which ferries" + " " * 10_000 + "entered service?"
    assert library.ask(asked).question == "Which ferries entered service?"


def test_a_question_longer_than_the_encoder_reads_is_read_whole(
    library: Library, look: Look
) -> None:
    words = [f"w{i}" for i in range(700)]
    text = " ".join(words)
    assert library.encoder.length(text) > library.encoder.most_tokens
    found = look(text)
    assert len(found.tokens) == len(found.weights) == 700
    assert found.terms == tuple(dict.fromkeys(texts.terms(text)))
    alone = library.encoder.encode(["w699"]).tokens[0]
    assert np.allclose(found.tokens[-1], alone[0])


def test_the_end_of_a_long_question_is_looked_up_too(library: Library) -> None:
    hits = library.search("of the " * 300 + "codling moth pheromone traps")
    assert hits[0].passage.source.id == "orchard-digest"


@given(st.text(min_size=1, max_size=300), st.integers(1, 40))
def test_parts_are_the_whole_in_order_and_each_fits(text: str, most: int) -> None:
    parts = questions._parts(text, lambda part: len(part) <= most)
    assert "".join(part for _, part in parts) == text
    at = 0
    for start, part in parts:
        assert start == at
        assert len(part) <= most
        at += len(part)


@given(st.text(max_size=60))
def test_what_is_looked_up_is_sound(look: Look, text: str) -> None:
    text = f"ferry {text}"
    found = look(text)
    assert found.text == texts.question(text)
    assert len(found.rarity) == len(found.terms) == len(set(found.terms))
    assert len(found.weights) == len(found.tokens)
    assert found.weights.sum() == pytest.approx(1.0, abs=1e-5)
    assert np.linalg.norm(found.vector) == pytest.approx(1.0, abs=1e-5)


def test_rare_words_weigh_more_than_stop_words(look: Look) -> None:
    found = look("the ferry")
    assert found.weights[1] > found.weights[0] > 0


@pytest.mark.parametrize(
    ("line", "asking"),
    [
        ("The lamp is lit. Who lit it? I forget.", "Who lit it?"),
        ("the lamp is lit. who lit it? i forget.", "who lit it?"),
        ("The lamp is lit. tell me who lit it. Thanks", "tell me who lit it."),
        ("lamp oil, paid for. how many gallons", "how many gallons"),
        (
            "Does the U.S. lamp burn, e.g. at night?",
            "Does the U.S. lamp burn, e.g. at night?",
        ),
        ("lamps. ferries", "lamps. ferries"),
    ],
)
def test_the_sentence_that_asks_is_found_however_it_is_typed(
    line: str, asking: str
) -> None:
    assert questions.asks(line).of(line) == asking


def test_what_is_wanted_is_what_the_sentence_that_asks_wants(look: Look) -> None:
    story = "My aunt, who kept the lamp, left when it was sold."
    assert look(f"{story} How many lamps are left?").wanted == "figure"
    assert look(f"{story} Why was it sold?").wanted is None
    assert look("Tell me when the lamp was lit.").wanted == "time"
