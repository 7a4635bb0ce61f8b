"""From named rewards to weights: which gradient is followed is in test_expectations; here what is charged, divided and told."""

from __future__ import annotations

import numpy as np
import pytest
from credit_cases import by_turn, group, trajectory
from estimator_cases import played, scored

from learner.assignment import CreditState, assign
from learner.estimators import GymState, make_estimator
from learner.gym_credit import GymCredit
from learner.scoring import score
from rewards.combine import combine
from rewards.config import RewardsConfig


def config(**section) -> RewardsConfig:
    return RewardsConfig.model_validate({"estimator": "traj_loo", **section})


ONE_BY_ONE = {"combine": "normalise_then_sum", "weights": {"env": 2.0, "format": 0.5}}
NAMED = [played({"env": [0.0, 4.0], "format": [-1.0, -1.0]}), played({"env": [0.0], "format": [0.0]})]


def found(settings: RewardsConfig, groups, credit: GymCredit | None = None):
    return score(groups, make_estimator(settings), settings, credit or GymCredit(), np.random.default_rng(0))


def test_each_name_is_divided_by_its_own_scale():
    credit = GymCredit({"env": GymState(score_moments=[2, 0, 8]), "format": GymState(score_moments=[2, 0, 0.5])})
    settings = config(**ONE_BY_ONE)
    expected = 2.0 * 4.0 / 2.0 + 0.5 * -2.0 / 0.5
    assert scored(settings, [NAMED], credit)[0] == [pytest.approx([expected] * 2), pytest.approx([-expected])]
    assert credit.of("env").score_moments == pytest.approx([0.9 * 2 + 2, 4.0, 0.9 * 8 + 16]), "learned after it was used"


def test_returns_are_told_in_reward_not_in_scales():
    assert found(config(**ONE_BY_ONE, turn_cost={"value": 0.1}), [NAMED]).returns == pytest.approx([8.0 - 1.0 - 0.1, 0.0])
    assert found(config(turn_cost={"value": 0.1}), [[played([1.0, 1.0]), played([0.0])]]).returns == [1.9, 0.0]


def test_the_cost_keeps_its_size_where_rewards_are_divided():
    settings = config(**ONE_BY_ONE, turn_cost={"value": 0.1})
    credit = GymCredit({"turn_cost": GymState(score_moments=[2, 0, 50])})
    silent = [played({"env": [0.0] * n, "format": [0.0] * n}) for n in (3, 1)]
    assert scored(settings, [silent], credit)[0] == [pytest.approx([-0.2] * 3), pytest.approx([0.2])]


def test_userrl_divides_every_name_by_the_groups_own_deviation():
    settings = config(estimator="userrl", **ONE_BY_ONE)
    weights = scored(settings, [NAMED])[0]
    up = 1 / 2**0.5
    assert weights == [pytest.approx([2 * up - 0.5 * up] * 2, abs=1e-4), pytest.approx([-2 * up + 0.5 * up], abs=1e-4)]


PUBLISHED = {
    "sum_then_normalise": ({"format": 1.0, "rubric": 1.0}, [-0.39, 1.16, -1.16, 0.39]),
    "normalise_then_sum": ({"format": 0.3, "rubric": 0.7}, [-1.31, 1.06, 0.38, -0.13]),
}
"""`user_simulator.md` 10.4: four rollouts of one turn with rewards (1, .2), (1, .8), (0, .9), (1, .5)."""


@pytest.mark.parametrize("way", PUBLISHED)
def test_the_two_ways_disagree_as_published(way):
    """The third rollout is worst in one and good in the other. The second way is published divided by its own deviation."""
    weights, expected = PUBLISHED[way]
    settings = config(estimator="userrl", turn="equalized", trajectory="sum", combine=way, weights=weights)
    turns = [{"format": form, "rubric": rubric} for form, rubric in [(1.0, 0.2), (1.0, 0.8), (0.0, 0.9), (1.0, 0.5)]]
    ours = np.concatenate(scored(settings, [[played(combine([turn], settings)) for turn in turns]])[0])
    if way == "normalise_then_sum":
        assert ours == pytest.approx([-0.735, 0.593, 0.214, -0.071], abs=5e-4), "not renormalised"
    assert ours / ours.std(ddof=1) == pytest.approx(expected, abs=5e-3)


