"""What an estimator is given, and what is remembered of earlier steps.

A *group* is the K rollouts of one task; a weight w[i][t] multiplies the log-probability of all tokens that rollout i
sampled in turn t. The rule every sound weight obeys: subtract only what does not depend on the own rollout from turn t
on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from learner.estimators.ridge import Ridge

DECAY = 0.9
SCALE_FLOOR = 0.1

Weights = list[list[float]]


@dataclass(frozen=True, slots=True)
class Rollout:
    """One trajectory: a reward and a number of sampled tokens per turn, of equal length."""

    rewards: Sequence[float]
    tokens: Sequence[int]
    signatures: Sequence[str] = ()
    """The gym's label of the state before each turn; empty where it gives none."""


@dataclass(slots=True)
class GymState:
    """Decayed statistics of one gym and reward. They lag: all groups of a step are scored first, so they are constants there.

    Plain numbers and lists, so `dataclasses.asdict` is its JSON form.
    """

    return_sums: list[float] = field(default_factory=list)
    """Per turn: sum of rewards-to-go G_t."""
    return_counts: list[float] = field(default_factory=list)
    score_moments: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    """Count, sum and sum of squares of the trajectories' returns."""
    potential: Ridge = field(default_factory=Ridge)
    """turn_gae: reward-to-go by progress."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> GymState:
        return cls(**{**data, "potential": Ridge(**data["potential"])})

    @property
    def prior(self) -> list[float]:
        """v_t, the mean of G_t over earlier steps, for the turns that were ever reached."""
        return [total / count for total, count in zip(self.return_sums, self.return_counts, strict=True)]

    @property
    def scale(self) -> float:
        """Standard deviation of the returns of earlier steps, at least SCALE_FLOOR; 1 before the first step.

        Dividing by it gives gyms with larger returns the same say. That is a choice, not a correction: being a constant
        of the step it cannot turn a gradient around, as the standard deviation of the own group can.
        """
        count, total, squares = self.score_moments
        if not count:
            return 1.0
        return max(math.sqrt(max(squares / count - (total / count) ** 2, 0.0)), SCALE_FLOOR)

    def observe_returns(self, returns: Sequence[Sequence[float]]) -> None:
        """Decay, then add one step's rewards-to-go, one list per rollout."""
        longest = max([len(self.return_sums), *map(len, returns)])
        sums = [DECAY * total for total in self.return_sums] + [0.0] * (longest - len(self.return_sums))
        counts = [DECAY * count for count in self.return_counts] + [0.0] * (longest - len(self.return_counts))
        for rollout in returns:
            for turn, value in enumerate(rollout):
                sums[turn] += value
                counts[turn] += 1.0
        self.return_sums, self.return_counts = sums, counts

    def observe_scores(self, scores: Sequence[float]) -> None:
        """Decay, then add one step's returns, one per rollout."""
        step = [float(len(scores)), math.fsum(scores), math.fsum(score * score for score in scores)]
        self.score_moments = [DECAY * old + new for old, new in zip(self.score_moments, step, strict=True)]


class Estimator(Protocol):
    """A frozen dataclass of settings; `state` belongs to the group's gym."""

    def weights(self, group: Sequence[Rollout], state: GymState) -> Weights:
        """One weight per rollout and turn."""
        ...

    def observe(self, state: GymState, groups: Sequence[Sequence[Rollout]]) -> None:
        """Take in a whole step of one gym, after its last `weights`."""
        ...

    def scale(self, state: GymState) -> float:
        """What the weights are divided by before they become advantages."""
        ...
