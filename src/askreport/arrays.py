""".npy bytes -> an array, mapped or in memory, without Python's own parser.

numpy reads a header by `ast.literal_eval`. Python 3.11 counts the depth of what it
parses in one place for all threads (CPython issue 106905), so that two of them at once,
a question that opens an index and a screen that reads a key, fail now and then with a
SystemError. A header of a plain array is three fields long and needs no parser.
"""

import io
import mmap
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

HEADER = re.compile(
    r"\{'descr': '([<>|=][biuf]\d+)', 'fortran_order': (False|True), "
    r"'shape': \(((?:\d+, ?)*\d*)\), \} *\n"
)
LONGEST = 10_000
"""The most characters of a header that are read, as numpy has it."""


class Checks(Protocol):
    """Whatever makes sure that bytes of a file are what was written."""

    @property
    def held(self) -> mmap.mmap:
        """The whole file, mapped."""

    @property
    def size(self) -> int:
        """Of the file, in bytes."""

    def check(self, start: int, end: int) -> None:
        """Check the bytes from `start` to before `end`; raises if they are not."""


class Guarded:
    """A mapped array of which nothing is handed out unchecked. To be indexed by its
    first axis; whatever wants the whole of it has all of it checked.
    """

    def __init__(self, plain: Array, checks: Checks) -> None:
        """`plain` is the end of the file that `checks` looks after."""
        self._plain = plain
        self._checks = checks
        self._width = plain.nbytes // max(1, len(plain))
        self._front = checks.size - plain.nbytes
        self.shape, self.dtype, self.nbytes = plain.shape, plain.dtype, plain.nbytes

    def __len__(self) -> int:
        return len(self._plain)

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401 - as an array has it
        if isinstance(key, slice):
            start, stop, _ = key.indices(len(self._plain))
            self._check(start, stop)
        elif isinstance(key, (int, np.integer)):
            at = int(key) % len(self._plain)
            self._check(at, at + 1)
        else:
            rows = np.asarray(key)
            assert rows.dtype != np.bool_  # noqa: S101 - nobody asks by mask
            for row in np.unique(rows % len(self._plain)).tolist():
                self._check(row, row + 1)
        return self._plain[key]

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:  # noqa: ANN401
        self._check(0, len(self._plain))
        return np.array(self._plain, dtype=dtype) if copy else self._plain

    def _check(self, start: int, stop: int) -> None:
        if start < stop:
            front, width = self._front, self._width
            self._checks.check(front + start * width, front + stop * width)


def guarded(path: Path, checks: Checks) -> Array:
    """The array of a .npy file, mapped by `checks`, each part checked when it is first
    read. Raises ValueError as `mapped` does.
    """
    with path.open("rb") as stream:
        kind, order, shape = _described(stream)
        start = stream.tell()
    count = int(np.prod(shape, dtype=np.int64))
    flat = (
        np.frombuffer(checks.held, kind, count, start) if count else np.zeros(0, kind)
    )
    plain = flat.reshape(shape, order=order)
    return cast("Array", Guarded(plain, checks)) if plain.size else plain


def mapped(path: Path) -> Array:
    """The array of a .npy file, mapped for reading.

    Raises ValueError if the file does not hold a plain array, whole.
    """
    with path.open("rb") as stream:
        kind, order, shape = _described(stream)
        start = stream.tell()
    if 0 in shape:
        return np.zeros(shape, kind, order)
    memory = np.memmap(path, kind, "r", offset=start, shape=shape, order=order)
    # As a plain array, whose slices cost a third of those of np.memmap.
    return np.asarray(memory)


def loaded(path: Path) -> Array:
    """The array of a .npy file, in memory. Raises ValueError as `mapped` does."""
    with path.open("rb") as stream:
        return _taken(stream)


def unpacked(raw: bytes) -> Mapping[str, Array]:
    """The arrays of an .npz archive by name.

    Raises ValueError or zipfile.BadZipFile if it does not hold plain arrays, whole.
    """
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        names = archive.namelist()
        return {n.removesuffix(".npy"): _member(archive, n) for n in names}


def _member(archive: zipfile.ZipFile, name: str) -> Array:
    with archive.open(name) as stream:
        return _taken(stream)  # type: ignore[arg-type]


def _taken(stream: BinaryIO) -> Array:
    kind, order, shape = _described(stream)
    flat = np.frombuffer(stream.read(), kind)
    return flat.reshape(shape, order=order).copy(order=order)


def _described(stream: BinaryIO) -> tuple[np.dtype[Any], Any, tuple[int, ...]]:
    version = np.lib.format.read_magic(stream)
    width = 2 if version == (1, 0) else 4
    length = int.from_bytes(stream.read(width), "little")
    if length > LONGEST:
        raise ValueError(f"a header of {length} bytes")
    found = HEADER.fullmatch(stream.read(length).decode("latin-1"))
    if found is None:
        raise ValueError("not the header of a plain array")
    shape = tuple(int(n) for n in found[3].replace(",", " ").split())
    return np.dtype(found[1]), "F" if found[2] == "True" else "C", shape
