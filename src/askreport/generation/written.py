"""arrays and lines -> files of a folder, each digested while it is written.

Nothing is read again to learn its digest. A large file is digested block by block, so
that a reader need not read all of it to trust a part.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from askreport.generation import blocks

LARGE = 2**20
"""Bytes from which on a file is digested block by block: a smaller one is read whole in
a millisecond."""

AGED = 10 * 10**9
"""Nanoseconds. Files are dated that long before they are written, so that whatever is
written to one of them later, in the same tick of the clock even, changes its date."""

AT_ONCE = 2**20
"""Bytes handed to the system at a time."""


class _Digest(Protocol):
    def update(self, data: memoryview, /) -> None:
        """The next bytes."""


class Folder:
    """A folder that is being written. `digests` are those of its files, by name."""

    def __init__(self, path: Path) -> None:
        """The folder must be there."""
        self.path = path
        self.digests: dict[str, str] = {}

    def array(
        self, name: str, parts: Sequence[NDArray[Any]], *, blocked: bool = False
    ) -> None:
        """One array after another, as the .npy file of that name; they differ in their
        length only. `blocked`: however small it is.
        """
        shape = (sum(map(len, parts)), *parts[0].shape[1:])
        head = {
            "descr": np.lib.format.dtype_to_descr(parts[0].dtype),
            "fortran_order": False,
            "shape": shape,
        }
        size = sum(part.nbytes for part in parts)
        with self._file(name, blocked=blocked or size >= LARGE) as put:
            np.lib.format.write_array_header_1_0(put, head)
            for part in parts:
                if part.nbytes:
                    put.write(_bytes(part))

    def lines(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """One JSON object a line."""
        encode = json.JSONEncoder(ensure_ascii=False).encode
        with self._file(name) as put:
            for row in rows:
                put.write(memoryview(f"{encode(row)}\n".encode()))

    def raw(self, name: str, data: NDArray[np.uint8]) -> None:
        """Those bytes."""
        with self._file(name) as put:
            put.write(_bytes(data))

    @contextmanager
    def _file(self, name: str, *, blocked: bool = False) -> Iterator["_Put"]:
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        digest = blocks.Digests() if blocked else hashlib.sha256()
        with path.open("wb") as file:
            yield _Put(file, digest)
        now = time.time_ns()
        os.utime(path, ns=(now, now - AGED))
        if isinstance(digest, blocks.Digests):
            found = np.frombuffer(digest.ended(), dtype=np.uint8)
            self.raw(name + blocks.ENDING, found)
            self.digests[name] = self.digests[name + blocks.ENDING]
        else:
            self.digests[name] = digest.hexdigest()


class _Put:
    """Bytes on their way to a file and its digest."""

    def __init__(self, file: BinaryIO, digest: _Digest) -> None:
        self._file = file
        self._digest = digest

    def write(self, data: "memoryview | bytes") -> None:
        whole = memoryview(data)
        for start in range(0, len(whole), AT_ONCE):
            part = whole[start : start + AT_ONCE]
            self._digest.update(part)
            self._file.write(part)


def _bytes(part: NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(part).reshape(-1).view(np.uint8).data
