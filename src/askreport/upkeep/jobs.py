"""requests to rebuild -> jobs, one at a time; those that wait are made one."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from askreport.library import Built
from askreport.upkeep.rebuilds import STOPPED, Ended, Event, Failure, Rebuild

State = Literal["queued", "running", "done", "failed"]

MOST = 100
"""Jobs that are remembered; the oldest ended ones are forgotten first."""

STOPPING = 5.0
"""Seconds that a build which is stopped is given to end before its job is told."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far a running job is."""

    doing: str
    done: int
    total: int
    rate: float | None
    """A second; None while nobody can tell."""
    left: float | None
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a build came to."""

    generation: str
    fresh: bool
    documents: int
    passages: int
    read: int
    encoded: int
    drifted: int
    """Saved questions that are answered otherwise now."""


@dataclass(frozen=True, slots=True)
class Job:
    """A rebuild that somebody asked for, as it stands."""

    id: str
    state: State
    created: str
    full: bool = False
    step: Step | None = None
    result: Result | None = None
    failure: Failure | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ("done", "failed")


class Jobs:
    """The rebuilds of one shelf. Safe to use from several threads."""

    def __init__(self, root: Path) -> None:
        """No thread is started before there is a job."""
        self._root = root
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._changed = threading.Condition()
        self._running: Rebuild | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, *, full: bool = False) -> Job:
        """A job that builds what the sources are now: one that waits already, or new.

        One that runs may have looked at the sources before they were what they are.
        """
        with self._changed:
            waiting = next(
                (j for j in self._jobs.values() if j.state == "queued"), None
            )
            if waiting is not None:
                job = replace(waiting, full=waiting.full or full)
                self._jobs[job.id] = job
                return job
            now = datetime.now(UTC).isoformat(timespec="seconds")
            job = Job(secrets.token_hex(8), "queued", now, full)
            self._jobs[job.id] = job
            self._forget()
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="askreport-jobs", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()
            return job

    def get(self, name: str) -> Job | None:
        """The job of that id as it stands; None if there is none."""
        with self._changed:
            return self._jobs.get(name)

    def stop(self, name: str) -> Job | None:
        """End the job of that id, whoever asked for it: as it stands then, which is
        failed unless its build had ended or takes long to; None if there is none.
        """
        with self._changed:
            job = self._jobs.get(name)
            if job is None:
                return None
            if job.state == "queued":
                self._set(replace(job, state="failed", failure=STOPPED))
            elif job.state == "running" and self._running is not None:
                self._running.stop()
                self._changed.wait_for(lambda: self._jobs[name].ended, STOPPING)
            return self._jobs[name]

    def ended(self, name: str) -> Job:
        """The job of that id once it has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs[name].ended)
            return self._jobs[name]

    def close(self) -> None:
        """Stop what runs and what waits."""
        with self._changed:
            self._closed = True
            if self._running is not None:
                self._running.stop()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._next() is not None)
                job = self._next()
                if job is None:
                    return
                self._running = Rebuild(self._root, full=job.full)
                if self._closed:
                    self._running.stop()
                self._set(replace(job, state="running"))
            self._finish(job.id, self._running.run(self._telling(job.id)))

    def _telling(self, name: str) -> Callable[[Event], None]:
        def tell(event: Event) -> None:
            if event.get("event") == "step":
                names = ("doing", "done", "total", "rate", "left")
                step = Step(**{known: event[known] for known in names})
                with self._changed:
                    self._set(replace(self._jobs[name], step=step))

        return tell

    def _finish(self, name: str, end: Ended) -> None:
        with self._changed:
            self._running = None
            job = self._jobs[name]
            if end.built is not None:
                self._set(replace(job, state="done", result=_result(end.built)))
            else:
                self._set(replace(job, state="failed", failure=end.failure))

    def _set(self, job: Job) -> None:
        self._jobs[job.id] = job
        self._changed.notify_all()

    def _next(self) -> Job | None:
        return next((j for j in self._jobs.values() if j.state == "queued"), None)

    def _forget(self) -> None:
        over = len(self._jobs) - MOST
        for job in [j for j in self._jobs.values() if j.ended][: max(0, over)]:
            del self._jobs[job.id]


def _result(built: Built) -> Result:
    names = ("generation", "fresh", "documents", "passages", "read", "encoded")
    said = {name: getattr(built, name) for name in names}
    return Result(**said, drifted=len(built.drift))
