"""Nothing comes out that was not traced: markers are earned, quotes are read."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.query.conftest import Find, Look

from askreport import Library
from askreport.query import evidence, prose, verify
from askreport.query.prose import Sentence
from askreport.types import Evidence, Span

FERRIES = "How many passengers does each ferry carry?"


@pytest.fixture(scope="module")
def pieces(library: Library, look: Look, find: Find) -> tuple[Evidence, ...]:
    """Four pieces of evidence, best first."""
    found = evidence.score(find(FERRIES))
    return evidence.number(look(FERRIES), found, library.generation, most=4)


def held(piece: Evidence) -> str:
    """A figure that the passage of a piece holds."""
    return min(verify.figures(piece.candidate.passage.text))


def test_a_sentence_keeps_the_markers_it_earned(
    library: Library, pieces: tuple[Evidence, ...]
) -> None:
    written = prose.write(pieces, library.generation)
    traced = verify.trace(written, pieces, library.generation)
    assert traced.sentences == written
    assert [c.marker for c in traced.citations] == [1, 2, 3, 4]
    assert traced.dropped == ()


def test_a_figure_that_the_passage_lacks_costs_the_marker_and_is_reported(
    library: Library, pieces: tuple[Evidence, ...]
) -> None:
    lie = Sentence("Each ferry carries 411 passengers.", (1,))
    traced = verify.trace([lie], pieces, library.generation)
    assert (traced.sentences, traced.citations) == ((), ())
    assert traced.dropped == (
        "[1] figures not in the passage (411): Each ferry carries 411 passengers.",
    )


def test_only_the_marker_whose_passage_lacks_the_figure_is_lost(
    library: Library, pieces: tuple[Evidence, ...]
) -> None:
    figure = held(pieces[1])
    assert figure not in verify.figures(pieces[0].candidate.passage.text)
    shared = Sentence(f"It was {figure}.", (1, 2))
    traced = verify.trace([shared], pieces, library.generation)
    assert traced.sentences == (Sentence(f"It was {figure}.", (1,)),)
    assert traced.citations[0].passage == pieces[1].candidate.passage.id
    assert [reason[:3] for reason in traced.dropped] == ["[1]"]


@pytest.mark.parametrize("marker", [0, -1, 5, 99])
def test_a_marker_without_evidence_is_dropped_and_reported(
    library: Library, pieces: tuple[Evidence, ...], marker: int
) -> None:
    traced = verify.trace(
        [Sentence("The ferries are new.", (marker, 3))], pieces, library.generation
    )
    assert traced.sentences == (Sentence("The ferries are new.", (1,)),)
    assert traced.dropped == (f"[{marker}] no such evidence: The ferries are new.",)


def test_a_sentence_without_a_marker_is_dropped_and_reported(
    library: Library, pieces: tuple[Evidence, ...]
) -> None:
    traced = verify.trace([Sentence("Trust me.", ())], pieces, library.generation)
    assert (traced.sentences, traced.citations) == ((), ())
    assert traced.dropped == ("no marker: Trust me.",)


SENTENCES = st.lists(
    st.builds(
        Sentence,
        st.sampled_from(["It is so.", "It was 410.", "It was 77.", "It was 123456."]),
        st.lists(st.integers(0, 6), max_size=4).map(tuple),
    ),
    max_size=6,
)


@given(SENTENCES)
def test_markers_come_out_dense_best_first_and_each_with_its_citation(
    library: Library, pieces: tuple[Evidence, ...], sentences: list[Sentence]
) -> None:
    traced = verify.trace(sentences, pieces, library.generation)
    used = {m for sentence in traced.sentences for m in sentence.markers}
    markers = [citation.marker for citation in traced.citations]
    assert markers == sorted(used) == list(range(1, len(used) + 1))
    ranks = [p.candidate.passage.id for p in pieces]
    places = [ranks.index(citation.passage) for citation in traced.citations]
    assert places == sorted(places)
    claims = sum(max(1, len(set(s.markers))) for s in sentences)
    assert claims == len(traced.dropped) + sum(len(s.markers) for s in traced.sentences)
    for sentence in traced.sentences:
        for marker in sentence.markers:
            text = traced.citations[marker - 1].text
            assert verify.figures(sentence.text) <= verify.figures(text)


@given(st.text(max_size=80))
def test_a_quote_is_read_from_the_page_whatever_the_writer_wrote(
    library: Library, pieces: tuple[Evidence, ...], invented: str
) -> None:
    traced = verify.trace([Sentence(invented, (1,))], pieces, library.generation)
    for citation in traced.citations:
        page = library.page(citation.document, citation.page)
        assert citation.quote == page.text[citation.start : citation.end]
        assert citation.quote == prose.quoted(pieces[0], library.generation)


def test_a_citation_says_all_that_is_known_of_its_source(
    library: Library, find: Find
) -> None:
    found = next(
        c
        for c in find("pheromone traps")
        if c.passage.source.id == "orchard-digest" and c.passage.section == ("PESTS",)
    )
    passage = found.passage
    span = Span(passage.start, passage.start + 12)
    cited = verify.cite(
        Evidence(4, replace(found, score=0.5), span, also=("x",)),
        library.generation,
        marker=2,
    )
    assert (cited.marker, cited.score, cited.also) == (2, 0.5, ("x",))
    assert (cited.title, cited.publisher, cited.date, cited.kind, cited.words) == (
        "Orchards of the north",
        "Growers' Union",
        "2019",
        "article",
        "digest",
    )
    assert (cited.quote, cited.section) == ("Codling moth", ("PESTS",))
    assert (cited.page, cited.label, cited.url) == (None, None, None)
    assert (cited.passage, cited.text) == (passage.id, passage.text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("14,300 beds, 7.5 tonnes and 4 per cent", {"14300", "7.5", "4"}),
        ("in 2018-19, on 9 May", {"2018", "19", "9"}),
        ("no figure at all", set()),
        ("It closed in 1998.", {"1998"}),
        ("1,000,000 people", {"1000000"}),
    ],
)
def test_figures_of_a_text(text: str, wanted: set[str]) -> None:
    assert verify.figures(text) == wanted
