"""The catalogue: what is listed, and every way in which it can be wrong."""

import re
from pathlib import Path

import pytest

from askreport import Library, errors
from askreport.ingest import catalogue

ENTRY = '[[document]]\nid = "a"\npath = "a.md"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sources folder with two files."""
    root = tmp_path / "sources"
    root.mkdir()
    (root / "a.md").write_text("# A\n\nText of a.\n", "utf-8")
    (root / "b.md").write_text("# B\n\nText of b.\n", "utf-8")
    return root


def write(folder: Path, text: str) -> Path:
    """The catalogue of the folder, with that text."""
    path = folder / catalogue.NAME
    path.write_text(text, "utf-8")
    return path


def refused(folder: Path, text: str) -> errors.CatalogueWrong:
    """The error that a catalogue of that text is refused with."""
    write(folder, text)
    with pytest.raises(errors.CatalogueWrong) as caught:
        catalogue.read(folder)
    assert caught.value.hint
    return caught.value


def test_listed_files_come_in_catalogue_order_and_then_the_others_by_path(
    folder: Path,
) -> None:
    (folder / "aa").mkdir()
    (folder / "aa" / "c-d_e.txt").write_text("c", "utf-8")
    write(folder, '[[document]]\nid = "second"\npath = "b.md"\ntitle = "The second"\n')
    listed = catalogue.read(folder)
    assert [(i.source.id, i.source.path, i.source.title) for i in listed] == [
        ("second", "b.md", "The second"),
        ("a-md", "a.md", "A"),
        ("aa-c-d-e-txt", "aa/c-d_e.txt", "C d e"),
    ]
    assert [item.titled for item in listed] == [True, False, False]
    assert [item.source.kind for item in listed] == ["report", "document", "document"]


def test_every_key_reaches_the_source(folder: Path) -> None:
    write(
        folder,
        ENTRY
        + 'title = "A title"\nkind = "article"\nwords = "digest"\npublisher = "P"\n'
        + 'date = "2018-03"\nurl = "https://example.org/a"\nlicence = "OGL"\n'
        + 'supersedes = "b"\n\n[[document]]\nid = "b"\npath = "b.md"\n',
    )
    source = catalogue.read(folder)[0].source
    assert (source.title, source.kind, source.words) == ("A title", "article", "digest")
    assert (source.publisher, source.date, source.licence) == ("P", "2018-03", "OGL")
    assert (source.url, source.supersedes) == ("https://example.org/a", "b")
    assert len(source.digest) == 64


def test_a_folder_without_a_catalogue_lists_all_its_files(folder: Path) -> None:
    assert [item.source.id for item in catalogue.read(folder)] == ["a-md", "b-md"]


def test_hidden_files_and_editors_leftovers_are_not_listed(folder: Path) -> None:
    for name in (".hidden.md", "a.md~", "~$a.docx", ".git/x.md"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x", "utf-8")
    assert [item.source.path for item in catalogue.read(folder)] == ["a.md", "b.md"]


def test_file_names_that_make_the_same_id_get_different_ones(folder: Path) -> None:
    (folder / "a_md").write_text("x", "utf-8")
    (folder / "日本.md").write_text("x", "utf-8")
    (folder / "中国.md").write_text("x", "utf-8")
    ids = [item.source.id for item in catalogue.read(folder)]
    assert len(set(ids)) == len(ids) == 5
    assert [item.source.id for item in catalogue.read(folder)] == ids


def test_a_file_with_two_names_is_listed_once(folder: Path) -> None:
    (folder / "c.md").symlink_to(folder / "a.md")
    assert [item.source.path for item in catalogue.read(folder)] == ["a.md", "b.md"]


def test_the_digest_follows_contents_and_catalogue(folder: Path) -> None:
    before = catalogue.digest(catalogue.read(folder))
    assert catalogue.digest(catalogue.read(folder)) == before
    (folder / "a.md").write_text("# A\n\nOther text.\n", "utf-8")
    edited = catalogue.digest(catalogue.read(folder))
    write(folder, ENTRY)
    assert len({before, edited, catalogue.digest(catalogue.read(folder))}) == 3


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"2018"', "2018"),
        ('"2018-03"', "2018-03"),
        ('"2020-02-29"', "2020-02-29"),
        ("2018-03-15", "2018-03-15"),
        ("2018", "2018"),
    ],
)
def test_dates_are_as_exact_as_they_are_known(
    folder: Path, written: str, expected: str
) -> None:
    write(folder, ENTRY + f"date = {written}\n")
    assert catalogue.read(folder)[0].source.date == expected


