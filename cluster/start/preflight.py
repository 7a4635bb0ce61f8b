"""Whether a run fits the cluster, before anything of it starts.

Ray's CPUs are logical: they reserve a place, they do not bind a core. A run alternates between rollouts and learning, so
its parts rarely compute at the same time, and reservations below one core let the quickstart (1 worker, 1 user engine,
1 judge, 1 rank) fit two cores. They bound how many actors a machine takes; threads are bounded elsewhere (one per actor).

What the nodes have in all is compared, not what is free now: on a shared cluster a run may have to wait for its turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cluster.errors import UserError
from cluster.start.misfit import misfit
from cluster.start.placement import CPU, GPU, Bundle

if TYPE_CHECKING:
    from actors.config import PolicyConfig, SpeakerConfig
    from cluster.config import Config
    from rewards.config import JudgeConfig

ROLLOUT_WORKER_CPUS = 0.5
"""Owns an engine and steps every conversation; idle while the learner steps."""
ENGINE_CPUS = 0.5
"""One engine actor of a frozen model; busy only while a worker waits for it."""
JUDGE_CPUS = 0.25
"""Rule judges answer in microseconds, and those behind an endpoint compute elsewhere. A vllm judge owns an engine."""
RANK_CPUS = 0.5
"""One learner rank; idle while rollouts run."""


@dataclass(frozen=True, slots=True)
class Part:
    """Actors of one kind. `key` is the setting that says how many there are."""

    name: str
    key: str
    actors: int
    cpus_each: float
    gpus_each: float = 0.0
    resources: Mapping[str, float] = field(default_factory=dict)
    """Custom resources of each actor."""
    gpu_key: str = "engine.gpus"
    """The setting behind `gpus_each`."""

    @property
    def cpus(self) -> float:
        return self.actors * self.cpus_each

    @property
    def gpus(self) -> float:
        return self.actors * self.gpus_each

    @property
    def resources_key(self) -> str:
        """The setting behind `resources`."""
        return f"{self.key.rpartition('.')[0]}.resources"

    @property
    def bundle(self) -> Bundle:
        """What one actor reserves on one node."""
        needs = {CPU: self.cpus_each, GPU: self.gpus_each, **self.resources}
        return {kind: amount for kind, amount in needs.items() if amount}

    def counted(self, actors: int | None = None) -> str:
        """`2 judges`: all of them, or so many."""
        count = self.actors if actors is None else actors
        return f"{count} {self.name}{'s' * (count != 1)}"


def judge_cpus(judge: JudgeConfig) -> float:
    """What one judge actor reserves."""
    return ENGINE_CPUS if judge.backend == "vllm" else JUDGE_CPUS


def parts(config: Config) -> list[Part]:
    """Everything a run starts, with what each reserves."""
    partner = config.policies[config.partner]
    speakers: Sequence[SpeakerConfig | PolicyConfig] = partner.mix or [partner]
    models = sum(speaker.model is not None for speaker in speakers)
    return [_workers(config, own_engine=True), _engines(config, models), _judges(config), _ranks(config)]


def evaluation_parts(config: Config, *, partner_models: int, acting_model: bool) -> list[Part]:
    """Everything an evaluation starts. A rank is among it where a partner has to learn its part first."""
    ranks = [_ranks(config)] if config.sft and config.sft.of(config.partner) and partner_models else []
    return [_workers(config, own_engine=acting_model), _engines(config, partner_models), _judges(config), *ranks]


def _workers(config: Config, *, own_engine: bool) -> Part:
    rollout, gpus = config.rollout, config.engine.gpus * own_engine
    return Part("rollout worker", "rollout.workers", rollout.workers, ROLLOUT_WORKER_CPUS, gpus, rollout.resources)


def _engines(config: Config, models: int) -> Part:
    """Every partner that is a model has engine actors of its own."""
    engine = config.engine
    actors = models * engine.user_actors
    return Part(f"{config.partner} engine", "engine.user_actors", actors, ENGINE_CPUS, float(engine.gpus), engine.resources)


def _judges(config: Config) -> Part:
    judge = config.judges["default"]
    gpus = config.engine.gpus * (judge.backend == "vllm")
    return Part("judge", "judges.default.actors", judge.actors, judge_cpus(judge), gpus, judge.resources)


def _ranks(config: Config) -> Part:
    learner, key = config.learner, "learner.gpus_per_rank"
    gpus = float(learner.gpus_per_rank)
    return Part("learner rank", "learner.ranks", learner.ranks, RANK_CPUS, gpus, learner.resources, key)


def check(needs: Sequence[Part], nodes: Sequence[Bundle]) -> None:
    """Raise UserError if these actors cannot be placed on `nodes`, each given by its resources."""
    if reason := misfit(needs, nodes):
        raise UserError(reason)
