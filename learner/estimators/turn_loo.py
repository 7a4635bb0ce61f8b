"""Reward-to-go against the other rollouts that are still talking, shrunk towards the gym's history. The default.

    w[i][t] = G[i][t] - (sum_{j != i, j alive at t} G[j][t] + kappa v_t) / (m + kappa),   m others alive at t

v_t is the lagged mean of G_t in this gym. Unbiased for the gradient of E[sum of rewards]: who is alive at t was decided
before t, and the own rollout is left out. The prior keeps the baseline quiet where few survive. Where v_t is not known
yet kappa is 0, and a rollout alone then has baseline 0. A group in which all fail gets negative weights if the gym's
history is better: intended, failures are pushed down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from learner.estimators.base import GymState, Rollout, Weights
from rewards.credit import rewards_to_go


@dataclass(frozen=True, slots=True)
class TurnLoo:
    kappa: float = 4.0

    def weights(self, group: Sequence[Rollout], state: GymState) -> Weights:
        returns = [rewards_to_go(rollout.rewards) for rollout in group]
        prior = state.prior
        longest = max(map(len, returns), default=0)
        totals = [sum(own[turn] for own in returns if turn < len(own)) for turn in range(longest)]
        alive = [sum(turn < len(own) for own in returns) for turn in range(longest)]

        def baseline(turn: int, own: float) -> float:
            kappa, mean = (self.kappa, prior[turn]) if turn < len(prior) else (0.0, 0.0)
            count = alive[turn] - 1 + kappa
            return (totals[turn] - own + kappa * mean) / count if count else 0.0

        return [[own - baseline(turn, own) for turn, own in enumerate(rollout)] for rollout in returns]

    def observe(self, state: GymState, groups: Sequence[Sequence[Rollout]]) -> None:
        returns = [rewards_to_go(rollout.rewards) for group in groups for rollout in group]
        state.observe_returns(returns)
        state.observe_scores([own[0] for own in returns if own])

    def scale(self, state: GymState) -> float:
        return state.scale
