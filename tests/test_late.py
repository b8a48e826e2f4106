"""Token vectors in one byte a dimension: bounded error, the ranking of the floats."""

from itertools import pairwise
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from askreport import late
from askreport import text as texts
from askreport.embedding import HashingEncoder, unit

Floats = NDArray[np.float32]

VECTORS = arrays.arrays(
    np.float32,
    st.tuples(st.integers(0, 12), st.just(8)),
    elements=st.floats(-1, 1, width=32),
)


def spans(rows: Floats) -> NDArray[np.int32]:
    """Some span for each token; negative ones too, as those of a title are."""
    starts = np.arange(len(rows), dtype=np.int32) * 3 - 6
    return np.stack([starts, starts + 2], axis=1).astype(np.int32).reshape(-1, 2)


def built(tokens: list[Floats]) -> late.TokenVectors:
    """The store of these passages."""
    return late.build(tokens, [spans(rows) for rows in tokens], dimensions=8)


def alone(
    vectors: late.TokenVectors, asked: Floats, row: int
) -> tuple[Floats, NDArray[np.int32]]:
    """How the tokens of a question are met by those of one passage, and their spans."""
    found = late.together(vectors, asked, [row])
    return found.scores, found.spans


def decoded(vectors: late.TokenVectors, row: int) -> Floats:
    """A passage's vectors as the store has them."""
    found, _ = alone(vectors, np.eye(8, dtype=np.float32), row)
    return found.T


@given(tokens=st.lists(VECTORS, min_size=1, max_size=6))
def test_no_number_is_off_by_more_than_half_a_step_of_its_token(
    tokens: list[Floats],
) -> None:
    vectors = built(tokens)
    for row, rows in enumerate(tokens):
        step = np.abs(rows).max(axis=1, initial=0.0, keepdims=True) / 127
        # Steps below what half precision can hold are lost in a millionth.
        bound = step * 0.501 + 4e-6
        assert (np.abs(decoded(vectors, row) - rows) <= bound).all()


@given(tokens=st.lists(VECTORS, min_size=1, max_size=6), compress=st.booleans())
def test_written_and_read_is_the_same_store(
    tokens: list[Floats], compress: bool
) -> None:
    vectors = late.compressed(built(tokens)) if compress else built(tokens)
    again = saved(vectors)
    assert again.form == vectors.form == ("compressed" if compress else "full")
    assert (again.dimensions, again.size) == (8, vectors.size)
    for name in late.FILES:
        before, after = getattr(vectors, name), getattr(again, name)
        assert before.dtype == after.dtype
        np.testing.assert_array_equal(before, after)
    for row, rows in enumerate(tokens):
        _, placed = alone(again, np.eye(8, dtype=np.float32), row)
        np.testing.assert_array_equal(placed, spans(rows))


