"""a shelf -> its generations as its keeper sees them, and going back to one of them."""

from dataclasses import dataclass, replace
from pathlib import Path

from askreport import errors
from askreport.generation import standing
from askreport.generation.standing import Standing, State


class GenerationRefused(errors.AskreportError):
    """A generation that cannot be made the one that answers, or not now."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A generation that stands in the index. What is None cannot be read."""

    name: str
    """Of its folder, which `use` takes."""
    current: bool
    """Whether it answers."""
    state: State
    said: str
    """What is wrong; empty if nothing is known to be."""
    bytes: int
    id: str | None = None
    created: str | None = None
    documents: int | None = None
    passages: int | None = None
    model: str | None = None
    model_digest: str | None = None


def listed(index: Path) -> tuple[Listed, ...]:
    """Every generation, newest first, then those that were set aside as damaged."""
    return tuple(of(one) for one in standing.listed(index))


def of(one: Standing) -> Listed:
    """A generation as it is listed."""
    found = Listed(one.name, one.current, one.state, one.said, one.bytes)
    made = one.manifest
    if made is None:
        return found
    return replace(
        found,
        id=made.id,
        created=made.created,
        documents=made.documents,
        passages=made.passages,
        model=made.model,
        model_digest=made.model_digest,
    )


def use(index: Path, name: str, *, model_digest: str) -> Listed:
    """Make a generation the one that answers, every file of it checked first.

    Raises NotFound, or GenerationRefused in words that name no path: it is damaged, of
    another version or model, or a build is under way.
    """
    try:
        used = standing.use(index, name, model_digest=model_digest)
    except errors.BuildBusy as error:
        raise GenerationRefused(
            "a build is under way", hint="wait for its end, or stop it"
        ) from error
    except (errors.IndexDamaged, errors.IndexForeign) as error:
        raise GenerationRefused(
            "that generation is damaged, or was not written by this version",
            hint="choose another, or run askreport doctor --deep",
        ) from error
    except errors.ModelChanged as error:
        raise GenerationRefused(
            "that generation was built with another model than settings name",
            hint="set model to the one it was built with first, then use it",
        ) from error
    return next(one for one in listed(index) if one.name == used.folder.name)
