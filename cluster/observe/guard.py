"""The guards there are: what each watches, what it compares that with, and what its alarm tells a person to do."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from cluster.config.sections import GuardName

Bounds = tuple[float, float]
"""The lowest and the highest value that is well."""
FREE: Bounds = (-math.inf, math.inf)


@dataclass(frozen=True, slots=True)
class Guard:
    """`bounds(limit, reference)` is what the metric is to stay within, its ends included.

    A guard with a second metric, `beside`, alarms only if both are out of their bounds.
    """

    metric: str
    bounds: Callable[[float, float], Bounds]
    advice: str
    reference: Literal["none", "first", "recent"] = "none"
    """What the limit is a factor of: nothing, the median of the first iterations, or that of the last ones."""
    beside: str | None = None

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric, self.beside) if self.beside else (self.metric,)


def _at_most(limit: float, _: float) -> Bounds:
    return -math.inf, limit


def _at_least(limit: float, _: float) -> Bounds:
    return limit, math.inf


_BROKEN = "look at learner/mismatch_max and at the conversations of this iteration, or lower learner.lr"
_COLLAPSE = "lower learner.lr, or go back to an earlier checkpoint if the held-out score falls too"

GUARDS: dict[GuardName, Guard] = {
    "mismatch_kl": Guard(
        "learner/mismatch_kl",
        _at_most,
        "rollout engine and learner disagree on the same tokens, so updates are biased; compare their dtypes and weights, or "
        "lower rollout.max_staleness",
    ),
    "mismatch_tail": Guard(
        "learner/mismatch_over_one_share",
        _at_most,
        "on some tokens engine and learner disagree by more than a nat; look for stale weights or a cache that outlived them",
    ),
    "entropy_floor": Guard("learner/entropy", _at_least, f"the policy has all but stopped exploring; {_COLLAPSE}"),
    "entropy_drop": Guard(
        "learner/entropy",
        lambda limit, first: (limit * first, math.inf),
        f"the policy explores far less than when training began; {_COLLAPSE}",
        "first",
    ),
    "kl_to_start": Guard("learner/kl_to_start", _at_most, f"the policy has moved far from where it started; {_COLLAPSE}"),
    "length_drift": Guard(
        "rollout/tokens",
        lambda limit, first: (first / limit, first * limit),
        "episodes are much longer or shorter than at first; read some for padding or early ends, then look at rewards.weights "
        "and rewards.turn_cost",
        "first",
    ),
    "zero_weight_groups": Guard(
        "rollout/zero_weight_groups",
        _at_most,
        "hardly any group has an advantage, so little is learned; the tasks are too easy or too hard, or the rewards constant",
    ),
    "grad_norm": Guard("learner/grad_norm", _at_most, f"the gradient is larger than it may be; {_BROKEN}"),
    "grad_norm_jump": Guard(
        "learner/grad_norm",
        lambda limit, usual: (-math.inf, limit * usual),
        f"the gradient is far larger than of late; {_BROKEN}",
        "recent",
    ),
    "judge_errors": Guard(
        "judge/error_share",
        _at_most,
        "verdicts fail and their episodes are lost; look at the judges, then at their retry policy",
    ),
    "masked_episodes": Guard(
        "rollout/masked_share", _at_most, "episodes are lost to failures; the rollout/masked/ scalars name their kinds"
    ),
    "premature_stops": Guard(
        "reward/success",
        lambda limit, usual: (limit * usual, math.inf),
        "the policy ends episodes instead of solving tasks; compare reward/last_turn_weight with "
        "reward/earlier_turn_weight, then look at rewards.turn_cost and rewards.estimator",
        "recent",
        beside="rollout/turns",
    ),
}
assert set(GUARDS) == set(get_args(GuardName))
