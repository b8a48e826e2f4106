""".npy bytes -> an array, mapped or in memory, without Python's own parser.

numpy reads a header by `ast.literal_eval`. Python 3.11 counts the depth of what it
parses in one place for all threads (CPython issue 106905), so that two of them at once,
a question that opens an index and a screen that reads a key, fail now and then with a
SystemError. A header of a plain array is three fields long and needs no parser.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

HEADER = re.compile(
    r"\{'descr': '([<>|=][biuf]\d+)', 'fortran_order': (False|True), "
    r"'shape': \(((?:\d+, ?)*\d*)\), \} *\n"
)
LONGEST = 10_000
"""The most characters of a header that are read, as numpy has it."""


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
