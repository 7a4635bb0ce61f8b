"""What a turn costs: gated by how well the others do, and steered towards a budget of turns.

The first turn is free: every trajectory has one, so charging it would only shift all returns.
"""

from __future__ import annotations

from collections.abc import Sequence

from rewards.config import TurnBudget, TurnCostConfig

TURN_COST = "turn_cost"
"""The name under which the cost is weighed where rewards are weighed one by one."""


def charged(rewards: Sequence[float], cost: float) -> list[float]:
    """The rewards of a trajectory's turns, less `cost` from the second turn on."""
    return [reward - cost * (turn > 0) for turn, reward in enumerate(rewards)]


def shares(successes: Sequence[bool | None], config: TurnCostConfig) -> list[float]:
    """The share of the cost that each rollout of a group pays; gated, the share of the *other* rollouts that succeeded.

    The cost then appears as a task is mastered, and what a rollout does cannot lower its own. A rollout alone pays nothing.
    Raises ValueError where the gate asks for a success that was not recorded.
    """
    if config.gate == "none":
        return [1.0] * len(successes)
    known = [success for success in successes if success is not None]
    if len(known) < len(successes):
        raise ValueError("turn_cost.gate is pass_rate, but an episode has no success")
    others = max(1, len(known) - 1)
    return [(sum(known) - own) / others for own in known]


def next_cost(cost: float, turns_mean: float, budget: TurnBudget) -> float:
    """One step of dual ascent on E[turns] <= budget: dearer after a step above it, cheaper after one below."""
    return min(max(cost + budget.rate * (turns_mean - budget.turns), 0.0), budget.most)
