"""What a set says is taken as it is, and what is wrong is named with file and line."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.evaluation.conftest import OWN, write_set

from askreport import Library, errors
from askreport.evaluation import own, sets
from askreport.evaluation.sets import Place
from askreport.library import Step
from askreport.settings import Settings


def test_rows_questions_and_judgements_are_read(tiny: Path, place: Place) -> None:
    found = sets.read(tiny, place)
    assert (found.name, found.unit, found.any_counts) == ("tiny", "document", False)
    assert [query.id for query in found.queries] == [f"q{n}" for n in range(1, 8)]
    assert [query.answerable for query in found.queries] == [True] * 5 + [False] * 2
    assert found.queries[1].gold == ("900", "nine")
    assert found.judged["q2"] == {"kiln": 2}  # a gain of 0 does not answer
    assert found.texts["mill"].startswith("The water mill")


def test_a_row_is_a_document_and_a_long_one_has_several_passages(
    tiny: Path, place: Place
) -> None:
    generation = sets.read(tiny, place).library.generation
    ids = [passage.source.id for passage in generation.passages]
    assert [d.source.id for d in generation.documents] == list(dict.fromkeys(ids))
    assert ids.count("loft") > 1
    assert ids.count("mill") == 1


def test_an_index_is_made_once_for_equal_corpus_model_and_cutting(
    tiny: Path, place: Place, tmp_path: Path
) -> None:
    apart = replace(place, cache=tmp_path / "cache")
    told: list[Step] = []
    first = sets.read(tiny, apart, tell=told.append)
    assert told
    told.clear()
    again = sets.read(tiny, apart, tell=told.append)
    assert (again.library.shelf.root, told) == (first.library.shelf.root, [])
    other = Settings(model="hashing", passage_tokens=50)
    cut = sets.read(tiny, replace(apart, known=other), tell=told.append)
    assert cut.library.shelf.root != first.library.shelf.root
    assert told
    assert len(cut.library.generation.passages) > len(first.library.generation.passages)


def test_another_corpus_is_never_taken_for_the_one_indexed(
    tiny: Path, place: Place
) -> None:
    first = sets.read(tiny, place)
    corpus = (tiny / "corpus.jsonl").read_text("utf-8").replace("1911", "1912")
    other = sets.read(write_set(tiny, corpus=corpus), place)
    assert other.library.generation.id != first.library.generation.id
    assert "1912" in other.library.generation.passages[0].text


def test_a_damaged_index_in_the_cache_is_made_anew(
    tiny: Path, place: Place, tmp_path: Path
) -> None:
    apart = replace(place, cache=tmp_path / "cache")
    root = sets.read(tiny, apart).library.shelf.root
    damaged = next((root / "index" / "generations").glob("*/documents.jsonl"))
    damaged.write_bytes(b"{}")
    found = sets.read(tiny, apart).library
    assert found.search("How many tiles did the kiln fire?")


def test_a_shelf_is_neither_opened_nor_changed_for_a_set_with_a_corpus(
    tiny: Path, place: Place
) -> None:
    def never() -> Library:
        raise AssertionError

    assert sets.read(tiny, replace(place, shelf=never)).queries


def test_a_limit_draws_the_same_questions_every_time(tiny: Path, place: Place) -> None:
    drawn = sets.read(tiny, place, limit=3)
    assert len(drawn.queries) == 3
    assert drawn.queries == sets.read(tiny, place, limit=3).queries
    assert set(drawn.judged) <= {query.id for query in drawn.queries}
    assert len(sets.read(tiny, place, limit=99).queries) == 7


ROW = '{"_id": "a", "text": "One."}\n'
ASKED = '{"_id": "q", "text": "What?"}\n'
HEAD = "query-id\tcorpus-id\tscore\n"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"corpus": ""}, "corpus.jsonl is empty"),
        ({"corpus": ROW + "{\n"}, "corpus.jsonl, line 2: no JSON"),
        ({"corpus": ROW + "[1]\n"}, "corpus.jsonl, line 2: no JSON object"),
        ({"corpus": ROW + "[" * 100_000}, "corpus.jsonl, line 2: no JSON"),
        ({"corpus": '{"_id": "a"}\n'}, "corpus.jsonl, line 1: text: Field required"),
        ({"corpus": '{"_id": 1, "text": ""}\n'}, "corpus.jsonl, line 1: _id: "),
        ({"corpus": '{"_id": "a b", "text": ""}\n'}, "corpus.jsonl, line 1: _id: "),
        ({"corpus": ROW + "\n" + ROW}, "corpus.jsonl, line 3: 'a' is the id of line 1"),
        ({"queries": "\n\n"}, "queries.jsonl is empty"),
        ({"queries": ASKED * 2}, "queries.jsonl, line 2: 'q' is the id of line 1"),
        ({"queries": '{"_id": "q"}'}, "queries.jsonl, line 1: text: Field required"),
        (
            {"queries": '{"_id": "q", "text": "A?", "unanswerable": "no"}'},
            "queries.jsonl, line 1: unanswerable: ",
        ),
        ({"qrels": HEAD}, "qrels.tsv judges nothing to be right"),
        ({"qrels": HEAD + "q1\tmill\t0\n"}, "qrels.tsv judges nothing to be right"),
        ({"qrels": "q1\tmill\t1\n"}, "qrels.tsv, line 1: a judgement where the header"),
        ({"qrels": HEAD + "q1 mill 1\n"}, "qrels.tsv, line 2: 1 columns in place of 3"),
        ({"qrels": HEAD + "q1\tmill\tyes\n"}, "qrels.tsv, line 2: gain 'yes'"),
        ({"qrels": HEAD + "q1\tmill\t0.5\n"}, "qrels.tsv, line 2: gain '0.5'"),
        ({"qrels": HEAD + "q1\tmill\t-1\n"}, "qrels.tsv, line 2: gain '-1'"),
        ({"qrels": HEAD + "q1\tmill\tnan\n"}, "qrels.tsv, line 2: gain 'nan'"),
        ({"qrels": HEAD + "q99\tmill\t1\n"}, "line 2: no query has the id 'q99'"),
        (
            {"qrels": HEAD + "q1\tmill\t1\nq2\tnope\t1\n"},
            "qrels.tsv, line 3: corpus.jsonl has no row 'nope'",
        ),
        (
            {"qrels": HEAD + "q1\tmill\t1\nq1\tmill\t2\n"},
            "qrels.tsv, line 3: 'mill' is judged twice for 'q1'",
        ),
    ],
)
def test_what_is_wrong_is_named_by_file_and_line(
    place: Place, tmp_path: Path, files: dict[str, str], said: str
) -> None:
    folder = write_set(tmp_path / "bad", **files)
    with pytest.raises(errors.QuestionsWrong, match=re.escape(said)) as raised:
        sets.read(folder, place)
    assert (
        "docs/evaluation.md" in raised.value.hint or "begin with" in raised.value.hint
    )


@pytest.mark.parametrize("name", ["queries.jsonl", "qrels.tsv"])
def test_a_missing_file_is_named(tiny: Path, place: Place, name: str) -> None:
    (tiny / name).unlink()
    with pytest.raises(errors.QuestionsWrong, match=f"{name} cannot be read"):
        sets.read(tiny, place)


def test_bytes_that_are_no_text_are_refused(tiny: Path, place: Place) -> None:
    (tiny / "qrels.tsv").write_bytes(b"\xff\xfe\n")
    with pytest.raises(errors.QuestionsWrong, match=r"qrels\.tsv is not UTF-8"):
        sets.read(tiny, place)


def test_a_path_with_nothing_there_is_refused(place: Place, tmp_path: Path) -> None:
    with pytest.raises(errors.QuestionsWrong, match="there is no"):
        sets.read(tmp_path / "nothing", place)


@pytest.mark.parametrize(
    ("text", "said"), [(" ?! ", "has no words"), ("word " * 30_000, "149,999")]
)
def test_a_question_that_would_be_refused_later_is_refused_at_once(
    place: Place, tmp_path: Path, text: str, said: str
) -> None:
    queries = json.dumps({"_id": "q1", "text": text}) + "\n"
    folder = write_set(tmp_path / "bad", queries=queries, qrels=HEAD + "q1\tmill\t1\n")
    with pytest.raises(errors.QuestionsWrong, match="'q1'") as raised:
        sets.read(folder, place)
    assert said in raised.value.message


# Questions to the shelf


def test_evidence_names_the_passages_of_the_shelf_that_hold_it(
    place: Place, tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text(OWN, "utf-8")
    found = sets.read(tmp_path / "mine.toml", place)
    passages = found.library.generation.passages
    held = {p.id for p in passages if "410 passengers" in p.text}
    assert held
    assert set(found.judged["ferries"]) == held
    assert (found.name, found.unit, found.any_counts) == ("mine", "passage", True)
    assert [q.answerable for q in found.queries] == [True, True, True, False]
    assert own.astray(found) == ("astray",)


def test_a_folder_without_corpus_judges_documents_or_passages_of_the_shelf(
    place: Place, tmp_path: Path, library: Library
) -> None:
    passage = library.generation.passages[0]
    for unit, name in (("document", passage.source.id), ("passage", passage.id)):
        folder = write_set(
            tmp_path / unit, queries=ASKED, qrels=f"{HEAD}q\t{name}\t1\n"
        )
        (folder / "corpus.jsonl").unlink()
        found = sets.read(folder, place)
        assert (found.unit, found.judged) == (unit, {"q": {name: 1}})
        assert passage.text in found.texts[name]


def test_an_id_that_is_not_on_the_shelf_is_refused(place: Place, tiny: Path) -> None:
    (tiny / "corpus.jsonl").unlink()
    said = "qrels.tsv, line 2: the shelf has no passage 'mill'"
    with pytest.raises(errors.QuestionsWrong, match=said):
        sets.read(tiny, place)


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("", "question: Field required", "docs/evaluation.md"),
        ("question = []", "question: List should have at least 1", "docs/"),
        ("[[question", "is not valid TOML", "docs/"),
        ('[[question]]\nid = "a"', "question 1 ask: Field required", "docs/"),
        ('[[question]]\nid = "a"\nask = " "', "question 1 ask: ", "docs/"),
        (
            '[[question]]\nid = "a"\nask = "b"\nevidense = [["c"]]',
            "question 1 evidense: ",
            "did you mean 'evidence'?",
        ),
        (
            '[[question]]\nid = "a"\nask = "b"\nevidence = [[]]',
            "question 1 evidence 1: ",
            "docs/",
        ),
        (
            '[[question]]\nid = "a"\nask = "b"\n' * 2,
            "two questions have the id 'a'",
            "",
        ),
    ],
)
def test_a_bad_file_of_questions_is_refused(
    place: Place, tmp_path: Path, text: str, said: str, hint: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(errors.QuestionsWrong, match=re.escape(said)) as raised:
        sets.read(path, place)
    assert hint in raised.value.hint