@pytest.mark.parametrize(
    "date",
    [
        '"March 2018"',
        '"2018-13"',
        '"2019-02-29"',
        '"18"',
        '"\uff12\uff10\uff11\uff18"',
        "true",
        "20180",
    ],
)
def test_a_date_that_does_not_exist_is_refused(folder: Path, date: str) -> None:
    error = refused(folder, ENTRY + f"date = {date}\n")
    assert "document.0.date" in error.message
    assert "docs/catalogue.md" in error.hint


def test_an_unknown_key_is_named_with_the_nearest_known_one(folder: Path) -> None:
    error = refused(folder, ENTRY + 'tilte = "A"\n')
    assert "unknown key 'document.0.tilte'" in error.message
    assert error.hint == "did you mean 'title'?"
    error = refused(folder, '[[documents]]\nid = "a"\npath = "a.md"\n')
    assert "unknown key 'documents'" in error.message
    assert error.hint == "did you mean 'document'?"


def test_an_unknown_key_like_no_other_is_answered_with_those_there_are(
    folder: Path,
) -> None:
    error = refused(folder, ENTRY + 'zzz = "A"\n')
    assert error.hint.startswith("known: id, path, title")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[[document]]\nid = "a"\n', "document.0.path"),
        ('[[document]]\npath = "a.md"\n', "document.0.id"),
        ('[[document]]\nid = "A B"\npath = "a.md"\n', "document.0.id"),
        (ENTRY + 'words = "borrowed"\n', "document.0.words"),
        (ENTRY + 'title = ""\n', "document.0.title"),
        ('[[document]]\nid = "a"\npath = "a\\u0000.md"\n', "document.0.path"),
        ('document = "a"\n', "document"),
    ],
)
def test_a_missing_or_impossible_value_is_named(
    folder: Path, text: str, where: str
) -> None:
    assert f": {where}: " in refused(folder, text).message


def test_a_missing_file_is_named_with_its_entry(folder: Path) -> None:
    error = refused(folder, '[[document]]\nid = "gone"\npath = "gone.pdf"\n')
    assert error.message == "gone: gone.pdf does not exist"
    assert "take the entry out of catalogue.toml" in error.hint


def test_a_folder_is_no_document(folder: Path) -> None:
    (folder / "c.md").mkdir()
    error = refused(folder, '[[document]]\nid = "c"\npath = "c.md"\n')
    assert "c.md does not exist" in error.message


def test_a_duplicate_id_is_named(folder: Path) -> None:
    error = refused(folder, ENTRY + '[[document]]\nid = "a"\npath = "b.md"\n')
    assert "two documents have the id 'a'" in error.message
    assert error.hint == "give each document its own id"


@pytest.mark.parametrize("path", ["a.md", "./a.md", "x/../a.md"])
def test_a_duplicate_path_is_named_however_it_is_written(
    folder: Path, path: str
) -> None:
    error = refused(folder, ENTRY + f'[[document]]\nid = "b"\npath = "{path}"\n')
    assert "two documents have the path 'a.md'" in error.message
    assert error.hint == "give each document its own path"


@pytest.mark.parametrize("path", ["../outside.md", "x/../../outside.md", "absolute"])
def test_a_path_that_leaves_the_folder_is_refused(folder: Path, path: str) -> None:
    outside = folder.parent / "outside.md"
    outside.write_text("secret", "utf-8")
    path = str(outside) if path == "absolute" else path
    error = refused(folder, f'[[document]]\nid = "a"\npath = "{path}"\n')
    assert error.message.endswith("lies outside sources/")
    assert "copy the file itself" in error.hint


