"""The group-value potential: what a trajectory may still earn, told from its progress and from how its group fares.

    Phi(h_t) = ridge regression of G_t on [signature, turn, g, g * earned, g * (1 - t / HORIZON), 1]

One per gym, no network. The signature is the gym's label of the state before the turn, seen by the trainer only; g is
the mean return of the *other* rollouts, by which the task's difficulty enters; `earned` is what the rollout was paid
before the turn. None of it knows what the rollout does from turn t on.

Two departures from the method as it was specified. There g is multiplied by progress; a signature is a label without
order, so `earned` stands for it here: where only the end pays it is 0 before every turn, and the label alone tells how far
a rollout has come. And how Phi moves over unpaid turns is told by its sign (`learner.credit_metrics`), not by the act of the
turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from learner.estimators.base import DECAY, GymState, Rollout
from learner.estimators.ridge import Features
from rewards.credit import rewards_to_go

HORIZON = 16
"""Turns. Any other number spans the same functions; it only sets how strongly the ridge pulls."""


def group_values(group: Sequence[Rollout], state: GymState) -> list[list[float]] | None:
    """Phi before every turn of every rollout; None before the first step has been observed."""
    if not state.potential.names:
        return None
    return [state.potential.predict(rows) for rows in _features(group)]


def observe_values(state: GymState, groups: Sequence[Sequence[Rollout]]) -> None:
    """Take in a whole step of one gym."""
    rows = [row for group in groups for rollout in _features(group) for row in rollout]
    targets = [value for group in groups for rollout in group for value in rewards_to_go(rollout.rewards)]
    state.potential.observe(rows, targets, DECAY)


def _features(group: Sequence[Rollout]) -> list[list[Features]]:
    returns = [sum(rollout.rewards) for rollout in group]
    others = max(1, len(group) - 1)
    return [_rollout_features(rollout, (sum(returns) - own) / others) for rollout, own in zip(group, returns, strict=True)]


def _rollout_features(rollout: Rollout, others: float) -> list[Features]:
    rows: list[Features] = []
    for turn, earned in enumerate(accumulate(rollout.rewards[:-1], initial=0.0) if rollout.rewards else ()):
        row = {"1": 1.0, f"turn {turn}": 1.0, "g": others, "g earned": others * earned, "g left": others * (1 - turn / HORIZON)}
        if rollout.signatures and rollout.signatures[turn]:
            row[f"at {rollout.signatures[turn]}"] = 1.0
        rows.append(row)
    return rows