def saved(vectors: late.TokenVectors) -> late.TokenVectors:
    """The store after a journey to disk and back."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        late.write(vectors, Path(name))
        return late.read(Path(name))


def test_a_passage_without_tokens_meets_nothing_and_moves_no_neighbour() -> None:
    some = unit(np.random.default_rng(1).normal(size=(4, 8)).astype(np.float32))
    none = np.zeros((0, 8), dtype=np.float32)
    vectors = built([some, none, some])
    met, placed = alone(vectors, some, 1)
    assert met.shape == (4, 0)
    assert placed.shape == (0, 2)
    first, _ = alone(vectors, some, 0)
    last, _ = alone(vectors, some, 2)
    np.testing.assert_array_equal(first, last)


def test_a_token_of_zeros_stays_a_token_of_zeros() -> None:
    vectors = built([np.zeros((1, 8), dtype=np.float32)])
    assert decoded(vectors, 0).tolist() == [[0.0] * 8]


def most_met(question: Floats, rows: Floats) -> float:
    """Late interaction's score on the floats: the mean of each word's best."""
    return float((question @ rows.T).max(axis=1).mean())


def test_bytes_rank_passages_as_floats_do() -> None:
    rng = np.random.default_rng(7)
    topics = unit(rng.normal(size=(40, 64)).astype(np.float32))

    def drawn(words: int) -> Floats:
        about = topics[rng.integers(0, 40, words)]
        noise = rng.normal(0, 0.1, (words, 64)).astype(np.float32)
        return unit(about + noise)

    tokens = [drawn(30) for _ in range(200)]
    placed = [np.zeros((30, 2), dtype=np.int32)] * 200
    vectors = late.build(tokens, placed, dimensions=64)
    for _ in range(20):
        asked = drawn(6)
        exact = np.asarray([most_met(asked, rows) for rows in tokens])
        coarse = np.asarray(
            [alone(vectors, asked, i)[0].max(axis=1).mean() for i in range(200)]
        )
        assert np.abs(exact - coarse).max() < 2e-3
        order = np.argsort(-coarse, kind="stable")
        # Passages may change places only where the floats all but tie.
        assert (np.diff(exact[order]) < 2e-3).all()
        assert exact.argmax() == coarse.argmax()


def test_words_rank_passages_the_same_in_bytes_as_in_floats() -> None:
    texts = [
        "Two new ferries entered service in March.",
        "The port dredged silt from the north channel.",
        "A late frost killed the plum blossom.",
        "The keeper climbed the steps to trim the wick.",
    ]
    encoder = HashingEncoder()
    found = encoder.encode(texts)
    vectors = late.build(found.tokens, found.offsets, dimensions=encoder.dimensions)
    for n, asked in enumerate(["new ferry", "dredging silt", "frost", "trim a wick"]):
        question = encoder.encode([asked]).tokens[0]
        exact = [most_met(question, rows) for rows in found.tokens]
        coarse = [
            float(alone(vectors, question, i)[0].max(axis=1).mean())
            for i in range(len(texts))
        ]
        assert np.argsort(exact).tolist() == np.argsort(coarse).tolist()
        assert int(np.argmax(coarse)) == n


# The compressed form.


def topical(words: int, rng: np.random.Generator) -> Floats:
    """Unit vectors of 64 dimensions, some close to each other, with one dimension that
    is large in all of them, as encoders have.
    """
    topics = np.random.default_rng(3).normal(size=(40, 64))
    topics[:, 5] += 4
    noise = rng.normal(0, 0.4, (words, 64))
    return unit((topics[rng.integers(0, 40, words)] + noise).astype(np.float32))


def store(tokens: list[Floats]) -> late.TokenVectors:
    """The full form of passages of 64 dimensions."""
    return late.build(tokens, [spans(rows) for rows in tokens], dimensions=64)


def test_what_signs_meet_is_right_on_average_and_near_each_time() -> None:
    rng = np.random.default_rng(11)
    rows, asked = topical(4000, rng), topical(25, rng)
    full = store([rows])
    short = late.compressed(full)
    off = alone(short, asked, 0)[0] - alone(full, asked, 0)[0]
    assert abs(off.mean()) < 0.01
    # A coin's error for each of 64 dimensions: sqrt((pi / 2 - 1) / 64), at most.
    assert off.std() < 0.095
    assert full.codes.nbytes == 8 * short.codes.nbytes


def test_signs_find_the_passage_that_floats_find() -> None:
    rng = np.random.default_rng(12)
    tokens = [topical(30, rng) for _ in range(100)]
    short = late.compressed(store(tokens))
    for row in range(0, 100, 5):
        asked = tokens[row][:8]
        met = [alone(short, asked, i)[0].max(axis=1).mean() for i in range(100)]
        assert int(np.argmax(met)) == row


@given(tokens=st.lists(VECTORS, min_size=1, max_size=6), compress=st.booleans())
def test_passages_met_together_are_met_as_each_alone(
    tokens: list[Floats], compress: bool
) -> None:
    vectors = late.compressed(built(tokens)) if compress else built(tokens)
    asked = unit(np.random.default_rng(2).normal(size=(3, 8)).astype(np.float32))
    rows = [*range(len(tokens)), 0]
    found = late.together(vectors, asked, rows)
    for row, (a, b) in zip(rows, pairwise(found.bounds), strict=True):
        scores, placed = found.scores[:, a:b], found.spans[a:b]
        by_itself, where = alone(vectors, asked, row)
        np.testing.assert_allclose(scores, by_itself, atol=1e-6)
        np.testing.assert_array_equal(placed, where)
        np.testing.assert_array_equal(placed, spans(tokens[row]))
    none = late.together(vectors, asked, [])
    assert none.scores.shape == (3, 0)
    assert late.best(none).shape == (3, 0)


@given(
    starts=st.lists(st.integers(-300, 100_000), max_size=8),
    lengths=st.lists(st.integers(0, 70_000), min_size=8, max_size=8),
)
def test_spans_come_back_exactly_however_far_apart_tokens_stand(
    starts: list[int], lengths: list[int]
) -> None:
    placed = np.asarray(
        [(a, a + n) for a, n in zip(starts, lengths, strict=False)], dtype=np.int32
    ).reshape(-1, 2)
    rows = np.ones((len(starts), 8), dtype=np.float32)
    vectors = late.build([rows, rows], [placed, placed], dimensions=8)
    for row in (0, 1):
        _, found = alone(vectors, rows[:1], row)
        order = np.argsort(placed[:, 0], kind="stable")
        np.testing.assert_array_equal(found, placed[order])


def test_usual_spans_take_two_bytes_a_token() -> None:
    vectors = built([np.ones((50, 8), dtype=np.float32)])
    assert vectors.steps.nbytes + vectors.lengths.nbytes == 100


@given(tokens=st.lists(VECTORS, min_size=1, max_size=6), at=st.integers(0, 6))
def test_parts_kept_make_the_store_of_the_whole(tokens: list[Floats], at: int) -> None:
    pieces = [part for part in (tokens[:at], tokens[at:]) if part]
    whole = built(tokens)
    for keeping, wanted in (
        (late.Keeping("full"), whole),
        (late.Keeping("compressed"), late.compressed(whole)),
        (late.Keeping("auto", 10**6), whole),
        (late.Keeping("auto", 0), late.compressed(whole)),
    ):
        found = late.kept((built(piece) for piece in pieces), keeping)
        for name in late.FILES:
            np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))


def test_the_budget_is_that_of_the_full_form() -> None:
    parts = [built([np.ones((20, 8), dtype=np.float32)]) for _ in range(3)]
    size = sum(part.size for part in parts)
    assert late.kept(parts, late.Keeping("auto", size)).form == "full"
    assert late.kept(parts, late.Keeping("auto", size - 1)).form == "compressed"


@given(st.lists(st.text("aB.! \n", max_size=40), max_size=4), st.integers(0, 9))
def test_the_best_of_each_sentence_is_what_a_mask_over_tokens_finds(
    said: list[str], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    bounds = np.cumsum([0, *rng.integers(0, 8, len(said))]).tolist()
    own = [(text, a, b) for text, (a, b) in zip(said, pairwise(bounds), strict=True)]
    starts = [np.sort(rng.integers(-5, len(text) + 1, b - a)) for text, a, b in own]
    placed = np.concatenate([*starts, np.zeros(0, int)]).astype(np.int32)
    scores = rng.normal(size=(3, bounds[-1])).astype(np.float32)
    met = late.Met(scores, np.stack([placed, placed], axis=1), bounds)
    cuts = [[(s.start, s.end) for s in texts.sentences(text)] for text in said]
    found = late.best_within(
        met, [np.asarray(cut, dtype=np.int32).reshape(-1, 2) for cut in cuts]
    )
    wanted = [
        scores[:, a:b][:, (placed[a:b] >= start) & (placed[a:b] < end)]
        for cut, (_, a, b) in zip(cuts, own, strict=True)
        for start, end in cut
    ]
    assert found.shape == (3, len(wanted))
    for best, inside in zip(found.T, wanted, strict=True):
        np.testing.assert_array_equal(best, inside.max(axis=1, initial=np.float32(0)))
    whole = late.best(met)
    assert whole.shape == (3, len(said))
    for best, (_, a, b) in zip(whole.T, own, strict=True):
        inside = scores[:, a:b]
        np.testing.assert_array_equal(best, inside.max(axis=1, initial=np.float32(0)))
