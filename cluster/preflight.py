"""Whether a run fits the cluster, before anything of it starts.

Ray's CPUs are logical: they reserve a place, they do not bind a core. A run alternates between rollouts and learning, so
its parts rarely compute at the same time, and reservations below one core let the quickstart (1 worker, 1 user engine,
1 judge, 1 rank) fit two cores. They bound how many actors a machine takes; threads are bounded elsewhere (one per actor).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cluster.errors import UserError

if TYPE_CHECKING:
    from cluster.config import Config

ROLLOUT_WORKER_CPUS = 0.5
"""Owns an engine and steps every conversation; idle while the learner steps."""
ENGINE_CPUS = 0.5
"""One engine actor of a frozen model; busy only while a worker waits for it."""
JUDGE_CPUS = 0.25
"""Rule judges answer in microseconds."""
RANK_CPUS = 0.5
"""One learner rank; idle while rollouts run."""
ROUNDING = 1e-6
"""Sums of Ray's fractional resources are compared with this much slack."""


@dataclass(frozen=True, slots=True)
class Part:
    """Actors of one kind. `key` is the setting that says how many there are."""

    name: str
    key: str
    actors: int
    cpus_each: float
    gpus_each: float = 0.0

    @property
    def cpus(self) -> float:
        return self.actors * self.cpus_each

    @property
    def gpus(self) -> float:
        return self.actors * self.gpus_each


def frozen_models(config: Config) -> list[str]:
    """The models that need engine actors: all but the trained policies', each once, as `tiny:<seed name>` or a path."""
    models = []
    for policy in config.policies.values():
        if policy.model is not None and not policy.train:
            models.append(policy.model)
        models += [speaker.model for speaker in policy.mix or [] if speaker.model is not None]
    return list(dict.fromkeys(model if isinstance(model, str) else f"tiny:{model.tiny}" for model in models))


def parts(config: Config) -> list[Part]:
    """Everything a run starts, with what each reserves."""
    engines = len(frozen_models(config)) * config.engine.user_actors
    judges = sum(judge.actors for judge in config.judges.values())
    gpus = float(config.engine.gpus)
    return [
        Part("rollout worker", "rollout.workers", config.rollout.workers, ROLLOUT_WORKER_CPUS, gpus),
        Part("user engine", "engine.user_actors", engines, ENGINE_CPUS, gpus),
        Part("judge", "judges.default.actors", judges, JUDGE_CPUS),
        Part("learner rank", "learner.ranks", config.learner.ranks, RANK_CPUS, float(config.learner.gpus_per_rank)),
    ]


def check(config: Config, available: Mapping[str, float]) -> None:
    """Raise UserError if the run needs more than `available` ({"CPU": …, "GPU": …}) has in all."""
    needed = parts(config)
    _fits("CPU", {part: part.cpus for part in needed}, available.get("CPU", 0.0))
    _fits("GPU", {part: part.gpus for part in needed}, available.get("GPU", 0.0))


def _fits(kind: str, needs: Mapping[Part, float], has: float) -> None:
    total = sum(needs.values())
    if total <= has + ROUNDING:
        return
    bundle = ", ".join(f"{part.actors} {part.name}{'s' * (part.actors != 1)}: {need:g}" for part, need in needs.items() if need)
    more = f"start Ray with at least {total:g} {kind}s"
    advice = _advice(kind, needs, total - has)
    raise UserError(f"the run needs {total:g} {kind}s ({bundle}) and the cluster has {has:g}: {advice}{more}.")


def _advice(kind: str, needs: Mapping[Part, float], excess: float) -> str:
    """Lower the largest part that can be lowered, to the most that fits if lowering it alone is enough."""
    if kind == "GPU":
        return "set engine.gpus=0 and learner.gpus_per_rank=0 to run on CPUs, or "
    several = [part for part in needs if part.actors > 1]
    if not several:
        return ""
    part = max(several, key=lambda part: needs[part])
    fitting = part.actors - math.ceil((excess - ROUNDING) / part.cpus_each)
    return f"lower {part.key} from {part.actors}{f' to {fitting}' if fitting >= 1 else ''}, or "
