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

from learner.estimators import Estimator, GymState, Rollout, make_estimator
from learner.estimators.base import Weights
from learner.sequences import Sequences
from rewards.combine import combine, shuffled
from rewards.config import RewardsConfig
from rewards.trajectory import OK, concat, with_advantage


@dataclass(slots=True)
class CreditState:
    """What the estimator remembers for one policy, gym by gym. Part of the checkpoint."""

    gyms: dict[str, GymState] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> CreditState:
        return cls({gym: GymState(**values) for gym, values in data["gyms"].items()})


@dataclass(slots=True)
class _Group:
    """The usable rows of one policy in one group, and per rollout its turn numbers, rewards and weights."""

    table: pa.Table
    sequences: Sequences
    turns: list[list[int]]
    rollouts: list[Rollout]
    weights: Weights = field(default_factory=list)


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
    scales = {}
    for gym, members in by_gym.items():
        if config.shuffle:
            _shuffle(members, rng)
        scales[gym] = _score(members, estimator, state.gyms.setdefault(gym, GymState()))
    table = concat([_fill(group, scales[_gym(group)]) for group in kept])
    offered = sum(int(pc.sum(pc.equal(group.column("policy"), policy)).as_py() or 0) for group in groups)
    metrics = _metrics(kept) | {
        "dropped_rows": float(offered - table.num_rows),
        "dropped_groups": float(len(read) - len(kept)),
        **{f"scale/{gym}": scale for gym, scale in scales.items()},
    }
    return table, metrics


def _gym(group: _Group) -> str:
    return str(group.table.column("gym")[0].as_py())


def _read(table: pa.Table, policy: str, config: RewardsConfig) -> _Group:
    broken = table.filter(pc.not_equal(table.column("status"), OK)).column("episode_id")
    own = pc.equal(table.column("policy"), policy)
    table = table.filter(pc.and_(own, pc.invert(pc.is_in(table.column("episode_id"), value_set=pc.unique(broken)))))
    sequences = Sequences.of(table)
    cells: list[dict[int, dict[str, float]]] = [{} for _ in np.unique(sequences.trajectory)]
    counts: list[Counter[int]] = [Counter() for _ in cells]
    for row, turns in enumerate(table.column("turns").to_pylist()):
        trajectory = int(sequences.trajectory[row])
        cells[trajectory] |= {t["turn"]: {r["name"]: r["value"] for r in t["rewards"]} for t in turns}
        counts[trajectory].update(sequences.turn[sequences.span(row)].tolist())
    numbers = [sorted(turns) for turns in cells]
    rollouts = [
        Rollout(combine([turns[t] for t in order], config), [count[t] for t in order])
        for turns, count, order in zip(cells, counts, numbers, strict=True)
    ]
    return _Group(table, sequences, numbers, rollouts)


def _shuffle(groups: Sequence[_Group], rng: np.random.Generator) -> None:
    paid = shuffled([[rollout.rewards for rollout in group.rollouts] for group in groups], rng)
    for group, rewards in zip(groups, paid, strict=True):
        group.rollouts = [Rollout(new, old.tokens) for new, old in zip(rewards, group.rollouts, strict=True)]


def _score(groups: Sequence[_Group], estimator: Estimator, state: GymState) -> float:
    """Weigh all groups of one gym, then let the estimator learn from them. Returns the scale that was in force."""
    scale = estimator.scale(state)
    for group in groups:
        group.weights = estimator.weights(group.rollouts, state)
    estimator.observe(state, [group.rollouts for group in groups])
    return scale


def _fill(group: _Group, scale: float) -> pa.Table:
    advantage = []
    for row in range(group.sequences.rows):
        trajectory = group.sequences.trajectory[row]
        by_turn = dict(zip(group.turns[trajectory], group.weights[trajectory], strict=True))
        turns = group.sequences.turn[group.sequences.span(row)].tolist()
        advantage.append([by_turn[turn] / scale if turn >= 0 else 0.0 for turn in turns])
    return with_advantage(group.table, advantage)


def _metrics(groups: Sequence[_Group]) -> dict[str, float]:
    """Over the groups that train. A fall of `return_mean` together with `turns_mean` is the alarm for stopping too early."""
    rollouts = [rollout for group in groups for rollout in group.rollouts]
    weights = [rollout for group in groups for rollout in group.weights]
    returns = [sum(rollout.rewards) for rollout in rollouts]
    last = [rollout[-1] for rollout in weights if rollout]
    earlier = [weight for rollout in weights for weight in rollout[:-1]]
    return {
        "groups": float(len(groups)),
        "rollouts": float(len(rollouts)),
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
