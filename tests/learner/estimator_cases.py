"""Groups, weighings and the enumerated two-turn task that the estimators' tests share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import prod
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from learner.advantage import advantages
from learner.estimators import GymState, Rollout, TurnGae, make_estimator
from learner.gym_credit import GymCredit
from learner.scoring import Played, score
from rewards.config import RewardsConfig
from rewards.credit import rewards_to_go

Weigh = Callable[[Sequence[Rollout]], list[list[float]]]


def by_name(estimator: str, **state) -> Weigh:
    return lambda group: advantages(estimator, group, **state)


def with_learned_potential(lam: float) -> Weigh:
    """turn_gae after a step of random groups, with signatures."""
    rng, state, estimator = np.random.default_rng(11), GymState(), TurnGae(lam)
    estimator.observe(state, [random_group(rng, 4) for _ in range(8)])
    return lambda group: estimator.weights(group, state)


def centred_to_go(group: Sequence[Rollout], *, own_in: bool) -> list[list[float]]:
    """Each reward less the mean of that turn's survivors, summed from the turn to the own end: what verl#7244 is about."""

    def centred(own: int, turn: int) -> float:
        alive = [number for number, rollout in enumerate(group) if turn < len(rollout.rewards) and (own_in or number != own)]
        return group[own].rewards[turn] - (fmean(group[number].rewards[turn] for number in alive) if alive else 0.0)

    return [rewards_to_go([centred(own, turn) for turn in range(len(rollout.rewards))]) for own, rollout in enumerate(group)]


def survivors_mean(group: Sequence[Rollout]) -> list[list[float]]:
    """Reward-to-go less its mean over all who are still talking, the own rollout among them."""
    returns = [rewards_to_go(rollout.rewards) for rollout in group]
    return [[g - fmean(other[turn] for other in returns if turn < len(other)) for turn, g in enumerate(own)] for own in returns]


MISTAKES: dict[str, Weigh] = {
    "survivor mean, own in": survivors_mean,
    "#7244, own in": partial(centred_to_go, own_in=True),
    "#7244, leave-one-out": partial(centred_to_go, own_in=False),
}
"""Known mistakes, which the checks must see. Nothing of the product."""


def random_group(rng: np.random.Generator, size: int) -> list[Rollout]:
    return [random_rollout(rng, int(rng.integers(1, 6))) for _ in range(size)]


def random_rollout(rng: np.random.Generator, turns: int) -> Rollout:
    return Rollout(
        rng.normal(size=turns).tolist(),
        rng.integers(1, 9, turns).tolist(),
        [f"s{number}" for number in rng.integers(0, 3, turns)],
    )


@dataclass(frozen=True, slots=True)
class Way:
    """One way a conversation can go in the enumerated task: rewards, probability, and grad log pi of every turn."""

    rewards: list[float]
    probability: float
    gradients: list[list[float]]


def stop_or_go(go: float = 0.5, good: float = 0.9, stop_pays: float = 0.2) -> list[Way]:
    """Stop for `stop_pays`, or go on for nothing and then be good (1) or bad (0). Logits: stop, go, good, bad."""
    stopped, went = [go, -go, 0.0, 0.0], [go - 1, 1 - go, 0.0, 0.0]
    return [
        Way([stop_pays], 1 - go, [[stopped[0], stopped[1], 0.0, 0.0]]),
        Way([0.0, 1.0], go * good, [went, [0.0, 0.0, 1 - good, good - 1]]),
        Way([0.0, 0.0], go * (1 - good), [went, [0.0, 0.0, -good, good]]),
    ]


def expectation(
    weigh: Weigh, ways: Sequence[Way] | None = None, size: int = 3
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """E and Cov of (1/K) sum w g, over all ordered groups of `size` ways."""
    ways = ways if ways is not None else stop_or_go()
    width = len(ways[0].gradients[0])
    first, second = np.zeros(width), np.zeros((width, width))
    for group in product(ways, repeat=size):
        weights = weigh([Rollout(way.rewards, [4, 3][: len(way.rewards)]) for way in group])
        rows = zip(weights, group, strict=True)
        gradient = sum(w * np.array(g) for row, way in rows for w, g in zip(row, way.gradients, strict=True)) / size
        probability = prod(way.probability for way in group)
        first += probability * gradient
        second += probability * np.outer(gradient, gradient)
    return first, second - np.outer(first, first)


def scored(config: RewardsConfig, groups: Sequence[Sequence[Played]], credit: GymCredit | None = None):
    """The weights over the scale, of all groups of one gym."""
    found = score(groups, make_estimator(config), config, credit or GymCredit(), np.random.default_rng(0))
    return [[[weight / found.scale for weight in rollout] for rollout in group] for group in found.weights]


def played(
    rewards: dict[str, list[float]] | list[float], success: bool | None = None, signatures: Sequence[str] = ()
) -> Played:
    named = rewards if isinstance(rewards, dict) else {"sum": rewards}
    turns = len(next(iter(named.values())))
    return Played(named, [1] * turns, list(signatures) or [""] * turns, success)
