"""a job on stdin -> a document on stdout, as JSON: the process that opens files.

Files are hostile until read. This process is the only one that opens them, under limits
of memory and processor time that the system enforces; if one ends it, the build goes on
without that document. It answers in JSON, which nothing can be smuggled in.
"""

import contextlib
import gc
import json
import os
import select
import socket
import sys
from pathlib import Path
from typing import Any, BinaryIO, TextIO

IDLE = 20.0
"""Seconds without a job after which the process ends: builds follow each other closely
or not at all."""

CPU_SECONDS = 3600
"""Of processor time for a document: a bound on what the parent's clock does not see."""


YOUNG = 20_000
"""New objects between two looks of the garbage collector. What a page is made of is in
use while it is read, and freed without the collector."""


def main() -> None:
    """Answer jobs until there are no more."""
    gc.set_threshold(YOUNG, 20, 20)
    answers = _apart(sys.stdout.fileno())
    jobs = sys.stdin
    _limit(int(sys.argv[1]) * 2**20)
    socket.socket = _Unconnected  # type: ignore[misc]
    # Not read ahead: what waits in the pipe must be seen by `select`.
    line = _line(jobs)
    while line:
        _answer(json.loads(line), answers)
        line = _line(jobs)


def _line(jobs: TextIO) -> str:
    if os.name != "nt" and not select.select([jobs], [], [], IDLE)[0]:
        return ""
    return jobs.readline()


def _apart(stdout: int) -> BinaryIO:
    """The stream of answers; what a library prints goes nowhere instead."""
    answers = os.fdopen(os.dup(stdout), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (stdout, sys.stderr.fileno()):
        os.dup2(nowhere, stream)
    return answers


class _Unconnected(socket.socket):
    """What a library gets that would look something up: documents are read offline."""

    def __init__(self, *_: object, **__: object) -> None:
        raise OSError("a reader of documents has no network")


def _limit(memory: int) -> None:
    """Have the system enforce the limits, where it can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _time() -> None:
    """Grant the next document its processor time."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = int(used.ru_utime + used.ru_stime)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (spent + CPU_SECONDS, hard))


def _answer(job: dict[str, Any], answers: BinaryIO) -> None:
    _time()

    def say(told: dict[str, Any]) -> None:
        left = memoryview(json.dumps(told, ensure_ascii=True).encode() + b"\n")
        while left:
            left = left[answers.write(left) or 0 :]

    try:
        say(_document(job, lambda done, total: say({"page": done, "of": total})))
    except MemoryError:
        # Nothing of this process can be relied on now.
        os.write(answers.fileno(), b'{"memory": true}\n')
        os._exit(1)


def _document(job: dict[str, Any], tell: Any) -> dict[str, Any]:  # noqa: ANN401
    from askreport import errors
    from askreport.generation import files
    from askreport.ingest.documents import reader
    from askreport.types import Source

    source, path = Source(**job["source"]), Path(job["path"])
    try:
        if job["opens"]:
            opened = reader.opened(source, path, tuple(job["passwords"]))
            return {"document": files.document_row(opened)}
        found = reader.read(
            source,
            path,
            titled=job["titled"],
            passwords=tuple(job["passwords"]),
            tell=tell,
        )
        return {"document": files.document_row(found)}
    except errors.SourceUnreadable as error:
        lasting = not isinstance(error.__cause__, OSError)
        return {"unreadable": error.message, "hint": error.hint, "lasting": lasting}
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001
        # A library that fails on a broken file fails in its own way.
        said = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        return {
            "unreadable": f"{path.name} is damaged: its reader failed with {said}",
            "hint": "open it in the program that made it and save it afresh",
            "lasting": not isinstance(error, OSError),
        }


if __name__ == "__main__":
    main()
