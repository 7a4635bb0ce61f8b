"""The statistics of agreement: published values, an implementation by definition, and properties."""

from __future__ import annotations

import math
import random
from itertools import combinations, permutations

import numpy as np
import pytest

from rewards.agreement import against, alpha, among, exact, kappa
from rewards.bias import slopes

N = None
KRIPPENDORFF = [
    [1, 1, N, 1],
    [2, 2, 3, 2],
    [3, 3, 3, 3],
    [3, 3, 3, 3],
    [2, 2, 2, 2],
    [1, 2, 3, 4],
    [4, 4, 4, 4],
    [1, 1, 2, 1],
    [2, 2, 2, 2],
    [N, 5, 5, 5],
    [N, N, 1, 1],
    [N, 3, N, N],
]
"""Four observers, twelve units: the worked example of Krippendorff (2011), part C."""


def by_definition(units, level):
    """Alpha as 1 - D_o / D_e over pairs of values, without a coincidence matrix."""
    rated = [[value for value in unit if value is not None] for unit in units]
    rated = [unit for unit in rated if len(unit) > 1]
    pool = [value for unit in rated for value in unit]

    def apart(one, other):
        if level == "nominal":
            return float(one != other)
        low, high = sorted((one, other))
        between = sum(low <= value <= high for value in pool)
        return (between - (pool.count(low) + pool.count(high)) / 2) ** 2 if low != high else 0.0

    observed = sum(apart(a, b) / (len(unit) - 1) for unit in rated for a, b in permutations(unit, 2)) / len(pool)
    expected = sum(apart(a, b) for a, b in permutations(pool, 2)) / (len(pool) * (len(pool) - 1))
    return 1 - observed / expected


def some_units(seed, raters=4, count=30):
    rng = random.Random(seed)
    return [[rng.choice([N, 1, 2, 3, 4, 5]) for _ in range(raters)] for _ in range(count)]


@pytest.mark.parametrize(("level", "published"), [("nominal", 0.743), ("ordinal", 0.815)])
def test_alpha_of_the_published_example(level, published):
    assert alpha(KRIPPENDORFF, level) == pytest.approx(published, abs=5e-4)
    assert alpha(KRIPPENDORFF, level) == pytest.approx(by_definition(KRIPPENDORFF, level))


@pytest.mark.parametrize("level", ["nominal", "ordinal"])
@pytest.mark.parametrize("seed", range(5))
def test_alpha_is_its_definition_and_knows_no_order(level, seed):
    units = some_units(seed)
    value = alpha(units, level)
    assert value == pytest.approx(by_definition(units, level))
    shuffled = [random.Random(seed).sample(unit, len(unit)) for unit in reversed(units)]
    assert alpha(shuffled, level) == pytest.approx(value)
    assert alpha([[x and 10 * x + 3 for x in unit] for unit in units], level) == pytest.approx(value), "ranks alone count"


@pytest.mark.parametrize("level", ["nominal", "ordinal"])
def test_alpha_at_its_ends(level):
    assert alpha([[1, 1, 1], [2, 2, N], [5, 5, 5]], level) == pytest.approx(1)
    assert abs(alpha(some_units(1, count=4000), level)) < 0.03
    assert alpha([[1, 2], [2, 1]], level) < 0
    for empty in ([], [[1, N], [2]], [[3, 3], [3, 3]]):
        assert math.isnan(alpha(empty, level))


def test_near_misses_are_smaller_on_an_ordinal_scale():
    near, far = [[1, 2], [3, 3], [5, 5], [2, 2], [4, 4]], [[1, 5], [3, 3], [5, 5], [2, 2], [4, 4]]
    assert alpha(near, "ordinal") > alpha(far, "ordinal") and alpha(near, "nominal") < alpha(near, "ordinal")


def weighted_kappa(pairs):
    """1 - sum(w o) / sum(w e), by tables."""
    values = sorted({value for pair in pairs for value in pair})
    first, second = ([side.count(v) / len(pairs) for v in values] for side in map(list, zip(*pairs, strict=True)))
    observed = sum((a - b) ** 2 for a, b in pairs) / len(pairs)
    expected = sum(
        p * q * (a - b) ** 2 for a, p in zip(values, first, strict=True) for b, q in zip(values, second, strict=True)
    )
    return 1 - observed / expected


