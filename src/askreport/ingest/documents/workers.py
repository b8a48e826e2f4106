"""listed files -> Documents, each read in a process of its own limits.

A file that crashes its reader, fills its memory, or keeps it busy without end costs
itself only and is reported by name. As many files are read at once as there are
processors.
"""

import atexit
import json
import os
import queue
import selectors
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from askreport import errors
from askreport.generation import files
from askreport.types import Document, Source

MODULE = "askreport.ingest.documents.worker"

RECYCLED = 200
"""Documents after which a process is replaced: libraries leak."""

EXPORT = "open it in the program that made it and save it afresh, or leave it out"
"""What to do about a file that harms its reader."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one document may take."""

    seconds: float = 60.0
    """Without a sign of life: a page, or a whole document that has none."""
    whole: float = 3600.0
    """Seconds for a document, however many pages it has."""
    megabytes: int = 2000
    """Of memory, all that the process has."""
    output: int = 256 * 2**20
    """Bytes that a document may come to."""
    workers: int = 0
    """Files read at once; 0: as many as there are processors."""


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be read."""

    source: Source
    path: Path
    titled: bool
    passwords: tuple[str, ...] = ()
    """To be tried, in order, if it wants one. Never written anywhere."""
    opens: bool = False
    """Only find out whether it opens: a document of no pages; one of them unread if it
    took a password."""

    def __repr__(self) -> str:
        """Without the passwords, which must not come into a log or a traceback."""
        return f"Job({self.path})"


@dataclass(frozen=True, slots=True)
class Progress:
    """A page was read, or a document: its job's place, and how far it has come."""

    job: int
    page: int
    of: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job: its document, or why there is none."""

    job: int
    found: Document | errors.SourceUnreadable


def read(
    jobs: Sequence[Job],
    limits: Limits,
    tell: Callable[[Progress], None] = lambda progress: None,
) -> Iterator[Outcome]:
    """What becomes of each job, in the order in which they end.

    Large files first, so that no processor waits for the last one. `tell` is called
    from the caller's own thread.
    """
    said: queue.Queue[Progress | Outcome | BaseException] = queue.Queue()
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for i in sorted(range(len(jobs)), key=lambda i: -_size(jobs[i].path)):
        waiting.put(i)
    hands = [
        _Hand(jobs, limits, waiting, said) for _ in range(_hands(len(jobs), limits))
    ]
    for hand in hands:
        hand.start()
    try:
        left = len(jobs)
        while left:
            heard = said.get()
            if isinstance(heard, BaseException):
                raise heard
            if isinstance(heard, Progress):
                tell(heard)
            else:
                left -= 1
                yield heard
    finally:
        for hand in hands:
            hand.stop()


def recognises() -> bool:
    """Whether scans can be read here."""
    return shutil.which("tesseract") is not None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _hands(jobs: int, limits: Limits) -> int:
    return max(1, min(jobs, limits.workers or processors()))


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Hand(threading.Thread):
    """Takes jobs one after the other and has its process do them."""

    def __init__(
        self,
        jobs: Sequence[Job],
        limits: Limits,
        waiting: "queue.SimpleQueue[int]",
        said: "queue.Queue[Progress | Outcome | BaseException]",
    ) -> None:
        super().__init__(daemon=True, name="askreport-reading")
        self._jobs = jobs
        self._limits = limits
        self._waiting = waiting
        self._said = said
        self._stopped = threading.Event()
        self._process: _Process | None = None

    def stop(self) -> None:
        """Take no further job; what is at work on one is ended."""
        self._stopped.set()
        process = self._process
        if self.is_alive() and process is not None:
            process.end()
        self.join()

    def run(self) -> None:
        """Work until no job waits."""
        try:
            while not self._stopped.is_set():
                try:
                    i = self._waiting.get_nowait()
                except queue.Empty:
                    break
                self._said.put(Outcome(i, self._done(i)))
            if self._process is not None and not self._stopped.is_set():
                _spare(self._process)
                self._process = None
        except BaseException as error:  # noqa: BLE001
            self._said.put(error)  # a bug is to be seen where the build was asked for
        finally:
            self._end()

    def _done(self, i: int) -> Document | errors.SourceUnreadable:
        while True:
            if self._process is None or self._process.done >= RECYCLED:
                self._end()
                self._process = _taken(self._limits)
            process = self._process
            worn = process.done > 0
            try:
                return self._asked(process, i)
            except _Ended as ended:
                self._end()
                if worn and not ended.late and not self._stopped.is_set():
                    continue  # what earlier files left may be to blame: once more
                return _blamed(self._jobs[i], ended, self._limits)

    def _asked(self, process: "_Process", i: int) -> Document | errors.SourceUnreadable:
        job = self._jobs[i]
        process.ask(job)
        for told in process.answers(self._limits):
            if "page" in told:
                self._said.put(Progress(i, told["page"], told["of"]))
            elif "memory" in told:
                raise _Ended(memory=True)
            elif "unreadable" in told:
                said, hint = told["unreadable"], told["hint"]
                return errors.SourceUnreadable(said, hint=hint, lasting=told["lasting"])
            else:
                return files.document(told["document"])
        raise _Ended

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None


class _Ended(Exception):
    """A process ended, or had to be ended, without an answer."""

    def __init__(
        self,
        *,
        late: bool = False,
        memory: bool = False,
        large: bool = False,
        code: int | None = None,
    ) -> None:
        super().__init__()
        self.late = late
        self.memory = memory
        self.large = large
        self.code = code


def _blamed(job: Job, ended: _Ended, limits: Limits) -> errors.SourceUnreadable:
    name = job.path.name
    if ended.late:
        said = f"{name} took too long to read: {limits.seconds:g} s without a page"
    elif ended.memory:
        said = f"{name} takes more than {limits.megabytes} MB of memory to read"
    elif ended.large:
        said = f"{name} unpacks to more than {limits.output // 2**20} MiB of text"
    else:
        said = f"{name} crashed its reader ({_signal(ended.code)})"
    return errors.SourceUnreadable(said, hint=EXPORT)


def _signal(code: int | None) -> str:
    if code is not None and code < 0:
        with suppress(ValueError):
            return signal.Signals(-code).name
    return "it ended without an answer"


class _Process:
    """A process that reads documents, one at a time."""

    def __init__(self, limits: Limits) -> None:
        self.megabytes = limits.megabytes
        self.done = 0
        self._heard = b""
        self._popen = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", MODULE, str(limits.megabytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_surroundings(),
            start_new_session=True,
        )

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._popen.poll() is None

    def ask(self, job: Job) -> None:
        """Give it a job. Raises _Ended if it is gone."""
        told = {
            "source": asdict(job.source),
            "path": str(job.path.absolute()),
            "titled": job.titled,
            "passwords": job.passwords,
            "opens": job.opens,
        }
        if self._popen.stdin is None:  # pragma: no cover - it is a pipe
            raise _Ended
        try:
            self._popen.stdin.write(json.dumps(told).encode() + b"\n")
            self._popen.stdin.flush()
        except OSError:
            raise _Ended(code=self._popen.poll()) from None
        self.done += 1

    def answers(self, limits: Limits) -> Iterator[Mapping[str, Any]]:
        """What it says, until it is silent too long, says too much or ends."""
        began = time.monotonic()
        said = 0
        while True:
            line = self._line(limits, began + limits.whole, limits.output - said)
            said += len(line)
            yield json.loads(line)

    def _line(self, limits: Limits, last: float, most: int) -> bytes:
        deadline = min(time.monotonic() + limits.seconds, last)
        parts = [self._heard]
        size = len(self._heard)
        while b"\n" not in parts[-1]:
            chunk = self._chunk(deadline)
            parts.append(chunk)
            size += len(chunk)
            if size > most:
                raise _Ended(large=True)
        whole = b"".join(parts)
        line, _, self._heard = whole.partition(b"\n")
        return line

    def _chunk(self, deadline: float) -> bytes:
        stream = self._popen.stdout
        if stream is None:  # pragma: no cover - it is a pipe
            raise _Ended
        with selectors.DefaultSelector() as waiting:
            waiting.register(stream, selectors.EVENT_READ)
            if not waiting.select(max(0.0, deadline - time.monotonic())):
                raise _Ended(late=True)
        chunk = os.read(stream.fileno(), 2**20)
        if not chunk:
            raise _Ended(code=self._popen.wait())
        return chunk

    def end(self) -> None:
        """Make it end, and whatever it started."""
        with suppress(OSError):
            if os.name == "nt":
                self._popen.kill()
            else:
                os.killpg(self._popen.pid, signal.SIGKILL)

    def kill(self) -> None:
        """End it and let go of it."""
        self.end()
        self._popen.wait()
        for stream in (self._popen.stdin, self._popen.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def _surroundings() -> dict[str, str]:
    """The environment of a process: no more than Python and its libraries need.

    Passwords that the catalogue names lie in the environment of the build.
    """
    kept = ("PATH", "PYTHONPATH", "PYTHONHOME", "HOME", "TMPDIR", "LANG", "LC_ALL")
    system = ("SYSTEMROOT", "TEMP", "TMP", "TESSDATA_PREFIX", "VIRTUAL_ENV")
    found = {name: os.environ[name] for name in kept + system if name in os.environ}
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return found | dict.fromkeys((*threads, "OMP_THREAD_LIMIT"), "1")


# Processes that wait for the next build: starting one takes longer than a small file.

_spares: list[_Process] = []
_lock = threading.Lock()


@atexit.register
def dismiss() -> None:
    """End the processes that wait."""
    while _spares:
        _spares.pop().kill()


def _taken(limits: Limits) -> _Process:
    """A process that waits, or a new one."""
    while True:
        with _lock:
            process = _spares.pop() if _spares else None
        if process is None:
            return _Process(limits)
        if process.alive and process.megabytes == limits.megabytes:
            return process
        process.kill()


def _spare(process: _Process) -> None:
    with _lock:
        if len(_spares) < processors():
            _spares.append(process)
            return
    process.kill()
