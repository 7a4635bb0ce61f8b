"""What the estimators do on average, exactly: all groups of a small task, each with its probability. No sampling."""

from __future__ import annotations

import numpy as np
import pytest
from estimator_cases import MISTAKES, Way, by_name, expectation, played, scored, stop_or_go, with_learned_potential

from learner.estimators import GymState
from learner.gym_credit import GymCredit
from rewards.config import RewardsConfig, TurnCostConfig
from rewards.turn_cost import charged, shares

TRUE = np.array([-0.175, 0.175, 0.045, -0.045])
"""Of E[sum of rewards], over the logits stop, go, good, bad."""
VALUE = [0.55, 0.9]
"""V before turn 1 and turn 2."""


def given_potential(lam, phi):
    """turn_gae with this Phi before turn 1 and turn 2."""
    return lambda group: by_name("turn_gae", lam=lam, potential=[phi[: len(r.rewards)] for r in group])(group)


@pytest.mark.parametrize(
    ("estimator", "state", "variance"),
    [
        ("traj_loo", {}, 0.042279),
        ("turn_loo", {"kappa": 4.0, "prior": [0.5, 0.5]}, 0.018693),
        ("turn_loo", {}, 0.050867),
    ],
)
def test_unbiased_with_the_known_noise(estimator, state, variance):
    mean, covariance = expectation(by_name(estimator, **state))
    assert np.abs(mean - TRUE).max() < 1e-12
    assert np.trace(covariance) == pytest.approx(variance, abs=1e-6)


@pytest.mark.parametrize(
    "weigh",
    [
        by_name("turn_padded"),
        by_name("turn_gae"),
        with_learned_potential(1.0),
        given_potential(1.0, [-3.0, 7.0]),
        given_potential(0.8, VALUE),
        given_potential(0.0, VALUE),
    ],
    ids=["turn_padded", "first step", "learned, lam 1", "any potential, lam 1", "exact, lam .8", "exact, lam 0"],
)
def test_unbiased(weigh):
    assert np.abs(expectation(weigh)[0] - TRUE).max() < 1e-12


@pytest.mark.parametrize("lam", [0.0, 0.5, 0.95])
@pytest.mark.parametrize("phi", [[9.0, 0.4], [0.0, 1.7]])
def test_the_bias_of_turn_gae_is_the_known_one(lam, phi):
    """The error before the own turn is harmless; that before turn 2 is steered into by going on."""
    bias = expectation(given_potential(lam, phi))[0] - TRUE
    steered = 0.25 * (1 - lam) * (phi[1] - VALUE[1])
    assert bias == pytest.approx(np.array([-steered, steered, 0, 0]), abs=1e-12)


@pytest.mark.parametrize(
    ("settings", "expected", "variance"),
    [
        ({"turn": "r2g", "trajectory": "r2g"}, [-0.247795, 0.247795, 0.03218, -0.03218], 0.061726),
        ({"turn": "equalized", "trajectory": "sum"}, [-0.239444, 0.239444, 0.06982, -0.06982], 0.111197),
        ({"turn": "equalized", "trajectory": "sum", "std": False}, 2 / 3 * TRUE, 0.018791),
    ],
)
def test_userrl_has_the_published_bias(settings, expected, variance):
    mean, covariance = expectation(by_name("userrl", **settings))
    assert mean == pytest.approx(np.array(expected), abs=1e-6)
    assert np.trace(covariance) == pytest.approx(variance, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "expected", "variance"),
    [
        ("survivor mean, own in", [-0.116667, 0.116667, 0.01875, -0.01875], 0.020454),
        ("#7244, own in", [0.033333, -0.033333, 0.01875, -0.01875], 0.007121),
        ("#7244, leave-one-out", [-0.00625, 0.00625, 0.045, -0.045], 0.029539),
    ],
)
def test_known_mistakes_are_seen(name, expected, variance):
    """The second teaches to stop where going on pays."""
    mean, covariance = expectation(MISTAKES[name])
    assert mean == pytest.approx(np.array(expected), abs=1e-6)
    assert np.trace(covariance) == pytest.approx(variance, abs=1e-6)
    assert np.abs(mean - TRUE).max() > 0.01, "by far more than what passes for unbiased"
    assert (mean[1] < 0) == (name == "#7244, own in")


COST = 0.08
LONGER = np.array([-0.25, 0.25, 0.0, 0.0])
"""The gradient of E[T]."""


def priced(config):
    """By `learner.scoring`, from a fresh state; who earns 1 succeeds."""
    return lambda group: scored(config, [[played(list(r.rewards), success=r.rewards[-1] == 1) for r in group]])[0]


