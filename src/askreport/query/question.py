"""a question as typed -> a question as looked up: encoded, its terms weighed."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from askreport import errors, lexical
from askreport import text as texts
from askreport.embedding import Encoder, unit
from askreport.query import expected, turn
from askreport.types import Span

Floats = NDArray[np.float32]

LITTLE = 0.1
"""Weight of a token of a stop word, where a token of a term nobody else uses
weighs 1."""

_HASTY = re.compile(r"((?<![.\w])\w+[.?!]+[\"')\]]*\s+)([a-z])")
"""A small letter after a word, not a shortened one ("U.S."), that ends a sentence."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the indexes are asked."""

    text: str
    vector: Floats
    """Shape (dimensions,), unit length."""
    tokens: Floats
    """Shape (q, dimensions), unit length."""
    weights: Floats
    """Shape (q,), adding up to 1: how much each token matters on this shelf."""
    asking: Floats
    """The same within the sentence that asks, where others only tell the story."""
    terms: tuple[str, ...]
    """Search terms, each once, in order."""
    rarity: tuple[float, ...]
    """Inverse document frequency of each term on this shelf."""
    pairs: tuple[tuple[str, str], ...]
    """Terms that follow each other, each pair once, in order."""
    wanted: expected.Kind | None
    """The kind of answer that the wording of the sentence that asks asks for."""


def ask(
    text: str, encoder: Encoder, index: lexical.Index, *, most_chars: int
) -> Question:
    """Prepare a question. Raises QuestionRefused if it is empty or too long."""
    line = texts.question(text)
    if not texts.words(line):
        raise errors.QuestionRefused(
            "the question is empty", hint='ask something, such as "Who bought beds?"'
        )
    if len(line) > most_chars:
        raise errors.QuestionRefused(
            f"the question has {len(line):,} characters; {most_chars:,} are read",
            hint="ask one thing at a time, or raise question_chars in askreport.toml",
        )
    sequence = texts.terms(line)
    terms = tuple(dict.fromkeys(sequence))
    rarity = {term: lexical.rarity(index, term) for term in terms}
    vector, tokens, spans = _encoded(line, encoder)
    weights, last = _weights(line, spans, rarity), asks(line)
    return Question(
        text=line,
        vector=vector,
        tokens=tokens,
        weights=_shares(weights),
        asking=_shares(_within(last, spans, weights)),
        terms=terms,
        rarity=tuple(rarity.values()),
        pairs=tuple(dict.fromkeys(pairwise(sequence))),
        wanted=expected.kind(last.of(line)),
    )


def _encoded(line: str, encoder: Encoder) -> tuple[Floats, Floats, NDArray[np.int32]]:
    """One vector, the token vectors, and the characters of `line` each token covers.

    A question longer than the encoder reads is encoded in parts, so that none of it is
    cut off: the vector is the parts' mean.
    """
    parts = _parts(line, lambda part: encoder.length(part) <= encoder.most_tokens)
    found = encoder.encode_query([part for _, part in parts])
    spans = [
        offsets + np.int32(start)
        for (start, _), offsets in zip(parts, found.offsets, strict=True)
    ]
    vector = unit(found.vectors.mean(axis=0))
    return vector, np.concatenate(found.tokens), np.concatenate(spans)


def _parts(line: str, fits: Callable[[str], bool]) -> list[tuple[int, str]]:
    """Halves of halves until each fits, with the offset of each."""
    if fits(line) or len(line) < 2:
        return [(0, line)]
    at = line.rfind(" ", 1, len(line) // 2 + 1)
    at = at if at > 0 else len(line) // 2
    after = [(start + at, part) for start, part in _parts(line[at:], fits)]
    return _parts(line[:at], fits) + after


def _weights(line: str, spans: NDArray[np.int32], rarity: dict[str, float]) -> Floats:
    """Each token weighs as much as the search term it belongs to is rare."""
    most = max(rarity.values(), default=1.0) or 1.0
    by_place = np.full(len(line) + 1, LITTLE, dtype=np.float32)
    placed = texts.placed_words(line)
    each = texts.terms_of([word for word, _ in placed])
    for (word, start), terms in zip(placed, each, strict=True):
        weight = max((rarity[t] / most for t in terms), default=0.0)
        by_place[start : start + len(word)] = max(LITTLE, weight)
    return np.asarray(by_place[np.clip(spans[:, 0], 0, len(line))], dtype=np.float32)


def asks(line: str) -> Span:
    """The last sentence with a question mark; where there is none, the last that begins
    as a question does, and all of the line, if none does.
    """
    each = _sentences(line)
    found = [one for one in each if "?" in one.of(line)]
    found = found or [one for one in each if _begins(one.of(line))]
    return found[-1] if found else Span(0, len(line))


def _sentences(line: str) -> tuple[Span, ...]:
    """As typed in haste: a sentence may begin with a small letter."""
    return texts.sentences(_HASTY.sub(lambda m: m[1] + m[2].upper(), line))


def _begins(sentence: str) -> bool:
    """Whether it begins as a question does."""
    return any(word.casefold() in turn.ASKING for word in texts.words(sentence)[:1])


def _within(part: Span, spans: NDArray[np.int32], weights: Floats) -> Floats:
    """The weights of the tokens of that part of the question; all, if it has none."""
    inside = (spans[:, 0] >= part.start) & (spans[:, 0] < part.end)
    return np.asarray(weights * inside if inside.any() else weights)


def _shares(weights: Floats) -> Floats:
    total = float(weights.sum())
    return np.asarray(weights / total if total else weights, dtype=np.float32)
