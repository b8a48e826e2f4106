"""Whatever happens in whatever order, vectors, words and passages are of one kind."""

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from askreport import Library, dense, errors, late
from askreport import text as texts
from askreport.embedding import HashingEncoder
from askreport.generation import opened, standing
from askreport.generation.opened import Generation
from askreport.ingest import passages, vectors
from askreport.types import Span

NAMES = ("a.txt", "b.txt", "c.md", "d.md")

Change = tuple[str, int, int]

CHANGES = st.tuples(
    st.sampled_from(["write", "write", "delete", "rename", "build", "build", "full"])
    | st.sampled_from(["crash", "crash", "back", "harm"]),
    st.integers(0, 3),
    st.integers(0, 60),
)

SETTINGS = """\
model = "hashing"
floor = 0.0
keep_generations = 2
passage_tokens = 30
"""


class Crash(BaseException):
    """The process is gone."""


@contextmanager
def crashing(at: int) -> Iterator[None]:
    """What a build does to the disk ends at its step `at`, as if the process died."""
    left = at

    def stopping(call: Callable[..., object]) -> Callable[..., object]:
        def called(*args: object, **named: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                raise Crash
            return call(*args, **named)

        return called

    with pytest.MonkeyPatch.context() as patched:
        for name in ("fsync", "rename", "replace", "unlink", "rmdir"):
            patched.setattr(os, name, stopping(getattr(os, name)))
        yield


def text(seed: int) -> str:
    """Some paragraphs that differ from seed to seed, and share some sentences."""
    told = [
        f"Pier {n} of {seed % 7} has {seed + n} lamps and a rail." for n in range(6)
    ]
    return "\n\n".join([*told, "Every pier is closed in winter, when storms are due."])


def agrees(found: Generation, encoder: HashingEncoder) -> None:
    """Row i of every index is made of passage i, and of nothing else."""
    count = len(found.passages)
    assert found.dense.ntotal == count
    assert len(found.tokens.starts) == len(found.sentences.starts) == count + 1
    assert len(found.lexical.starts) == count + 1
    assert found.manifest.passages == count
    stored = dense.vectors(found.dense)
    numbers = {number: term for term, number in _numbered(found)}
    for row, passage in enumerate(found.passages):
        whole = passages.encoded(passage)
        (vector,) = encoder.encode([whole]).vectors
        np.testing.assert_allclose(stored[row], vector, atol=1e-6)
        start, end = found.lexical.starts[row : row + 2].tolist()
        sequence = found.lexical.sequence[start:end].tolist()
        named = texts.terms(passage.source.title)
        assert [numbers[n] for n in sequence][:-1] == [*named, *texts.terms(whole)]
        codes = vectors.encode([passage], encoder).tokens.codes
        own = late.taken(found.tokens, slice(row, row + 1)).codes
        np.testing.assert_array_equal(own, codes)
        cut = [Span(*span) for span in found.sentences.of(row).tolist()]
        assert tuple(cut) == texts.sentences(passage.text)
        page = found.page(passage.source.id, passage.page)
        assert page.text[passage.start : passage.end] == passage.text


def _numbered(found: Generation) -> list[tuple[str, int]]:
    index = found.lexical
    return [(index.term(n).decode(), n) for n in range(len(index.ends))]


class Shelf:
    """A shelf to which things happen."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sources = root / "sources"
        self.sources.mkdir(parents=True)
        (root / "askreport.toml").write_text(SETTINGS, "utf-8")
        (self.sources / "a.txt").write_text(text(0), "utf-8")
        Library.open(root).build()

    def happen(self, change: Change) -> None:
        """Do one thing."""
        what, which, number = change
        path = self.sources / NAMES[which]
        acts: dict[str, Callable[[], object]] = {
            "write": lambda: path.write_text(text(number), "utf-8"),
            "delete": lambda: path.unlink(missing_ok=True),
            "rename": lambda: self.rename(path, NAMES[(which + 1) % 4]),
            "build": lambda: self.build(full=False),
            "full": lambda: self.build(full=True),
            "crash": lambda: self.crash(number),
            "back": lambda: self.back(which),
            "harm": lambda: self.harm(which, number),
        }
        acts[what]()

    def rename(self, path: Path, name: str) -> None:
        """Move a document, over another if there is one."""
        if path.exists():
            path.replace(self.sources / name)

    def crash(self, step: int) -> None:
        """Build, and die at that step, if it comes so far."""
        with (
            crashing(step),
            contextlib.suppress(Crash, errors.BuildFailed),
        ):
            Library.open(self.root).build()

    def build(self, *, full: bool) -> None:
        """Afterwards the index holds what the folder holds."""
        held = sorted(p.name for p in self.sources.iterdir())
        if not held:
            with pytest.raises(errors.BuildFailed):
                Library.open(self.root).build(full=full)
            return
        Library.open(self.root).build(full=full)
        found = opened.open_current(self.root / "index")
        assert sorted(d.source.path for d in found.documents) == held
        for document in found.documents:
            raw = (self.sources / document.source.path).read_text("utf-8")
            assert document.pages[0].text.split() == raw.split()

    def back(self, which: int) -> None:
        """Roll back to one of the generations there are."""
        there = [one for one in standing.listed(self.root / "index") if one.manifest]
        name = there[which % len(there)].name
        standing.use(
            self.root / "index", name, model_digest=HashingEncoder.digest
        ).load()

    def harm(self, which: int, number: int) -> None:
        """Damage something that earlier builds have left for later ones."""
        cache = [p for p in (self.root / "index" / "cache").rglob("*") if p.is_file()]
        if cache:
            path = cache[number % len(cache)]
            raw = bytearray(path.read_bytes())
            raw[(which * 31) % len(raw)] ^= 1
            path.write_bytes(bytes(raw))


@given(changes=st.lists(CHANGES, min_size=3, max_size=10))
@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_vectors_words_and_passages_never_disagree(
    tmp_path_factory: pytest.TempPathFactory, changes: list[Change]
) -> None:
    shelf = Shelf(tmp_path_factory.mktemp("sequence") / "shelf")
    encoder = HashingEncoder()
    for change in changes:
        shelf.happen(change)
        answer = Library.open(shelf.root).ask("How many lamps has the pier?")
        generation = opened.open_current(shelf.root / "index").verify()
        assert answer.receipt.generation == generation.id
    for one in standing.listed(shelf.root / "index"):
        folder = shelf.root / "index" / "generations" / one.name
        agrees(Generation(folder).verify(), encoder)
    shelf.build(full=False)
