"""Real files of every kind: read or refused, their words where they say they are.

The floors of `python -m benchmarks.reading`, which prints the tables of all files; here
only every third of those that take long, scans and annual reports, is read.
"""

import statistics
from pathlib import Path

import pytest
from benchmarks import placing, reading

pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.xdist_group("real files"),
    pytest.mark.skipif(
        not (reading.FILES / "manifest.tsv").is_file(),
        reason="the files are not beside the checkout",
    ),
]


@pytest.fixture(scope="module")
def fates() -> tuple[reading.Fate, ...]:
    """What became of the files."""
    return tuple(reading.fates(among=reading.sample()))


def test_every_file_is_read_or_refused_by_name(
    fates: tuple[reading.Fate, ...],
) -> None:
    assert len(fates) == len(reading.sample()) > 340
    for fate in fates:
        assert fate.document is not None or Path(fate.path).stem in fate.reason
        assert "took too long" not in fate.reason
        assert "memory" not in fate.reason
        assert "crashed" not in fate.reason
    read = sum(fate.document is not None for fate in fates)
    assert read >= 0.9 * len(fates)


def test_marked_evidence_is_read_on_the_page_where_people_marked_it() -> None:
    found = reading.recalls(reading.sample())
    kinds = {one.kind.split()[0] for one in found}
    assert kinds == {"climretrieve", "financebench"}
    for kind in kinds:
        shares = [one.share for one in found if one.kind.startswith(kind)]
        assert statistics.median(shares) >= 0.985
    assert not any(one.best != one.page and one.share < 0.9 for one in found)


def test_no_word_is_read_on_a_page_that_does_not_hold_it() -> None:
    paths = {one["path"] for one in reading.marked(reading.sample())}
    assert sum(map(reading.strays, paths)) == 0


def test_the_content_of_web_pages_is_told_from_what_surrounds_it() -> None:
    found = reading.content(reading.ours, every=2)
    alone = reading.content(reading.alone, every=2)
    assert found.f1 >= 0.95
    assert found.kept >= 0.95
    assert found.gone >= 0.97
    assert found.f1 > alone.f1


def test_passages_of_every_format_stand_where_they_say(
    fates: tuple[reading.Fate, ...],
) -> None:
    found = placing.check([fate.read for fate in fates if fate.read])
    assert found.passages == placing.SAMPLE
    assert found.moved == 0
    assert found.with_layout > 100
    assert found.uncovered == 0


def test_a_question_about_a_cell_is_answered_with_its_row_and_headings() -> None:
    assert [question for question, good, _ in reading.cells() if not good] == []