@pytest.mark.parametrize("estimator", ["traj_loo", "turn_loo", "turn_padded", "turn_gae"])
@pytest.mark.parametrize(("gate", "share"), [("none", 1.0), ("pass_rate", 0.45)])
def test_a_turn_cost_is_followed_exactly(estimator, gate, share):
    """Gated it is the cost times the pass rate, held still: .45 succeed."""
    config = RewardsConfig(estimator=estimator, turn_cost=TurnCostConfig(value=COST, gate=gate))
    mean, _ = expectation(priced(config))
    assert np.abs(mean - (TRUE - COST * share * LONGER)).max() < 1e-12


def test_a_gate_that_the_others_feel_would_be_biased():
    """Why each rollout is weighed in a view of its own: charge each its own gated cost once, and it is not followed."""
    config = TurnCostConfig(value=COST, gate="pass_rate")

    def naive(group):
        paying = shares([r.rewards[-1] == 1 for r in group], config)
        return by_name("traj_loo")([charged(r.rewards, COST * share) for r, share in zip(group, paying, strict=True)])

    assert np.abs(expectation(naive)[0] - (TRUE - COST * 0.45 * LONGER)).max() > 1e-3


def test_named_rewards_are_followed_in_units_of_their_scales():
    """sum_n (weight_n / scale_n) grad E[S_n], with a second reward of .5 for going on."""
    config = RewardsConfig(
        combine="normalise_then_sum", weights={"env": 2.0, "bold": 0.3}, turn_cost=TurnCostConfig(value=COST)
    )

    def weigh(group):
        credit = GymCredit({"env": GymState(score_moments=[2, 0, 0.5]), "bold": GymState(score_moments=[2, 0, 32])})
        bold = [[0.5, 0.0][: len(r.rewards)] if len(r.rewards) > 1 else [0.0] for r in group]
        named = [played({"env": list(r.rewards), "bold": b}) for r, b in zip(group, bold, strict=True)]
        return scored(config, [named], credit)[0]

    expected = 2.0 / 0.5 * TRUE + 0.3 / 4.0 * 0.5 * LONGER - COST * LONGER
    assert np.abs(expectation(weigh)[0] - expected).max() < 1e-12


def ascend(weigh, ways, logits, size, rate, steps):
    """Logits after `steps` along the expected estimator."""
    for _ in range(steps):
        logits = logits + rate * expectation(weigh, ways(logits), size)[0]
    return logits


def sigmoid(logit):
    return 1 / (1 + np.exp(-logit))


@pytest.mark.parametrize(
    "weigh",
    [by_name(name) for name in ("traj_loo", "turn_loo", "turn_padded")] + [given_potential(1.0, [0.0, 0.4])],
    ids=["traj_loo", "turn_loo", "turn_padded", "turn_gae"],
)
def test_the_unbiased_learn_to_go_on(weigh):
    def ways(logits):
        return stop_or_go(go=sigmoid(logits[1] - logits[0]), good=sigmoid(logits[2] - logits[3]), stop_pays=0.4)

    logits = ascend(weigh, ways, np.array([1.0, -1.0, 0.0, 0.0]), size=2, rate=3.0, steps=60)
    assert sigmoid(logits[1] - logits[0]) > 0.95 and sigmoid(logits[2] - logits[3]) > 0.95


@pytest.mark.parametrize(("estimator", "prefers_risk"), [("traj_loo", True), ("turn_loo", True), ("userrl", False)])
def test_division_by_the_groups_deviation_turns_the_choice_around(estimator, prefers_risk):
    """Safe .3, or 1 with probability .4: worth .4. GRPO's estimator learns the worse."""
    settings = {"turn": "equalized", "trajectory": "sum"} if estimator == "userrl" else {}

    def ways(logits):
        risky = sigmoid(logits[1] - logits[0])
        chosen = [[risky - 1, 1 - risky]]
        return [
            Way([0.3], 1 - risky, [[risky, -risky]]),
            Way([1.0], risky * 0.4, chosen),
            Way([0.0], risky * 0.6, chosen),
        ]

    start = np.zeros(2)
    first = expectation(by_name(estimator, **settings), ways(start), 4)[0][1]
    assert first == pytest.approx(0.025 if prefers_risk else -0.033, abs=5e-5)
    logits = ascend(by_name(estimator, **settings), ways, start, size=4, rate=20.0, steps=15)
    assert (logits[1] > logits[0] + 2) == prefers_risk and abs(logits[1] - logits[0]) > 2
