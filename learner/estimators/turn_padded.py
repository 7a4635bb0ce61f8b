"""Reward-to-go against the mean of all other rollouts, of which those that have stopped count 0.

    w[i][t] = G[i][t] - mean_{j != i} G[j][t],   G[j][t] = 0 after j's last turn

Unbiased for the gradient of E[sum of rewards], and no history is needed for it: for the first step, or groups of two to
four. A rollout alone has baseline 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from learner.estimators.base import GymState, Rollout, Weights
from rewards.credit import rewards_to_go


@dataclass(frozen=True, slots=True)
class TurnPadded:
    def weights(self, group: Sequence[Rollout], state: GymState) -> Weights:
        returns = [rewards_to_go(rollout.rewards) for rollout in group]
        longest, others = max(map(len, returns), default=0), max(1, len(group) - 1)
        totals = [sum(own[turn] for own in returns if turn < len(own)) for turn in range(longest)]
        return [[own - (totals[turn] - own) / others for turn, own in enumerate(rollout)] for rollout in returns]

    def observe(self, state: GymState, groups: Sequence[Sequence[Rollout]]) -> None:
        state.observe_scores([sum(rollout.rewards) for group in groups for rollout in group])

    def scale(self, state: GymState) -> float:
        return state.scale
