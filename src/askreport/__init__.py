"""Ask a shelf of reports a question; get the exact passages that answer it, cited."""

from typing import TYPE_CHECKING, Any

from askreport import threads
from askreport.errors import AskreportError
from askreport.types import Answer, Citation, Filter, Hit, Passage

if TYPE_CHECKING:
    from askreport.library import Library

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
    """Import the library when it is first asked for: it brings numpy and FAISS
    along.
    """
    if name == "Library":
        threads.settle()
        from askreport.library import Library

        return Library
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
