"""Turn advantages of one group, by the estimator's name. Stable API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from learner.estimators import Estimator, GymState, Rollout, TrajLoo, TurnGae, TurnLoo, TurnPadded, UserRL
from learner.estimators.turn_gae import gae

ESTIMATORS: dict[str, type[Estimator]] = {
    "userrl": UserRL,
    "traj_loo": TrajLoo,
    "turn_loo": TurnLoo,
    "turn_padded": TurnPadded,
    "turn_gae": TurnGae,
}


def advantages(
    estimator: str,
    group: Sequence[Rollout | Sequence[float]],
    *,
    prior: Sequence[float] = (),
    potential: Sequence[Sequence[float]] | None = None,
    **settings: Any,
) -> list[list[float]]:
    """One number per rollout and turn.

    `group` holds the turn rewards of each rollout, as a `Rollout` where turns differ in their number of tokens (it
    matters to `userrl` only). `prior` is v_t by turn. `potential` is Phi before each turn of each rollout, for
    `turn_gae`; without it that is in its first step, where it is `turn_loo`. `settings` are the estimator's: kappa; lam; or
    turn, trajectory, gamma, std. Raises ValueError for an unknown estimator, or a potential given to one that has none;
    TypeError for an unknown setting.
    """
    if estimator not in ESTIMATORS:
        raise ValueError(f"unknown estimator {estimator!r}: one of {', '.join(ESTIMATORS)}")
    rollouts = [entry if isinstance(entry, Rollout) else Rollout(entry, [1] * len(entry)) for entry in group]
    made = ESTIMATORS[estimator](**settings)
    if potential is None:
        return made.weights(rollouts, GymState(return_sums=list(prior), return_counts=[1.0] * len(prior)))
    if not isinstance(made, TurnGae):
        raise ValueError(f"{estimator} takes no potential; turn_gae does")
    return [gae(rollout.rewards, phi, made.lam) for rollout, phi in zip(rollouts, potential, strict=True)]
