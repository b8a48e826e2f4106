"""calibration.json of a shelf -> the map from confidence to a probability there.

Two parameters on the log-odds (Platt, "Probabilistic outputs for support vector
machines", 1999), fitted by `askreport calibrate` to the shelf's own questions. A shelf
without the file is not calibrated: confidence then stands as it is scored.
"""

import hashlib
import json
import math
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from askreport import errors

FILE = "calibration.json"
"""Its name, beside the shelf's settings."""

EDGE = 1e-6
"""How near to 0 and 1 a confidence is told apart; beyond, log-odds grow without
end."""

MOST_LOGIT = 700.0
"""Beyond this the exponential of a log-odds overflows."""

AGAIN = "run askreport calibrate QUESTIONS again, or askreport calibrate --reset"
"""The way out of a calibration that does not fit."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """`probability = 1 / (1 + exp(-(slope * logit(confidence) + offset)))`."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    slope: float
    """Above 0, so that calibrating never changes which answer is the surer."""
    offset: float
    model_digest: str
    """Of the encoder whose confidence was calibrated."""
    scoring: str
    """Of the weights that it was scored with (see `scoring`)."""
    questions: str
    """sha256 of the questions and what was right for them."""
    answerable: int
    unanswerable: int
    ece_before: float
    """Expected calibration error of the confidence as scored."""
    ece_after: float
    """The same calibrated, on questions that the fit had not seen."""

    def probability(self, confidence: float) -> float:
        """The calibrated confidence; 0 (nothing found) stays 0."""
        if confidence <= 0:
            return 0.0
        return squashed(self.slope * logit(confidence) + self.offset)

    @property
    def digest(self) -> str:
        """What a receipt calls it: the first digits of a digest of all it says."""
        said = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


_SHAPE = TypeAdapter(Calibration)


def logit(confidence: float) -> float:
    """The log-odds of a confidence, kept finite."""
    kept = min(1 - EDGE, max(EDGE, confidence))
    return math.log(kept / (1 - kept))


def squashed(odds: float) -> float:
    """The probability of log-odds; the inverse of `logit`."""
    return 1 / (1 + math.exp(-max(-MOST_LOGIT, min(MOST_LOGIT, odds))))


@cache
def scoring() -> str:
    """sha256 of the data that confidence is scored with in this version."""
    digest = hashlib.sha256()
    folder = resources.files("askreport.query")
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.name.endswith(".json"):
            digest.update(item.name.encode() + b"\0" + item.read_bytes())
    return digest.hexdigest()


def read(root: Path) -> Calibration | None:
    """The calibration of the shelf at `root`; None if it has none.

    Raises CalibrationWrong.
    """
    path = root / FILE
    try:
        found = _SHAPE.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise errors.CalibrationWrong(
            f"{path} cannot be read: {error.strerror}", hint="check its permissions"
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise errors.CalibrationWrong(
            f"{path} is damaged: {where}: {first['msg']}", hint=AGAIN
        ) from error
    if not (0 < found.slope < math.inf and math.isfinite(found.offset)):
        raise errors.CalibrationWrong(
            f"{path} is damaged: slope {found.slope}, offset {found.offset}", hint=AGAIN
        )
    return found


def check(known: Calibration | None, model_digest: str) -> None:
    """Raise CalibrationWrong if confidence is now made otherwise than it was then."""
    if known is None:
        return
    for what, then, now in (
        ("another encoder", known.model_digest, model_digest),
        ("the weights of another version", known.scoring, scoring()),
    ):
        if then != now:
            raise errors.CalibrationWrong(
                f"{FILE} was fitted to the confidence of {what}", hint=AGAIN
            )


def write(root: Path, made: Calibration) -> Path:
    """Make it the shelf's, at once or not at all. Raises CalibrationWrong."""
    path = root / FILE
    aside = root / f".{FILE}.{os.getpid()}"
    try:
        aside.write_text(json.dumps(asdict(made), indent=2) + "\n", "utf-8")
        aside.replace(path)
    except OSError as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise _unwritable(path, error) from error
    return path


def remove(root: Path) -> bool:
    """Take the calibration away; False if there was none. Raises CalibrationWrong."""
    try:
        (root / FILE).unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unwritable(root / FILE, error) from error
    return True


def _unwritable(path: Path, error: OSError) -> errors.CalibrationWrong:
    return errors.CalibrationWrong(
        f"{path} cannot be written: {error.strerror}",
        hint="allow writing in the shelf's folder",
    )
