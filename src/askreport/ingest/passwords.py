"""listed files and what opens them -> the same files, knowing which can be opened.

Passwords come from whoever builds and from the environment. They are handed to the
process that reads a file and are kept nowhere: neither in the index, nor in its id, nor
in what is told.
"""

import mmap
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from askreport import errors
from askreport.ingest import cache
from askreport.ingest.cache import Cache
from askreport.ingest.catalogue import Listed, Tried
from askreport.ingest.documents import workers
from askreport.ingest.documents.workers import Job, Limits

LIMITS = Limits()
"""What reading a document may take unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How documents are read: within which limits, and what opens locked ones."""

    limits: Limits = LIMITS
    given: tuple[str, ...] = ()
    """Passwords to try on whatever wants one."""

    def passwords(self, named: str | None) -> tuple[str, ...]:
        """What to try on a document whose entry names that variable, its own first."""
        own = os.environ.get(named) if named else None
        return (own, *self.given) if own else self.given

    def __repr__(self) -> str:
        """Without the passwords, which must not come into a log or a traceback."""
        return f"Reading({self.limits!r})"


LOCK = re.compile(
    b"/" + b"".join(b"(?:%c|#%02x|#%02X)" % (c, c, c) for c in b"Encrypt")
)
"""What no locked PDF is without: the entry of its trailer, which can be neither packed
nor locked itself, in any way that its name may be spelled."""

KIND = "unlocked"


Seen = dict[tuple[str, str | None], Tried]
"""What came of a file of that digest, whose entry names that variable."""


def tried(
    listed: Sequence[Listed],
    reading: Reading,
    kept: Cache | None = None,
    seen: Seen | None = None,
) -> tuple[Listed, ...]:
    """The files in their order, each with what came of the passwords that are at hand.

    Only PDFs can be opened so; a file that opens without one is left as it is. Which
    those are is kept in `kept`; what came of the others is in `seen` the next time.
    """
    seen = {} if seen is None else seen
    fresh = [item for item in listed if _seen(item) not in seen]
    seen |= _opened(fresh, reading, kept)
    return tuple(replace(item, tried=seen[_seen(item)]) for item in listed)


def _seen(item: Listed) -> tuple[str, str | None]:
    return item.source.digest, item.password_env


def _opened(listed: Sequence[Listed], reading: Reading, kept: Cache | None) -> Seen:
    found: Seen = {_seen(item): "" for item in listed}
    asked = {
        i: reading.passwords(item.password_env)
        for i, item in enumerate(listed)
        if item.path.suffix.lower() == ".pdf"
    }
    wanted = [i for i, words in asked.items() if words and _may_want(listed[i], kept)]
    jobs = [
        Job(
            listed[i].source,
            listed[i].path,
            titled=True,
            passwords=asked[i],
            opens=True,
        )
        for i in wanted
    ]
    for outcome in workers.read(jobs, reading.limits) if jobs else ():
        i = wanted[outcome.job]
        if isinstance(outcome.found, errors.SourceUnreadable):
            found[_seen(listed[i])] = "wrong"
        elif outcome.found.unread:
            found[_seen(listed[i])] = "opens"
    return found


def _may_want(item: Listed, kept: Cache | None) -> bool:
    """Whether a PDF may want a password. Most do not, and are not opened to see it."""
    name = cache.key(KIND, item.source.digest)
    if kept is not None and kept.get(KIND, name) is not None:
        return False
    try:
        with item.path.open("rb") as file, _mapped(file) as raw:
            locked = LOCK.search(raw) is not None
    except (OSError, ValueError):  # gone, empty: its reader says so
        return True
    if not locked and kept is not None:
        kept.put(KIND, name, b"")
    return locked


def _mapped(file: BinaryIO) -> mmap.mmap:
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
