"""Turn advantages of one group, by the estimator's name. Stable API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from learner.estimators import Estimator, GymState, Rollout, TrajLoo, TurnLoo, UserRL

ESTIMATORS: dict[str, type[Estimator]] = {"userrl": UserRL, "traj_loo": TrajLoo, "turn_loo": TurnLoo}


def advantages(
    estimator: str, group: Sequence[Rollout | Sequence[float]], *, prior: Sequence[float] = (), **settings: Any
) -> list[list[float]]:
    """One number per rollout and turn.

    `group` holds the turn rewards of each rollout, as a `Rollout` where turns differ in their number of tokens (it
    matters to `userrl` only). `prior` is v_t by turn. `settings` are the estimator's: kappa; or turn, trajectory,
    gamma, std. Raises ValueError for an unknown estimator, TypeError for an unknown setting.
    """
    if estimator not in ESTIMATORS:
        raise ValueError(f"unknown estimator {estimator!r}: one of {', '.join(ESTIMATORS)}")
    rollouts = [entry if isinstance(entry, Rollout) else Rollout(entry, [1] * len(entry)) for entry in group]
    state = GymState(return_sums=list(prior), return_counts=[1.0] * len(prior))
    return ESTIMATORS[estimator](**settings).weights(rollouts, state)
