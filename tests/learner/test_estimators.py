"""The estimators against `credit_vectors.json`, and what they remember."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from learner.advantage import ESTIMATORS, advantages
from learner.estimators import GymState, Rollout, TrajLoo, TurnLoo, UserRL, make_estimator
from rewards.config import EstimatorName, RewardsConfig

VECTORS = {case["name"]: case for case in json.loads((Path(__file__).parent / "data/credit_vectors.json").read_text())}
USERRL = {
    "userrl equalized x mean std=True": {"turn": "equalized", "trajectory": "mean"},
    "userrl r2g x r2g std=True": {"turn": "r2g", "trajectory": "r2g"},
    "userrl em x mean std=True": {"turn": "em", "trajectory": "mean"},
    "userrl naive x sum std=False": {"turn": "naive", "trajectory": "sum", "std": False},
    "userrl equalized x sum std=False": {"turn": "equalized", "trajectory": "sum", "std": False},
}
# the one discounted turn_loo case is left out: our `*_loo` do not discount
LOO = [name for name in VECTORS if name.startswith(("traj_loo", "turn_loo")) and "gamma" not in name]
A = [[0, 0.2, 1], [0, 0], [0.8]]


def weigh(estimator, group, **state):
    return advantages(estimator, group, **state)


@pytest.mark.parametrize("name", LOO)
def test_leave_one_out_vectors(name):
    case = VECTORS[name]
    settings = {"kappa": case["kappa"], "prior": case["prior"]} if "kappa" in case else {}
    got = weigh(name.split()[0], case["rewards"], **settings)
    assert [pytest.approx(row, abs=1e-6) for row in case["expect"]] == got


@pytest.mark.parametrize("name", USERRL)
def test_userrl_vectors(name):
    case = VECTORS[name]
    group = [Rollout(*pair) for pair in zip(case["rewards"], case["tokens"], strict=True)]
    assert [pytest.approx(row, abs=1e-6) for row in case["expect"]] == weigh("userrl", group, **USERRL[name])


GAE = [name for name in VECTORS if name.startswith("turn_gae")]


@pytest.mark.parametrize("name", GAE)
def test_turn_gae_vectors(name):
    case = VECTORS[name]
    got = weigh("turn_gae", case["rewards"], lam=case["lam"], potential=[case["phi"]])
    assert [pytest.approx(row, abs=1e-6) for row in case["expect"]] == got


def test_every_vector_but_three_is_checked():
    """Ours do not discount, and there is no anchor_loo."""
    assert sorted(set(VECTORS) - {*LOO, *USERRL, *GAE}) == [
        "anchor_loo A kappa 0 kturn 0",
        "anchor_loo A kappa 2 kturn 2 prior",
        "turn_loo A gamma .8 start-weighted, no prior",
    ]


def test_turn_padded_counts_those_who_have_stopped_as_nothing():
    assert weigh("turn_padded", A) == [pytest.approx(row) for row in ([0.8, 1.2, 1.0], [-1.0, -0.6], [0.2])]
    assert weigh("turn_padded", [[1, 0]]) == [[1, 0]]


def test_userrl_punishes_the_turn_that_earned():
    """Seen in its code: a below-average rollout is punished most where it earned."""
    group = [[0, 0.5, 0], [0, 0, 1], [1, 1]]
    assert weigh("userrl", group, turn="r2g", trajectory="mean")[0] == pytest.approx([-0.672, -0.84, 0], abs=5e-4)


@pytest.mark.parametrize("cost", [0.3, 0.001])
def test_userrl_makes_any_turn_cost_the_whole_signal_where_all_fail(cost):
    """Why the configuration refuses it: the size of the cost does not matter, leave-one-out keeps it."""
    failed = [[0.0, -cost], [0.0], [0.0]]
    assert weigh("userrl", failed, turn="equalized", trajectory="sum")[0] == pytest.approx([-1.15] * 2, abs=0.01)
    assert weigh("turn_loo", failed)[0][0] == pytest.approx(-cost)


def test_state_lags_and_decays():
    state, group = GymState(), [Rollout([0.0, 1.0], [1, 1]), Rollout([0.5], [1])]
    estimator = TurnLoo(kappa=4.0)
    assert state.prior == [] and estimator.scale(state) == 1.0
    estimator.observe(state, [group])
    assert state.prior == [0.75, 1.0]
    assert state.scale == 0.25
    estimator.observe(state, [[Rollout([0.0], [1])]])
    assert state.prior == [pytest.approx(0.9 * 1.5 / (0.9 * 2 + 1)), 1.0]


def test_scale_has_a_floor_and_userrl_none():
    state = GymState()
    TrajLoo().observe(state, [[Rollout([0.0], [1]), Rollout([0.1, -0.1], [1, 1])]])
    assert state.scale == 0.1
    assert UserRL().scale(state) == 1.0


def test_what_is_unknown_is_named():
    with pytest.raises(ValueError, match="turn_loo"):
        advantages("gae", A)
    with pytest.raises(ValueError, match="traj_loo takes no potential"):
        advantages("traj_loo", A, potential=A)
    with pytest.raises(TypeError, match="lam"):
        advantages("turn_loo", A, lam=0.9)


def test_every_estimator_of_the_configuration_has_a_name_and_a_maker():
    names = get_args(EstimatorName)
    assert set(ESTIMATORS) == set(names)
    assert [type(make_estimator(RewardsConfig(estimator=name))) for name in names] == [ESTIMATORS[name] for name in names]
