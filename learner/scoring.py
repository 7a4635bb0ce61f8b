"""All groups of one gym in a step: named rewards in, one weight per rollout and turn out.

`rewards.combine` decides what the estimator weighs.
- sum_then_normalise: the weighted sum S. Follows the gradient of E[S]: `rewards.weights` mean what they say, in reward, and
  a reward that varies much drowns one that varies little. The weights are divided by the lagged scale of S at the end.
- normalise_then_sum: every reward alone, divided by its own lagged scale, then summed with the weights (the idea of GDPO,
  arXiv 2601.05242, with constants of the step in place of the group's standard deviations). Follows the gradient of
  sum_n (weight_n / scale_n) E[S_n]: exact within a step too, but of an objective that moves with the scales. A quiet reward is
  heard, and so is its noise, up to 1 / SCALE_FLOOR. The turn cost is not divided: its value is in these units.

Under `userrl` each is divided by the group's own standard deviation, with that estimator's bias.

Invariant: in the view from which a rollout is weighed everybody pays that rollout's turn cost. What *another* pays by the
gate depends on the own success, and would carry it into the own baseline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from learner.estimators import Estimator, GymState, Rollout, TurnGae
from learner.estimators.base import Weights
from learner.gym_credit import GymCredit
from rewards.combine import SUM, shuffled
from rewards.config import RewardsConfig
from rewards.turn_cost import TURN_COST, charged, shares


@dataclass(frozen=True, slots=True)
class Played:
    """One trajectory; per turn its rewards by name, its sampled tokens and its signature."""

    rewards: dict[str, list[float]]
    """As `rewards.combine.combine` gives them, before turn costs."""
    tokens: list[int]
    signatures: list[str]
    success: bool | None


@dataclass(frozen=True, slots=True)
class Scored:
    """The groups of one gym; `weights` over `scale` are the advantages."""

    weights: list[Weights]
    scale: float
    scales: dict[str, float]
    """Of each reward, where they are weighed one by one."""
    returns: list[float]
    """Weighted sum of a trajectory's rewards, turn costs included."""
    rises: list[float] | None
    """turn_gae: what every turn that was paid nothing, last ones aside, did to the potential, in the unit of the weights; None
    before there is one."""
    turn_cost: float
    turn_share: float
    """Mean share of it that was charged."""


@dataclass(frozen=True, slots=True)
class _Stream:
    """What is weighed under one name. `costs[group][rollout]` are still to be charged."""

    name: str
    weight: float
    groups: list[list[Rollout]]
    costs: list[list[float]]

    @property
    def paid(self) -> list[list[Rollout]]:
        """Each rollout at its own cost."""
        return [
            [_at(rollout, cost) for rollout, cost in zip(group, costs, strict=True)]
            for group, costs in zip(self.groups, self.costs, strict=True)
        ]

    def weights(self, estimator: Estimator, state: GymState) -> list[Weights]:
        return [_weights(group, costs, estimator, state) for group, costs in zip(self.groups, self.costs, strict=True)]

    def shuffled(self, rng: np.random.Generator) -> _Stream:
        """Nothing is left to charge: the costs are part of what is handed on."""
        pay = shuffled([[rollout.rewards for rollout in group] for group in self.paid], rng)
        groups = [
            [replace(rollout, rewards=rewards) for rollout, rewards in zip(group, new, strict=True)]
            for group, new in zip(self.groups, pay, strict=True)
        ]
        return replace(self, groups=groups, costs=[[0.0] * len(group) for group in groups])