def test_kappa_by_hand():
    """Tables of 1 and 2: 20 both 1, 5 and 10 apart, 15 both 2: p_o .7, p_e .5, kappa .4 (quadratic weights change no 2 x 2)."""
    items = [[(1, 1)]] * 20 + [[(1, 2)]] * 5 + [[(2, 1)]] * 10 + [[(2, 2)]] * 15
    value, low, high = kappa(items, seed=0)
    assert value == pytest.approx(0.4) and low < 0.4 < high and exact(items) == pytest.approx(0.7)
    error = math.sqrt(0.7 * 0.3 / 50) / 0.5  # the usual approximation
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.15)


@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_its_definition(seed):
    rng = random.Random(seed)
    pairs = [(rng.randint(1, 5), rng.randint(1, 5)) for _ in range(40)]
    value = kappa([pairs[:10], pairs[10:11], [], pairs[11:]], seed=1).value
    assert value == pytest.approx(weighted_kappa(pairs)) == pytest.approx(kappa([[(b, a) for a, b in pairs]], seed=1).value)


def test_kappa_at_its_ends():
    rng = random.Random(3)
    assert kappa([[(n, n)] for n in range(5)], seed=0).value == pytest.approx(1)
    assert abs(kappa([[(rng.randint(1, 5), rng.randint(1, 5))] for _ in range(4000)], seed=0, resamples=10).value) < 0.05
    assert kappa([[(n, 6 - n)] for n in range(1, 6)], seed=0).value == pytest.approx(-1)
    assert all(math.isnan(x) for x in (*kappa([], seed=0), *kappa([[(2, 2)]] * 9, seed=0), exact([])))


def test_the_interval_of_kappa_covers_and_is_seeded():
    """Nine in ten of 100 studies of 120 items at least hold the kappa of a very large one."""
    rng = np.random.default_rng(5)

    def study(count):
        truth = rng.integers(1, 6, count)
        seen = np.clip(truth + rng.integers(-1, 2, count), 1, 5)
        return [[(float(a), float(b))] for a, b in zip(truth, seen, strict=True)]

    whole = kappa(study(20_000), seed=0, resamples=2).value
    found = [kappa(study(120), seed=0, resamples=300) for _ in range(100)]
    assert sum(low <= whole <= high for _, low, high in found) >= 90
    items = study(50)
    assert kappa(items, seed=4) == kappa(items, seed=4) != kappa(items, seed=5)


def test_pairs():
    assert against([1], [2, 3]) == [(1, 2), (1, 3)] and sorted(among([1, 2])) == [(1, 2), (2, 1)] and among([4]) == []
    assert len(among([1, 2, 3])) == 2 * len(list(combinations(range(3), 2)))


def test_slopes_are_found_and_covered():
    rng = np.random.default_rng(0)
    length, shown = rng.normal(4, 1, 4000), rng.integers(0, 2, 4000).astype(float)
    errors = 0.5 + 0.2 * length - 0.7 * shown + rng.normal(0, 0.3, 4000) * (1 + shown)
    found = slopes(list(errors), {"length": list(length), "shown": list(shown)})
    for name, true in (("length", 0.2), ("shown", -0.7)):
        value, low, high = found[name]
        assert value == pytest.approx(true, abs=0.03) and low < true < high
    exact_line = slopes([1.0, 3.0, 5.0, 7.0], {"x": [0.0, 1.0, 2.0, 3.0]})["x"]
    assert exact_line == pytest.approx((2, 2, 2))


def test_hc1_by_hand():
    """x = -1, 0, 1 twice; slope 1/2; residuals ± 1 at the ends: HC1 variance 6/4 · 4 · 1 / 16."""
    x, residual = [-1.0, 0.0, 1.0] * 2, [1.0, 0.0, 1.0, -1.0, 0.0, -1.0]
    value, low, high = slopes([a / 2 + b for a, b in zip(x, residual, strict=True)], {"x": x})["x"]
    assert value == pytest.approx(0.5) and (high - low) / 2 == pytest.approx(1.959964 * math.sqrt(1.5 * 4 / 16))


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"x": [1.0] * 4}, "x is the same in all items"),
        ({"x": [1.0, 2.0, 3.0, 4.0], "y": [2.0, 4.0, 6.0, 8.0]}, "x, y cannot be told apart"),
        ({"x": [1.0, 2.0, 3.0, 4.0], "y": [0.0, 1.0, 0.0, 1.0], "z": [0.0, 0.0, 1.0, 1.0]}, "too few for 3 slopes"),
    ],
)
def test_a_slope_that_is_not_determined_is_refused(columns, reason):
    with pytest.raises(ValueError, match=reason):
        slopes([0.0, 1.0, 2.0, 4.0], columns)
