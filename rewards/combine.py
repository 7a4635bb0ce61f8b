"""From the named rewards of a trajectory's turns to what an estimator weighs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rewards.config import RewardsConfig

FORMAT_REWARD = "format"
"""The reward that the rollout adds to those of the gym: -1 for a turn that is no well-formed tool call."""
SUM = "sum"
"""The weighted sum of all rewards, where they are not weighed one by one."""


def combine(turns: Sequence[Mapping[str, float]], config: RewardsConfig) -> dict[str, list[float]]:
    """What the estimator weighs: name -> one number per turn, before turn costs.

    sum_then_normalise: the weighted sum alone, as SUM. normalise_then_sum: each reward that has a weight, unweighted. A
    reward without a weight is recorded elsewhere and not trained on.
    """
    if config.combine == "normalise_then_sum":
        return {name: [rewards.get(name, 0.0) for rewards in turns] for name, weight in config.weights.items() if weight}
    return {SUM: [sum(config.weights.get(name, 0.0) * value for name, value in rewards.items()) for rewards in turns]}


def shuffled(groups: Sequence[Sequence[Sequence[float]]], rng: np.random.Generator) -> list[list[list[float]]]:
    """The debug switch: rewards of the usual size that tell nothing. `groups` are all groups of one gym in a step.

    Each rollout is paid, at its last turn, how far a rollout of the *next* group was from that group's mean, on top of
    the mean of all other groups. What a rollout did then changes none of its own weights under any estimator, so their
    expected gradient is 0 whatever the baseline, and their spread is that of returns inside a group, as in real
    training. Permuting inside the group would leave a trace: the group's mean contains the own return, and only baselines
    made of that group alone cancel it. A single group has no other donor and is permuted inside; `traj_loo` and `userrl`
    equalized stay exact there.
    """
    returns = [np.array([sum(rewards) for rewards in group], dtype=float) for group in groups]
    result = []
    for number, group in enumerate(groups):
        donors = rng.permutation(returns[(number + 1) % len(groups)])
        others = [r.mean() for place, r in enumerate(returns) if place != number and len(r)]
        if others:
            donors = donors - donors.mean() + np.mean(others)
        result.append([_paid_last(len(rewards), float(donors[i % len(donors)])) for i, rewards in enumerate(group)])
    return result


def _paid_last(turns: int, reward: float) -> list[float]:
    return [0.0] * (turns - 1) + [reward] if turns else []