def test_a_link_that_leaves_the_folder_is_refused_listed_or_not(folder: Path) -> None:
    outside = folder.parent / "outside.md"
    outside.write_text("secret", "utf-8")
    (folder / "link.md").symlink_to(outside)
    entry = '[[document]]\nid = "l"\npath = "link.md"\n'
    assert "link.md lies outside sources/" in refused(folder, entry).message
    assert "link.md lies outside sources/" in refused(folder, "").message


def test_superseding_nothing_is_refused(folder: Path) -> None:
    error = refused(folder, ENTRY + 'supersedes = "z"\n')
    assert "a supersedes 'z', which is not listed" in error.message
    assert "id of another document" in error.hint


@pytest.mark.parametrize(
    ("older", "said"),
    [
        ({"a": "a"}, "a supersedes a, in a circle"),
        ({"a": "b", "b": "c", "c": "b"}, "b supersedes c supersedes b, in a circle"),
    ],
)
def test_documents_that_supersede_each_other_in_a_circle_are_refused(
    folder: Path, older: dict[str, str], said: str
) -> None:
    for name in "abc":
        (folder / f"{name}.md").write_text("x", "utf-8")
    entries = [f'[[document]]\nid = "{n}"\npath = "{n}.md"\n' for n in "abc"]
    for i, name in enumerate("abc"):
        entries[i] += f'supersedes = "{older[name]}"\n' if name in older else ""
    error = refused(folder, "\n".join(entries))
    assert said in error.message
    assert "oldest" in error.hint


def test_broken_toml_is_refused_with_the_line(folder: Path) -> None:
    error = refused(folder, ENTRY + "title = The title\n")
    assert "is not valid TOML" in error.message
    assert "line 4" in error.message


def test_a_catalogue_that_is_no_utf_8_is_refused(folder: Path) -> None:
    (folder / catalogue.NAME).write_bytes('publisher = "é"'.encode("cp1252"))
    with pytest.raises(errors.CatalogueWrong, match="is not valid TOML"):
        catalogue.read(folder)


def test_a_catalogue_that_cannot_be_read_is_refused(folder: Path) -> None:
    (folder / catalogue.NAME).mkdir()
    with pytest.raises(errors.CatalogueWrong, match="cannot be read") as caught:
        catalogue.read(folder)
    assert "file that you may read" in caught.value.hint


def test_an_escape_sequence_in_a_title_never_reaches_a_terminal(folder: Path) -> None:
    write(folder, ENTRY + 'title = "Red\\u001b[31m alert\\u202e"\n')
    assert catalogue.read(folder)[0].source.title == "Red[31m alert"


def test_a_link_to_nothing_is_reported_and_costs_itself_only(shelf: Path) -> None:
    (shelf / "sources" / "gone.md").symlink_to(shelf / "nowhere" / "gone.md")
    (shelf / "sources" / "dangling.md").symlink_to(shelf / "sources" / "nothing.md")
    (shelf / "sources" / "gone.md").unlink()
    built = Library.open(shelf).build()
    assert built.documents == 4
    (failed,) = built.failed
    assert failed.source == "dangling-md"
    assert "cannot be opened: No such file" in failed.reason


def test_the_documentation_names_every_key_and_its_example_is_right(
    folder: Path,
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "catalogue.md").read_text("utf-8")
    documented = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert documented == list(catalogue.Entry.model_fields)
    example = text.split("```toml\n")[1].split("```")[0]
    for path in re.findall(r'path = "(.+)"', example):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text("x", "utf-8")
    write(folder, example)
    assert catalogue.read(folder)[0].source.date == "2018-03"


def test_a_wrong_catalogue_leaves_the_index_answering(shelf: Path) -> None:
    library = Library.open(shelf)
    before = library.build()
    (shelf / "sources" / catalogue.NAME).write_text("[[document]]\n", "utf-8")
    with pytest.raises(errors.CatalogueWrong):
        library.build()
    assert library.generation.id == before.generation
    assert library.search("Who dredged the channel?")
