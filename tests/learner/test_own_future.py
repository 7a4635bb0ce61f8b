"""P5, the test that decides what may be called unbiased: what a rollout does from turn t on must not be in its own baseline.

The baseline G[t] - w[t] of a rollout is taken twice, before and after everything it does from turn t on is replaced:
rewards, length, token counts, later signatures, success.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from estimator_cases import MISTAKES, by_name, scored, with_learned_potential
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from learner.estimators import GymState, Rollout, TurnGae
from learner.gym_credit import GymCredit
from learner.scoring import Played
from rewards.config import RewardsConfig, TurnCostConfig
from rewards.credit import rewards_to_go
from rewards.turn_cost import charged, shares

EXACT = 1e-9
quick = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

turns = st.tuples(st.floats(-2, 2).map(lambda x: round(x, 3)), st.integers(1, 9), st.sampled_from(["s0", "s1", "new", ""]))
futures = st.lists(turns, min_size=1, max_size=4)


def rollout(turns) -> Rollout:
    rewards, tokens, signatures = (list(column) for column in zip(*turns, strict=True))
    return Rollout(rewards, tokens, signatures)


@dataclass(frozen=True)
class Case:
    """Two groups that differ in what `own` does from `turn` on, and in who succeeds; the label before `turn` is shared."""

    before: list[Rollout]
    after: list[Rollout]
    own: int
    turn: int
    successes: list[bool]


@st.composite
def cases(draw) -> Case:
    group = draw(st.lists(futures, min_size=2, max_size=5))
    own = draw(st.integers(0, len(group) - 1))
    turn = draw(st.integers(0, len(group[own]) - 1))
    future = draw(futures)
    label = group[own][turn][2]
    other = [*group]
    other[own] = [*group[own][:turn], (*future[0][:2], label), *future[1:]]
    before, after = ([rollout(turns) for turns in version] for version in (group, other))
    return Case(before, after, own, turn, draw(st.lists(st.booleans(), min_size=len(group), max_size=len(group))))


def gap(weigh, case: Case) -> float:
    """How much the own future moves the own baseline."""
    baselines = [
        rewards_to_go(group[case.own].rewards)[case.turn] - weigh(group)[case.own][case.turn]
        for group in (case.before, case.after)
    ]
    return abs(baselines[0] - baselines[1])


UNBIASED = {
    "traj_loo": by_name("traj_loo"),
    "turn_loo": by_name("turn_loo"),
    "turn_loo, prior": by_name("turn_loo", kappa=4.0, prior=[0.5, 0.4, 0.3]),
    "turn_padded": by_name("turn_padded"),
    "turn_gae, first step": by_name("turn_gae", lam=0.5, prior=[0.5]),
    "turn_gae, lam 1": with_learned_potential(1.0),
}
BIASED = {
    "turn_gae, lam .9": with_learned_potential(0.9),
    "userrl": by_name("userrl"),
    "userrl r2g x r2g": by_name("userrl", turn="r2g", trajectory="r2g"),
    "userrl equalized x sum, no std": by_name("userrl", turn="equalized", trajectory="sum", std=False),
    **MISTAKES,
}


@pytest.mark.parametrize("name", UNBIASED)
@quick
@given(case=cases())
def test_the_unbiased_do_not_look_ahead(name, case):
    assert gap(UNBIASED[name], case) < EXACT


@pytest.mark.parametrize("name", BIASED)
def test_the_biased_do(name):
    """By choice, known and documented, `equalized x sum` only by the factor (K - 1) / K. Then mistakes."""
    search = settings(deadline=None, max_examples=2000, phases=[Phase.generate])
    find(cases(), lambda case: gap(BIASED[name], case) > 0.01, settings=search)


def state() -> GymState:
    """Of an earlier step."""
    past = GymState()
    TurnGae().observe(past, [[rollout([(1.0, 1, "s0"), (0.5, 1, "s1")]), rollout([(-2.0, 1, "s0")])]])
    return past


@pytest.mark.parametrize("gate", ["none", "pass_rate"])
@pytest.mark.parametrize("estimator", ["traj_loo", "turn_loo", "turn_padded", "turn_gae"])
@quick
@given(case=cases(), flipped=st.booleans())
def test_nor_does_a_turn_cost(estimator, gate, case, flipped):
    """The own cost depends on the others' success alone, and what the others are seen to pay does not tell the own."""
    cost = TurnCostConfig(value=0.07, gate=gate)
    config = RewardsConfig(estimator=estimator, lam=1.0, turn_cost=cost)
    baselines = []
    for group, flip in ((case.before, False), (case.after, flipped)):
        successes = [success ^ (flip and number == case.own) for number, success in enumerate(case.successes)]
        members = [
            Played({"sum": list(r.rewards)}, list(r.tokens), list(r.signatures), success)
            for r, success in zip(group, successes, strict=True)
        ]
        returns = rewards_to_go(charged(group[case.own].rewards, 0.07 * shares(successes, cost)[case.own]))
        weights = scored(config, [members], GymCredit({"sum": state()}))[0]
        baselines.append(returns[case.turn] / state().scale - weights[case.own][case.turn])
    assert abs(baselines[0] - baselines[1]) < EXACT


@pytest.mark.parametrize("estimator", ["traj_loo", "turn_loo", "turn_padded", "turn_gae"])
@quick
@given(case=cases())
def test_nor_do_named_rewards_weighed_one_by_one(estimator, case):
    weights = {"env": 2.0, "format": 0.1}
    config = RewardsConfig(estimator=estimator, lam=1.0, combine="normalise_then_sum", weights=weights)
    baselines = []
    for group in (case.before, case.after):
        named = [{"env": list(r.rewards), "format": [float(-n) for n in r.tokens]} for r in group]
        members = [Played(n, list(r.tokens), list(r.signatures), None) for n, r in zip(named, group, strict=True)]
        found = scored(config, [members], GymCredit({name: state() for name in weights}))[0]
        returns = [weight / state().scale * rewards_to_go(named[case.own][name])[case.turn] for name, weight in weights.items()]
        baselines.append(sum(returns) - found[case.own][case.turn])
    assert abs(baselines[0] - baselines[1]) < EXACT
