"""Models are found by name and checked file by file before anything loads them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tests import tiny

from askreport import Library, embedding, errors, models, settings

MPNET = "all-mpnet-base-v2"
TEXTS = [
    "The port dredged 340,000 tonnes of silt.",
    "Beds",
    "Staff told us that they felt supported; managers met them weekly. " * 9,
    "Café naïve – “quoted” £1.5m in 2021/22",
    "ward " * 700,
]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty models folder of the test's own."""
    folder = tmp_path / "models"
    monkeypatch.setenv(models.VARIABLE, str(folder))
    return folder


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny sentence encoder, made as all-mpnet-base-v2 is."""
    return tiny.encoder(tmp_path_factory.mktemp("tiny") / "encoder")


def test_added_models_lie_where_the_variable_says(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert models.folder() == kept
    monkeypatch.delenv(models.VARIABLE)
    assert models.folder().parts[-2:] == ("askreport", "models")


def test_the_variable_is_no_setting(kept: Path, shelf: Path) -> None:
    assert models.VARIABLE in settings.PLACES
    assert settings.load(shelf / settings.FILE).model == "hashing"
    assert not kept.exists()


def test_without_the_folder_nothing_is_added(kept: Path) -> None:
    assert not kept.exists()
    assert models.added() == {}


def test_an_added_model_is_found_by_its_name_before_a_folder_of_that_name(
    kept: Path, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(saved, kept / "own-model")
    (tmp_path / "here" / "own-model").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    found = embedding.find("own-model")
    assert found.folder == kept / "own-model"
    assert found.digest == models.digest(saved)


@pytest.mark.parametrize("name", [".", "..", "", "a/b", ".hidden", "x\x00y"])
def test_no_name_leads_out_of_the_models_folder(kept: Path, name: str) -> None:
    (kept / ".hidden").mkdir(parents=True)
    (kept / "a" / "b").mkdir(parents=True)
    assert name not in models.added()


def test_what_is_under_way_is_not_yet_added(kept: Path) -> None:
    (kept / f".{MPNET}.parts").mkdir(parents=True)
    (kept / f".{MPNET}.123").mkdir()
    (kept / "a-file").write_text("")
    assert models.added() == {}


def test_a_model_that_can_be_added_and_was_not_says_how(kept: Path) -> None:
    with pytest.raises(errors.ModelMissing, match="has not been added") as caught:
        embedding.find(MPNET)
    assert caught.value.hint == f"askreport models add {MPNET}"
    assert not kept.exists()


def test_files_that_are_not_the_publishers_are_refused_by_name(
    kept: Path, saved: Path
) -> None:
    shutil.copytree(saved, kept / MPNET)
    with pytest.raises(errors.ModelChanged, match=MPNET) as caught:
        embedding.find(MPNET)
    assert caught.value.hint == f"askreport models add {MPNET} puts it right"


def test_amiss_names_what_is_altered_missing_or_one_too_many(
    saved: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(saved, folder)
    names = [p.relative_to(folder).as_posix() for p in folder.rglob("*.json")]
    expected = models.Known(
        "copy",
        "none",
        32,
        200,
        {
            name: models.File(
                (folder / name).stat().st_size, models.sha256(folder / name)
            )
            for name in [*names, "model.safetensors"]
        },
    )
    assert models.amiss(expected, folder) == ""
    (folder / "adapter_config.json").write_text("{}")
    assert models.amiss(expected, folder) == "adapter_config.json"
    (folder / "adapter_config.json").unlink()
    (folder / "1_Pooling" / "config.json").write_text("{}")
    assert models.amiss(expected, folder) == "1_Pooling/config.json"
    (folder / "1_Pooling" / "config.json").unlink()
    assert models.amiss(expected, folder) == "1_Pooling/config.json"


def test_what_ships_as_data_names_whole_digests_and_paths_that_stay_inside() -> None:
    raw = json.loads(Path(models.__file__).with_suffix(".json").read_text("utf-8"))
    assert [row["name"] for row in raw] == [models.DEFAULT, MPNET]
    for model in models.known().values():
        assert model.licence == "Apache-2.0"
        digests = [file.sha256 for file in model.files.values()]
        digests += [part.sha256 for part in model.parts]
        assert all(len(d) == 64 and int(d, 16) for d in digests)
        for name in model.files:
            inside = Path("/models", name)
            assert inside.resolve().is_relative_to("/models")
            assert inside.suffix in models.LOADED
        assert {"model.safetensors", "config.json", "modules.json"} < set(model.files)


def test_a_folder_tells_its_shape_without_being_loaded(
    saved: Path, tmp_path: Path
) -> None:
    loaded = embedding.find(str(saved)).open()
    shape = models.Shape(loaded.dimensions, loaded.most_tokens)
    assert models.shape(saved) == shape == models.Shape(32, 200)
    default = models.locate(models.DEFAULT)
    assert models.shape(default) == models.Shape(384, 256)
    for odd in ("[]", "not json", '{"max_seq_length": "many"}', "[" * 10_000):
        (tmp_path / "sentence_bert_config.json").write_text(odd)
        assert models.shape(tmp_path) == models.Shape(None, None)


def compared(name: str) -> None:
    """Our vectors of TEXTS point where sentence-transformers' own do."""
    from sentence_transformers import SentenceTransformer

    found = embedding.find(name)
    model = SentenceTransformer(str(found.folder), device="cpu", local_files_only=True)
    wanted = model.encode(TEXTS)
    ours = found.open().encode(TEXTS)
    lengths = np.linalg.norm(wanted, axis=1)  # its own Normalize module made them 1
    np.testing.assert_allclose(lengths, 1, atol=1e-5)
    assert float((ours.vectors * wanted).sum(axis=1).min()) >= 0.9999
    tokens = model.encode(TEXTS, output_value="token_embeddings")
    for own, theirs in zip(ours.tokens, tokens, strict=True):
        inside = embedding.unit(theirs.numpy()[1 : len(own) + 1])
        np.testing.assert_allclose(own, inside, atol=1e-4)


def test_a_model_that_pools_and_normalises_gives_the_reference_vectors(
    saved: Path,
) -> None:
    compared(str(saved))


@pytest.mark.slow
def test_the_quality_model_gives_the_reference_vectors() -> None:
    if MPNET not in models.added():
        pytest.skip(f"{MPNET} has not been added to {models.folder()}")
    compared(MPNET)


def test_a_shelf_answers_with_an_added_model_and_says_so(
    kept: Path, saved: Path, shelf: Path
) -> None:
    shutil.copytree(saved, kept / "own-model")
    (shelf / settings.FILE).write_text('model = "own-model"\nfloor = 0.0\n', "utf-8")
    library = Library.open(shelf)
    library.build()
    manifest = library.generation.manifest
    assert (manifest.model, manifest.dimensions) == ("own-model", 32)
    assert manifest.model_digest == models.digest(saved)
    receipt = library.ask("Which ferries entered service?").receipt
    assert (receipt.model, receipt.model_digest) == (
        "own-model",
        manifest.model_digest,
    )
