"""One estimator, one file, the same two hooks: `weights(group, state)` scores a group, `observe(...)` learns from a step.

When the policy decides when to stop, `traj_loo` and `turn_loo` follow the gradient of the expected return; `userrl`
does for equalized credit without its division by the group's standard deviation, else not
(tests/learner/test_estimators.py).
"""

from __future__ import annotations

from learner.estimators.base import Estimator, GymState, Rollout
from learner.estimators.traj_loo import TrajLoo
from learner.estimators.turn_loo import TurnLoo
from learner.estimators.userrl import UserRL
from rewards.config import RewardsConfig


def make_estimator(config: RewardsConfig) -> Estimator:
    """The estimator that a run's configuration names."""
    match config.estimator:
        case "userrl":
            return UserRL(config.turn, config.trajectory, config.gamma)
        case "traj_loo":
            return TrajLoo()
        case "turn_loo":
            return TurnLoo(config.kappa)


__all__ = ["Estimator", "GymState", "Rollout", "TrajLoo", "TurnLoo", "UserRL", "make_estimator"]
