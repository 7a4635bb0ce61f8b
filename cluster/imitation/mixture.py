"""Which lessons an epoch takes, where sources are mixed by weight.

Shares are of *trained tokens*, for that is what the loss averages over. An epoch has as many as all lessons together. A source
gives its lessons in a shuffled order, all before any comes again, and goes on in the next epoch where it stopped; what a last
lesson has too many of is taken off the source's next epoch, so shares are exact in the long run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray


def orders(
    sources: NDArray[np.int64], tokens: NDArray[np.int64], weights: Sequence[float], epochs: int, seed: int
) -> list[NDArray[np.int64]]:
    """For every epoch the places of its lessons, in order. `sources` `[L]` and `tokens` `[L]`: the source and the trained
    tokens, above 0, of each lesson. Sources without a lesson give none, and the others fill the epoch."""
    rng = np.random.default_rng(seed)
    present = np.unique(sources).tolist()
    total = sum(weights[source] for source in present)
    streams = {source: _stream(np.flatnonzero(sources == source), rng) for source in present}
    owed = dict.fromkeys(present, 0.0)
    result = []
    for _ in range(epochs):
        taken: list[int] = []
        for source in present:
            owed[source] += float(tokens.sum()) * weights[source] / total
            while owed[source] > 0.5:  # half a token is rounding
                lesson = next(streams[source])
                taken.append(lesson)
                owed[source] -= float(tokens[lesson])
        result.append(rng.permutation(np.array(taken, np.int64)))
    return result


def _stream(lessons: NDArray[np.int64], rng: np.random.Generator) -> Iterator[int]:
    while True:
        yield from rng.permutation(lessons).tolist()
