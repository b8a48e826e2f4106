"""What holds of every answer, whatever is asked."""

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as configured
from hypothesis import strategies as st
from tests.conftest import HARBOUR, LIGHTHOUSE, ORCHARD

from askreport import Filter, Library, errors
from askreport import text as texts
from askreport.query import ask as asking
from askreport.query import evidence, prose
from askreport.types import Answer

FERRIES = "How many passengers does each ferry carry?"
BEDS = "How many beds were bought in June 2017?"
DOCUMENTS = ("harbour-report", "orchard-digest", "lighthouse-page", "bridges-pdf")

CORPUS = sorted(set(texts.words(f"{HARBOUR} {ORCHARD} {LIGHTHOUSE}")))
ODD = st.text(max_size=12) | st.sampled_from(
    [
        "\u202e",
        "\x1b[31m",
        "ﬁ",
        "e\u0301",
        "\u0be7\u0967",
        "[1]",
        "漢字",
        "👩‍🚀",
        "\ud800",
        "ß",
        "٣",
    ]
)
QUESTIONS = st.lists(st.sampled_from(CORPUS) | ODD, min_size=1, max_size=12).map(
    " ".join
)
FLOORS = st.sampled_from([0.0, 0.02, 0.3, 1.0])

RELATIVE = {*evidence.RELATIVE, *evidence.BEST, *evidence.LEAST}
MARKER = re.compile(r"\[(\d+)\]")


@pytest.fixture(scope="module")
def at_floor(library: Library) -> Any:
    """The shared shelf with another floor."""
    opened = {
        floor: Library.open(library.shelf.root, flags={"floor": floor})
        for floor in (0.0, 0.02, 0.3, 1.0)
    }
    return opened.__getitem__


def answered(library: Library, question: str, **more: Any) -> Answer | None:
    """The answer; None where the question holds no word and is refused for it."""
    try:
        return library.ask(question, **more)
    except errors.QuestionRefused:
        assert not texts.words(texts.question(question))
        return None


@given(QUESTIONS, FLOORS)
@configured(max_examples=150)
def test_every_answer_keeps_its_promises(
    library: Library, at_floor: Any, question: str, floor: float
) -> None:
    answer = answered(at_floor(floor), question)
    if answer is None:
        return
    for cited in (*answer.citations, *answer.nearest):
        page = library.page(cited.document, cited.page)
        assert page.text[cited.start : cited.end] == cited.quote != ""
        assert cited.quote in cited.text
        assert library.passage(cited.passage).text == cited.text
    markers = [cited.marker for cited in answer.citations]
    assert markers == list(range(1, len(markers) + 1))
    assert {int(m) for m in MARKER.findall(answer.text)} == set(markers)
    scores = [cited.score for cited in answer.citations]
    assert all(one >= other for one, other in pairwise(scores))
    assert answer.dropped == ()


@given(QUESTIONS, FLOORS)
@configured(max_examples=60)
def test_an_answer_either_cites_or_declines_and_says_what_was_searched(
    at_floor: Any, question: str, floor: float
) -> None:
    answer = answered(at_floor(floor), question)
    if answer is None:
        return
    assert (answer.status == "no-evidence") == (not answer.citations)
    assert 0 <= answer.confidence <= 1
    assert answer.coverage.documents == len(DOCUMENTS)
    if answer.citations:
        assert answer.nearest == ()
        assert answer.confidence >= floor
        # Up to rounding: the confidence adds up what the citations are worth.
        assert answer.confidence >= answer.citations[0].score - 1e-9
        return
    assert answer.text.startswith("No evidence")
    assert f"4 documents ({answer.coverage.passages} passages)" in answer.text
    if answer.nearest:
        assert f"{answer.confidence:.2f}" in answer.text
        assert f"{floor:.2f}" in answer.text
        assert len(answer.nearest) <= asking.NEAREST


@given(QUESTIONS)
@configured(max_examples=40)
def test_asking_twice_gives_equal_answers(library: Library, question: str) -> None:
    again = Library.open(library.shelf.root)
    assert answered(library, question) == answered(again, question)


@given(QUESTIONS, st.lists(st.sampled_from(DOCUMENTS), min_size=1, unique=True))
@configured(max_examples=80)
def test_a_filter_is_exact_and_its_order_does_not_matter(
    at_floor: Any, question: str, documents: list[str]
) -> None:
    library = at_floor(0.0)
    answer = answered(
        library, question, among=Filter(documents=tuple(documents)), top=50
    )
    if answer is None:
        return
    assert {c.document for c in answer.citations} <= set(documents)
    assert answer == library.ask(
        question, among=Filter(documents=tuple(documents[::-1] * 2)), top=50
    )
    whole = library.search(question, top=50)
    inside = {
        h.passage.id: h.signals for h in whole if h.passage.source.id in documents
    }
    hits = library.search(question, among=Filter(documents=tuple(documents)), top=50)
    assert {hit.passage.id for hit in hits} == set(inside)
    for hit in hits:
        same = {n: v for n, v in hit.signals.items() if n not in RELATIVE}
        whole_ = {n: inside[hit.passage.id][n] for n in same}
        assert same == pytest.approx(whole_, abs=1e-6)


