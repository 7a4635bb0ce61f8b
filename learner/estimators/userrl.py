"""UserRL's multi-turn GRPO (arXiv 2509.19736, 3.2; `compute_grpo_multiturn_advantage`), for comparison.

    A_i = (S_i - mean S) / (std S + 1e-6) S a trajectory score, std with n - 1; a lone rollout has mean 0 and std 1
    w[i][t] = c_t A_i N / Z c turn credits, Z = sum_t n_t c_t, N = tokens with c != 0; 0 where Z = 0

Biased by choice: turn credits hold the own later rewards and multiply the baseline too, and the division by std changes
the objective. Only `equalized` without std is unbiased, but for a factor (K - 1) / K.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from learner.estimators.base import GymState, Rollout, Weights
from rewards.credit import TrajectoryMethod, TurnMethod, trajectory_score, turn_credits

_EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class UserRL:
    turn: TurnMethod = "equalized"
    trajectory: TrajectoryMethod = "mean"
    gamma: float = 0.8
    std: bool = True

    def weights(self, group: Sequence[Rollout], state: GymState) -> Weights:
        scores = [trajectory_score(rollout.rewards, self.trajectory, self.gamma) for rollout in group]
        mean, deviation = (fmean(scores), stdev(scores)) if len(scores) > 1 else (0.0, 1.0)
        divisor = deviation + _EPSILON if self.std else 1.0
        return [self._spread(rollout, (score - mean) / divisor) for score, rollout in zip(scores, group, strict=True)]

    def _spread(self, rollout: Rollout, advantage: float) -> list[float]:
        credits = turn_credits(rollout.rewards, self.turn, self.gamma)
        pairs = list(zip(rollout.tokens, credits, strict=True))
        total = sum(tokens * credit for tokens, credit in pairs)
        if total == 0:
            return [0.0] * len(credits)
        counted = sum(tokens for tokens, credit in pairs if credit != 0)
        return [credit * advantage * counted / total for credit in credits]

    def observe(self, state: GymState, groups: Sequence[Sequence[Rollout]]) -> None:
        """Nothing is remembered: each group is its own yardstick."""

    def scale(self, state: GymState) -> float:
        return 1.0
