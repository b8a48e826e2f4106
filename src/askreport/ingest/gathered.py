"""listed files -> their documents, opened only where no earlier build has read them.

A file that is refused for what it holds is refused again without being opened; one that
was in the way of something (no time, no memory, no permission) is tried again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from askreport import errors
from askreport.errors import SourceUnreadable
from askreport.ingest import readings
from askreport.ingest.catalogue import Listed
from askreport.ingest.documents import workers
from askreport.ingest.documents.workers import Job, Progress
from askreport.ingest.passwords import Reading
from askreport.ingest.readings import Found, Readings
from askreport.ingest.steps import Step, Tell
from askreport.ingest.taken import Before, Taken
from askreport.types import Document, Unread


@dataclass(frozen=True, slots=True)
class Gathered:
    """The documents that could be read, and those that could not, without pages."""

    documents: tuple[Document | Taken, ...]
    items: tuple[Listed, ...]
    """The file of each of them."""
    failed: tuple[Document, ...]
    anew: tuple[Listed, ...]
    """The files that were opened; the others had been before."""


@dataclass(frozen=True, slots=True)
class Known:
    """What need not be read: what an index holds as it would be made, and what was
    read by earlier builds.
    """

    readings: Readings
    before: Before

    def of(self, item: Listed) -> Found | Taken | None:
        """What is known of a file; None if it must be read."""
        return self.before.document(item) or self.readings.known(item)


def of(
    listed: Sequence[Listed], known: Known, reading: Reading, tell: Tell
) -> Gathered:
    """Every document of the list, in its order. Raises BuildFailed if none is read."""
    each = {i: known.of(item) for i, item in enumerate(listed)}
    found = {i: one for i, one in each.items() if one is not None}
    anew = [i for i in each if i not in found]
    for i, outcome in _opened([listed[i] for i in anew], reading, tell, len(found)):
        found[anew[i]] = known.readings.keep(listed[anew[i]], outcome)
    tell(Step("read", len(listed), len(listed)))
    ordered = [(listed[i], found[i]) for i in sorted(found)]
    read = [(i, one) for i, one in ordered if not isinstance(one, SourceUnreadable)]
    failed = tuple(
        _without(item, one)
        for item, one in ordered
        if isinstance(one, SourceUnreadable)
    )
    if not read:
        reasons = "; ".join(one.reason for d in failed for one in d.unread)
        raise errors.BuildFailed(
            f"no document could be read: {reasons}",
            hint="mend or replace those files; the old index still answers",
        )
    return Gathered(
        tuple(one for _, one in read),
        tuple(item for item, _ in read),
        failed,
        tuple(listed[i] for i in anew),
    )


def unchanged(items: Sequence[Listed], digest: Callable[..., str]) -> bool:
    """Whether files that were opened are what was listed and digested."""
    return all(digest(item.path) == item.source.digest for item in items)


def _without(item: Listed, refused: SourceUnreadable) -> Document:
    reason = f"{refused.message}: {refused.hint}"
    return Document(item.source, (), (Unread(item.source.id, None, reason),))


def _opened(
    items: Sequence[Listed], reading: Reading, tell: Tell, done: int
) -> Iterator[tuple[int, Found]]:
    """What these files say, read now, as they end; `done` documents are known."""
    total = done + len(items)
    lost = 0

    def step(job: int, page: str = "") -> None:
        unread = f" ({lost} not read)" if lost else ""
        tell(Step(f"reading {items[job].source.path}{page}{unread}", done, total))

    def paged(told: Progress) -> None:
        step(told.job, f", page {told.page} of {told.of}")

    tell(Step("reading", done, total))
    jobs = [_job(item, reading) for item in items]
    for outcome in workers.read(jobs, reading.limits, paged) if jobs else ():
        done += 1
        lost += not isinstance(outcome.found, Document)
        step(outcome.job)
        yield outcome.job, outcome.found


def _job(item: Listed, reading: Reading) -> Job:
    passwords = reading.passwords(item.password_env)
    bare = readings.bare(item.source)
    return Job(bare, item.path, titled=False, passwords=passwords)
