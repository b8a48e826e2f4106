"""Rerankers: found, refused before they are loaded, and true to the reference."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tests import tiny

from askreport import errors, models, reranking

QUESTION = "Which ferry entered service?"
TEXTS = ["Two ferries entered service.", "A frost killed the blossom.", "", "x " * 900]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny CrossEncoder."""
    return tiny.cross_encoder(tmp_path_factory.mktemp("tiny") / "reranker")


@pytest.fixture
def own(saved: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may damage."""
    return Path(shutil.copytree(saved, tmp_path / "own"))


def test_scores_are_those_of_sentence_transformers(saved: Path) -> None:
    from sentence_transformers import CrossEncoder

    reference = CrossEncoder(str(saved), device="cpu", local_files_only=True)
    wanted = reference.predict([(QUESTION, text) for text in TEXTS])
    found = reranking.find(str(saved)).open().score(QUESTION, TEXTS)
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert len(set(found.tolist())) == len(TEXTS)


def test_it_is_named_and_digested_as_an_encoder_is(saved: Path) -> None:
    found = reranking.find(str(saved))
    opened = found.open()
    assert (found.name, found.digest) == (str(saved), models.digest(saved))
    assert (opened.name, opened.digest) == (found.name, found.digest)


def test_no_texts_have_no_scores(saved: Path) -> None:
    found = reranking.find(str(saved)).open().score(QUESTION, [])
    assert found.shape == (0,)


def test_an_added_reranker_is_found_by_its_name(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(models.VARIABLE, str(tmp_path / "models"))
    shutil.copytree(own, tmp_path / "models" / "own-reranker")
    found = reranking.find("own-reranker")
    assert found.folder == tmp_path / "models" / "own-reranker"


@pytest.mark.parametrize("name", ["no-such-model", "nobody/no-such-model"])
def test_an_unknown_reranker_is_missing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(errors.ModelMissing) as caught:
        reranking.find(name)
    assert caught.value.hint


def test_an_encoder_is_no_reranker_though_it_would_load() -> None:
    # With a head of random weights: it would order at random without a word.
    with pytest.raises(errors.ModelMissing, match="no CrossEncoder") as caught:
        reranking.find(models.DEFAULT)
    assert "reranker" in caught.value.hint


@pytest.mark.parametrize("config", ["", "[]", "{}", '{"architectures": 7}', "not json"])
def test_a_config_that_names_no_model_is_refused(own: Path, config: str) -> None:
    (own / "config.json").write_text(config, "utf-8")
    with pytest.raises(errors.ModelMissing, match="no CrossEncoder"):
        reranking.find(str(own))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", b"\x00" * 100),
        (
            "config.json",
            json.dumps(
                {
                    "architectures": ["XForSequenceClassification"],
                    "model_type": "nobodys",
                }
            ).encode(),
        ),
    ],
)
def test_a_damaged_reranker_is_missing_not_a_traceback(
    own: Path, name: str, content: bytes
) -> None:
    (own / name).write_bytes(content)
    with pytest.raises(errors.ModelMissing, match="does not load") as caught:
        reranking.find(str(own)).open()
    assert caught.value.hint


def test_a_model_of_several_scores_is_no_reranker(tmp_path: Path) -> None:
    folder = tiny.cross_encoder(tmp_path / "three", labels=3)
    with pytest.raises(errors.ModelMissing, match="3 scores") as caught:
        reranking.find(str(folder)).open()
    assert "num_labels" in caught.value.hint


def test_weights_that_give_no_number_are_refused(own: Path) -> None:
    from safetensors.numpy import load_file, save_file

    weights = load_file(own / "model.safetensors")
    weights["classifier.bias"][:] = np.nan
    save_file(weights, own / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(errors.ModelMissing, match="no usable score") as caught:
        reranking.find(str(own)).open()
    assert caught.value.hint
