"""a model's files -> its frozen copy, checked against the reference before it is kept.

The reference is traced into one graph from token numbers to both kinds of vectors, with
pooling and whatever else its modules do, by torch's exporter; onnxruntime then fuses
what it can, and the weights are put beside the graph so that they can be mapped. A
graph that does not give the reference's vectors is thrown away. A second graph, of
rounded weights, is kept for questions where it comes near enough, and on processors
that can multiply such weights quickly.
"""

import logging
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from askreport import digests, frozen, rounding
from askreport.encoded import Encoded
from askreport.frozen import (
    GRAPH,
    ROUNDED,
    ROUNDED_WEIGHTS,
    TOKENIZER,
    WEIGHTS,
    FrozenEncoder,
    Kept,
)
from askreport.reference import Reference

if TYPE_CHECKING:
    import torch

log = logging.getLogger("askreport")

PACKAGES = ("torch", "transformers", "sentence-transformers", "onnx", "onnxruntime")
"""Another version of one of these may freeze what could not be frozen before."""

INPUTS = ("input_ids", "token_type_ids", "attention_mask")
"""What a frozen encoder can be given; a model that reads anything else is not
frozen."""

OPSET = 17
"""Of ONNX: the first with layer normalisation as one operation."""

NEAR = 0.9999
"""The least cosine of any vector to the reference's; single precision leaves 1e-6."""

NEARLY = 0.997
"""The same for a question by rounded weights, whose vectors and token vectors come as
near as .9994 and .999 with the default model."""

TRIES = 10
"""Each graph encodes a question so often; the fastest try of each counts."""

WORSE = 1.5
"""Rounded weights take half the time of exact ones. Where a processor has no
instructions for them they take three times as long, and are not used."""

TEXTS = (
    "Probe: 14,300 beds weren't re-opened in Leeds (5.5%); caf\u00e9 staff agreed.",
    "Beds",
    "",
    "Who?\nWhat, when \u2013 and where did the \u201cnew\u201d ward open?",
    "Staff told us that they felt supported; managers met them weekly. " * 3,
    "na\u00efve r\u00e9sum\u00e9 \u4e2d\u6587 \U0001f600 \u00a31.5m in 2021/22",
    "ward " * 70,
    "Trusts reported 1,204 admissions, of which 311 (26%) were out of area. " * 60,
)
"""Read by both before a graph is trusted: short and long, empty, cut off, no English,
alone and in one batch."""


class Unfreezable(Exception):
    """The model is not of a kind that can be frozen. Caught here."""


def stands(home: Path, held: Kept) -> bool:
    """Whether what is held need not be made: it is sound, or it would fail again."""
    if held.files is None:
        return held.made_by == made_by()
    return frozen.sound(home, held)


def made_by() -> str:
    """The versions that decide what can be frozen."""
    return ", ".join(f"{name} {_version(name)}" for name in PACKAGES)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def freeze(name: str, folder: Path, digest: str, *, home: Path) -> Kept:
    """Put the frozen copy of a model into `home`, or the reason why there is none.

    Raises OSError if it cannot be kept there, ModelMissing if the model does not load.
    """
    cache = frozen.cached()
    there = frozen.kept(cache, digest)
    if there is not None and there.files is not None and frozen.sound(cache, there):
        return frozen.copied(cache, there, home)
    made = frozen.put(home, digest, lambda aside: _filled(name, folder, digest, aside))
    if made.files is not None and cache != home:
        try:
            frozen.copied(home, made, cache)
            frozen.trim(cache)
        except OSError as error:
            log.debug("the frozen copy of %s is not cached: %s", name, error)
    return made


def _filled(name: str, folder: Path, digest: str, aside: Path) -> Kept:
    reference = Reference(name, folder, digest)
    try:
        return _frozen(reference, aside)
    # torch, transformers and onnxruntime fail in ways of their own, and none of them
    # may stop a build that the reference can do.
    except Exception as error:  # noqa: BLE001 - the reason is kept and told
        for left in aside.iterdir():
            left.unlink()
        said = str(error).strip().splitlines() or [type(error).__name__]
        log.warning("%s cannot be frozen, so torch encodes: %s", name, said[0])
        return Kept(digest, why=said[0], made_by=made_by())


def _frozen(reference: Reference, aside: Path) -> Kept:
    fast = getattr(reference.model.tokenizer, "backend_tokenizer", None)
    if fast is None:
        raise Unfreezable("its tokenizer is not one that stands in a file")
    (aside / TOKENIZER).write_text(fast.to_str(), "utf-8")
    traced = aside / "traced.onnx"
    _trace(reference, traced)
    inputs = _optimised(traced, aside)
    traced.unlink()
    made = Kept(
        reference.digest,
        dimensions=reference.dimensions,
        most_tokens=reference.most_tokens,
        pad=int(reference.model.tokenizer.pad_token_id or 0),
        inputs=inputs,
        files={n: digests.sha256(aside / n) for n in (GRAPH, TOKENIZER, WEIGHTS)},
        made_by=made_by(),
    )
    exact = FrozenEncoder(reference.name, aside, made)
    _compare(reference, exact)
    return _rounded(exact, aside, made)


