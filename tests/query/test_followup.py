"""Follow-up questions: what is carried over, and what is left alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as configured
from hypothesis import strategies as st
from tests.conftest import HARBOUR, ORCHARD

from askreport import Library, errors
from askreport import text as texts
from askreport.query import followup, turn

REDUCE = "How did Oxleas reduce restraint?"
RATED = "How was Oxleas rated in April 2016?"
FERRIES = "How many passengers does each ferry carry?"

LEANING = [
    # A new name or date takes the place of the old one of its sort.
    ([REDUCE], "and in Somerset?", "How did Somerset reduce restraint?"),
    ([REDUCE], "What about Somerset and Lincolnshire?",
     "How did Somerset and Lincolnshire reduce restraint?"),
    ([REDUCE], "And how did Somerset?", "How did Somerset reduce restraint?"),
    ([REDUCE], "Somerset?", "How did Somerset reduce restraint?"),
    ([RATED], "And in 2017?", "How was Oxleas rated in 2017?"),
    ([RATED], "in March 2018?", "How was Oxleas rated in March 2018?"),
    ([RATED], "And Sheffield in 2017?", "How was Sheffield rated in 2017?"),
    (["What did Mark Hindle say about Calderstones?"], "And Jane Wells?",
     "What did Jane Wells say about Calderstones?"),
    (["What did CQC say about Oxleas?"], "and about Somerset?",
     "What did CQC say about Somerset?"),
    (["What was Lincolnshire's rating?"], "And Somerset's?",
     "What was Somerset's rating?"),
    (["What is the capital of Mongolia?"], "and of France?",
     "What is the capital of France?"),
    # What has no counterpart is added.
    (["How was restraint reduced?"], "and in Somerset?",
     "How was restraint reduced in Somerset?"),
    (["How many doctors work at Oxleas?"], "and nurses?",
     "How many doctors work at Oxleas, nurses?"),
    # A question that says too little, or points back, takes the words it lacks.
    ([REDUCE], "Why?", "Why? Oxleas reduce restraint"),
    ([REDUCE], "who said so?", "who said so? Oxleas reduce restraint"),
    (["What did CQC find at Calderstones?"], "What did Hindle say about it?",
     "What did Hindle say about it? CQC Calderstones"),
    ([REDUCE], "Tell me more.", "Tell me more. Oxleas reduce restraint"),
    ([REDUCE], "when was that?", "when was that? Oxleas reduce restraint"),
    ([REDUCE], "what about its beds?", "what about its beds? Oxleas reduce restraint"),
    ([REDUCE], "Did it hurt staff morale or finances?",
     "Did it hurt staff morale or finances? Oxleas"),
    ([REDUCE], "Did Somerset do it too?", "Did Somerset do it too? reduce restraint"),
    ([REDUCE], "Did Mark Hindle work there?",
     "Did Mark Hindle work there? Oxleas reduce restraint"),
    (["How many beds did Oxleas buy?"], "From whom?", "From whom? beds Oxleas buy"),
    (["Who chairs Oxleas?"], "Since when?", "Since when? chairs Oxleas"),
    (["What is the largest city in France?"], "What is its population?",
     "What is its population? largest city France"),
    (["Which trust won the award?"], "What did the trust do to win?",
     "What did the trust do to win? won award"),
    # Further back: through a turn that leaned itself, and past one that names nothing.
    ([REDUCE, "and in Somerset?"], "who said so?",
     "who said so? Somerset reduce restraint"),
    ([REDUCE, "and in Somerset?", "who said so?"], "when was that?",
     "when was that? Somerset reduce restraint"),
    (["Who is Cotton?", "What color was the barn?"], "Where did she sleep?",
     "Where did she sleep? color barn Cotton"),
]  # fmt: skip
"""Earlier turns, a follow-up, and what is looked up."""

STANDING = [
    "How did Lincolnshire improve its leadership?",
    "And what is the capital of Mongolia?",
    "What is restraint?",
    "Who is Mark Hindle?",
    "restraint",
    "restraint training for nurses",
    "What did inspectors find when they visited Sheffield?",
    "How many staff are there at Sheffield?",
    "How long does it take to recover from flu?",
    "Which trusts improved the way that nurses are trained?",
    "What happened this year at Sheffield's wards?",
    "Is it true that staff numbers fell at North Staffordshire?",
    "Why did nurses leave when their wards closed?",
    "When did Toyota say it will close its plant in Victoria?",
    "Where does it rain most in Wales?",
    "I run a ward and my nurses keep leaving. The board says that money is short. "
    "Can the trust refuse to hire agency staff?",
]
"""Questions that stand by themselves whatever was said before."""

WORDS = sorted(
    {*texts.words(f"{HARBOUR} {ORCHARD} {REDUCE} {RATED}")}
    | set("and what about it they there who said so that why how many the in".split())
)
TURNS = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join) | st.text(
    max_size=20
)


@pytest.mark.parametrize(("earlier", "asked", "wanted"), LEANING)
def test_a_follow_up_takes_what_it_leans_on(
    earlier: list[str], asked: str, wanted: str
) -> None:
    assert followup.resolve(asked, earlier, most_chars=4000) == wanted


@pytest.mark.parametrize("earlier", [REDUCE, "Who is Ben Travis?", "ward finances"])
@pytest.mark.parametrize("asked", STANDING)
def test_a_question_that_stands_by_itself_is_left_as_it_is(
    asked: str, earlier: str
) -> None:
    assert followup.resolve(asked, [earlier], most_chars=4000) == asked


@given(TURNS)
def test_without_earlier_turns_a_question_is_only_normalised(asked: str) -> None:
    for earlier in ([], [""], [" ?! "]):
        found = followup.resolve(asked, earlier, most_chars=4000)
        assert found == texts.question(asked)


@given(TURNS, st.lists(TURNS, max_size=5), st.integers(1, 120))
@configured(max_examples=300)
def test_what_is_looked_up_never_outgrows_its_limit(
    asked: str, earlier: list[str], most: int
) -> None:
    line = texts.question(asked)
    found = followup.resolve(asked, earlier, most_chars=most)
    assert len(found) <= max(most, len(line))
    assert found == line or texts.words(line)


@given(TURNS, st.lists(TURNS, max_size=4))
@configured(max_examples=300)
def test_only_words_that_were_said_are_looked_up(
    asked: str, earlier: list[str]
) -> None:
    said = set(texts.terms(" ".join([asked, *earlier])))
    assert set(texts.terms(followup.resolve(asked, earlier, most_chars=4000))) <= said


def test_hostile_turns_are_read_in_bounded_time_and_cut() -> None:
    long = "the The its It and And " * 5000
    found = followup.resolve("why is that?", [long] * 400, most_chars=4000)
    assert found.startswith("why is that?")
    assert len(texts.words(found)) <= 3 + followup.MOST_CARRIED * followup.TURN_CHARS
    odd = ["\ud800\u202e", "\x1b[31m", "漢字", "[1]", "?" * 9999, "-" * 9999]
    assert followup.resolve("and in Somerset?", odd, most_chars=4000)


def test_only_the_latest_turns_are_read() -> None:
    far = [REDUCE, *(["What is restraint?"] * followup.MOST_TURNS)]
    assert "Oxleas" not in followup.resolve("who said so?", far, most_chars=4000)


def test_capitals_say_nothing_where_everything_is_capital() -> None:
    assert turn.read("HOW DID OXLEAS REDUCE RESTRAINT").names == ()
    assert turn.read("How Did Oxleas Reduce Restraint").names == ()
    named = turn.read("What did the Royal College of Nurses tell Mark Hindle's board?")
    assert [named.said(one) for one in named.names] == [
        "Royal College of Nurses",
        "Mark Hindle",
    ]


# Through the library.


def test_an_answer_says_what_was_looked_up_and_keeps_the_question(
    library: Library,
) -> None:
    alone = library.ask(FERRIES)
    assert (alone.question, alone.looked_up) == (FERRIES, FERRIES)
    said = library.ask("  And cars? ", earlier=[FERRIES])
    assert said.question == "And cars?"
    assert said.looked_up == "How many passengers does each ferry carry, cars?"
    again = library.ask(said.looked_up)
    assert (said.text, said.citations, said.receipt) == (
        again.text,
        again.citations,
        again.receipt,
    )


@given(TURNS, st.lists(TURNS, max_size=3))
@configured(max_examples=60)
def test_earlier_turns_never_make_a_question_fail(
    library: Library, asked: str, earlier: list[str]
) -> None:
    def answered(**more: Any) -> object:
        try:
            return library.ask(asked, **more)
        except errors.QuestionRefused:
            return None

    said = answered(earlier=earlier)
    assert (said is None) == (answered() is None)
    assert answered(earlier=[]) == answered()


def test_a_long_question_is_refused_with_or_without_earlier_turns(
    library: Library,
) -> None:
    short = Library.open(library.shelf.root, flags={"question_chars": 20})
    said = short.ask("who said so?", earlier=[FERRIES])
    assert said.looked_up == "who said so? ferry"
    with pytest.raises(errors.QuestionRefused):
        short.ask("who said so? " * 3, earlier=[FERRIES])
