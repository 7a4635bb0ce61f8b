"""Complete groups in, advantages out."""

from __future__ import annotations

import json

import pytest
from credit_cases import by_turn, group, trajectory

from learner.assignment import CreditState, assign
from rewards.config import RewardsConfig
from rewards.trajectory import validate

TRAJ = RewardsConfig(estimator="traj_loo")


def test_weights_are_spread_over_sampled_tokens_across_sequences():
    table, metrics = assign(
        [group(trajectory("a", [0.0, 0.2, 1.0]), trajectory("b", [0.0, 0.0]))], "agent", TRAJ, CreditState(), 0
    )
    validate(table)
    assert by_turn(table) == {"a": pytest.approx([1.2] * 3), "b": pytest.approx([-1.2] * 2)}
    assert table.num_rows == 3
    assert metrics["turns_mean"] == 2.5 and metrics["return_mean"] == pytest.approx(0.6)
    assert metrics["zero_weight_groups"] == 0.0 and metrics["dropped_rows"] == 0.0


def test_turn_loo_tells_turns_apart():
    tables = [group(trajectory("a", [0.0, 1.0]), trajectory("b", [0.5, 0.0]))]
    table, metrics = assign(tables, "agent", RewardsConfig(estimator="turn_loo"), CreditState(), 0)
    assert by_turn(table) == {"a": pytest.approx([0.5, 1.0]), "b": pytest.approx([-0.5, -1.0])}
    assert metrics["last_turn_weight"] == 0.0


def test_only_the_asked_policy_is_scored():
    partner = trajectory("a", [7.0], policy="user") + trajectory("b", [5.0], policy="user")
    tables = [group(trajectory("a", [1.0]), trajectory("b", [0.0]), partner)]
    table, _ = assign(tables, "user", TRAJ, CreditState(), 0)
    assert table.column("policy").to_pylist() == ["user", "user"]
    assert by_turn(table) == {"a": [2.0], "b": [-2.0]}


def test_broken_episodes_are_dropped_with_all_their_rows():
    """A status on the partner's row is enough; the rest of the group is compared without the episode."""
    failed = trajectory("c", [9.0, 9.0, 9.0]) + trajectory("c", [0.0], policy="user", status="judge")
    tables = [
        group(trajectory("a", [1.0]), trajectory("b", [0.0]), failed),
        group(trajectory("d", [1.0]), trajectory("e", [0.0], status="engine")),
    ]
    table, metrics = assign(tables, "agent", TRAJ, CreditState(), 0)
    assert by_turn(table) == {"a": [1.0], "b": [-1.0]}
    assert metrics["dropped_rows"] == 4.0  # two of c, and both lone halves of the second group
    assert metrics["dropped_groups"] == 1.0 and metrics["groups"] == 1.0


def test_nothing_left_is_an_empty_table():
    table, metrics = assign([group(trajectory("a", [1.0], status="engine"))], "agent", TRAJ, CreditState(), 0)
    assert table.num_rows == 0 and metrics["return_mean"] == 0.0
    assert assign([], "agent", TRAJ, CreditState(), 0)[0].num_rows == 0


def test_scale_is_per_gym_and_lags():
    state = CreditState()
    tables = [
        group(trajectory("a", [4.0]), trajectory("b", [0.0])),
        group(trajectory("c", [0.5], gym="H"), trajectory("d", [0.0], gym="H")),
    ]
    first, metrics = assign(tables, "agent", TRAJ, state, 0)
    assert (metrics["scale/G"], metrics["scale/H"]) == (1.0, 1.0)
    assert by_turn(first)["a"] == [4.0]
    second, metrics = assign(tables, "agent", TRAJ, state, 0)
    assert (metrics["scale/G"], metrics["scale/H"]) == (2.0, 0.25)
    assert by_turn(second) == {"a": [2.0], "b": [-2.0], "c": [2.0], "d": [-2.0]}


def test_userrl_is_the_reference_scale():
    config = RewardsConfig(estimator="userrl", turn="equalized", trajectory="mean")
    tables = [group(trajectory("a", [0.0, 0.2, 1.0]), trajectory("b", [0.0, 0.0]), trajectory("c", [0.8]))]
    table, _ = assign(tables, "agent", config, CreditState(), 0)
    assert by_turn(table) == {
        "a": pytest.approx([0] * 3),
        "b": pytest.approx([-1, -1], abs=1e-5),
        "c": pytest.approx([1], abs=1e-5),
    }


def test_state_survives_json():
    config = RewardsConfig(estimator="turn_loo")
    tables = [group(trajectory("a", [0.0, 1.0]), trajectory("b", [0.3]))]
    straight, resumed = CreditState(), CreditState()
    assign(tables, "agent", config, straight, 0)
    assign(tables, "agent", config, resumed, 0)
    resumed = CreditState.from_json(json.loads(json.dumps(resumed.to_json())))
    assert resumed == straight
    one, two = (assign(tables, "agent", config, state, 0) for state in (straight, resumed))
    assert one[0].equals(two[0]) and one[1] == two[1]


def test_shuffle_hands_returns_to_the_next_group():
    config = RewardsConfig(estimator="traj_loo", shuffle=True)
    tables = [
        group(trajectory("a", [0.0, 1.0]), trajectory("b", [0.0])),
        group(trajectory("c", [5.0]), trajectory("d", [5.0, 0.0])),
    ]
    table, metrics = assign(tables, "agent", config, CreditState(), 3)
    weights = by_turn(table)
    assert weights["a"] == [0.0, 0.0] and weights["b"] == [0.0]
    assert sorted([weights["c"][0], weights["d"][0]]) == [-1.0, 1.0]
    assert metrics["zero_weight_groups"] == 0.5 and metrics["zero_weight_rollouts"] == 0.5
