"""Ask a shelf of reports a question; get the exact passages that answer it, cited."""

from typing import TYPE_CHECKING, Any

from askreport import threads
from askreport.errors import AskreportError

if TYPE_CHECKING:
    from askreport.library import Library
    from askreport.types import Answer, Citation, Filter, Hit, Passage

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "AskreportError",
    "Citation",
    "Filter",
    "Hit",
    "Library",
    "Passage",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562: any attribute
    """Import what is first asked for: the library brings numpy and FAISS along, and to
    make the nouns takes some of the time in which the terminal UI paints.
    """
    if name == "Library":
        threads.settle()
        from askreport.library import Library

        return Library
    if name in __all__:
        from askreport import types

        return getattr(types, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
