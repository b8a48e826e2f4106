"""a large file -> digests of its blocks; a read of a part -> those blocks checked.

Reading a gigabyte to answer one question would cost a second; the blocks that a
question touches cost milliseconds, and are checked once.
"""

import hashlib
import mmap
import threading
from pathlib import Path

from askreport import errors

BLOCK = 64 * 2**10
"""Bytes: the tokens of a passage take one or two, and the digests of a gigabyte half a
megabyte."""

SIZE = hashlib.sha256().digest_size

MOST = 64 * 2**20
"""Bytes of a file that are mapped at a time, about: a large shelf has some thirty files
and is to be served from little memory."""

ENDING = ".blocks"
"""After a file's name: the file that holds the digests of its blocks."""


def digest(path: Path) -> str:
    """The digest of the digests of the file's blocks, in hexadecimal: what the manifest
    says of a file that has them. Raises OSError.
    """
    with path.open("rb") as file:
        blocks = iter(lambda: file.read(BLOCK), b"")
        found = b"".join(hashlib.sha256(block).digest() for block in blocks)
    return hashlib.sha256(found).hexdigest()


class Digests:
    """The digests of the blocks of a file, as it is written."""

    def __init__(self) -> None:
        """Nothing is written yet."""
        self._done: list[bytes] = []
        self._open = hashlib.sha256()
        self._room = BLOCK

    def update(self, data: memoryview) -> None:
        """The next bytes of the file."""
        while data:
            part, data = data[: self._room], data[self._room :]
            self._open.update(part)
            self._room -= len(part)
            if not self._room:
                self._close()

    def ended(self) -> bytes:
        """Those of all blocks, one after another."""
        if self._room < BLOCK:
            self._close()
        return b"".join(self._done)

    def _close(self) -> None:
        self._done.append(self._open.digest())
        self._open, self._room = hashlib.sha256(), BLOCK


class Blocks:
    """A file whose blocks are checked when they are first read. Safe for threads."""

    def __init__(self, path: Path, damaged: errors.IndexDamaged) -> None:
        """Hold the file open, so that it can be read when it is removed.

        `damaged` is raised where a block is not what was written. The file that holds
        the digests must have been checked before.
        """
        self._damaged = damaged
        self._digests = path.with_name(path.name + ENDING).read_bytes()
        self._sound = bytearray(len(self._digests) // SIZE)
        self._lock = threading.Lock()
        self._touched = 0
        with path.open("rb") as file:
            self.held = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.size = len(self.held)
        if -(-self.size // BLOCK) != len(self._sound):
            raise damaged

    def check(self, start: int, end: int) -> None:
        """Check the bytes from `start` to before `end`. Raises IndexDamaged."""
        first, last = start // BLOCK, -(-end // BLOCK)
        for number in range(first, last):
            if not self._sound[number]:
                self._check(number)
        if self.size > MOST:
            self._touched += (last - first) * BLOCK
            if self._touched > MOST:
                self._touched = 0
                self._let_go()

    def _let_go(self) -> None:
        """Have what was mapped so far not count as this process's memory: the system
        keeps it as long as it has room, and maps it again where it is read again.
        """
        if hasattr(mmap, "MADV_DONTNEED"):
            self.held.madvise(mmap.MADV_DONTNEED)

    def _check(self, number: int) -> None:
        block = self.held[number * BLOCK : (number + 1) * BLOCK]
        expected = self._digests[number * SIZE : (number + 1) * SIZE]
        if hashlib.sha256(block).digest() != expected:
            raise self._damaged
        with self._lock:
            self._sound[number] = True
