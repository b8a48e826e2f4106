"""listed files and what opens them -> the same files, knowing which can be opened.

Passwords come from whoever builds and from the environment. They are handed to the
process that reads a file and are kept nowhere: neither in the index, nor in its id, nor
in what is told.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from askreport import errors
from askreport.ingest.catalogue import Listed
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


def tried(listed: Sequence[Listed], reading: Reading) -> tuple[Listed, ...]:
    """The files in their order, each with what came of the passwords that are at hand.

    Only PDFs can be opened so; a file that opens without one is left as it is.
    """
    found = list(listed)
    asked = {
        i: reading.passwords(item.password_env)
        for i, item in enumerate(listed)
        if item.path.suffix.lower() == ".pdf"
    }
    wanted = [i for i, passwords in asked.items() if passwords]
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
            found[i] = replace(found[i], tried="wrong")
        elif outcome.found.unread:
            found[i] = replace(found[i], tried="opens")
    return tuple(found)
