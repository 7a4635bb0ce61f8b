"""Intervals: seeded, covering, and by task."""

import numpy as np
import pytest

from cluster.record.statistics import bootstrap_mean, paired_difference


def test_the_same_seed_gives_the_same_interval_around_the_mean():
    values = [0.0, 0.5, 1.0, 0.25] * 10
    estimate = bootstrap_mean(values, seed=1)
    assert estimate == bootstrap_mean(values, seed=1) != bootstrap_mean(values, seed=2)
    assert estimate["low"] < estimate["mean"] == np.mean(values) < estimate["high"]
    assert estimate["n"] == 40


def test_the_interval_agrees_with_the_normal_one_and_covers_the_truth():
    rng = np.random.default_rng(0)
    hits = 0
    for seed in range(200):
        sample = rng.normal(0.5, 0.2, size=60)
        estimate = bootstrap_mean(sample.tolist(), seed, resamples=400)
        half = 1.96 * sample.std(ddof=1) / np.sqrt(60)
        assert estimate["high"] - estimate["low"] == pytest.approx(2 * half, rel=0.35)
        hits += estimate["low"] <= 0.5 <= estimate["high"]
    assert 0.88 <= hits / 200 <= 0.99


def test_repeating_each_episode_does_not_narrow_an_interval_by_task():
    values = [0.1, 0.9, 0.4, 0.6, 0.2] * 4
    tasks = list(range(len(values)))
    once, thrice = bootstrap_mean(values, 0, tasks=tasks), bootstrap_mean(values * 3, 0, tasks=tasks * 3)
    assert (thrice["mean"], thrice["low"], thrice["high"]) == pytest.approx((once["mean"], once["low"], once["high"]))
    assert bootstrap_mean(values * 3, 0)["high"] < thrice["high"]


def test_pairing_removes_what_the_tasks_have_in_common():
    before = {f"t{i}": [i / 20] for i in range(20)}
    after = {task: [values[0] + 0.1, values[0] + 0.1] for task, values in before.items()} | {"unpaired": [9.0]}
    change = paired_difference(before, after, seed=0)
    assert (change["mean"], change["low"], change["high"], change["n"]) == pytest.approx((0.1, 0.1, 0.1, 20))


@pytest.mark.parametrize("values", [[], [0.5, float("nan")]])
def test_no_mean_of_nothing(values):
    with pytest.raises(ValueError, match="a mean needs finite values"):
        bootstrap_mean(values, 0)
