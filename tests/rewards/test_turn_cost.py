"""What a turn costs whom, and how a budget moves it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rewards.config import RewardsConfig, TurnBudget, TurnCostConfig
from rewards.turn_cost import charged, next_cost, shares

GATED = TurnCostConfig(value=0.1, gate="pass_rate")


def test_the_first_turn_is_free():
    assert charged([1.0, 1.0, 0.0], 0.05) == pytest.approx([1.0, 0.95, -0.05])
    assert charged([], 0.05) == []


def test_a_gate_looks_at_the_others_alone():
    assert shares([True, True, False], GATED) == [0.5, 0.5, 1.0]
    assert shares([False, False], GATED) == [0.0, 0.0], "where nobody succeeds, turns are free"
    assert shares([True], GATED) == [0.0]
    assert shares([True, None], TurnCostConfig(value=0.1)) == [1.0, 1.0]


def test_a_success_that_was_not_recorded_is_not_a_failure():
    with pytest.raises(ValueError, match="pass_rate"):
        shares([True, None], GATED)


def test_the_cost_follows_the_budget_within_its_range():
    budget = TurnBudget(turns=4, rate=0.01, most=0.3)
    assert next_cost(0.1, 6.0, budget) == pytest.approx(0.12)
    assert next_cost(0.1, 3.0, budget) == pytest.approx(0.09)
    assert next_cost(0.0, 1.0, budget) == 0.0 and next_cost(0.299, 14.0, budget) == 0.3


def test_dual_ascent_meets_the_budget():
    """A policy that talks for 8 - 40 c turns settles where it talks for the budget's."""
    cost, budget = 0.0, TurnBudget(turns=5, rate=5e-3)
    for _ in range(100):
        cost = next_cost(cost, 8 - 40 * cost, budget)
    assert cost == pytest.approx(0.075, abs=1e-6)


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ({"turn_cost": {"value": 0.5, "budget": {"turns": 3}}}, "above budget.most"),
        ({"turn_cost": {"gate": "success"}}, "gate"),
        ({"turn_cost": {"gate": "pass_rate", "budget": {"turns": 3}}}, "exclude each other"),
        ({"turn_cost": {"budget": {"turns": 0.5}}}, "turns"),
        ({"turn_cost": 0.1}, "turn_cost"),
        ({"weights": {"env": 1.0, "turn_cost": 0.1}}, r"set rewards\.turn_cost\.value"),
        ({"lam": 1.5}, "lam"),
        ({"combine": "sum"}, "normalise_then_sum"),
    ],
)
def test_what_makes_no_sense_is_refused(section, says):
    with pytest.raises(ValidationError, match=says):
        RewardsConfig.model_validate(section)
