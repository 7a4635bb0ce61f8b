"""The rollout worker: an actor that plays groups, with an engine of its own where a policy acts.

Invariants
- It pulls newer weights before it samples, so a restarted worker can never sample with the wrong version. Between two
  tokens it takes what is pushed to it (`update`): conversations go on, each token records its version.
- It is the only writer of the rows of the episodes it plays.
- When its engine dies, running groups come back as rows with status `engine` and the actor ends; Ray starts a new one.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from actors.acting import Acting, EndpointSpec, PolicySpec, ScriptSpec, endpoint_factory, script_factory
from actors.config import EngineConfig, RolloutConfig
from actors.endpoint_speaker import EndpointSpeakers
from actors.engine import Engine
from actors.engine_actor import PooledEngine, end_now, end_soon
from actors.environment import ENVIRONMENT
from actors.judge_actor import PooledJudge
from actors.pool import ActorPool
from actors.rollout import Cast, GroupRequest, SpeakerFactory, Weights, adversarial, run_group, scripted
from actors.speaker import Limits, PolicySpeaker, TokenService
from actors.transcript import Renderer
from envs import modules, registry
from envs.base import Judge, Speaker
from envs.speakers import ConstantSpeaker
from rewards.config import JudgeConfig, RetryPolicy
from rewards.endpoint_config import EndpointConfig


@dataclass(frozen=True, slots=True)
class PartnerSpec:
    """One way to play the partner: a frozen policy behind engine actors, an endpoint, a constant, or the gym's script, as it is
    or disturbed."""

    weight: float
    policy: PolicySpec | None = None
    engines: list[str] = field(default_factory=list)
    """Ray names of the engine actors of `policy`."""
    endpoint: EndpointConfig | None = None
    """This worker's share of it."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    """Of calls to `endpoint`."""
    constant: str | None = None
    adversarial: str | None = None
    """A kind of `envs.adversarial`."""


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """Everything a rollout worker is made from."""

    acting: Acting
    partners: dict[str, PartnerSpec]
    gym_params: dict[str, dict[str, Any]]
    max_turns: int
    rollout: RolloutConfig
    engine: EngineConfig
    judge: JudgeConfig
    judges: list[str]
    """Ray names of the judge actors."""
    modules: Sequence[str] = ()
    """Those of `gyms.modules`."""


class RolloutWorker:
    """Plays groups; used through `start_workers`."""

    def __init__(self, spec: WorkerSpec) -> None:
        modules.find_all(spec.modules)
        self._engine = _own_engine(spec)
        self._limit = asyncio.Semaphore(spec.rollout.concurrency)
        self._pulling = asyncio.Lock()
        self._age = (0, 0)
        self._episodes_running, self._episodes_ended = 0, 0
        self._judge = PooledJudge(ActorPool.find("judge", spec.judges), spec.judge)
        self._cast = cast_of(spec, self._judge, self._engine)

    async def run_group(self, request: GroupRequest) -> pa.Table:
        """Play one group with weights at least as new as the request's."""
        if self._engine is not None and self._engine.dead:
            await end_now()
        running = len(request.seeds)
        self._episodes_running += running

        def ended() -> None:
            nonlocal running
            running -= 1
            self._episodes_running -= 1
            self._episodes_ended += 1

        try:
            await self.update(request.weights)
            return await run_group(request, self._cast, self._limit, ended)
        finally:
            self._episodes_running -= running
            if self._engine is not None and self._engine.dead:
                end_soon()

    async def update(self, weights: dict[str, Weights]) -> int:
        """Take newer weights, also while conversations go on; returns the version held. Raises ChecksumMismatch."""
        if self._engine is None:
            return 0
        if self._engine.dead:
            await end_now()
        newest = weights.get(self._engine.policy)
        async with self._pulling:
            if newest is not None and newest.age > self._age:
                await self._engine.load(await newest.reference[0])
                self._age = newest.age
        return self._engine.version

    async def ping(self) -> dict[str, Any]:
        """See `Engine.vitals`; here with episodes, and with what it met at its judges (`JudgeStats.to_dict`)."""
        none: dict[str, Any] = {"pid": os.getpid(), "pending": {}, "done": {}}
        vitals = self._engine.vitals() if self._engine is not None else none
        vitals["pending"]["episodes"] = self._episodes_running
        vitals["done"]["episodes"] = self._episodes_ended
        return vitals | {"judge": self._judge.stats()} | self._endpoints()

    def _endpoints(self) -> dict[str, Any]:
        """What endpoints were asked for so far."""
        makers = [self._cast.acting, *(make for _, make in self._cast.partners.values())]
        clients = [make.client for make in makers if isinstance(make, EndpointSpeakers)]
        if not clients:
            return {}
        used = [client.counters() for client in clients]
        return {"endpoint": {name: sum(counters[name] for counters in used) for name in used[0]}}