def _rounded(exact: FrozenEncoder, aside: Path, made: Kept) -> Kept:
    """With a graph of rounded weights for questions, if that is worth having."""
    paths = [aside / name for name in (GRAPH, WEIGHTS, ROUNDED, ROUNDED_WEIGHTS)]
    rounding.write(*paths)
    names = (*(made.files or {}), ROUNDED, ROUNDED_WEIGHTS)
    found = replace(made, files={n: digests.sha256(aside / n) for n in names})
    try:
        quick = FrozenEncoder(exact.name, aside, found)
        for i, text in enumerate(TEXTS):
            wanted = exact.encode([text])
            _near(wanted, quick.encode_query([text]), only=i, least=NEARLY)
        if _seconds(quick) < WORSE * _seconds(exact):
            return found
        why = "rounded ones take longer here"
    except (Unfreezable, RuntimeError) as error:
        why = str(error)
    log.info("questions of %s are encoded by its own weights: %s", exact.name, why)
    for path in paths[2:]:
        with suppress(OSError):  # still mapped; nobody reads what is not listed
            path.unlink()
    return made


def _seconds(encoder: FrozenEncoder) -> float:
    """What a question takes it at best."""
    took = []
    for _ in range(TRIES):
        began = time.perf_counter()
        encoder.encode_query(TEXTS[:1])
        took.append(time.perf_counter() - began)
    return min(took)


def _trace(reference: Reference, path: Path) -> None:
    """Write the graph."""
    import torch

    features = reference.model.preprocess(["a short text", "one of other length, it"])
    names = tuple(n for n, value in features.items() if torch.is_tensor(value))
    if not set(names) <= set(INPUTS):
        raise Unfreezable(f"it reads {', '.join(sorted(set(names) - set(INPUTS)))}")
    free = {name: {0: "batch", 1: "length"} for name in (*names, "tokens")}
    with _quietly(), _plain_attention(reference.model):
        torch.onnx.export(
            _whole(reference.model, names),
            tuple(features[name] for name in names),
            str(path),
            # The newer exporter takes six times as long and two packages more, and the
            # graph it makes was no faster.
            dynamo=False,
            input_names=list(names),
            output_names=["vector", "tokens"],
            dynamic_axes=free | {"vector": {0: "batch"}},
            opset_version=OPSET,
        )


def _whole(model: Any, names: Sequence[str]) -> "torch.nn.Module":  # noqa: ANN401
    """All modules of the model as one that takes tensors and gives both kinds."""
    import torch

    class Whole(torch.nn.Module):  # type: ignore[misc]  # torch is not read
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *given: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            out = self.model(dict(zip(names, given, strict=True)))
            return out["sentence_embedding"], out["token_embeddings"]

    return Whole().eval()


@contextmanager
def _plain_attention(model: Any) -> Iterator[None]:  # noqa: ANN401
    """Attention as its formula has it: what torch fuses is traced with steps that guard
    against rows without any token, a fifth of the time of a batch.
    """
    changed = []
    for module in model.modules():
        own = getattr(getattr(module, "config", None), "_attn_implementation", None)
        if own not in (None, "eager") and hasattr(module, "set_attn_implementation"):
            with suppress(Exception):  # not every model has it; then it stays
                module.set_attn_implementation("eager")
                changed.append((module, own))
    try:
        yield
    finally:
        for module, own in changed:
            module.set_attn_implementation(own)


@contextmanager
def _quietly() -> Iterator[None]:
    """Tracing warns of every branch that it takes; what it makes is checked instead."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _optimised(traced: Path, aside: Path) -> tuple[str, ...]:
    """The same graph with operations fused, its weights in a file that can be mapped.

    Fused as any processor can run it: the folder may be carried to another machine.
    Gives the names of what it reads, which may be less than the model is given.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.graph_optimization_level = level
    options.optimized_model_filepath = str(aside / GRAPH)
    options.add_session_config_entry(
        "session.optimized_model_external_initializers_file_name", WEIGHTS
    )
    made = onnxruntime.InferenceSession(
        str(traced), options, providers=["CPUExecutionProvider"]
    )
    return tuple(one.name for one in made.get_inputs())


def _compare(reference: Reference, made: FrozenEncoder) -> None:
    """Raises Unfreezable unless both make the same of TEXTS."""
    for text in TEXTS:
        if made.length(text) != reference.length(text):
            raise Unfreezable("its frozen tokenizer splits a text otherwise")
    _near(reference.encode(TEXTS), made.encode(TEXTS))
    for i, text in enumerate(TEXTS[:4]):
        _near(reference.encode([text]), made.encode([text]), only=i)


def _near(
    wanted: Encoded, found: Encoded, only: int | None = None, least: float = NEAR
) -> None:
    alone = "" if only is None else " alone"
    for i, (own, theirs) in enumerate(zip(found.offsets, wanted.offsets, strict=True)):
        if not np.array_equal(own, theirs):
            raise Unfreezable(
                f"its graph places the tokens of text {i}{alone} otherwise"
            )
    nearest = min(
        float(np.sum(own * theirs, axis=-1).min(initial=1.0))
        for own, theirs in zip(
            (found.vectors, *found.tokens),
            (wanted.vectors, *wanted.tokens),
            strict=True,
        )
    )
    if not nearest >= least:
        raise Unfreezable(
            f"its graph gives other vectors (cosine {nearest:.6f}{alone})"
        )
