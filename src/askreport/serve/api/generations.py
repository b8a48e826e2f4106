"""requests of whoever keeps the shelf -> its earlier builds listed, and gone back to.

Only for keys of scope admin. Files that are damaged are told of without the paths that
stand in the server's own words.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path

from askreport.serve.api import examples
from askreport.serve.api.caller import ADMIN
from askreport.serve.api.parts import Shelf
from askreport.upkeep import generations
from askreport.upkeep.generations import Listed

router = APIRouter(
    prefix="/admin",
    tags=["admin"],
    dependencies=[ADMIN],
    responses=examples.failures(401, 403, 429, "default"),
)

GenerationId = Annotated[
    str,
    Path(
        description="A generation's name or id, as GET /admin/generations lists them, "
        "or as much of it as tells it apart."
    ),
]

SAID: Mapping[str, str] = {
    "sound": "",
    "damaged": "a file of it is missing or damaged",
    "foreign": "it was not written by this version",
}
"""What is wrong with a generation of that state, without a path."""

LISTED = Listed(
    name="d46b515db791fe16",
    current=True,
    state="sound",
    said="",
    bytes=3_412_608,
    id="d46b515db791fe16",
    created="2026-01-15T09:30:07+00:00",
    documents=4,
    passages=58,
    model="all-MiniLM-L6-v2",
    model_digest="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)


@router.get(
    "/generations",
    summary="List the generations",
    responses=examples.success([LISTED], "Every generation, newest first.")
    | examples.failures(503),
)
def list_generations(library: Shelf) -> tuple[Listed, ...]:
    """Every build that stands in the index, what it holds, and which of them answers.

    Those that were found damaged come last.
    """
    return tuple(_public(one) for one in generations.listed(library.shelf.index))


@router.post(
    "/generations/{generation}/use",
    summary="Go back to a generation",
    responses=examples.success(LISTED, "The generation, which answers now.")
    | examples.failures(404, 408, 409, 413, 503),
)
def use_generation(generation: GenerationId, library: Shelf) -> Listed:
    """Has it answer within two seconds, after every file of it was checked.

    `sources/` stays as it is: the next rebuild brings the index up to date with it.
    """
    digest = library.recipe().model.digest
    used = generations.use(library.shelf.index, generation, model_digest=digest)
    return _public(used)


def _public(one: Listed) -> Listed:
    model = one.model and one.model.replace("\\", "/").rpartition("/")[2]
    return replace(one, said=SAID[one.state], model=model)
