"""a generation and what would ask it -> refused before an answer, if they do not fit.

A model, a stemmer or a library that changed under an index makes answers wrong in ways
that nobody sees. Each is told by a digest that the index carries.
"""

from askreport import embedding, errors
from askreport import text as texts
from askreport.generation.manifest import Manifest
from askreport.generation.opened import Generation


def words(made: Manifest) -> None:
    """Refuse words that are split or stemmed otherwise now. Raises ModelChanged."""
    if made.words and made.words != texts.signature():
        raise errors.ModelChanged(
            "words are split or stemmed otherwise than when the index was built",
            hint="run askreport build, or install the packages it was built with",
        )


def files(model: embedding.Model | embedding.Encoder, made: Manifest) -> None:
    """Refuse a model that is not the one that a generation was built with.

    Raises ModelChanged.
    """
    if model.digest != made.model_digest:
        raise errors.ModelChanged(
            f"the index was built with {made.model}, "
            f"whose files are not those of {model.name} now",
            hint="run askreport build, or set model back",
        )


def read(encoder: embedding.Encoder, generation: Generation) -> None:
    """Refuse an encoder whose libraries make something else of the same files.

    Raises ModelChanged.
    """
    if not embedding.agrees(encoder, generation.probe):
        raise errors.ModelChanged(
            f"{encoder.name} reads a text otherwise now than when the index was "
            "built, though its files are the same",
            hint="install the packages it was built with, or run "
            "askreport build --full",
        )
