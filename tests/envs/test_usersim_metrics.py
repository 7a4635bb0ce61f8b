"""The statistics of the user benchmark against values worked out by hand, and against the plain summary."""

from __future__ import annotations

import itertools
from math import isnan

import numpy as np
import pytest

from envs.usersim.metrics import traps
from envs.usersim.metrics.clusters import Clusters, Number, harmonic
from envs.usersim.metrics.paired import holm, mcnemar
from envs.usersim.schema.enums import PAYLOADS, TRAPS
from envs.usersim.traps.aggregates import summary
from envs.usersim.traps.bank import bank
from envs.usersim.traps.play import play
from envs.usersim.traps.scoring import score
from envs.usersim.users import USERS


@pytest.fixture(scope="module")
def scores():
    """Every fifth pair and every fifth other item, by two users."""
    pairs = [item for item in bank("test") if item.kind in ("trap", "twin")]
    others = [item for item in bank("test") if item.kind in ("stack", "ordinary")]
    items = [item for at, item in enumerate(pairs) if at // 2 % 5 == 0] + others[::5]
    return {name: [score(item, play(item, USERS[name])) for item in items] for name in ("oracle", "random")}


def test_a_mean_and_its_interval_over_two_clusters():
    """Two clusters: half of the draws take both, a quarter each one twice; so resampled means are 0, 1/3 or 1."""
    found = Clusters(["a", "b", "b"], seed=1, resamples=8000).ratio([1, 0, 0])
    assert found.value == pytest.approx(1 / 3) and found.n == 3
    values, counts = np.unique(np.round(found.drawn, 6), return_counts=True)
    assert values.tolist() == [0, pytest.approx(1 / 3, abs=1e-6), 1]
    assert counts / 8000 == pytest.approx([0.25, 0.5, 0.25], abs=0.02)
    assert found.interval() == {"mean": pytest.approx(1 / 3), "low": 0, "high": 1, "n": 3}


def test_clusters_are_drawn_whole():
    """Ten equal items in one cluster are one observation: nothing varies. As ten clusters they do."""
    values = [1.0, 0.0] * 5
    together = Clusters(["one"] * 10, seed=0, resamples=100).ratio(values).interval()
    apart = Clusters(range(10), seed=0, resamples=1000).ratio(values).interval()
    assert together == {"mean": 0.5, "low": 0.5, "high": 0.5, "n": 10}
    assert apart is not None and 0.1 <= apart["low"] < 0.3 and 0.7 < apart["high"] <= 0.9


def test_what_is_none_counts_nowhere():
    draws = Clusters(["a", "b"], seed=0, resamples=200)
    only_a = draws.ratio([1, None])
    assert only_a.value == 1 and only_a.n == 1 and np.isnan(only_a.drawn).any()
    assert only_a.interval() == {"mean": 1, "low": 1, "high": 1, "n": 1}
    nothing = draws.ratio([None, None])
    assert isnan(nothing.value) and nothing.interval() is None


def test_a_ratio_of_sums():
    assert Clusters(["a", "b"], seed=0, resamples=10).ratio([1, 2], [4, 2]).value == 0.5


def test_draws_are_the_seeds_and_pair_two_users():
    of = [at // 2 for at in range(40)]
    one, again, other = (Clusters(of, seed, 500) for seed in (3, 3, 4))
    values = [float(at % 3 == 0) for at in range(40)]
    assert (one.ratio(values).drawn == again.ratio(values).drawn).all()
    assert (one.ratio(values).drawn != other.ratio(values).drawn).any()
    more = one.ratio([value + 0.25 for value in values]) - again.ratio(values)
    assert more.interval() == pytest.approx({"mean": 0.25, "low": 0.25, "high": 0.25, "n": 40}), "paired: no spread"


def test_a_bootstrap_of_nothing_is_refused():
    for of, resamples in (([], 10), (["a"], 0)):
        with pytest.raises(ValueError, match="needs an item and a resample"):
            Clusters(of, 0, resamples)
    with pytest.raises(ValueError, match="2 items, but 1"):
        Clusters(["a", "b"], 0, 10).ratio([1])


def test_the_harmonic_mean():
    one = Number(0.5, np.array([0.5, 0.0, 1.0]), 2)
    two = Number(1.0, np.array([1.0, 0.0, 0.0]), 3)
    found = harmonic(one, two)
    assert found.value == pytest.approx(2 / 3) and found.drawn.tolist() == pytest.approx([2 / 3, 0, 0]) and found.n == 5


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [(1, 5, 14 / 64), (0, 10, 2 / 1024), (3, 3, 1.0), (0, 0, 1.0), (0, 1, 1.0), (2, 8, 112 / 1024)],
)
def test_mcnemar_by_hand(first, second, p):
    """2 * sum of C(n, k) for k up to the smaller count, by 2^n; items on which both agree change nothing."""
    ours = [True] * first + [False] * second + [True, False, True]
    theirs = [False] * first + [True] * second + [True, False, True]
    found = mcnemar(ours, theirs)
    assert (found.only_first, found.only_second, found.items) == (first, second, first + second + 3)
    assert found.p == pytest.approx(p) == mcnemar(theirs, ours).p


def test_mcnemar_wants_pairs():
    with pytest.raises(ValueError, match="2 and 1"):
        mcnemar([True, False], [True])


def test_mcnemar_holds_its_level_exactly():
    """Of all outcomes of eight fair coins only the two without a mixture have p <= .05."""
    outcomes = list(itertools.product([True, False], repeat=8))
    low = sum(mcnemar(coins, [not coin for coin in coins]).p <= 0.05 for coins in outcomes)
    assert low == 2


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0] and holm([]) == []


def test_means_are_those_of_the_summary(scores):
    for own in scores.values():
        draws, plain = traps.clusters(own, seed=0, resamples=50), summary(own)
        found = {name: one.interval() for name, one in traps.numbers(own, draws).items()}
        for name in ("bsi", "trr", "bar", "orr", "cmr", "ocr", "trap_score", "stack_trr", "stack_score", "false_alarms"):
            assert found[name]["mean"] == pytest.approx(getattr(plain, name)), name
        for trap, each in traps.by_trap(own, draws).items():
            assert each["trr"].value == pytest.approx(plain.trr_by_trap[trap])
            assert each["bar"].value == pytest.approx(plain.bar_by_trap[trap])
            if plain.detection[trap].f1 is not None:
                assert each["tdr_f1"].value == pytest.approx(plain.detection[trap].f1)
        for payload, each in traps.ocr_by_payload(own, draws).items():
            expected = plain.ocr_by_payload[payload]
            assert each.interval() is None if expected is None else each.value == pytest.approx(expected)
        assert set(traps.by_trap(own, draws)) == set(TRAPS) and set(traps.ocr_by_payload(own, draws)) == set(PAYLOADS)


def test_a_pair_is_right_if_both_are(scores):
    oracle, other = scores["oracle"], scores["random"]
    assert all(all(right) for right in traps.passed(oracle).values())
    found = traps.tests(oracle, other)
    assert found["pairs"].only_second == 0 and found["pairs"].only_first > found["twins"].only_first > 0
    assert found["traps"].items == found["twins"].items == found["pairs"].items == 44
    with pytest.raises(ValueError, match="same items"):
        traps.tests(oracle, other[1:])