def score(
    groups: Sequence[Sequence[Played]],
    estimator: Estimator,
    config: RewardsConfig,
    credit: GymCredit,
    rng: np.random.Generator,
) -> Scored:
    """Weigh all groups of one gym, then learn from them. `credit` is updated in place; `rng` matters to `config.shuffle`."""
    cost = credit.cost(config.turn_cost)
    paying = [shares([played.success for played in group], config.turn_cost) for group in groups]
    streams = _streams(groups, [[cost * share for share in group] for group in paying], config)
    if config.shuffle:
        streams = [stream.shuffled(rng) for stream in streams]
    scales = {stream.name: estimator.scale(credit.of(stream.name)) for stream in streams}
    alone = config.combine == "normalise_then_sum"
    factors = [stream.weight / (scales[stream.name] if alone and stream.name != TURN_COST else 1.0) for stream in streams]
    weighed = [stream.weights(estimator, credit.of(stream.name)) for stream in streams]
    rises = _rises(groups, streams, factors, estimator, credit)
    for stream in streams:
        estimator.observe(credit.of(stream.name), stream.paid)
    credit.observe_turns([len(played.tokens) for group in groups for played in group], config.turn_cost)
    return Scored(
        weights=[_summed(of_group, factors) for of_group in zip(*weighed, strict=True)],
        scale=1.0 if alone else scales[SUM],
        scales={name: scale for name, scale in scales.items() if name not in (SUM, TURN_COST)},
        returns=_returns(streams),
        rises=rises,
        turn_cost=cost,
        turn_share=fmean([share for group in paying for share in group]),
    )


def _streams(groups: Sequence[Sequence[Played]], costs: list[list[float]], config: RewardsConfig) -> list[_Stream]:
    free = [[0.0] * len(group) for group in groups]
    if config.combine == "sum_then_normalise":
        return [_Stream(SUM, 1.0, [[_rollout(played, SUM) for played in group] for group in groups], costs)]
    streams = [
        _Stream(name, weight, [[_rollout(played, name) for played in group] for group in groups], free)
        for name, weight in config.weights.items()
        if weight
    ]
    if config.turn_cost.charges:
        streams.append(_Stream(TURN_COST, 1.0, [[_rollout(played, None) for played in group] for group in groups], costs))
    return streams


def _rollout(played: Played, name: str | None) -> Rollout:
    rewards = [0.0] * len(played.tokens) if name is None else played.rewards[name]
    return Rollout(rewards, played.tokens, played.signatures)


def _at(rollout: Rollout, cost: float) -> Rollout:
    return replace(rollout, rewards=charged(rollout.rewards, cost)) if cost else rollout


def _weights(group: Sequence[Rollout], costs: Sequence[float], estimator: Estimator, state: GymState) -> Weights:
    """Each rollout's row of the view in which everybody pays its cost. A gate leaves two costs in a group at most."""
    views = {cost: estimator.weights([_at(rollout, cost) for rollout in group], state) for cost in set(costs)}
    return [views[cost][place] for place, cost in enumerate(costs)]


def _summed(parts: Sequence[Weights], factors: Sequence[float]) -> Weights:
    """The parts times their factors, added up turn by turn."""
    return [
        [sum(factor * value for factor, value in zip(factors, turn, strict=True)) for turn in zip(*rollout, strict=True)]
        for rollout in zip(*parts, strict=True)
    ]


def _returns(streams: Sequence[_Stream]) -> list[float]:
    totals = [[stream.weight * sum(rollout.rewards) for group in stream.paid for rollout in group] for stream in streams]
    return [sum(parts) for parts in zip(*totals, strict=True)]


def _rises(
    groups: Sequence[Sequence[Played]],
    streams: Sequence[_Stream],
    factors: Sequence[float],
    estimator: Estimator,
    credit: GymCredit,
) -> list[float] | None:
    if not isinstance(estimator, TurnGae):
        return None
    parts = [[estimator.rises(group, credit.of(stream.name)) for group in stream.paid] for stream in streams]
    rises = []
    for played, of_group in zip(groups, zip(*parts, strict=True), strict=True):
        known = [part for part in of_group if part is not None]
        if len(known) < len(of_group):
            return None
        for rollout, row in zip(played, _summed(known, factors), strict=True):
            unpaid = [not any(turn) for turn in zip(*rollout.rewards.values(), strict=True)]
            rises += [rise for rise, label in zip(row[:-1], unpaid[:-1], strict=True) if label]
    return rises
