"""Credit assignment: complete groups in, a table with its `advantage` column filled out. The driver does it once a step.

Invariants
- An episode with a row whose status is not ok gives nothing, in any policy; a group left with fewer than two rollouts
  gives nothing. Both are counted.
- A sampled token carries the weight of its turn over the gym's scale, every other token 0.
- The state changes after the last group of the step is scored; together with the seed it makes the call repeatable.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean, pstdev
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from learner.credit_metrics import gym_metrics
from learner.estimators import make_estimator
from learner.estimators.base import Weights
from learner.gym_credit import GymCredit
from learner.scoring import Played, Scored, score
from learner.sequences import Sequences
from rewards.combine import combine
from rewards.config import RewardsConfig
from rewards.trajectory import OK, concat, with_advantage


@dataclass(slots=True)
class CreditState:
    """What the estimator remembers for one policy, gym by gym. Part of the checkpoint."""

    gyms: dict[str, GymCredit] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> CreditState:
        return cls({gym: GymCredit.from_json(values) for gym, values in data["gyms"].items()})


@dataclass(slots=True)
class _Group:
    """The usable rows of one policy in one group, and per rollout its turn numbers, what was played and its weights."""

    table: pa.Table
    sequences: Sequences
    turns: list[list[int]]
    rollouts: list[Played]
    weights: Weights = field(default_factory=list)


@dataclass(slots=True)
class _Trajectory:
    """What the rows of one trajectory hold; `turns` and `tokens`, the number sampled, go by the number of the turn."""

    turns: dict[int, dict[str, Any]] = field(default_factory=dict)
    tokens: Counter[int] = field(default_factory=Counter)
    success: bool | None = None

    def played(self, config: RewardsConfig) -> Played:
        order = sorted(self.turns)
        rewards = [{reward["name"]: reward["value"] for reward in self.turns[turn]["rewards"]} for turn in order]
        signatures = [self.turns[turn]["signature"] or "" for turn in order]
        return Played(combine(rewards, config), [self.tokens[turn] for turn in order], signatures, self.success)


def assign(
    groups: Sequence[pa.Table], policy: str, config: RewardsConfig, state: CreditState, seed: int
) -> tuple[pa.Table, dict[str, float]]:
    """Fill the advantages of `policy`'s rows; `groups` are the step's groups, each with the rows of all its policies.

    Returns the rows that are left, in the given order, and metrics. `state` is updated in place. `seed` matters to
    `config.shuffle` only.
    """
    estimator = make_estimator(config)
    read = [_read(table, policy, config) for table in groups]
    kept = [group for group in read if len(group.rollouts) > 1]
    by_gym: dict[str, list[_Group]] = defaultdict(list)
    for group in kept:
        by_gym[_gym(group)].append(group)
    rng = np.random.default_rng(seed)
    scored: dict[str, Scored] = {}
    for gym, members in by_gym.items():
        credit = state.gyms.setdefault(gym, GymCredit())
        scored[gym] = score([group.rollouts for group in members], estimator, config, credit, rng)
        for group, weights in zip(members, scored[gym].weights, strict=True):
            group.weights = weights
    table = concat([_fill(group, scored[_gym(group)].scale) for group in kept])
    offered = sum(int(pc.sum(pc.equal(group.column("policy"), policy)).as_py() or 0) for group in groups)
    metrics = _metrics(kept, [value for gym in scored.values() for value in gym.returns]) | {
        "dropped_rows": float(offered - table.num_rows),
        "dropped_groups": float(len(read) - len(kept)),
    }
    return table, metrics | gym_metrics(scored, config)


def _gym(group: _Group) -> str:
    return str(group.table.column("gym")[0].as_py())


def _read(table: pa.Table, policy: str, config: RewardsConfig) -> _Group:
    broken = table.filter(pc.not_equal(table.column("status"), OK)).column("episode_id")
    own = pc.equal(table.column("policy"), policy)
    table = table.filter(pc.and_(own, pc.invert(pc.is_in(table.column("episode_id"), value_set=pc.unique(broken)))))
    sequences = Sequences.of(table)
    found: dict[int, _Trajectory] = defaultdict(_Trajectory)
    columns = (table.column(name).to_pylist() for name in ("turns", "success"))
    for row, (turns, success) in enumerate(zip(*columns, strict=True)):
        trajectory = found[int(sequences.trajectory[row])]
        trajectory.turns |= {turn["turn"]: turn for turn in turns}
        trajectory.tokens.update(sequences.turn[sequences.span(row)].tolist())
        trajectory.success = success
    trajectories = [found[number] for number in range(len(found))]
    numbers = [sorted(trajectory.turns) for trajectory in trajectories]
    return _Group(table, sequences, numbers, [trajectory.played(config) for trajectory in trajectories])


def _fill(group: _Group, scale: float) -> pa.Table:
    advantage = []
    for row in range(group.sequences.rows):
        trajectory = group.sequences.trajectory[row]
        by_turn = dict(zip(group.turns[trajectory], group.weights[trajectory], strict=True))
        turns = group.sequences.turn[group.sequences.span(row)].tolist()
        advantage.append([by_turn[turn] / scale if turn >= 0 else 0.0 for turn in turns])
    return with_advantage(group.table, advantage)


def _metrics(groups: Sequence[_Group], returns: Sequence[float]) -> dict[str, float]:
    """Over the groups that train. A fall of `return_mean` together with `turns_mean` is the alarm for stopping too early."""
    weights = [rollout for group in groups for rollout in group.weights]
    last = [rollout[-1] for rollout in weights if rollout]
    earlier = [weight for rollout in weights for weight in rollout[:-1]]
    return {
        "groups": float(len(groups)),
        "rollouts": float(len(weights)),
        "zero_weight_groups": _mean([all(map(_silent, group.weights)) for group in groups]),
        "zero_weight_rollouts": _mean([_silent(rollout) for rollout in weights]),
        "turns_mean": _mean([len(rollout) for rollout in weights]),
        "return_mean": _mean(returns),
        "return_std": pstdev(returns) if returns else 0.0,
        "last_turn_weight": _mean(last),
        "earlier_turn_weight": _mean(earlier),
    }


def _silent(weights: Sequence[float]) -> bool:
    """Nothing but rounding errors."""
    return all(abs(weight) < 1e-9 for weight in weights)


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0
