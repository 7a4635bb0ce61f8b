"""Named rewards to one number per turn, and the switch that takes all signal out of them."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from rewards.combine import combine, shuffled
from rewards.config import RewardsConfig

TURNS = [{"env": 0.5, "format": 1.0, "seen": 9.0}, {}]


def test_weights_and_unknown_names():
    config = RewardsConfig(weights={"env": 1.0, "format": 0.1})
    assert combine(TURNS, config) == {"sum": pytest.approx([0.6, 0.0])}


def test_one_by_one_keeps_the_names_that_have_a_weight():
    config = RewardsConfig(weights={"env": 2.0, "format": 0.1, "other": 0.0}, combine="normalise_then_sum")
    assert combine(TURNS, config) == {"env": [0.5, 0.0], "format": [1.0, 0.0]}


def test_shuffle_keeps_lengths_and_returns():
    groups = [[[1.0, 2.0], [0.5], []], [[4.0], [0.0, 5.0, 1.0], [7.0]]]
    result = shuffled(groups, np.random.default_rng(0))
    assert [[len(r) for r in group] for group in result] == [[2, 1, 0], [1, 3, 1]]
    assert all(reward == 0 for group in result for rollout in group for reward in rollout[:-1])
    assert sorted(r[-1] for r in result[1]) == [0.0, 0.5, 3.0]
    assert {r[-1] for r in result[0] if r} <= {4.0, 6.0, 7.0}


def test_shuffle_pays_nobody_for_the_own_deeds():
    """Change everything one rollout does: the pay of its own group stays."""
    groups = [[[1.0], [0.0, 2.0]], [[3.0], [4.0]]]
    changed = [[[9.0], [0.0, 2.0]], [[3.0], [4.0]]]
    assert shuffled(groups, np.random.default_rng(3))[0] == shuffled(changed, np.random.default_rng(3))[0]


def test_one_group_is_permuted_inside():
    """Over all permutations the leave-one-out weight of every rollout averages 0: the own pay is one of them."""
    seen = {tuple(r[-1] for r in shuffled([[[1.0], [2.0], [6.0]]], np.random.default_rng(seed))[0]) for seed in range(60)}
    assert seen == set(permutations([1.0, 2.0, 6.0]))