def test_a_filter_finds_what_many_rivals_would_crowd_out(make_library: Any) -> None:
    rival = "The pier lamps were painted green in {}, said inspector {}."
    names = [chr(97 + i % 26) * (2 + i // 26) for i in range(60)]
    files = {
        f"rival-{name}.txt": rival.format(1900 + i, name.title())
        for i, name in enumerate(names)
    }
    files["quiet.txt"] = (
        "ONE\n\nThe lamps of the pier are old.\n\n"
        "TWO\n\nNobody painted anything.\n\nTHREE\n\nCoffee is served at noon.\n"
    )
    library = make_library(files, candidates=5)
    question = "When were the pier lamps painted green?"
    everywhere = library.search(question, top=5)
    assert "quiet-txt" not in {hit.passage.source.id for hit in everywhere}
    hits = library.search(question, among=Filter(documents=("quiet-txt",)), top=5)
    assert [hit.passage.source.id for hit in hits] == ["quiet-txt"] * 3
    answer = library.ask(question, among=Filter(documents=("quiet-txt",)))
    assert {c.document for c in answer.citations} == {"quiet-txt"}


@pytest.mark.parametrize("documents", [["nothing"], ["harbour-report", "nothing"]])
def test_a_filter_by_an_unknown_document_is_an_error_not_a_decline(
    library: Library, documents: list[str]
) -> None:
    for ask in (library.ask, library.search):
        with pytest.raises(errors.NotFound, match="nothing") as caught:
            ask(FERRIES, among=Filter(documents=tuple(documents)))
        assert "askreport sources" in caught.value.hint


def test_coverage_counts_what_was_searched(library: Library) -> None:
    found = library.generation.passages
    answer = library.ask(
        FERRIES, among=Filter(documents=("bridges-pdf", "orchard-digest"))
    )
    inside = [p for p in found if p.source.id in ("bridges-pdf", "orchard-digest")]
    assert (answer.coverage.documents, answer.coverage.passages) == (2, len(inside))
    declined = Library.open(library.shelf.root, flags={"floor": 1.0}).ask(
        FERRIES, among=Filter(documents=("bridges-pdf",))
    )
    assert "1 document (2 passages)" in declined.text


def test_the_receipt_names_what_answered(library: Library) -> None:
    answer = library.ask(
        FERRIES, among=Filter(documents=("orchard-digest", "harbour-report"))
    )
    receipt = answer.receipt
    assert receipt.generation == library.generation.id
    assert receipt.model_digest == library.generation.manifest.model_digest
    assert receipt.model == "hashing"
    assert receipt.parameters["documents"] == ("harbour-report", "orchard-digest")
    assert receipt.parameters["floor"] == library.shelf.settings.floor
    for cited in answer.citations:
        assert receipt.scores[cited.passage] == pytest.approx(cited.score, abs=1e-4)


def test_the_receipt_holds_the_score_of_all_that_is_shown(echoes: Library) -> None:
    for top in (1, 2, 3):
        answer = echoes.ask(BEDS, top=top)
        assert {c.passage for c in answer.citations} <= set(answer.receipt.scores)


def test_top_is_the_most_that_is_cited(echoes: Library) -> None:
    assert len(echoes.ask(BEDS, top=1).citations) == 1
    assert len(echoes.ask(BEDS).citations) == 2


def test_a_sentence_of_two_documents_is_said_once_with_both_markers(
    echoes: Library,
) -> None:
    answer = echoes.ask(BEDS)
    assert answer.text == "The trust bought 12 beds in June 2017. [1] [2]"
    assert {c.quote for c in answer.citations} == {
        "The trust bought 12 beds in June 2017."
    }
    assert sum(len(c.also) for c in answer.citations) == 1


def test_a_documents_own_references_do_not_pass_for_markers(make_library: Any) -> None:
    said = "Heron numbers fell by a third [7], as earlier counts [12] had shown."
    answer = make_library({"herons.txt": said}).ask("How far did heron numbers fall?")
    assert answer.citations[0].quote == said
    assert MARKER.findall(answer.text) == ["1"]
    assert "(7)" in answer.text


def test_what_cannot_be_traced_is_declined_and_not_blamed_on_the_floor(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = prose.write

    def lie(*given: Any) -> tuple[prose.Sentence, ...]:
        return tuple(replace(s, text=f"{s.text} 9,999,999") for s in write(*given))

    monkeypatch.setattr(prose, "write", lie)
    answer = library.ask(FERRIES)
    assert (answer.status, answer.citations) == ("no-evidence", ())
    assert "9999999" in answer.dropped[0]
    assert "floor" not in answer.text
    assert "could be traced" in answer.text


def test_search_leaves_repeats_out_and_ranks_from_one(echoes: Library) -> None:
    hits = echoes.search("How many beds were bought?")
    assert [hit.rank for hit in hits] == [1, 2]
    assert hits[0].score >= hits[1].score
    assert all(0 <= hit.score <= 1 for hit in hits)