def test_a_gated_cost_falls_on_those_whose_rivals_succeed():
    settings = config(turn_cost={"value": 0.3, "gate": "pass_rate"})
    talk = [played([0.0, 0.0], True), played([0.0], True), played([0.0], False)]
    told = found(settings, [talk])
    assert told.turn_cost == 0.3 and told.turn_share == pytest.approx((0.5 + 0.5 + 1.0) / 3)
    assert told.weights[0] == [pytest.approx([-0.15] * 2), pytest.approx([0.075]), pytest.approx([0.15])]


def test_a_budget_moves_the_cost_after_the_step():
    settings = config(turn_cost={"value": 0.02, "budget": {"turns": 2.0, "rate": 0.01}})
    credit, long = GymCredit(), [[played([0.0] * 6), played([0.0] * 4)]]
    assert [found(settings, long, credit).turn_cost for _ in range(3)] == pytest.approx([0.02, 0.05, 0.08])
    assert credit.turn_cost == pytest.approx(0.11)
    assert GymCredit.from_json({"rewards": {}, "turn_cost": 0.11}).cost(settings.turn_cost) == 0.11


def test_without_a_budget_the_cost_is_the_configurations():
    credit = GymCredit()
    found(config(turn_cost={"value": 0.02}), [[played([0.0, 0.0]), played([0.0])]], credit)
    assert credit.turn_cost is None


def test_what_unpaid_turns_did_to_the_potential_is_told_from_the_second_step_on():
    """The label of a state in which something was found is worth more; turn costs do not make a turn paid."""
    settings = config(estimator="turn_gae", turn_cost={"value": 0.01})
    finds = played([0.0, 0.0, 1.0], True, ["none", "found", "found"])
    chats = played([0.0, 0.0, 0.0], False, ["none", "none", "none"])
    credit, groups = GymCredit(), [[finds, chats] * 4] * 4
    assert found(settings, groups, credit).rises is None
    rises = found(settings, groups, credit).rises
    assert len(rises) == 4 * 8 * 2, "two turns of each: the last is paid, or ends the conversation"
    assert rises[0] > 0.3 and rises[2] < 0.1 < rises[0]


def tables():
    found = ["none", "found", "found"]
    first = [trajectory(f"a{n}", [0.0, 0.0, 1.0], signatures=found, success=True) for n in range(2)]
    return [group(*first, *[trajectory(f"b{n}", [0.0] * 3, signatures=["none"] * 3, success=False) for n in range(2)])]


def test_metrics_name_gym_reward_and_cost():
    state = CreditState()
    settings = config(**ONE_BY_ONE, turn_cost={"value": 0.1, "budget": {"turns": 2, "rate": 0.01}})
    _, first = assign(tables(), "agent", settings, state, 0)
    _, second = assign(tables(), "agent", settings, state, 0)
    assert (first["turn_cost/G"], second["turn_cost/G"]) == (0.1, pytest.approx(0.11))
    assert first["turn_cost_share/G"] == 1.0
    assert second["scale/G/env"] == 0.5 and second["scale/G/format"] == 0.1
    assert "scale/G" not in first and "productive_share" not in first


def test_metrics_tell_productive_turns():
    state, settings = CreditState(), config(estimator="turn_gae")
    for _ in range(5):
        _, metrics = assign(tables(), "agent", settings, state, 0)
    assert metrics["productive_rise"] > 0.1 > 0 >= metrics["unproductive_rise"]
    assert 0.25 <= metrics["productive_share"] <= 0.75
    assert not {"turn_cost/G", "turn_cost_share/G"} & set(metrics)


def test_a_gate_without_a_recorded_success_is_an_error():
    settings = config(turn_cost={"value": 0.1, "gate": "pass_rate"})
    with pytest.raises(ValueError, match="no success"):
        assign([group(trajectory("a", [1.0]), trajectory("b", [0.0]))], "agent", settings, CreditState(), 0)


def test_shuffled_costs_tell_nothing_either():
    """Without rewards the costs are all there is; shuffled they come from the next group, whatever was done."""
    settings = config(shuffle=True, turn_cost={"value": 0.5})
    short = group(trajectory("a", [0.0]), trajectory("b", [0.0]))
    uneven = group(trajectory("c", [0.0, 0.0, 0.0]), trajectory("d", [0.0]))
    table, _ = assign([short, uneven], "agent", settings, CreditState(), 0)
    weights = by_turn(table)
    assert {w for episode in ("c", "d") for w in weights[episode]} == {0.0}, "its donors took equally long"
    assert sorted(weights[episode][0] for episode in ("a", "b")) == [-1.0, 1.0]
