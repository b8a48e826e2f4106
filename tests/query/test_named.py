"""Which documents a question names by their titles."""

from typing import Any

import pytest

from askreport import Filter, Library
from askreport.query import named

SHELF = {
    "NORTHQUAYWORKS_2018_10K.txt": "Silt cost the works 14 million in the year.",
    "NORTHQUAYWORKS_2019_10K.txt": "Silt cost the works 19 million in the year.",
    "EastmereFerries_2019_10K.txt": "Silt cost the ferries 3 million in the year.",
    "tides.txt": "Silt moves with the tide and settles in still water.",
}


@pytest.fixture
def shelf(make_library: Any) -> Library:
    library: Library = make_library(SHELF)
    return library


def best(question: str, library: Library) -> list[str]:
    """The paths of the documents whose rows are searched by themselves."""
    generation = library.generation
    rows = named.rows(named.of(question, generation), generation)
    return [generation.passages[row].source.path for row in rows]


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("What did silt cost North Quay Works in 2018?", "NORTHQUAYWORKS_2018_10K.txt"),
        ("What was North Quay Works's FY2019 cost?", "NORTHQUAYWORKS_2019_10K.txt"),
        ("Eastmere Ferries, 10-K of 2019: silt?", "EastmereFerries_2019_10K.txt"),
    ],
)
def test_words_that_a_title_runs_together_name_it(
    shelf: Library, question: str, path: str
) -> None:
    assert best(question, shelf) == [path]


def test_a_question_that_names_no_document_restricts_nothing(shelf: Library) -> None:
    assert best("How much silt was there?", shelf) == []


def test_shares_lie_between_nothing_and_the_whole_title(shelf: Library) -> None:
    shares = named.of("North Quay Works 2018 10-K tides", shelf.generation)
    assert all(0 < share <= 1 + 1e-9 for share in shares.values())
    assert max(shares.values()) == pytest.approx(1.0)


def test_one_title_for_all_tells_nothing(make_library: Any) -> None:
    library = make_library({"silt.txt": "Silt settles."})
    assert named.of("Silt?", library.generation) == {}


def test_a_named_document_is_found_among_many_alike(make_library: Any) -> None:
    # Not E: the stemmer cuts a last e off, and "HARBOURE" would be any harbour.
    texts = {f"HARBOUR{n}_2018.txt": "Silt cost 14 million." for n in "ABCDFGHI"}
    library = make_library(texts)
    hit = library.search("What did silt cost harbour F in 2018?", top=1)[0]
    assert hit.signals["named"] > 0.9
    assert hit.passage.source.path == "HARBOURF_2018.txt"


def test_a_filter_holds_whatever_the_question_names(shelf: Library) -> None:
    asked = "What did silt cost North Quay Works in 2018?"
    other = next(
        d.source.id for d in shelf.generation.documents if "tides" in d.source.path
    )
    hits = shelf.search(asked, among=Filter(documents=(other,)))
    assert {hit.passage.source.id for hit in hits} == {other}
