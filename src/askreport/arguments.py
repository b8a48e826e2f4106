"""settings -> the plain arguments that building and asking take.

Neither of them knows settings; this is the one place where the two meet.
"""

from collections.abc import Sequence
from dataclasses import replace

from askreport import embedding, errors, frozen, late, settings
from askreport.calibration import Calibration
from askreport.ingest import passages
from askreport.ingest.assemble import Running
from askreport.ingest.documents import workers
from askreport.ingest.indexed import Recipe
from askreport.ingest.passwords import Reading
from askreport.query import ask


def model(shelf: settings.Shelf) -> embedding.Model:
    """The model that settings name. Raises ModelMissing, ModelChanged."""
    known = shelf.settings
    home = shelf.index / frozen.FOLDER if known.frozen else None
    found = embedding.find(known.model, digest=known.model_digest, home=home)
    return replace(found, rounded=known.rounded)


def recipe(shelf: settings.Shelf) -> Recipe:
    """How an index is made. Raises ModelMissing, ModelChanged."""
    known = shelf.settings
    return Recipe(
        model(shelf),
        passages.Cutting(known.passage_tokens, known.overlap_sentences),
        late.Keeping(known.late, known.late_megabytes * 10**6),
    )


def running(known: settings.Settings, *, full: bool, wait: float) -> Running:
    """How a build is run."""
    most = known.cache_megabytes * 10**6
    return Running(known.keep_generations, full, wait, most)


def reading(known: settings.Settings, passwords: Sequence[str]) -> Reading:
    """How documents are read, and what opens locked ones."""
    limits = workers.Limits(
        seconds=known.page_seconds,
        megabytes=known.worker_megabytes,
        workers=known.workers,
    )
    return Reading(limits, tuple(passwords))


def limits(
    known: settings.Settings, top: int | None, calibrated: Calibration | None
) -> ask.Limits:
    """What bounds an answer; SettingsWrong for a `top` below 1."""
    if top is not None and top < 1:
        raise errors.SettingsWrong(f"top is {top}", hint="ask for one passage at least")
    return ask.Limits(
        candidates=known.candidates,
        top=known.top if top is None else top,
        floor=known.floor,
        question_chars=known.question_chars,
        calibration=calibrated,
    )
