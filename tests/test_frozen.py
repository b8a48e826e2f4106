"""The frozen encoder: the reference's vectors, without the reference's libraries."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import tiny

from askreport import Library, digests, embedding, frozen, models, reference
from askreport.encoded import Encoder
from askreport.serve import doctor

SETS = Path(__file__).parents[2] / "shared" / "eval" / "sets"

CACHED = frozen.cached()
"""Of whoever runs the tests."""

HEAVY = ("torch", "sentence_transformers", "transformers", "onnx", "sklearn", "scipy")

TEXTS = [
    "The port dredged 340,000 tonnes of silt.",
    "Beds",
    "",
    "a" * 300,
    "Café naïve – “quoted” £1.5m in 2021/22 \U0001f600",
    *(f"Ward {n} had {n * 7} beds and " + "more " * n for n in range(0, 240, 8)),
]


@pytest.fixture(autouse=True)
def user_cache(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A cache folder of one's own, and nothing remembered."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    digests._remembered.cache_clear()
    yield folder / "askreport"
    digests._remembered.cache_clear()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model of random weights."""
    return tiny.encoder(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> embedding.Model:
    """The default model, frozen once: as `make build` froze it, if it did."""
    home = tmp_path_factory.mktemp("default") / frozen.FOLDER
    with pytest.MonkeyPatch.context() as patch:
        cache = home.parent / "cache"
        if CACHED.exists():
            shutil.copytree(CACHED, cache / "askreport" / frozen.FOLDER)
        patch.setenv("XDG_CACHE_HOME", str(cache))
        model = embedding.find(embedding.DEFAULT, home=home)
        model.freeze()
    return model


def _never(*_: object, **__: object) -> None:
    pytest.fail("this was not to be called")


def found(model: Path, home: Path) -> embedding.Model:
    """A model whose frozen copy is kept in `home`."""
    return embedding.find(str(model), home=home)


def least(one: Encoder, other: Encoder, texts: Sequence[str]) -> tuple[float, float]:
    """The least cosine of the vectors, and of the token vectors, that two make."""
    own, theirs = one.encode(texts), other.encode(texts)
    for a, b in zip(own.offsets, theirs.offsets, strict=True):
        np.testing.assert_array_equal(a, b)
    assert all(one.length(text) == other.length(text) for text in texts[:50])
    pairs = zip(own.tokens, theirs.tokens, strict=True)
    each = [float((a * b).sum(axis=1).min(initial=1.0)) for a, b in pairs]
    return float((own.vectors * theirs.vectors).sum(axis=1).min()), min(each)


@pytest.mark.slow
def test_a_small_model_is_frozen_to_the_vectors_of_its_reference(
    small: Path, tmp_path: Path
) -> None:
    model = found(small, tmp_path)
    assert model.held() is None
    model.freeze()
    copy = model.open()
    assert isinstance(copy, frozen.FrozenEncoder)
    other = reference.Reference("small", small, model.digest)
    whole, token = least(copy, other, TEXTS)
    assert whole >= 0.9999
    assert token >= 0.9999
    assert (copy.dimensions, copy.most_tokens) == (other.dimensions, other.most_tokens)
    assert (copy.name, copy.digest) == (str(small), model.digest)
    counted: list[int] = []
    copy.encode(TEXTS, counted.append)
    assert sum(counted) == len(TEXTS)
    assert copy.encode([]).vectors.shape == (0, copy.dimensions)


@pytest.mark.slow
def test_the_default_model_is_frozen_to_the_vectors_of_its_reference(
    default: embedding.Model,
) -> None:
    assert default.folder is not None
    copy = default.open()
    assert isinstance(copy, frozen.FrozenEncoder)
    other = reference.Reference(default.name, default.folder, default.digest)
    assert min(least(copy, other, TEXTS)) >= 0.9999


def _texts(name: str, most: int) -> list[str]:
    """The shortest texts of a set, and the longest: both count, and the rest takes
    minutes.
    """
    with (SETS / name / "corpus.jsonl").open(encoding="utf-8") as file:
        rows = sorted({json.loads(line)["text"] for line in file}, key=len)
    return [*rows[: most - 20], *rows[-20:]]


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.skipif(not SETS.exists(), reason="the shared sets are not here")
def test_a_thousand_real_texts_have_the_vectors_of_the_reference(
    default: embedding.Model,
) -> None:
    assert default.folder is not None
    whole = [*_texts("xquad-en", 100), *_texts("tatqa-dev", 100)]
    texts = [*whole, *_texts("conditionalqa-dev", 800)]  # of a sentence each
    assert len(texts) == 1000
    other = reference.Reference(default.name, default.folder, default.digest)
    assert min(least(default.open(), other, texts)) >= 0.9999


QUESTIONS = (
    "Who bought beds?",
    "How did the trust in Oxford ease the pressure on its wards, and what did it cost?",
    "My father, who is 83, was discharged on a Friday; may he have a carer at home?",
    "beds 2017",
    "ward " * 200,
)


@pytest.mark.slow
def test_questions_by_rounded_weights_come_near_and_depend_on_nothing_beside_them(
    default: embedding.Model,
) -> None:
    copy = default.open()
    assert isinstance(copy, frozen.FrozenEncoder)
    held = default.held()
    assert held is not None
    assert frozen.ROUNDED in (held.files or {})
    exact, quick = copy.encode(QUESTIONS), copy.encode_query(QUESTIONS)
    assert not np.array_equal(exact.vectors, quick.vectors)
    assert (exact.vectors * quick.vectors).sum(axis=1).min() >= 0.999
    for own, theirs in zip(exact.tokens, quick.tokens, strict=True):
        assert (own * theirs).sum(axis=1).min() >= 0.998
    for i, asked in enumerate(QUESTIONS):
        np.testing.assert_array_equal(
            copy.encode_query([asked]).vectors[0], quick.vectors[i]
        )
    probe = copy.encode([embedding.PROBE]).vectors[0]
    assert embedding.agrees(copy, probe)
    other = copy.encode([embedding.PROBE.replace("beds", "ferries")]).vectors[0]
    assert not embedding.agrees(copy, other)


@pytest.mark.slow
def test_questions_are_encoded_exactly_where_settings_ask_for_it(
    default: embedding.Model, shelf: Path
) -> None:
    # With the copy at hand nothing needs freezing.
    assert default.home is not None
    shutil.copytree(default.home, shelf / "index" / frozen.FOLDER)
    setting = f'model = "{embedding.DEFAULT}"\n'
    (shelf / "askreport.toml").write_text(setting, "utf-8")
    library = Library.open(shelf)
    library.build()
    said = {one.what: one.said for one in doctor.examine(shelf)}["encoding"]
    assert "questions by rounded weights" in said
    plain = Library.open(shelf, flags={"rounded": False})
    quick, exact = (one.encoder.encode_query(QUESTIONS[:1]) for one in (library, plain))
    assert not np.array_equal(quick.vectors, exact.vectors)
    whole = default.open().encode(QUESTIONS[:1])
    np.testing.assert_array_equal(exact.vectors, whole.vectors)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value"),
    [("askreport.freezing.NEARLY", 1.1), ("askreport.freezing.WORSE", 0.0)],
)
def test_rounded_weights_that_are_far_off_or_slow_are_not_kept(
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: float,
) -> None:
    monkeypatch.setattr(name, value)
    model = found(small, tmp_path)
    model.freeze()
    copy, held = model.open(), model.held()
    assert held is not None
    assert sorted(held.files or {}) == sorted(
        (frozen.GRAPH, frozen.WEIGHTS, frozen.TOKENIZER)
    )
    assert not (tmp_path / model.digest / frozen.ROUNDED_WEIGHTS).exists()
    exact, asked = copy.encode(TEXTS[:1]), copy.encode_query(TEXTS[:1])
    np.testing.assert_array_equal(exact.vectors, asked.vectors)


