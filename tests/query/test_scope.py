"""What a filter leaves of a shelf: exactly that, and nothing goes missing unnamed."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as configured
from hypothesis import strategies as st

from askreport import Filter, Library, errors
from askreport.query import evidence, filters, scope
from askreport.types import Passage, Source

Row = tuple[str | None, str, str | None, str | None, str]

SHELF: dict[str, Row] = {
    # id: publisher, kind, date, supersedes, words
    "lamps-2017": ("Pier Trust", "report", "2017", None, "green"),
    "lamps-2018": ("Pier Trust", "report", "2018-03", "lamps-2017", "amber"),
    "lamps-2019": ("PIER  trust", "Report", "2019-03-15", "lamps-2018", "violet"),
    "minutes": ("Harbour Board", "minutes", "2018-11", None, "scarlet"),
    "leaflet": ("Harbour Board", "leaflet", None, None, "turquoise"),
    "column": (None, "column", "2016-02-29", None, "ochre"),
}
PLACES = ("Mole", "Quay wall", "Northern light-house")
EVERYTHING = Filter(superseded=True)
QUESTION = "When were the pier lamps painted?"


def text(name: str, colour: str) -> str:
    """A document with a passage under each heading, none like another."""
    parts = [f"# Lamps {name}"]
    for i, place in enumerate(PLACES):
        odd = " ".join(f"{colour}{i}{chr(97 + n)}" for n in range(12))
        parts.append(f"## {place}\n\nThe pier lamps were painted {colour}: {odd}.")
    return "\n\n".join(parts)


def catalogue() -> str:
    """Every document of SHELF, listed."""
    said = []
    for name, (publisher, kind, date, older, _) in SHELF.items():
        keys = {"id": name, "path": f"{name}.md", "kind": kind}
        keys |= {"publisher": publisher} if publisher else {}
        keys |= {"date": date} if date else {}
        keys |= {"supersedes": older} if older else {}
        lines = [f'{key} = "{value}"' for key, value in keys.items()]
        said.append("\n".join(["[[document]]", *lines]))
    return "\n\n".join(said)


@pytest.fixture(scope="module")
def lamps(make_library: Callable[..., Library]) -> Library:
    """A shelf with a chain of three editions and three documents beside it."""
    files = {f"{name}.md": text(name, row[-1]) for name, row in SHELF.items()}
    library = make_library({"catalogue.toml": catalogue(), **files}, candidates=100)
    assert len(library.generation.passages) >= 18
    return library


def narrowed(**asked: Any) -> Filter:
    """A filter of what a test names at run time."""
    return Filter(**asked)


def left(library: Library, **asked: Any) -> set[str]:
    """Ids of the documents that a filter leaves."""
    found = scope.of(library.generation, Filter(**asked))
    return {document.source.id for document in found.documents}


# Exactness. What is allowed is decided here by another road: passage by passage.


def days(date: str) -> set[str]:
    """Every day that a date may mean."""
    months = [date[5:7]] if len(date) > 4 else [f"{m:02}" for m in range(1, 13)]
    within = [date[8:]] if len(date) > 7 else [f"{d:02}" for d in range(1, 32)]
    return {f"{date[:4]}-{m}-{d}" for m in months for d in within}


def dated(source: Source, asked: Filter) -> bool:
    if not (asked.since or asked.until or asked.as_of):
        return True
    return source.date is not None and any(
        (not asked.since or day >= min(days(asked.since)))
        and (not asked.until or day <= max(days(asked.until)))
        and (not asked.as_of or day <= max(days(asked.as_of)))
        for day in days(source.date)
    )


def outdated(source: Source, asked: Filter) -> bool:
    if asked.superseded or source.id in asked.documents:
        return False
    order = ["lamps-2017", "lamps-2018", "lamps-2019"]
    there = [n for n in order if dated(replaced_date(n), Filter(as_of=asked.as_of))]
    return source.id in order and any(
        order.index(n) > order.index(source.id) for n in there
    )


def replaced_date(name: str) -> Source:
    return Source(id=name, title="", path="", digest="", date=SHELF[name][2])


def allowed(passage: Passage, asked: Filter) -> bool:
    source = passage.source
    publisher = " ".join((source.publisher or "").split()).lower()
    headings = [f" {h.lower().replace('-', ' ')}" for h in passage.section]
    return (
        (not asked.documents or source.id in asked.documents)
        and (not asked.publishers or publisher in [p.lower() for p in asked.publishers])
        and (not asked.kinds or source.kind.lower() in [k.lower() for k in asked.kinds])
        and (
            not asked.sections
            or any(f" {s.lower()}" in h for s in asked.sections for h in headings)
        )
        and dated(source, asked)
        and not outdated(source, asked)
    )


def some(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=2).map(tuple)


DATES = st.none() | st.sampled_from(
    [
        "2016",
        "2016-02",
        "2017-06",
        "2018",
        "2018-03",
        "2018-12-31",
        "2019-03-15",
        "2030",
    ]
)
FILTERS = st.builds(
    Filter,
    documents=some(*SHELF),
    publishers=some("pier trust", "Pier Trust", "HARBOUR BOARD"),
    kinds=some("report", "MINUTES", "leaflet", "column"),
    sections=some("mole", "QUAY", "quay wall", "light", "northern light house"),
    since=DATES,
    until=DATES,
    as_of=DATES,
    superseded=st.booleans(),
).filter(
    lambda f: not (f.since and f.until) or min(days(f.since)) <= max(days(f.until))
)


def apart(signals: Mapping[str, float]) -> dict[str, float]:
    """The signals of a passage that do not depend on what else is searched."""
    others = (*evidence.RELATIVE, *evidence.BEST, *evidence.LEAST)
    return {name: value for name, value in signals.items() if name not in others}


@given(FILTERS)
@configured(max_examples=300)
def test_a_filter_finds_all_that_it_allows_and_nothing_else_with_the_same_signals(
    lamps: Library, asked: Filter
) -> None:
    everything = lamps.search(QUESTION, top=100, among=EVERYTHING)
    assert len(everything) == len(lamps.generation.passages)
    wanted = {h.passage.id: h.signals for h in everything if allowed(h.passage, asked)}
    found = lamps.search(QUESTION, top=100, among=asked)
    assert {hit.passage.id for hit in found} == set(wanted)
    for hit in found:
        own = apart(wanted[hit.passage.id])
        assert apart(hit.signals) == pytest.approx(own, abs=1e-6)
    scores = [hit.score for hit in found]
    assert scores == sorted(scores, reverse=True)


@given(FILTERS)
@configured(max_examples=100)
def test_coverage_and_receipt_say_what_the_filter_left(
    lamps: Library, asked: Filter
) -> None:
    inside = [p for p in lamps.generation.passages if allowed(p, asked)]
    answer = lamps.ask(QUESTION, among=asked)
    covered = answer.coverage
    assert covered.passages == len(inside)
    assert covered.documents == len({p.source.id for p in inside})
    assert covered == lamps.coverage(asked)
    assert {c.document for c in answer.citations} <= {p.source.id for p in inside}
    names = {"documents", "publishers", "kinds", "sections", "since", "until", "as_of"}
    told = {k: v for k, v in answer.receipt.parameters.items() if k in names}
    again = narrowed(**told, superseded=asked.superseded)
    assert lamps.ask(QUESTION, among=again) == answer
    if not inside:
        assert answer.status == "no-evidence"
        assert "leaves no passage to search" in answer.text
        assert filters.told(filters.read(asked)) in answer.text


def test_nothing_filtered_and_nothing_superseded_is_no_restriction(
    library: Library, lamps: Library
) -> None:
    assert scope.of(library.generation, Filter()).rows is None
    assert scope.of(lamps.generation, Filter(superseded=True)).rows is None
    assert scope.of(lamps.generation, Filter()).rows is not None


@pytest.mark.parametrize("dense", [1, 3])
def test_what_a_filter_allows_is_found_behind_any_number_of_rivals(
    make_library: Callable[..., Library], dense: int
) -> None:
    rivals = {
        f"rival-{i}.md": f"# New\n\nThe pier lamps were painted in {1900 + i} by "
        f"{chr(97 + i % 26) * (3 + i)}.\n"
        for i in range(80)
    }
    quiet = (
        "# Quiet\n\n## Old\n\nLamps are old.\n\n## Other\n\nCoffee is served at noon.\n"
    )
    listed = '[[document]]\nid = "quiet"\npath = "quiet.md"\nkind = "note"\n'
    files = {"catalogue.toml": listed, "quiet.md": quiet, **rivals}
    library = make_library(files, candidates=dense)
    for asked in (Filter(kinds=("note",)), Filter(sections=("old", "other"))):
        hits = library.search(QUESTION, top=50, among=asked)
        found = [hit.passage.source.id for hit in hits]
        assert found == ["quiet"] * min(dense, 2)


# Dates.


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"since": "2018-03"}, {"lamps-2018", "lamps-2019", "minutes"}),
        ({"since": "2018-04"}, {"lamps-2019", "minutes"}),
        ({"until": "2017-06"}, {"lamps-2017", "column"}),
        ({"until": "2016-12-31"}, {"column"}),
        ({"since": "2017-12-31", "until": "2017-12-31"}, {"lamps-2017"}),
        ({"since": "2018", "until": "2018"}, {"lamps-2018", "minutes"}),
        ({"since": " 2019-03-15 "}, {"lamps-2019"}),
        ({"since": "2019-03-16"}, set()),
    ],
)
def test_a_document_is_in_a_range_if_a_day_that_its_date_may_mean_is(
    lamps: Library, asked: dict[str, str], wanted: set[str]
) -> None:
    assert left(lamps, superseded=True, **asked) == wanted


def test_undated_documents_are_left_out_and_counted_where_a_date_is_asked(
    lamps: Library,
) -> None:
    assert lamps.coverage().undated == 0
    assert lamps.coverage(Filter(since="2000")).undated == 1
    assert lamps.coverage(Filter(since="2000", kinds=("report",))).undated == 0


@pytest.mark.parametrize(
    "date",
    ["", "18", "2018-3", "2018-13", "2018-02-30", "0000", "2018-03-15T00", "last year"],
)
@pytest.mark.parametrize("field", ["since", "until", "as_of"])
def test_an_impossible_date_is_refused_with_the_forms_that_are_dates(
    lamps: Library, field: str, date: str
) -> None:
    with pytest.raises(errors.FilterWrong, match="is no date") as caught:
        lamps.search(QUESTION, among=narrowed(**{field: date}))
    assert "2018-03-15" in caught.value.hint


def test_a_range_that_ends_before_it_begins_is_refused(lamps: Library) -> None:
    for since, until in (("2019", "2018"), ("2018-04", "2018-03-31")):
        with pytest.raises(errors.FilterWrong, match="later than until"):
            lamps.ask(QUESTION, among=Filter(since=since, until=until))


# Supersession.


def test_the_newest_edition_answers_and_the_older_are_named(lamps: Library) -> None:
    assert "lamps-2019" in left(lamps)
    assert not {"lamps-2017", "lamps-2018"} & left(lamps)
    assert lamps.coverage().superseded == ("lamps-2017", "lamps-2018")
    answer = lamps.ask(QUESTION, among=Filter(publishers=("Pier Trust",)))
    assert {c.document for c in answer.citations} == {"lamps-2019"}
    assert answer.coverage.superseded == ("lamps-2017", "lamps-2018")


def test_an_older_edition_answers_when_it_is_asked_for(lamps: Library) -> None:
    assert left(lamps, documents=("lamps-2017",)) == {"lamps-2017"}
    assert lamps.coverage(Filter(documents=("lamps-2017",))).superseded == ()
    assert left(lamps, superseded=True) == set(SHELF)


@pytest.mark.parametrize(
    ("as_of", "wanted", "superseded"),
    [
        ("2017", {"lamps-2017", "column"}, ()),
        ("2018-02", {"lamps-2017", "column"}, ()),
        ("2018-03-01", {"lamps-2018", "column"}, ("lamps-2017",)),
        ("2019-03-14", {"lamps-2018", "column", "minutes"}, ("lamps-2017",)),
        ("2019", {"lamps-2019", "column", "minutes"}, ("lamps-2017", "lamps-2018")),
    ],
)
def test_as_of_shows_the_shelf_as_it_stood(
    lamps: Library, as_of: str, wanted: set[str], superseded: tuple[str, ...]
) -> None:
    assert left(lamps, as_of=as_of) == wanted
    assert lamps.coverage(Filter(as_of=as_of)).superseded == superseded


def test_a_newer_edition_that_cannot_be_read_hides_nothing(
    make_library: Callable[..., Library],
) -> None:
    listed = (
        '[[document]]\nid = "one"\npath = "one.md"\n\n'
        '[[document]]\nid = "two"\npath = "two.pdf"\nsupersedes = "one"\n\n'
        '[[document]]\nid = "three"\npath = "three.md"\nsupersedes = "two"\n'
    )
    files = {"catalogue.toml": listed, "one.md": "Nine lamps.", "two.pdf": "no PDF"}
    broken = make_library({**files, "three.md": "\x00"})
    assert left(broken) >= {"one"}
    assert broken.coverage().superseded == ()
    assert broken.coverage().unread
    with pytest.raises(errors.NotFound, match="'two' could not be read"):
        broken.search("lamps", among=Filter(documents=("two",)))
    mended = make_library({**files, "three.md": "Ten lamps."})
    assert left(mended) == {"three"}
    assert mended.coverage().superseded == ("one",)
    by = {one.source.id: one.superseded_by for one in mended.shelved()}
    assert (by["one"], by["three"]) == ("three", None)


def test_documents_that_supersede_each_other_in_a_circle_all_answer(
    lamps: Library,
) -> None:
    circled = {"lamps-2017": "lamps-2019", "minutes": "lamps-2017"}
    documents = tuple(
        replace(d, source=replace(d.source, supersedes=circled[d.source.id]))
        if d.source.id in circled
        else d
        for d in lamps.generation.documents
    )
    circling = copy.copy(lamps.generation)
    circling.documents = documents
    found = {d.source.id for d in scope.of(circling, Filter()).documents}
    assert found >= {"lamps-2018", "lamps-2019", "minutes"}
    # What stands outside the circle supersedes all the same.
    assert scope.replaced(circling) == {"lamps-2017": "minutes"}


# Names.


@pytest.mark.parametrize(
    ("field", "value", "near"),
    [
        ("documents", "lamps-2081", "lamps-2018"),
        ("publishers", "Pier Trus", "Pier Trust"),
        ("publishers", "Trust", "Pier Trust"),
        ("kinds", "reports", "report"),
        ("kinds", "zzz", "column"),
        ("sections", "Quai wall", "Quay wall"),
        ("sections", "wall of the quay", "Quay wall"),
        ("sections", "all", "there are"),
    ],
)
def test_a_name_that_nothing_has_is_refused_with_the_nearest_that_something_has(
    lamps: Library, field: str, value: str, near: str
) -> None:
    for ask in (lamps.ask, lamps.search):
        asked = narrowed(
            **{field: ("minutes", value) if field == "documents" else (value,)}
        )
        with pytest.raises(errors.NotFound) as caught:
            ask(QUESTION, among=asked)
        assert f"no {field[:-1]} {value!r}" in caught.value.message
        assert near in caught.value.hint


def test_names_are_compared_whole_and_in_any_case(lamps: Library) -> None:
    assert left(lamps, publishers=("pier\u00a0 TRUST\u200b",)) == {"lamps-2019"}
    with pytest.raises(errors.NotFound):
        left(lamps, publishers=("Pier",))


@pytest.mark.parametrize("field", ["documents", "publishers", "kinds", "sections"])
@pytest.mark.parametrize("value", ["", " ", "\u200b\x00", "\ud800"])
def test_an_empty_value_is_refused_and_does_not_mean_everything(
    lamps: Library, field: str, value: str
) -> None:
    with pytest.raises(errors.FilterWrong, match="an empty"):
        lamps.search(QUESTION, among=narrowed(**{field: (value,)}))


def test_one_text_in_place_of_several_is_refused_not_spelled_out(
    lamps: Library,
) -> None:
    with pytest.raises(errors.FilterWrong) as caught:
        lamps.search(QUESTION, among=narrowed(documents="minutes"))
    assert "('minutes',)" in caught.value.hint


def test_a_section_without_a_word_is_refused(lamps: Library) -> None:
    with pytest.raises(errors.FilterWrong, match="holds no word"):
        lamps.search(QUESTION, among=Filter(sections=("...",)))


def test_a_section_begins_where_a_word_begins(lamps: Library) -> None:
    asked = Filter(sections=("light house",), documents=("minutes",))
    (hit,) = lamps.search(QUESTION, among=asked)
    assert hit.passage.section[-1] == "Northern light-house"
    with pytest.raises(errors.NotFound):
        lamps.search(QUESTION, among=Filter(sections=("house wall",)))
    with pytest.raises(errors.NotFound):
        lamps.search(QUESTION, among=Filter(sections=("orthern",)))


def test_a_value_of_any_length_is_refused_in_a_few_words(lamps: Library) -> None:
    for field in ("documents", "publishers", "kinds", "sections"):
        with pytest.raises(errors.NotFound) as caught:
            left(lamps, **{field: ("lamp " * 20_000,)})
        assert len(caught.value.message) + len(caught.value.hint) < 600
    with pytest.raises(errors.FilterWrong) as wrong:
        left(lamps, since="9" * 100_000)
    assert len(wrong.value.message) < 300


# What is not built yet.


def test_what_is_pending_is_told_where_it_may_satisfy_the_filter(
    make_library: Callable[..., Library],
) -> None:
    library = make_library({"pier.txt": "The pier has nine lamps."})
    (library.shelf.sources / "new.txt").write_text("Ten lamps.", "utf-8")
    (library.shelf.sources / "pier.txt").write_text("Nine lamps now.", "utf-8")
    assert library.coverage().pending == ("new.txt", "pier.txt")
    assert library.coverage(Filter(documents=("pier-txt",))).pending == ("pier.txt",)
    assert library.coverage(Filter(since="2018")).pending == ("new.txt", "pier.txt")
