"""The digests on the shelf: our own words, no figure lost, and what they say of
themselves.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).resolve().parents[2]
SOURCES = REPO / "sources"
ORIGINALS = REPO.parent / "shared" / "originals"
REPORT = "driving-improvement-2018.md"
ORIGINAL_OF = {
    REPORT: "cqc-driving-improvement-mental-health-2018.txt",
    "cqc-driving-improvement-web-page-2018.md": (
        "cqc-driving-improvement-web-page-2018.txt"
    ),
    "nhe-leadership-article-2018.md": "nhe-cqc-leadership-article-2018.txt",
    "the-carer-quality-improvement.md": "the-carer-kings-fund-quality-improvement.txt",
    "chief-inspector-column-2019.md": "chief-inspector-monthly-column-2019.txt",
}
TRUSTS = (
    "Oxleas NHS Foundation Trust",
    "Somerset Partnership NHS Foundation Trust",
    "Lincolnshire Partnership NHS Foundation Trust",
    "South West Yorkshire Partnership NHS Foundation Trust",
    "North Staffordshire Combined Healthcare NHS Trust",
    "Calderstones Partnership NHS Foundation Trust",
    "Sheffield Health and Social Care NHS Foundation Trust",
)

RUN = 10
"""So many words in a row, shared with an original, are its words and not ours."""

NAMES: tuple[tuple[str, str], ...] = (
    ("Oxleas NHS Foundation Trust", "a trust in the article's list"),
    ("Somerset Partnership NHS FT", "a trust in the article's list"),
    ("Lincolnshire Partnership NHS FT", "a trust in the article's list"),
    ("South West Yorkshire Partnership NHS FT", "a trust in the article's list"),
    (
        "North Staffordshire Combined Healthcare NHS Trust",
        "a trust in the article's list",
    ),
    ("Calderstones Partnership NHS FT", "a trust in the article's list"),
    (
        "Specialist Learning Disability Division of Mersey Care NHS Foundation Trust",
        "what Calderstones is called now",
    ),
    (
        "West Midlands Ambulance Service University NHS Foundation Trust",
        "a trust the column names",
    ),
    (
        "University Hospitals Bristol NHS Foundation Trust",
        "a trust the column names",
    ),
    (
        "community mental health services for people with learning disabilities or"
        " autism",
        "what CQC calls one of the services it rates",
    ),
    (
        "Deputy Chief Inspector of Hospitals (lead for mental health)",
        "Dr Paul Lelliott's job title in the report",
    ),
    (
        "deputy chief inspector of hospitals and lead for mental health",
        "Dr Paul Lelliott's job title in the article",
    ),
    (
        "Consultant Psychiatrist at Sheffield Health and Social Care NHS Foundation"
        " Trust",
        "Professor Tim Kendall's job title",
    ),
    (
        "Service Director, Greenwich Adult Community & Mental Health and Adult"
        " Disability Services",
        "Iain Dimond's job title",
    ),
    (
        "Assistant Director of Social Services at Lincolnshire County Council",
        "Justin Hackney's job title",
    ),
    (
        "former service user and peer project worker",
        "how the report introduces Deborah Taylor",
    ),
    (
        "peer project development worker at Creative Minds and former service user",
        "how the report signs Deborah Taylor's story",
    ),
    (
        "Executive Director of Finance, Performance and Digital",
        "Suzanne Robinson's job title",
    ),
    (
        "Executive Director of Nursing, Professions and Care Standards",
        "Liz Lightbown's job title",
    ),
    ("Senior Researcher at The King's Fund", "Shilpa Ross's job title"),
    (
        "The state of care in mental health services 2014 to 2017",
        "the title of an earlier report",
    ),
    (
        "Driving improvement: Case studies from seven mental health NHS trusts",
        "the title of the report's web page",
    ),
    (
        "Care Quality Commission, Citygate, Gallowgate, Newcastle upon Tyne NE1 4PA",
        "a postal address",
    ),
)
"""What may be shared word for word, each with its reason."""

MONTH = (
    "(?:January|February|March|April|May|June|July|August|September|October"
    "|November|December)"
)
DATE = re.compile(rf"\b(?:\d{{1,2}} )?{MONTH}(?:/{MONTH})?(?: \d{{4}})?\b")
FIGURE = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)*(?:-\d+)?)"
    r"(?:[ -]?(?P<unit>%|(?:s|million|week|month|year|step)(?=s?\b)))?",
    re.IGNORECASE,
)

needs_originals = pytest.mark.skipif(
    not ORIGINALS.is_dir(), reason="the originals are not beside this checkout"
)
each_digest = pytest.mark.parametrize("name", ORIGINAL_OF)


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def windows(words: list[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))


def shared_runs(digest: str, originals: Collection[str]) -> Iterator[list[str]]:
    """The longest runs of RUN words and more that the digest shares with originals."""
    held = {window for text in originals for window in windows(words_of(text))}
    words = words_of(digest)
    starts = [at for at, window in enumerate(windows(words)) if window in held]
    breaks = [at for at, (a, b) in enumerate(pairwise(starts), 1) if b != a + 1]
    for first, end in pairwise([0, *breaks, len(starts)]):
        if first < end:
            yield words[starts[first] : starts[end - 1] + RUN]


def copied(
    digest: str, originals: Collection[str], names: Collection[str] = ()
) -> list[str]:
    """Shared runs that are still RUN words long once names are cut out of them."""
    by_length = sorted((" ".join(words_of(name)) for name in names), key=len)
    found = []
    for run in shared_runs(digest, originals):
        text = f" {' '.join(run)} "
        for name in reversed(by_length):
            text = text.replace(f" {name} ", " | ")
        found += [
            piece.strip() for piece in text.split("|") if len(piece.split()) >= RUN
        ]
    return found


def figures_of(text: str) -> set[str]:
    """Dates as printed, and numbers with their unit: 18-week is 18 week, 2,600 2600."""
    numbers = (
        f"{found['number'].replace(',', '')} {found['unit'] or ''}"
        for found in FIGURE.finditer(text)
    )
    return {number.strip().lower() for number in numbers} | set(DATE.findall(text))


def read(name: str) -> str:
    return (SOURCES / name).read_text(encoding="utf-8")


def documents() -> list[Mapping[str, Any]]:
    catalogue = tomllib.loads(read("catalogue.toml"))
    listed: list[Mapping[str, Any]] = catalogue["document"]
    return listed


def digests() -> list[Mapping[str, Any]]:
    return [document for document in documents() if document["words"] == "digest"]


def first_section(text: str) -> str:
    """From the title to the second `##` heading."""
    return "\n## ".join(text.split("\n## ")[:2])


@pytest.mark.shared
@needs_originals
@each_digest
def test_a_digest_shares_no_ten_words_in_a_row_with_any_original(name: str) -> None:
    originals = [path.read_text(encoding="utf-8") for path in ORIGINALS.glob("*.txt")]
    assert len(originals) >= len(ORIGINAL_OF)
    assert copied(read(name), originals, [name for name, _ in NAMES]) == []


@pytest.mark.shared
@needs_originals
@each_digest
def test_a_digest_holds_every_figure_and_date_of_its_original(name: str) -> None:
    original = (ORIGINALS / ORIGINAL_OF[name]).read_text(encoding="utf-8")
    assert sorted(figures_of(original) - figures_of(read(name))) == []


@pytest.mark.shared
@needs_originals
def test_every_name_that_may_be_shared_is_shared() -> None:
    originals = [path.read_text(encoding="utf-8") for path in ORIGINALS.glob("*.txt")]
    runs = [
        f" {' '.join(run)} "
        for name in ORIGINAL_OF
        for run in shared_runs(read(name), originals)
    ]
    idle = [
        name
        for name, _ in NAMES
        if not any(f" {' '.join(words_of(name))} " in run for run in runs)
    ]
    assert idle == []


def test_a_planted_sentence_is_found_whatever_its_case_and_punctuation() -> None:
    planted = "The heron stood (quite still) in the cold grey water, waiting"
    original = f"At dawn we walked out. {planted} for a fish. Nothing came."
    digest = f"Ours is short. {planted.upper()}! That was all."
    assert copied(digest, ["Something else.", original]) == [
        "the heron stood quite still in the cold grey water waiting"
    ]


def test_nine_words_in_a_row_are_not_yet_a_copy() -> None:
    nine = "one two three four five six seven eight nine"
    assert copied(f"ours {nine} ours", [f"theirs {nine} theirs"]) == []
    assert copied(f"ours {nine} ten ours", [f"theirs {nine} ten theirs"]) == [
        f"{nine} ten"
    ]


def test_two_copies_in_one_digest_are_found_apart() -> None:
    first = "a b c d e f g h i j"
    second = "k l m n o p q r s t u"
    assert copied(f"{first} our words {second}", [second, first]) == [first, second]


def test_a_name_is_cut_out_of_a_shared_run_as_a_break() -> None:
    name = "Keeper of the Harbour Lights and Bells"
    run = f"so said Ada Moss, {name}, to us that night"
    assert copied(run, [run]) != []
    assert copied(run, [run], [name]) == []


def test_a_name_does_not_excuse_ten_words_beside_it() -> None:
    name = "Keeper of the Harbour Lights"
    copy = "never leave a lamp unlit while a boat is still out"
    assert copied(f"{name}: {copy}", [f"{name}: {copy}"], [name]) == [copy]


def test_figures_are_read_with_their_units_and_dates_as_printed() -> None:
    text = (
        "On 15.03.18, in June 2017 and February/March 2017, 2,600 staff (1.7% of 6.6"
        " million) ended 18-week waits; from 2015-16 a 1950s lounge took 3 weeks."
    )
    assert figures_of(text) == {
        *("15.03.18", "June 2017", "2017", "February/March 2017"),
        *("2600", "1.7 %", "6.6 million", "18 week", "2015-16", "1950 s", "3 week"),
    }


def test_a_figure_is_not_met_by_another_that_contains_it() -> None:
    assert figures_of("16%") - figures_of("116%, 16 and 16.5%") == {"16 %"}


def test_every_document_of_the_catalogue_exists() -> None:
    missing = [
        document["path"]
        for document in documents()
        if not (SOURCES / document["path"]).is_file()
    ]
    assert missing == []


def test_every_digest_of_the_catalogue_is_held_against_an_original() -> None:
    assert {document["path"] for document in digests()} == set(ORIGINAL_OF)


def test_every_name_that_may_be_shared_has_its_reason() -> None:
    assert all(reason for _, reason in NAMES)
    assert len({name for name, _ in NAMES}) == len(NAMES)


@pytest.mark.parametrize("document", digests(), ids=lambda document: document["id"])
def test_a_digest_says_first_that_it_is_one_and_whose_original_it_digests(
    document: Mapping[str, Any],
) -> None:
    opening = first_section(read(document["path"]))
    assert "is a digest, in our own words, of" in opening
    assert document["publisher"] in opening


@pytest.mark.parametrize("document", digests(), ids=lambda document: document["id"])
def test_a_digest_says_first_how_old_its_original_is_or_that_no_date_is_known(
    document: Mapping[str, Any],
) -> None:
    opening = first_section(read(document["path"]))
    stated = document["date"][:4] if "date" in document else "states no date"
    assert stated in opening


def test_the_digest_of_the_report_is_no_mere_summary() -> None:
    assert len(read(REPORT).split()) >= 6_500


def test_the_digest_of_the_report_has_a_section_for_each_of_the_seven_trusts() -> None:
    lines = read(REPORT).splitlines()
    assert [line for line in lines if line.removeprefix("## ") in TRUSTS] == [
        f"## {trust}" for trust in TRUSTS
    ]
