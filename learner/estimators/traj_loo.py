"""REINFORCE leave-one-out (RLOO, arXiv 2402.14740, eq. 8): w_i = S_i - mean_{j != i} S_j, the same for all turns.

S is the plain sum of rewards. Unbiased for the gradient of E[S]. A rollout alone gets weight 0: there is nothing to
compare.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from learner.estimators.base import GymState, Rollout, Weights


@dataclass(frozen=True, slots=True)
class TrajLoo:
    def weights(self, group: Sequence[Rollout], state: GymState) -> Weights:
        scores = [sum(rollout.rewards) for rollout in group]
        total, others = sum(scores), len(scores) - 1
        weights = [score - (total - score) / others if others else 0.0 for score in scores]
        return [[weight] * len(rollout.rewards) for weight, rollout in zip(weights, group, strict=True)]

    def observe(self, state: GymState, groups: Sequence[Sequence[Rollout]]) -> None:
        state.observe_scores([sum(rollout.rewards) for group in groups for rollout in group])

    def scale(self, state: GymState) -> float:
        return state.scale
