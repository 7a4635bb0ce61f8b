"""What credit assignment remembers of one gym, for one policy. It changes after the last group of a step is weighed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from learner.estimators import GymState
from rewards.config import TurnCostConfig
from rewards.turn_cost import next_cost


@dataclass(slots=True)
class GymCredit:
    """Plain numbers, lists and dicts, so `dataclasses.asdict` is its JSON form."""

    rewards: dict[str, GymState] = field(default_factory=dict)
    """Name of what is weighed (`rewards.combine`) -> its statistics."""
    turn_cost: float | None = None
    """Where a budget has led the cost; null before its first step."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> GymCredit:
        return cls({name: GymState.from_json(state) for name, state in data["rewards"].items()}, data["turn_cost"])

    def of(self, name: str) -> GymState:
        """The statistics of what is weighed under this name."""
        return self.rewards.setdefault(name, GymState())

    def cost(self, config: TurnCostConfig) -> float:
        """What a turn costs in this step, before the gate."""
        return config.value if self.turn_cost is None else self.turn_cost

    def observe_turns(self, turns: Sequence[int], config: TurnCostConfig) -> None:
        """Take in how many turns each trajectory of a step took."""
        if config.budget and turns:
            self.turn_cost = next_cost(self.cost(config), fmean(turns), config.budget)
