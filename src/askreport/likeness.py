"""two texts -> how much of the one is in the other, by runs of words they share.

After Broder, On the resemblance and containment of documents (1997).
"""

import zlib

from askreport import text as texts

RUN = 5
"""Words in a run: shorter ones are shared by all reports, longer ones break at every
correction."""

MOST = 4000
"""Runs kept of a text, those with the smallest digests: enough to tell a hundredth."""

ALIKE = 0.8
"""From which two documents are nearly the same: an edition with a new preface."""


def runs(text: str) -> frozenset[int]:
    """Digests of a text's runs of words; empty for less than one run."""
    said = [word.lower() for word in texts.words(texts.normalise(text))]
    found = {
        zlib.crc32(" ".join(said[i : i + RUN]).encode())
        for i in range(len(said) - RUN + 1)
    }
    return frozenset(sorted(found)[:MOST])


def shared(one: frozenset[int], other: frozenset[int]) -> float:
    """The resemblance (Jaccard) of two texts, 0 where either is too short."""
    if not one or not other:
        return 0.0
    # Over the smallest digests of both together, as a sample of all of them.
    both = sorted(one | other)[: min(MOST, max(len(one), len(other)))]
    return sum(run in one and run in other for run in both) / len(both)
