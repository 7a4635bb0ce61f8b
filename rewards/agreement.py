"""How far raters agree: Krippendorff's alpha, Cohen's kappa with quadratic weights, exact agreement.

Pure functions of numbers. A rating that is not there is `None`. A statistic that the data leave undefined (nobody to compare
with, or one value alone, so that chance would agree as well) is NaN, never 0 or 1.

Sources: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011); J. Cohen, "Weighted kappa" (1968).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Level = Literal["nominal", "ordinal"]
Pairs = Sequence[tuple[float, float]]
"""Ratings of one item: by one side and by the other."""


class Interval(NamedTuple):
    """An estimate with its interval, all three NaN where there is none."""

    value: float
    low: float
    high: float


def alpha(units: Sequence[Sequence[float | None]], level: Level) -> float:
    """Krippendorff's alpha of [units][raters]; rows may differ in length, units with fewer than two ratings say nothing."""
    rated = [[value for value in unit if value is not None] for unit in units]
    rated = [unit for unit in rated if len(unit) > 1]
    values = sorted({value for unit in rated for value in unit})
    at = {value: index for index, value in enumerate(values)}
    seen = np.zeros((len(values), len(values)))  # coincidences
    for unit in rated:
        counts = np.bincount([at[value] for value in unit], minlength=len(values)).astype(np.float64)
        seen += (np.outer(counts, counts) - np.diag(counts)) / (len(unit) - 1)
    totals = seen.sum(axis=0)
    distance = _distance(totals, level)
    expected = float((np.outer(totals, totals) * distance).sum())
    if not expected:
        return float("nan")
    return 1 - float(totals.sum() - 1) * float((seen * distance).sum()) / expected


def kappa(items: Sequence[Pairs], seed: int, level: float = 0.95, resamples: int = 2000) -> Interval:
    """Quadratic weighted kappa over all pairs of [items], with a percentile bootstrap interval.

    Items are resampled, not pairs: the pairs of one item share a rating. Every pair weighs the same. Seeded: equal input gives
    an equal interval.
    """
    moments = np.array([_moments(pairs) for pairs in items if pairs])
    if not len(moments):
        return Interval(float("nan"), float("nan"), float("nan"))
    value = float(_kappa(moments.sum(axis=0)))
    if np.isnan(value):
        return Interval(value, value, value)
    drawn = np.random.default_rng(seed).multinomial(len(moments), np.full(len(moments), 1 / len(moments)), size=resamples)
    resampled = _kappa(drawn @ moments)
    low, high = np.nanquantile(resampled, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))


def exact(items: Sequence[Pairs]) -> float:
    """The share of pairs whose ratings are the same."""
    same = [one == other for pairs in items for one, other in pairs]
    return sum(same) / len(same) if same else float("nan")


def against(ratings: Sequence[float], others: Sequence[float]) -> list[tuple[float, float]]:
    """Every rating of one side with every rating of the other."""
    return [(one, other) for one in ratings for other in others]


def among(ratings: Sequence[float]) -> list[tuple[float, float]]:
    """Every rating with every other one, in both orders: nobody is the first rater."""
    return list(permutations(ratings, 2))


def _distance(totals: NDArray[np.float64], level: Level) -> NDArray[np.float64]:
    """Squared differences of values [V, V], by how often each of them occurs."""
    if level == "nominal":
        return 1 - np.eye(len(totals))
    ranks = np.cumsum(totals) - totals / 2
    return np.asarray((ranks[:, None] - ranks[None, :]) ** 2)


def _moments(pairs: Pairs) -> NDArray[np.float64]:
    """Sums over pairs: how many, the squared difference, and both sides' values and squares [6]."""
    x, y = np.asarray(pairs, dtype=np.float64).T
    return np.array([len(x), ((x - y) ** 2).sum(), x.sum(), y.sum(), (x**2).sum(), (y**2).sum()])


def _kappa(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kappa of sums [..., 6]. The expected squared difference is that of every x with every y."""
    count, apart, x, y, xx, yy = np.moveaxis(np.asarray(sums, dtype=np.float64), -1, 0)
    by_chance = (xx + yy) / count - 2 * x * y / count**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(by_chance > 1e-12, 1 - apart / count / by_chance, np.nan)
