"""One estimator, one file, the same two hooks: `weights(group, state)` scores a group, `observe(...)` learns from a step.

When the policy decides when to stop, `traj_loo`, `turn_loo`, `turn_padded` and `turn_gae` with lam 1 follow the gradient of
the expected return; `turn_gae` with a lower lam nearly does; `userrl` does for equalized credit without its division by the
group's standard deviation, else not (tests/learner/test_own_future.py, tests/learner/test_expectations.py).
"""

from __future__ import annotations

from learner.estimators.base import Estimator, GymState, Rollout
from learner.estimators.traj_loo import TrajLoo
from learner.estimators.turn_gae import TurnGae
from learner.estimators.turn_loo import TurnLoo
from learner.estimators.turn_padded import TurnPadded
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
        case "turn_padded":
            return TurnPadded()
        case "turn_gae":
            return TurnGae(config.lam, config.kappa)


__all__ = ["Estimator", "GymState", "Rollout", "TrajLoo", "TurnGae", "TurnLoo", "TurnPadded", "UserRL", "make_estimator"]
