"""The actors of a run: judges, engines of frozen models, rollout workers. Started together, closed together.

Invariant: what was started is closed, also when starting the next part fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import ray

from actors.acting import Acting, PolicySpec
from actors.config import SpeakerConfig
from actors.engine_actor import start_engines
from actors.judge_actor import start_judges
from actors.pool import ActorPool
from actors.worker import PartnerSpec, WorkerSpec, start_workers
from cluster.config import Config, gym_params
from cluster.observe.health import Member
from cluster.start.preflight import ENGINE_CPUS, ROLLOUT_WORKER_CPUS, judge_cpus
from envs.adversarial import PREFIX

START_TIMEOUT_S = 180.0
"""For one pool; vLLM alone takes about 7 s on a quiet core."""
KINDS = {"rollout": "worker", "engine": "engine", "judge": "judge"}
"""First word of a pool's name -> the kind of its members."""
CONSTANT = "constant"
"""The partner every evaluation may ask for: it always says the same."""
CONSTANT_TEXT = "OK."


@dataclass(frozen=True, slots=True)
class Models:
    """Folders of weights: of the policy that acts, the frozen policies' by speaker name, and a vllm judge's."""

    acting: Path | None
    """None: no policy acts."""
    frozen: Mapping[str, Path]
    judge: Path | None = None

    def imitated(self, config: Config) -> dict[str, Path]:
        """Those that the run trains by imitation first."""
        sft = config.sft
        acting: dict[str, Path] = {config.acting: self.acting} if self.acting and sft and sft.of(config.acting) else {}
        return {**acting, **(self.frozen if sft and sft.of(config.partner) else {})}


class Parts:
    """All pools of a run, or of an evaluation."""

    def __init__(
        self,
        config: Config,
        models: Models,
        *,
        acting: Acting | None = None,
        partners: Mapping[str, SpeakerConfig] | None = None,
    ) -> None:
        """`acting` acts instead of the policy; `partners` are those of the mix and whoever else is met, by name."""
        self._pools: list[ActorPool] = []
        try:
            self.workers = self._start(config, models, acting, partner_speakers(config) if partners is None else partners)
        except BaseException:
            self.close()
            raise

    def _start(self, config: Config, models: Models, acting: Acting | None, partners: Mapping[str, SpeakerConfig]) -> ActorPool:
        judge = config.judges["default"]
        judges = self._keep(
            start_judges(
                "default",
                judge,
                cpus=judge_cpus(judge),
                timeout_s=START_TIMEOUT_S,
                model=str(models.judge) if models.judge else None,
                engine=config.engine,
                own=config.gyms.modules,
            )
        )
        policy = config.policies[config.acting]
        acting = acting or PolicySpec(config.acting, str(models.acting), policy.wire, policy.history_thinking)
        spec = worker_spec(config, acting, self._partners(config, models, partners), judges.names)
        return self._keep(start_workers(spec, cpus=ROLLOUT_WORKER_CPUS, timeout_s=START_TIMEOUT_S))

    def _partners(self, config: Config, models: Models, speakers: Mapping[str, SpeakerConfig]) -> dict[str, PartnerSpec]:
        partners = {name: self._partner(name, speaker, config, models) for name, speaker in speakers.items()}
        return evaluation_partners(config) | partners

    def _partner(self, name: str, speaker: SpeakerConfig, config: Config, models: Models) -> PartnerSpec:
        if speaker.model is None:
            return plain_spec(speaker, config.rollout.workers)
        partner = config.policies[config.partner]
        policy = PolicySpec(name, str(models.frozen[name]), partner.wire, partner.history_thinking)
        engines = self._keep(
            start_engines(
                name,
                policy.path,
                config.engine,
                max_context=config.rollout.max_context,
                max_sequences=config.rollout.concurrency,
                cpus=ENGINE_CPUS,
                timeout_s=START_TIMEOUT_S,
            )
        )
        return PartnerSpec(speaker.weight, policy=policy, engines=engines.names)

    def _keep(self, pool: ActorPool) -> ActorPool:
        self._pools.append(pool)
        return pool

    def members(self) -> list[Member]:
        """All actors as the health thread sees them."""
        return [
            Member(f"{pool.name} {index}", KINDS[pool.name.split()[0]], partial(_ping, handle), partial(_end, handle))
            for pool in self._pools
            for index, handle in enumerate(pool.handles)
        ]

    def close(self) -> None:
        """End all actors."""
        for pool in reversed(self._pools):
            pool.close()
        self._pools = []


def worker_spec(config: Config, acting: Acting, partners: dict[str, PartnerSpec], judges: list[str]) -> WorkerSpec:
    """What whoever plays is made from; `judges` are the Ray names of the judge actors."""
    return WorkerSpec(
        acting=acting,
        partners=partners,
        gym_params={gym: gym_params(config, gym) for gym in gyms(config)},
        max_turns=config.gyms.max_turns,
        rollout=config.rollout,
        engine=config.engine,
        judge=config.judges["default"],
        judges=judges,
        modules=config.gyms.modules,
    )


def _ping(handle: Any) -> Any:
    return handle.ping.options(max_task_retries=0).remote()  # an answer of a later life would hide that it died


def _end(handle: Any) -> None:
    ray.kill(handle, no_restart=False)


def evaluation_partners(config: Config) -> dict[str, PartnerSpec]:
    """Those that play on request only."""
    user = config.eval.user
    asked_for = {user: PartnerSpec(0.0, adversarial=_kind(user))} if user else {}
    return {CONSTANT: PartnerSpec(0.0, constant=CONSTANT_TEXT)} | asked_for


def plain_spec(speaker: SpeakerConfig, processes: int) -> PartnerSpec:
    """A speaker without a model, for one of `processes` that share its endpoint."""
    endpoint = speaker.endpoint and speaker.endpoint.share(processes)
    constant = speaker.text if speaker.speaker == "constant" else None
    kind = None if speaker.speaker is None else _kind(speaker.speaker)
    return PartnerSpec(speaker.weight, endpoint=endpoint, retry=speaker.retry, constant=constant, adversarial=kind)


def _kind(speaker: str) -> str | None:
    """The kind of an adversarial speaker, by its name."""
    return speaker.removeprefix(PREFIX) if speaker.startswith(PREFIX) else None


def gyms(config: Config) -> list[str]:
    """Every gym the run plays."""
    return sorted({*config.gyms.train, *config.gyms.transfer})


def partner_speakers(config: Config) -> dict[str, SpeakerConfig]:
    """The partner's mix by the name its episodes carry: `user` for a model, `user2` for the next, else the speaker's kind."""
    policy = config.policies[config.partner]
    mix = policy.mix or [SpeakerConfig(model=policy.model, speaker=policy.speaker)]
    named: dict[str, SpeakerConfig] = {}
    for speaker in mix:
        base = speaker.speaker or config.partner
        name = base if base not in named else next(f"{base}{n}" for n in range(2, 99) if f"{base}{n}" not in named)
        named[name] = speaker
    return named
