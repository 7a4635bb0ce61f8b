"""Means with bootstrap intervals. Tasks are resampled, not episodes: several episodes of one task are not independent.

Pure and seeded: equal input gives equal intervals. An interval covers the choice of tasks, not the noise of training.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np

Estimate = dict[str, float]
"""`mean`, `low` and `high` of the interval, and `n`, the number of values."""


def bootstrap_mean(
    values: Sequence[float],
    seed: int,
    level: float = 0.95,
    resamples: int = 2000,
    tasks: Sequence[Hashable] | None = None,
) -> Estimate:
    """The mean of `values` with a percentile interval; `tasks` says which value belongs to which task."""
    data = np.asarray(values, dtype=np.float64)
    if data.size == 0 or not np.isfinite(data).all():
        raise ValueError(
            f"a mean needs finite values and at least one, got {data.size} of which {np.isfinite(data).sum()} finite"
        )
    number: dict[Hashable, int] = {}
    cluster = [number.setdefault(task, len(number)) for task in (range(data.size) if tasks is None else tasks)]
    sums, counts = np.bincount(cluster, weights=data), np.bincount(cluster)
    drawn = np.random.default_rng(seed).integers(len(number), size=(resamples, len(number)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return {"mean": float(data.mean()), "low": float(low), "high": float(high), "n": int(data.size)}


def paired_difference(
    before: Mapping[str, Sequence[float]],
    after: Mapping[str, Sequence[float]],
    seed: int,
    level: float = 0.95,
    resamples: int = 2000,
) -> Estimate:
    """How much more `after` has than `before`, task by task over the tasks both have; `n` counts tasks."""
    common = sorted(before.keys() & after.keys())
    return bootstrap_mean([float(np.mean(after[t]) - np.mean(before[t])) for t in common], seed, level, resamples)