def _within(library: Library) -> Encoder:
    assert isinstance(library.encoder, embedding.Remembering)
    return library.encoder.within


ASKED = """
import sys
from askreport.serve import cli
sys.argv[1:] = ["ask", "--plain", "--shelf", {shelf!r}, "When was the lamp lit by oil?"]
try:
    cli.main()
except SystemExit as ended:
    code = ended.code
print("code", code, "loaded", *(n for n in {heavy!r} if n in sys.modules))
"""


@pytest.mark.slow
def test_a_question_on_the_command_line_loads_nothing_heavy(shelf: Path) -> None:
    (shelf / "askreport.toml").write_text("floor = 0.0\n", "utf-8")
    library = Library.open(shelf)
    library.build()
    code = ASKED.format(shelf=str(shelf), heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "whale oil" in done.stdout
    assert done.stdout.splitlines()[-1] == "code 0 loaded"
    # And by the reference, the same passages in the same order.
    plain = Library.open(shelf, flags={"frozen": False})
    assert isinstance(_within(plain), reference.Reference)
    for asked in ("When was the lamp lit by oil?", "How many passengers a ferry?"):
        ours, theirs = library.search(asked), plain.search(asked)
        assert [hit.passage.id for hit in ours] == [hit.passage.id for hit in theirs]
        # Rounded weights change the third digit.
        assert [h.score for h in ours] == pytest.approx([h.score for h in theirs], 1e-2)


@pytest.mark.slow
def test_another_shelf_takes_the_frozen_copy_from_the_users_cache(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(small, tmp_path / "one").freeze()

    monkeypatch.setattr(reference, "load", _never)
    other = found(small, tmp_path / "two")
    other.freeze()
    assert isinstance(other.open(), frozen.FrozenEncoder)
    shutil.rmtree(tmp_path / "one")
    assert isinstance(other.open(), frozen.FrozenEncoder)


@pytest.mark.slow
@pytest.mark.parametrize("name", [frozen.GRAPH, frozen.WEIGHTS, frozen.TOKENIZER])
def test_a_damaged_copy_is_not_used_and_is_made_anew(
    small: Path,
    tmp_path: Path,
    name: str,
    user_cache: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = found(small, tmp_path)
    model.freeze()
    shutil.rmtree(user_cache / frozen.FOLDER)
    path = tmp_path / model.digest / name
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    assert isinstance(model.open(), reference.Reference)
    assert "is damaged and is not used" in caplog.text
    model.freeze()
    assert isinstance(model.open(), frozen.FrozenEncoder)


@pytest.mark.slow
def test_a_copy_of_one_model_never_passes_for_another(
    small: Path, tmp_path: Path
) -> None:
    model = found(small, tmp_path / "home")
    model.freeze()
    other = found(tiny.encoder(tmp_path / "other", seed=2), tmp_path / "home")
    assert other.digest != model.digest
    shutil.copytree(tmp_path / "home" / model.digest, tmp_path / "home" / other.digest)
    assert other.held() is None
    assert isinstance(other.open(), reference.Reference)


@pytest.mark.slow
def test_a_model_that_cannot_be_frozen_is_encoded_by_the_reference_and_doctor_says_so(
    small: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("askreport.freezing.INPUTS", ("input_ids",))
    (shelf / "askreport.toml").write_text(f'model = "{small}"\n', "utf-8")
    library = Library.open(shelf)
    library.build()
    assert isinstance(_within(library), reference.Reference)
    said = {one.what: one for one in doctor.examine(shelf)}["encoding"]
    assert said.sound
    assert "cannot be frozen: it reads attention_mask" in said.said
    # Not tried again while nothing changed that could help.
    monkeypatch.setattr("askreport.freezing.freeze", _never)
    library.build(full=True)
    monkeypatch.undo()


@pytest.mark.slow
def test_doctor_says_by_what_questions_are_encoded(small: Path, shelf: Path) -> None:
    def said() -> doctor.Finding:
        return {one.what: one for one in doctor.examine(shelf)}["encoding"]

    (shelf / "askreport.toml").write_text(f'model = "{small}"\n', "utf-8")
    assert "until askreport build" in said().said
    Library.open(shelf).build()
    assert "by a frozen copy" in said().said
    weights = next((shelf / "index" / "encoders").glob("*/weights.bin"))
    weights.write_bytes(b"short")
    assert not said().sound
    assert said().hint
    Library.open(shelf).build()
    assert "by a frozen copy" in said().said
    shutil.rmtree(shelf / "index" / "encoders")
    Library.open(shelf).build()
    assert "by a frozen copy" in said().said
    settings = f'model = "{small}"\nfrozen = false\n'
    (shelf / "askreport.toml").write_text(settings, "utf-8")
    assert "as settings say" in said().said


@pytest.mark.slow
def test_encoders_of_models_that_no_generation_uses_are_removed(
    small: Path, shelf: Path, tmp_path: Path
) -> None:
    other = tiny.encoder(tmp_path / "other", seed=3)
    for model in (small, other):
        flags = {"model": str(model), "keep_generations": 1}
        Library.open(shelf, flags=flags).build()
    kept = [p.name for p in (shelf / "index" / "encoders").iterdir()]
    assert kept == [models.digest(other)]


def test_a_home_that_cannot_be_written_leaves_the_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    model = embedding.Model("one", "0" * 64, tmp_path, tmp_path / "file" / "home")
    monkeypatch.setattr(reference, "load", _never)
    model.freeze()
    assert model.held() is None


@pytest.mark.parametrize(
    "written", ["", "[]", "{}", '{"model": "x"}', '{"model": 1, "inputs": 2}', "\udcff"]
)
def test_what_is_no_description_of_a_copy_counts_as_none(
    tmp_path: Path, written: str
) -> None:
    (tmp_path / "x").mkdir()
    raw = written.encode("utf-8", "surrogateescape")
    (tmp_path / "x" / frozen.NAME).write_bytes(raw)
    assert frozen.kept(tmp_path, "x") is None


@given(lengths=st.lists(st.integers(1, 600), max_size=200))
def test_every_text_is_in_one_batch_and_batches_waste_little(
    lengths: list[int],
) -> None:
    groups = frozen._batches(lengths)
    assert sorted(i for group in groups for i in group) == list(range(len(lengths)))
    for group in groups:
        widest = max(lengths[i] for i in group)
        assert len(group) == 1 or len(group) * widest <= frozen.BATCH_TOKENS
    widths = [lengths[i] for group in groups for i in group]
    assert widths == sorted(widths, reverse=True)


# Digests


def _settled(path: Path) -> Path:
    """As if it had been written long ago, which only waiting can bring about."""
    while time.time() - path.stat().st_ctime <= digests.SETTLED:
        time.sleep(0.1)
    return path


def test_a_large_file_is_read_once_and_again_when_it_was_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * digests.WORTH)
    first = digests.sha256(_settled(path))
    digests._remembered.cache_clear()  # as another process
    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "file_digest", _never)
        assert digests.sha256(path) == first
    before = path.stat()
    path.write_bytes(b"y" * digests.WORTH)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert digests.sha256(path) != first


def test_a_file_just_written_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * digests.WORTH)
    digests.sha256(path)
    assert digests._remembered() == {}


@pytest.mark.parametrize("kept", ["", "[]", "{", '{"a": 1}'])
def test_what_remembers_nothing_sensible_is_passed_over(
    user_cache: Path, tmp_path: Path, kept: str
) -> None:
    user_cache.mkdir(parents=True)
    (user_cache / "digests.json").write_text(kept, "utf-8")
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert digests.sha256(path).startswith("ba7816bf")