def cast_of(spec: WorkerSpec, judge: Judge, engine: Engine | None = None) -> Cast:
    """Who plays and who judges; `engine` is the acting policy's, where there is one."""
    limits = Limits(spec.rollout.max_turn_tokens, spec.rollout.max_context)
    return Cast(
        acting=_acting(spec.acting, engine, limits),
        partners={name: (p.weight, _partner(p, spec, limits)) for name, p in spec.partners.items()},
        judge=judge,
        gym_params=spec.gym_params,
        name=spec.acting.name,
        wire=spec.acting.wire,
        max_turns=spec.max_turns,
    )


def _own_engine(spec: WorkerSpec) -> Engine | None:
    acting, rollout = spec.acting, spec.rollout
    if not isinstance(acting, PolicySpec):
        return None
    return Engine(acting.name, acting.path, spec.engine, max_context=rollout.max_context, max_sequences=rollout.concurrency)


def _acting(acting: Acting, engine: Engine | None, limits: Limits) -> SpeakerFactory:
    if isinstance(acting, ScriptSpec):
        return script_factory(acting)
    if isinstance(acting, EndpointSpec):
        return endpoint_factory(acting, limits)
    if engine is None:
        raise ValueError("a policy that acts needs an engine")
    return policy_factory(acting, engine, limits)


def policy_factory(spec: PolicySpec, service: TokenService, limits: Limits) -> SpeakerFactory:
    """Speakers of the acting policy, at the request's temperature and with weights at least as new as it names."""
    renderer = Renderer.acting(spec.path, spec.wire)

    def make(request: GroupRequest, seed: int) -> Speaker:
        return PolicySpeaker(
            spec.name,
            service,
            renderer,
            limits,
            temperature=request.temperature,
            seed=seed,
            history=spec.history,
            min_version=request.version(spec.name),
            whole=not registry.entry(request.task.gym).gym.choices,
        )

    return make


def partner_factory(spec: PolicySpec, service: TokenService, limits: Limits) -> SpeakerFactory:
    """Speakers of a frozen partner policy: no tools, its thoughts its own, closed questions answered by a choice, and always
    temperature 1, since the task must stay the same task when who acts is evaluated greedily."""
    renderer = Renderer.load(spec.path)

    def make(request: GroupRequest, seed: int) -> Speaker:
        return PolicySpeaker(
            spec.name,
            service,
            renderer,
            limits,
            temperature=1.0,
            seed=seed,
            history=spec.history,
            shows_thinking=False,
            closed=True,
        )

    return make


def plain_partner(partner: PartnerSpec, limits: Limits) -> SpeakerFactory:
    """Speakers of a partner that has no policy."""
    if partner.constant is not None:
        text = partner.constant
        return lambda request, seed: ConstantSpeaker(text)
    if partner.endpoint is not None:
        return EndpointSpeakers(partner.endpoint, partner.retry, limits)
    if partner.adversarial is not None:
        return adversarial("partner", partner.adversarial)
    return scripted("partner")


def _partner(partner: PartnerSpec, spec: WorkerSpec, limits: Limits) -> SpeakerFactory:
    if partner.policy is None:
        return plain_partner(partner, limits)
    service = PooledEngine(ActorPool.find(f"engine of {partner.policy.name!r}", partner.engines), spec.engine)
    return partner_factory(partner.policy, service, limits)


def start_workers(spec: WorkerSpec, *, cpus: float, timeout_s: float) -> ActorPool:
    """The pool of rollout workers. They reserve GPUs only for engines of their own."""
    return ActorPool.start(
        "rollout worker",
        RolloutWorker,
        (spec,),
        spec.rollout.workers,
        timeout_s,
        num_cpus=cpus,
        num_gpus=spec.engine.gpus if isinstance(spec.acting, PolicySpec) else 0,
        resources=spec.rollout.resources or None,
        max_task_retries=0,  # re-dispatch is the stream's decision
        max_concurrency=1024,
        runtime_env={"env_vars": ENVIRONMENT},
    )
