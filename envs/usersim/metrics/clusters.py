"""Cluster bootstrap: intervals of means, shares and of what is computed from them, where items come in clusters.

Items of one persona and SOP are not independent, so whole clusters are drawn, with replacement, as many as there are.

Invariants
- Equal clusters, seed and number of resamples give the same draws, so two users' numbers on the same items are paired.
- A resample without an item that a number is about is left out of that number's interval.
- The interval is the percentile interval: it covers the choice of clusters, not a user's own randomness.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
LEVEL = 0.95
Estimate = dict[str, float]
"""`mean`, `low` and `high` of the interval, and `n`, the number of items."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number, the same of every resample (NaN where it has no item), and how many items it is about."""

    value: float
    drawn: NDArray[np.float64]
    n: int

    def interval(self) -> Estimate | None:
        """The percentile interval; None if there is no item."""
        kept = self.drawn[np.isfinite(self.drawn)]
        if not np.isfinite(self.value) or not kept.size:
            return None
        low, high = np.quantile(kept, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return {"mean": float(self.value), "low": float(low), "high": float(high), "n": self.n}

    def __sub__(self, other: Number) -> Number:
        """The difference, resample by resample. Only of the same draws."""
        return Number(self.value - other.value, self.drawn - other.drawn, min(self.n, other.n))


class Clusters:
    """Draws of the clusters that items belong to."""

    def __init__(self, of: Sequence[Hashable], seed: int, resamples: int = RESAMPLES) -> None:
        """`of`: the cluster of every item. Raises ValueError if there is no item or no resample."""
        if not of or resamples < 1:
            raise ValueError(f"a bootstrap needs an item and a resample, got {len(of)} and {resamples}")
        places: dict[Hashable, int] = {}
        self._place = np.array([places.setdefault(cluster, len(places)) for cluster in of])
        count = len(places)
        chances = np.full(count, 1 / count)
        self._times = np.random.default_rng(seed).multinomial(count, chances, size=resamples).astype(np.float64)

    def ratio(self, over: Sequence[float | None], under: Sequence[float | None] | None = None) -> Number:
        """The sum of `over` by the sum of `under`, item by item in the order of the clusters; None counts nowhere.

        Without `under` it is the mean of what is not None. Raises ValueError for another number of items.
        """
        if under is None:
            under = [None if value is None else 1.0 for value in over]
        if not len(over) == len(under) == len(self._place):
            raise ValueError(f"{len(self._place)} items, but {len(over)} and {len(under)} values")
        tops, bottoms = self._sums(over), self._sums(under)
        with np.errstate(invalid="ignore", divide="ignore"):
            drawn = (self._times @ tops) / (self._times @ bottoms)
            value = float(tops.sum() / bottoms.sum())
        return Number(value, drawn, sum(bool(one) for one in under))

    def _sums(self, values: Sequence[float | None]) -> NDArray[np.float64]:
        listed = np.array([0.0 if value is None else float(value) for value in values])
        return np.bincount(self._place, weights=listed, minlength=self._times.shape[1]).astype(np.float64)


def harmonic(one: Number, two: Number) -> Number:
    """The harmonic mean of two numbers of the same draws; 0 where both are. BSI is that of TRR and BAR."""

    def mean(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        total = a + b
        return np.where(total == 0, 0.0, 2 * a * b / np.where(total == 0, 1.0, total))

    value = float(mean(np.array([one.value]), np.array([two.value]))[0])
    return Number(value, mean(one.drawn, two.drawn), one.n + two.n)
