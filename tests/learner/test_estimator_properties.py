"""P1 to P4 and P7 of any group, and that neither order nor split nor a restart changes an advantage."""

from __future__ import annotations

import json

import numpy as np
import pytest
from credit_cases import by_turn, group, trajectory
from estimator_cases import by_name, random_rollout
from hypothesis import given, settings
from hypothesis import strategies as st

from learner.assignment import CreditState, assign
from rewards.config import RewardsConfig
from rewards.credit import rewards_to_go

number = st.floats(-2, 2).map(lambda x: round(x, 3))
rollouts = st.lists(st.lists(number, min_size=1, max_size=5), min_size=1, max_size=5)
quick = settings(deadline=None, max_examples=60)


@quick
@given(rollouts)
def test_p1_traj_loo_sums_to_zero(group):
    assert sum(row[0] for row in by_name("traj_loo")(group)) == pytest.approx(0, abs=1e-9)


@quick
@given(st.lists(number, min_size=2, max_size=6), st.integers(1, 4), st.sampled_from(["turn_loo", "turn_padded"]))
def test_p2_all_agree_on_terminal_rewards_of_equal_length(rewards, turns, name):
    group = [[0.0] * (turns - 1) + [reward] for reward in rewards]
    assert np.array(by_name(name)(group)) == pytest.approx(np.array(by_name("traj_loo")(group)), abs=1e-9)


@quick
@given(rollouts, st.data())
def test_p3_turn_gae_with_lam_1_is_reward_to_go_less_potential(group, data):
    potential = [data.draw(st.lists(number, min_size=len(r), max_size=len(r))) for r in group]
    got = by_name("turn_gae", lam=1.0, potential=potential)(group)
    for weights, rewards, phi in zip(got, group, potential, strict=True):
        assert weights == pytest.approx([g - p for g, p in zip(rewards_to_go(rewards), phi, strict=True)], abs=1e-9)


@quick
@given(rollouts, st.data())
def test_p4_shaping_by_a_potential_changes_nothing_but_the_baseline(group, data):
    """traj_loo not at all where the start is shared; return-to-go, so turn_gae without potential, by -Phi(h_t)."""
    start = data.draw(number)
    potential = [[start, *data.draw(st.lists(number, min_size=len(r) - 1, max_size=len(r) - 1))] for r in group]
    shaped = [
        [r + after - before for r, before, after in zip(rewards, phi, [*phi[1:], 0.0], strict=True)]
        for rewards, phi in zip(group, potential, strict=True)
    ]
    for before, after in zip(by_name("traj_loo")(group), by_name("traj_loo")(shaped), strict=True):
        assert after == pytest.approx(before, abs=1e-9)
    nothing = by_name("turn_gae", lam=1.0, potential=[[0.0] * len(r) for r in group])
    for before, after, phi in zip(nothing(group), nothing(shaped), potential, strict=True):
        assert after == pytest.approx([b - p for b, p in zip(before, phi, strict=True)], abs=1e-9)


@quick
@given(st.lists(st.integers(1, 3), min_size=1, max_size=5), st.floats(0.01, 1))
def test_p7_failures_are_pushed_down_by_the_prior(lengths, prior):
    failed = [[0.0] * turns for turns in lengths]
    assert all(w < 0 for row in by_name("turn_loo", prior=[prior] * 3)(failed) for w in row)
    assert {w for row in by_name("traj_loo")(failed) for w in row} == {0.0}


def tables(seed: int, per_row: int = 2):
    """Two groups of four; rewards and signatures depend on the seed, the cut into rows on `per_row`."""
    rng = np.random.default_rng(seed)
    episodes = [(f"{number}", random_rollout(rng, int(rng.integers(1, 6)))) for number in range(8)]
    rows = [
        trajectory(name, list(r.rewards), per_row=per_row, signatures=list(r.signatures), success=sum(r.rewards) > 0)
        for name, r in episodes
    ]
    return [group(*rows[:4]), group(*rows[4:])]


CONFIGS = {
    "turn_gae": RewardsConfig(estimator="turn_gae"),
    "gated": RewardsConfig.model_validate({"turn_cost": {"value": 0.05, "gate": "pass_rate"}}),
    "budget": RewardsConfig.model_validate({"turn_cost": {"value": 0.05, "budget": {"turns": 2}}}),
    "named": RewardsConfig(estimator="turn_gae", combine="normalise_then_sum", weights={"env": 1.0, "format": 0.1}),
    "padded": RewardsConfig(estimator="turn_padded"),
    "shuffled": RewardsConfig(estimator="turn_gae", shuffle=True),
}


def steps(config, per_row=2, restart=False, seeds=(0, 1, 2)):
    """Advantages by turn of the last of some steps, the metrics and the state."""
    state = CreditState()
    for seed in seeds:
        if restart:
            state = CreditState.from_json(json.loads(json.dumps(state.to_json())))
        table, metrics = assign(tables(seed, per_row), "agent", config, state, seed)
    return by_turn(table), metrics, state


@pytest.mark.parametrize("name", CONFIGS)
def test_a_step_is_repeatable_and_survives_a_restart(name):
    first = steps(CONFIGS[name])
    assert first == steps(CONFIGS[name]) == steps(CONFIGS[name], restart=True)


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("per_row", [1, 9])
def test_p6_the_cut_into_rows_changes_nothing(name, per_row):
    assert steps(CONFIGS[name]) == steps(CONFIGS[name], per_row)


def test_the_order_of_groups_changes_nothing_but_rounding():
    one, other = CreditState(), CreditState()
    for seed in range(3):
        straight, _ = assign(tables(seed), "agent", CONFIGS["turn_gae"], one, 0)
        turned, _ = assign(tables(seed)[::-1], "agent", CONFIGS["turn_gae"], other, 0)
    assert by_turn(turned) == {episode: pytest.approx(values) for episode, values in by_turn(straight).items()}
