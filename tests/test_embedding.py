"""Encoders: found, checked before they are loaded, and true to the reference."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from askreport import Library, embedding, errors, models, reference
from askreport import text as texts_
from askreport.query import question

TEXTS = [
    "The port dredged 340,000 tonnes of silt.",
    "Beds",
    "Staff told us that they felt supported; managers met them weekly. " * 9,
    "Café naïve – “quoted” £1.5m in 2021/22",
    "ward " * 700,
    "",
]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the package with the default model, the weights by reference."""
    real = models.locate(embedding.DEFAULT)
    model = tmp_path / "borrowed_model_package" / "model"
    shutil.copytree(real, model, ignore=shutil.ignore_patterns("model.safetensors"))
    (model / "model.safetensors").symlink_to(real / "model.safetensors")
    (model.parent / "__init__.py").write_text("raise SystemExit('imported')", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(models, "DEFAULT_PACKAGE", "borrowed_model_package")
    yield model
    sys.modules.pop("borrowed_model_package", None)


@pytest.fixture
def unloadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading anything fails the test: refusals must come before."""

    def load(name: str, folder: Path) -> None:
        pytest.fail(f"{name} was loaded from {folder}")

    monkeypatch.setattr(reference, "load", load)


def flip(path: Path) -> None:
    """Alter one byte of a file, the length and the time kept."""
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    if path.is_symlink():
        path.unlink()
    path.write_bytes(bytes(raw))


def test_the_packaged_model_is_found_without_importing_its_package(
    package: Path,
) -> None:
    assert embedding.find(embedding.DEFAULT).folder == package
    assert "borrowed_model_package" not in sys.modules


@pytest.mark.parametrize("name", list(models.known()[models.DEFAULT].files))
@pytest.mark.usefixtures("unloadable")
def test_one_altered_byte_of_the_packaged_model_is_refused(
    package: Path, name: str
) -> None:
    flip(package / name)
    with pytest.raises(errors.ModelChanged, match=name) as caught:
        embedding.find(embedding.DEFAULT)
    assert "pip install" in caught.value.hint


@pytest.mark.parametrize("name", list(models.known()[models.DEFAULT].files))
@pytest.mark.usefixtures("unloadable")
def test_a_missing_file_of_the_packaged_model_is_refused(
    package: Path, name: str
) -> None:
    (package / name).unlink()
    with pytest.raises(errors.ModelChanged, match=name):
        embedding.find(embedding.DEFAULT)


@pytest.mark.usefixtures("unloadable")
def test_a_file_slipped_in_among_the_packaged_ones_is_refused(package: Path) -> None:
    (package / "adapter_config.json").write_text("{}", "utf-8")
    with pytest.raises(errors.ModelChanged, match=r"adapter_config\.json"):
        embedding.find(embedding.DEFAULT)


def test_a_file_altered_after_it_was_checked_is_checked_again(package: Path) -> None:
    embedding.find(embedding.DEFAULT)
    flip(package / "config.json")
    with pytest.raises(errors.ModelChanged):
        embedding.find(embedding.DEFAULT)


def test_without_the_package_the_hint_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(models, "DEFAULT_PACKAGE", "no_such_package_at_all")
    with pytest.raises(errors.ModelMissing) as caught:
        embedding.find(embedding.DEFAULT)
    assert "pip install" in caught.value.hint


@pytest.mark.usefixtures("unloadable")
def test_a_folder_that_is_not_the_one_pinned_is_refused(package: Path) -> None:
    pinned = embedding.find(str(package)).digest
    assert embedding.find(str(package), digest=pinned).digest == pinned
    flip(package / "tokenizer.json")
    with pytest.raises(errors.ModelChanged, match=pinned[:12]) as caught:
        embedding.find(str(package), digest=pinned)
    assert "model_digest" in caught.value.hint


def test_a_folder_has_the_digest_of_its_files_wherever_it_stands(
    package: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(package, moved, symlinks=True)
    assert models.digest(moved) == models.digest(package)
    assert embedding.find(str(moved)).digest == embedding.find(embedding.DEFAULT).digest
    (moved / "README.md").write_text("Another readme.", "utf-8")
    assert models.digest(moved) == models.digest(package)
    (moved / "1_Pooling" / "config.json").write_text("{}", "utf-8")
    assert models.digest(moved) != models.digest(package)


@pytest.mark.parametrize(
    "name",
    ["no-such-model", "nobody/no-such-model", "a/b/c/d", "x" * 300, "\x00", "~x"],
)
def test_an_unknown_model_is_missing_and_the_hint_names_the_ways_out(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(errors.ModelMissing) as caught:
        embedding.find(name)
    assert embedding.DEFAULT in caught.value.hint


def test_a_folder_without_a_model_is_missing(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing", "utf-8")
    with pytest.raises(errors.ModelMissing, match="holds no"):
        embedding.find(str(tmp_path))


@pytest.mark.usefixtures("unloadable")
def test_asking_an_index_built_with_another_model_is_refused_before_loading(
    built: Path, package: Path
) -> None:
    library = Library.open(built, flags={"model": str(package)})
    with pytest.raises(errors.ModelChanged, match="hashing") as caught:
        library.ask("Which ferries entered service?")
    assert "askreport build" in caught.value.hint


@pytest.mark.usefixtures("unloadable")
def test_the_pin_of_settings_holds_for_asking_and_building(
    shelf: Path, package: Path
) -> None:
    pinned = {"model": str(package), "model_digest": "0" * 64}
    library = Library.open(shelf, flags=pinned)
    with pytest.raises(errors.ModelChanged):
        library.build()
    with pytest.raises(errors.ModelChanged):
        _ = library.encoder
    assert not (shelf / "index" / "CURRENT").exists()


WORDS = st.lists(st.text(max_size=12), max_size=30).map(" ".join)


@given(text=WORDS)
def test_the_hashing_encoder_places_its_tokens_on_the_words(text: str) -> None:
    encoder = embedding.HashingEncoder()
    found = encoder.encode([text])
    assert [text[a:b] for a, b in found.offsets[0].tolist()] == texts_.words(text)
    assert found.tokens[0].shape == (len(found.offsets[0]), encoder.dimensions)
    assert np.linalg.norm(found.vectors[0]) == pytest.approx(1, abs=1e-5)
    assert encoder.length(text) == len(found.offsets[0]) + 2


def test_the_hashing_encoder_brings_texts_that_share_words_together() -> None:
    found = embedding.HashingEncoder().encode(
        ["new ferries", "a ferry entered service", "the frost killed the blossom"]
    )
    near, far = found.vectors[1:] @ found.vectors[0]
    assert near > far + 0.1


def test_a_question_asked_again_is_not_encoded_again_and_nothing_can_change_it() -> (
    None
):
    encoder = embedding.Remembering(embedding.HashingEncoder())
    first = encoder.encode_query(["who bought beds?"])
    assert encoder.encode_query(["who bought beds?"]) is first
    with pytest.raises(ValueError, match="read-only"):
        first.vectors[0, 0] = 1
    for n in range(embedding.REMEMBERED):
        encoder.encode_query([f"question {n}"])
    again = encoder.encode_query(["who bought beds?"])
    assert again is not first
    np.testing.assert_array_equal(again.vectors, first.vectors)
    both = encoder.encode_query(["who bought beds?", "question 1"])
    np.testing.assert_array_equal(both.vectors[:1], first.vectors)
    assert encoder.length("who bought beds?") == encoder.within.length(
        "who bought beds?"
    )


def test_unit_leaves_zeros_alone() -> None:
    zeros = np.zeros((2, 4), dtype=np.float32)
    np.testing.assert_array_equal(embedding.unit(zeros), zeros)


@pytest.fixture(scope="module")
def real() -> embedding.Encoder:
    """The default encoder, loaded once."""
    return embedding.find(embedding.DEFAULT).open()


@pytest.mark.slow
@pytest.mark.xdist_group("torch")
def test_vectors_are_those_of_sentence_transformers_in_any_order(
    real: embedding.Encoder,
) -> None:
    from sentence_transformers import SentenceTransformer

    folder = str(models.locate(embedding.DEFAULT))
    model = SentenceTransformer(folder, device="cpu", local_files_only=True)
    wanted = model.encode(TEXTS, normalize_embeddings=True)
    many = TEXTS * 12
    order = np.random.default_rng(5).permutation(len(many))
    counted: list[int] = []
    found = real.encode([many[i] for i in order], counted.append)
    assert sum(counted) == len(many)
    for place, i in enumerate(order):
        np.testing.assert_allclose(
            found.vectors[place], wanted[i % len(TEXTS)], atol=1e-5
        )


@pytest.mark.slow
@pytest.mark.xdist_group("torch")
def test_token_vectors_are_those_of_sentence_transformers(
    real: embedding.Encoder,
) -> None:
    from sentence_transformers import SentenceTransformer

    folder = str(models.locate(embedding.DEFAULT))
    model = SentenceTransformer(folder, device="cpu", local_files_only=True)
    wanted = model.encode(TEXTS[:4], output_value="token_embeddings")
    found = real.encode(TEXTS[:4])
    for own, theirs in zip(found.tokens, wanted, strict=True):
        # Theirs begins and ends with a special token; ours holds words only.
        inside = embedding.unit(theirs.numpy()[1 : len(own) + 1])
        np.testing.assert_allclose(own, inside, atol=1e-4)


@pytest.mark.slow
def test_tokens_cover_every_letter_of_every_word(real: embedding.Encoder) -> None:
    found = real.encode(TEXTS[:4])
    for text, offsets in zip(TEXTS[:4], found.offsets, strict=True):
        covered = np.zeros(len(text), dtype=bool)
        for start, end in offsets.tolist():
            assert 0 <= start < end <= len(text)
            covered[start:end] = True
        missed = [c for c, held in zip(text, covered, strict=True) if not held]
        assert "".join(missed).strip() == ""


@pytest.mark.slow
def test_length_counts_the_tokens_that_encoding_reads(real: embedding.Encoder) -> None:
    found = real.encode(TEXTS)
    for text, rows in zip(TEXTS, found.tokens, strict=True):
        assert min(real.length(text), real.most_tokens) == len(rows) + 2
    assert (real.dimensions, real.most_tokens) == (384, 256)


@pytest.mark.slow
def test_no_passage_of_a_real_shelf_is_longer_than_the_encoder_reads(
    real: embedding.Encoder, shelf: Path
) -> None:
    from askreport.ingest import passages

    long = "Ünpronounceable-hyphenated/words £1,234.56 " * 400
    title = "A very long heading about nothing in particular " * 8
    (shelf / "sources" / "long.md").write_text(f"# {title}\n\n{long}\n", "utf-8")
    flags = {"model": embedding.DEFAULT, "passage_tokens": 2000}
    library = Library.open(shelf, flags=flags)
    library.build()
    found = library.generation
    assert len(found.passages) > 12
    for row, passage in enumerate(found.passages):
        encoded = passages.encoded(passage)
        assert real.length(encoded) <= real.most_tokens
        held = int(found.tokens.starts[row + 1] - found.tokens.starts[row])
        assert held + 2 == real.length(encoded)
    assert library.ask("When was the lamp lit by whale oil?").receipt.model_digest == (
        real.digest
    )


@pytest.mark.slow
def test_a_question_longer_than_the_encoder_reads_is_encoded_whole(
    real: embedding.Encoder, library: Library
) -> None:
    asked = "Which ferry carries lorries over the strait " * 40 + "and Ada Marsh?"
    assert real.length(asked) > real.most_tokens
    found = question.ask(asked, real, library.generation.lexical, most_chars=4000)
    whole = real.length(asked) - 2
    assert len(found.tokens) == len(found.weights) == whole
    assert np.linalg.norm(found.vector) == pytest.approx(1, abs=1e-5)
    # Its last words count: another ending is another vector.
    other = question.ask(
        asked.replace("Ada Marsh", "old quarries"),
        real,
        library.generation.lexical,
        most_chars=4000,
    )
    assert float(found.vector @ other.vector) < 0.9999


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", b"\x00" * 100),
        ("modules.json", b"[]"),
        ("modules.json", b"not json"),
        ("1_Pooling/config.json", b"{}"),
        ("config.json", json.dumps({"model_type": "nobodys"}).encode()),
    ],
)
def test_a_folder_that_does_not_load_is_missing_not_a_traceback(
    package: Path, name: str, content: bytes
) -> None:
    (package / name).unlink()
    (package / name).write_bytes(content)
    with pytest.raises(errors.ModelMissing) as caught:
        embedding.find(str(package)).open()
    assert caught.value.hint


@pytest.mark.slow
def test_a_class_from_inside_the_model_folder_is_never_run(
    package: Path, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    (package / "own.py").write_text(f"open({str(ran)!r}, 'w')", "utf-8")
    named = (package / "modules.json").read_text("utf-8")
    named = named.replace("sentence_transformers.models.Transformer", "own.Module")
    (package / "modules.json").write_text(named, "utf-8")
    with pytest.raises(errors.ModelMissing):
        embedding.find(str(package)).open()
    assert not ran.exists()
