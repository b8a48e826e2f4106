"""index/ -> the generation that answers now, held open for a process and its threads.

Readers take no lock on the disk: what is held is whole, and goes on answering while a
newer one is opened beside it. Where what is held turns out to be damaged, the previous
sound one answers.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from askreport import errors
from askreport.generation import opened, standing
from askreport.generation.opened import Generation

T = TypeVar("T")

Stamp = tuple[tuple[str, int, int, int, int], ...]
"""Path, inode, size and times of change of files: equal stamps, untouched files."""

Ready = Callable[[Generation], Callable[[], None] | None]
"""What is to be done at the moment when a generation begins to answer; None if the
encoder for it cannot be had yet."""

EVERY = 0.5
"""Seconds between two looks at `CURRENT`: a process is to move on within two."""


class Answering:
    """The generation that answers. Safe to use from several threads."""

    def __init__(
        self,
        index: Path,
        *,
        model: Callable[[], str],
        ready: Ready,
    ) -> None:
        """`model` gives the digest of the model that settings name; `ready` makes sure
        that questions can be encoded as a generation was.
        """
        self._index = index
        self._model = model
        self._ready = ready
        self._lock = threading.RLock()
        self._held: Generation | None = None
        self._pointed: Stamp = ()
        self._followed = False

    def now(self) -> Generation:
        """What answers now, wholly loaded.

        Raises IndexMissing, IndexDamaged, IndexForeign.
        """
        with self._lock:
            if self._held is None:
                pointed = self._stamp()
                self._held = self._opened()
                self._pointed = pointed
            elif not self._followed:
                self.renew()
            return self._held

    def renew(self) -> None:
        """Move to what `CURRENT` names, if that is new and can be opened."""
        pointed = self._stamp()
        if pointed == self._pointed:
            return
        # What is open goes on answering while what is new cannot be opened.
        with suppress(errors.AskreportError):
            newer = opened.open_current(self._index)
            adopt = self._ready(newer)
            if adopt is None:
                return  # not yet: look again the next time
            newer.load()
            with self._lock:
                adopt()
                self._held = newer
        self._pointed = pointed

    def looked(self, look: Callable[[Generation], T]) -> T:
        """What `look` finds in what answers now; if that is damaged, in the previous
        sound one. Raises IndexDamaged if there is none.
        """
        while True:
            found = self.now()
            try:
                return look(found)
            except errors.IndexDamaged as damage:
                with self._lock:
                    if self._held is found:
                        self._held = self._previous(found.folder, damage)
            except errors.ModelChanged:
                with self._lock:
                    if self._held is found:
                        raise
                # Otherwise model and index were exchanged while the question was asked.

    @contextmanager
    def following(self) -> Iterator[None]:
        """Meanwhile newer generations are opened in the background, so that no question
        waits for one.
        """
        ended = threading.Event()

        def follow() -> None:
            while not ended.wait(EVERY):
                if self._held is not None:
                    self.renew()

        thread = threading.Thread(target=follow, name="askreport-follow", daemon=True)
        self._followed = True
        thread.start()
        try:
            yield
        finally:
            self._followed = False
            ended.set()
            thread.join()

    def _opened(self) -> Generation:
        while True:
            name = opened.current(self._index)
            try:
                return opened.open_current(self._index).load()
            except errors.IndexDamaged as damage:
                # A build may have published another one and removed this meanwhile.
                if opened.current(self._index) == name:
                    return self._previous(self._index / "generations" / name, damage)

    def _previous(self, damaged: Path, damage: errors.IndexDamaged) -> Generation:
        try:
            model = self._model()
        except errors.AskreportError:
            raise damage from None
        return standing.fall_back(
            self._index, damaged, damage, model_digest=model
        ).load()

    def _stamp(self) -> Stamp:
        return stamp(self._index / "CURRENT")


def stamp(*paths: Path) -> Stamp:
    """How files stand: two equal stamps, nothing was touched between."""
    found = []
    for path in paths:
        try:
            known = path.stat()
        except OSError:
            continue  # gone, which is a stamp of its own
        times = (known.st_mtime_ns, known.st_ctime_ns)
        found.append((str(path), known.st_ino, known.st_size, *times))
    return tuple(found)
